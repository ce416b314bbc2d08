// Hand-made TCP segments, and a handler that writes down all that the tcp room tells it.
import type { Note } from "../../src/bytes/index.ts";
import type { Segment } from "../../src/packet/index.ts";
import { createTcp, type Tcp, type TcpConnection, type TcpHandler, type TcpLimits } from "../../src/tcp/index.ts";

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** What a test says of a segment; the rest has defaults. */
export interface Sketch {
  /** Last byte of 10.0.0.x (or fd00::x), and the port: "1:5000". Default from "1:5000" to "2:8080". */
  readonly from?: string;
  readonly to?: string;
  readonly v6?: boolean;
  readonly seq?: number;
  readonly ack?: number;
  /** Default ACK. */
  readonly flags?: number;
  readonly data?: string | Uint8Array;
  /** Payload length on the wire, if more than was captured. */
  readonly wire?: number;
  readonly quoted?: boolean;
  /** Milliseconds since the start; default one more than the segment before. */
  readonly ms?: number;
}

/** In `Recorded.stream`: a byte of a gap, and one that was passed over as the sink had asked. */
export const MISSING = -1;
export const PASSED = -2;

/** One connection as the handler saw it. */
interface Recorded {
  readonly connection: TcpConnection;
  /** By side: the bytes given, as Latin-1 text, with "." for a byte passed over and `<length cause>` for a gap. */
  readonly text: [string, string];
  /** By side: what came, one number per byte: its value, `MISSING` or `PASSED`. */
  readonly stream: [number[], number[]];
  /** Every call in order: "side push frame text", "side gap frame length cause", "side end frame how", "closed". */
  readonly events: string[];
  /** By side: bytes pushed or passed over, and gap lengths (late starts left out), in sum. */
  readonly bytes: [number, number];
  readonly missing: [number, number];
  readonly ends: [number, number];
  closed: number;
}

/** How a recording handler behaves. */
export interface RecorderOptions {
  readonly interest?: TcpHandler["interest"];
  readonly answered?: TcpHandler["answered"];
  readonly limits?: Partial<TcpLimits>;
  /** What a sink asks to pass over after each call. */
  readonly skippable?: () => number;
  /** What a conversation says that it keeps. */
  readonly kept?: (recorded: Recorded) => number;
  /** Whether to abandon the conversation, asked after each call of a sink. */
  readonly abandon?: (recorded: Recorded) => boolean;
  /** Sums only. */
  readonly quiet?: boolean;
}

export interface Recorder {
  readonly tcp: Tcp;
  readonly connections: Recorded[];
  readonly notes: Note[];
  /** Streams in the order of the questions. */
  asked: number;
  /** Adds segments; each gets the next frame number. */
  add(...sketches: Sketch[]): void;
}

/** A tcp room whose handler records. */
export function record(options: RecorderOptions = {}): Recorder {
  const connections: Recorded[] = [];
  const notes: Note[] = [];
  const handler: TcpHandler = {
    interest(peek) {
      recorder.asked++;
      return options.interest?.(peek) ?? "follow";
    },
    answered: (peek) => options.answered?.(peek),
    open(connection) {
      const recorded: Recorded = {
        connection,
        text: ["", ""],
        stream: [[], []],
        events: [],
        bytes: [0, 0],
        missing: [0, 0],
        ends: [0, 0],
        closed: 0,
      };
      connections.push(recorded);
      const conversation = {
        sinks: [sink(recorded, 0), sink(recorded, 1)] as const,
        closed() {
          if (recorded.ends[0] !== 1 || recorded.ends[1] !== 1) throw new Error("closed before its ends");
          recorded.closed++;
          recorded.events.push("closed");
        },
        get abandoned() {
          return options.abandon?.(recorded) ?? false;
        },
        get kept() {
          return options.kept?.(recorded) ?? 0;
        },
      };
      return conversation;
    },
  };
  const sink = (recorded: Recorded, side: 0 | 1) => {
    let allowance = 0;
    const passedOver = (self: { skippable: number }, frame: number, how = ""): void => {
      const { clock } = tcp;
      // A FIN in front of all data is told with the data.
      if (clock.frame !== frame && how !== "fin") throw new Error("the clock stands elsewhere");
      if (clock.seconds * 1_000 + clock.nanoseconds / 1e6 !== times[clock.frame]) throw new Error("the clock is wrong");
      if (recorded.ends[side] > 0 || recorded.closed > 0) throw new Error("called after its end");
      if (options.abandon?.(recorded) === true) throw new Error("called after it was abandoned");
      const passed = allowance - self.skippable;
      if (passed !== 0 && passed >= allowance) throw new Error("the last byte was passed over");
      recorded.bytes[side] += passed;
      if (!options.quiet) {
        recorded.text[side] += ".".repeat(passed);
        for (let i = 0; i < passed; i++) recorded.stream[side].push(PASSED);
      }
      self.skippable = allowance = options.skippable?.() ?? 0;
    };
    const log = (line: string): void => {
      if (!options.quiet) recorded.events.push(`${side} ${line}`);
    };
    const self = {
      skippable: 0,
      push(bytes: Uint8Array, start: number, end: number, frame: number) {
        if (end <= start) throw new Error("empty push");
        passedOver(self, frame);
        recorded.bytes[side] += end - start;
        if (options.quiet) return;
        for (let p = start; p < end; p++) recorded.stream[side].push(bytes[p]!);
        const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
        recorded.text[side] += text;
        log(`push ${frame} ${text}`);
      },
      gap(length: number, cause: string, frame: number) {
        passedOver(self, frame);
        if (cause !== "late-start") recorded.missing[side] += length;
        if (!options.quiet) {
          recorded.text[side] += `<${length} ${cause}>`;
          // A garbage sequence number makes a gap of any length; what is longer than any test's stream stands for itself.
          for (let i = 0; i < Math.min(length, 100_000); i++) recorded.stream[side].push(MISSING);
        }
        log(`gap ${frame} ${length} ${cause}`);
      },
      end(how: string, frame: number) {
        passedOver(self, frame, how);
        recorded.ends[side]++;
        log(`end ${frame} ${how}`);
      },
    };
    self.skippable = allowance = options.skippable?.() ?? 0;
    return self;
  };
  const tcp = createTcp(handler, (note) => notes.push(note), options.limits);
  let frame = 0;
  let ms = 0;
  /** Of each frame, in milliseconds. */
  const times: number[] = [];
  const segment = emptySegment();
  const recorder: Recorder = {
    tcp,
    connections,
    notes,
    asked: 0,
    add(...sketches) {
      for (const sketch of sketches) {
        ms = sketch.ms ?? ms + 1;
        fill(segment, sketch, ++frame, ms);
        times[frame] = segment.packet.seconds * 1_000 + segment.packet.nanoseconds / 1e6;
        tcp.add(segment);
        // What tcp keeps by reference comes out as garbage.
        segment.bytes.fill(0xee);
      }
    },
  };
  return recorder;
}

/** A segment to fill. */
export function emptySegment(): Segment {
  return {
    packet: {
      frame: 0,
      seconds: 0,
      nanoseconds: 0,
      bytes: new Uint8Array(0),
      start: 0,
      end: 0,
      wireLength: 0,
      linkType: 1,
      fcsBytes: 0,
      interfaceId: 0,
      fileOffset: 0,
    },
    bytes: new Uint8Array(0),
    addressLength: 4,
    source: 0,
    destination: 0,
    sourcePort: 0,
    destinationPort: 0,
    sequence: 0,
    acknowledgement: 0,
    flags: 0,
    window: 1000,
    payloadStart: 0,
    payloadEnd: 0,
    payloadLength: 0,
    quoted: false,
  };
}

const START_SECONDS = 1_700_000_000;

/** Makes `segment` what `sketch` says. */
export function fill(segment: Segment, sketch: Sketch, frame: number, ms: number): void {
  const data =
    typeof sketch.data === "string" ? Buffer.from(sketch.data, "latin1") : (sketch.data ?? new Uint8Array(0));
  const size = sketch.v6 === true ? 16 : 4;
  // Something in front, so that offsets matter.
  const bytes = new Uint8Array(3 + size * 2 + data.length + 2);
  const [source, sourcePort] = endpoint(sketch.from ?? "1:5000");
  const [destination, destinationPort] = endpoint(sketch.to ?? "2:8080");
  bytes.set(address(source, size), 3);
  bytes.set(address(destination, size), 3 + size);
  bytes.set(data, 3 + size * 2);
  segment.packet.frame = frame;
  segment.packet.seconds = START_SECONDS + Math.floor(ms / 1000);
  segment.packet.nanoseconds = Math.round((ms % 1000) * 1e6);
  segment.bytes = bytes;
  segment.addressLength = size;
  segment.source = 3;
  segment.destination = 3 + size;
  segment.sourcePort = sourcePort;
  segment.destinationPort = destinationPort;
  segment.sequence = (sketch.seq ?? 0) >>> 0;
  segment.acknowledgement = (sketch.ack ?? 0) >>> 0;
  segment.flags = sketch.flags ?? ACK;
  segment.payloadStart = 3 + size * 2;
  segment.payloadEnd = 3 + size * 2 + data.length;
  segment.payloadLength = sketch.wire ?? data.length;
  segment.quoted = sketch.quoted ?? false;
}

function endpoint(text: string): [number, number] {
  const [host, port] = text.split(":");
  return [Number(host), Number(port)];
}

function address(host: number, size: 4 | 16): number[] {
  if (size === 4) return [10, 0, 0, host];
  return [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host];
}
