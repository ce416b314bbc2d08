// Plays one TCP connection to the proxy room, as tcp would: from words written by hand, or from a recorded capture.
import { readFileSync } from "node:fs";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { createKeyedHash, type FrameNo, type Note, type Side } from "../../src/bytes/index.ts";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { createProxyTracker, KnownProxies, type ProxyContext, type Timeline } from "../../src/proxy/index.ts";
import {
  createTcp,
  type DirectionFacts,
  type EndCause,
  type GapCause,
  type TcpConnection,
} from "../../src/tcp/index.ts";
import { createRecordOpener, createSessionCache } from "../../src/tls-decrypt/index.ts";
import type { RecordedCapture } from "../harness/truth.ts";
import { storeOf } from "../tls-decrypt/walk.ts";

/** Something that one side says, loses or ends. `frame` counts by itself where it is not given. */
export type Turn =
  | { readonly from: Side; readonly bytes: Uint8Array; readonly frame?: FrameNo }
  | { readonly from: Side; readonly gap: number; readonly cause?: GapCause; readonly frame?: FrameNo }
  | { readonly from: Side; readonly end: EndCause; readonly frame?: FrameNo };

/** The client says; the proxy says. Latin-1 text or bytes. */
export const client = (words: string | Uint8Array): Turn => ({ from: 0, bytes: bytesOf(words) });
export const proxy = (words: string | Uint8Array): Turn => ({ from: 1, bytes: bytesOf(words) });
export const lost = (from: "client" | "proxy", gap = 100): Turn => ({ from: from === "client" ? 0 : 1, gap });

function bytesOf(words: string | Uint8Array): Uint8Array {
  return typeof words === "string" ? Uint8Array.from(Buffer.from(words, "latin1")) : words;
}

/** How a play goes. */
export interface PlayOptions {
  /** The key log. */
  readonly keys?: string | Uint8Array;
  /** No SYN was captured, and the proxy is one that is known. */
  readonly late?: boolean;
  /** The proxy is one that is known. */
  readonly known?: boolean;
  /** Passes over large bodies inside TLS, as `--skip-bodies` does. */
  readonly skipBodies?: boolean;
  /** It is followed without having been asked about, as a connection that begins with a few bytes. */
  readonly unasked?: boolean;
  /** No proxy is known. */
  readonly unknown?: boolean;
  /** The proxy's SYN-ACK is the first that was captured: it is side 0 of the connection. */
  readonly swapped?: boolean;
  /** Passes over what the sinks allow, as tcp does. */
  readonly skip?: boolean;
  /** Told what the conversation keeps behind the last turn. */
  readonly kept?: (bytes: number) => void;
  /** Cuts the bytes of a turn: offsets in ascending order. */
  readonly cuts?: (bytes: Uint8Array) => readonly number[];
}

/** What came out. */
export interface Played {
  readonly timelines: readonly Timeline[];
  readonly notes: readonly Note[];
}

/** A direction in which all is well. */
export const DIRECTION: DirectionFacts = {
  segments: 1,
  bytes: 1,
  retransmissions: 0,
  outOfOrder: 0,
  filled: null,
  gaps: 0,
  missingBytes: 0,
  overlapsDiffering: 0,
  early: null,
  synSeen: true,
  finFrame: null,
  resetFrame: null,
};

/** A context in which nothing is known, and nobody listens. */
export function contextWith(given: Partial<ProxyContext> = {}): ProxyContext {
  return {
    ...{ known: new KnownProxies([]), note() {}, now: () => 1_000_000n, tag: createKeyedHash(new Uint8Array(8)) },
    ...{ bodyMarks: () => [], transitions: true, opener: () => null, anyKeys: () => false, hasKeys: () => false },
    ...{ timeline() {}, leg() {} },
    ...given,
  };
}

/** Plays `turns`; sides that do not end by themselves end with a FIN. */
export function play(turns: readonly Turn[], options: PlayOptions = {}): Played {
  const timelines: Timeline[] = [];
  const notes: Note[] = [];
  let now = 0n;
  const store = options.keys === undefined ? null : storeOf(options.keys);
  const cache = createSessionCache();
  const context = contextWith({
    known: new KnownProxies(
      (options.late ?? options.known) === true && options.unknown !== true ? [{ port: 8080 }] : [],
    ),
    note: (note) => void notes.push(note),
    now: () => now,
    opener: () =>
      store === null ? null : createRecordOpener(store, nodeCrypto, cache, { verifyBodies: !options.skipBodies }),
    anyKeys: () => store !== null,
    hasKeys: (random) => store?.has(random) ?? false,
    timeline: (timeline) => void timelines.push(timeline),
  });
  const tracker = createProxyTracker(context);
  const sideOf = (from: Side): Side => (options.swapped === true ? (from === 0 ? 1 : 0) : from);
  const lostBy = (side: Side) =>
    turns.filter((turn) => sideOf(turn.from) === side && "gap" in turn && turn.cause !== "late-start").length;
  const endpoints = [
    { ip: "192.0.2.1", port: 50_000 },
    { ip: "192.0.2.80", port: 8080 },
  ] as const;
  const connection: TcpConnection = {
    stream: 0,
    endpoints: [endpoints[sideOf(0)], endpoints[sideOf(1)]],
    initiator: options.late === true ? null : sideOf(0),
    firstFrame: 1,
    startTime: 0n,
    lastFrame: 1,
    get endTime() {
      return now;
    },
    directions: [
      { ...DIRECTION, gaps: lostBy(0) },
      { ...DIRECTION, gaps: lostBy(1) },
    ],
    synToSynAckMs: 1,
    synAckToAckMs: 1,
  };
  const first = turns.find((turn) => "bytes" in turn);
  if (first !== undefined && "bytes" in first && options.unasked !== true) {
    const interest = tracker.interest({
      bytes: first.bytes,
      start: 0,
      end: first.bytes.length,
      addressBytes: Uint8Array.of(192, 0, 2, 1, 192, 0, 2, 80),
      addressLength: 4,
      source: first.from === 0 ? 0 : 4,
      destination: first.from === 0 ? 4 : 0,
      sourcePort: endpoints[first.from].port,
      destinationPort: endpoints[first.from === 0 ? 1 : 0].port,
      senderIsInitiator: options.late === true ? null : first.from === 0,
      frame: 1,
    });
    if (interest === "ignore") return { timelines, notes };
  }
  const conversation = tracker.open(connection);
  const ended = new Set<Side>();
  let count = 0;
  for (const turn of turns) {
    const frame = turn.frame ?? ++count;
    now = BigInt(frame) * 1_000_000n;
    connection.lastFrame = frame;
    const sink = conversation.sinks[sideOf(turn.from)];
    if (conversation.abandoned) return { timelines, notes };
    if ("gap" in turn) sink.gap(turn.gap, turn.cause ?? "lost", frame);
    else if ("end" in turn) {
      sink.end(turn.end, frame);
      ended.add(turn.from);
    } else {
      for (const [start, end] of piecesOf(turn.bytes, options.cuts?.(turn.bytes) ?? [])) {
        // Never all of it: the last byte always comes.
        const over = options.skip === true ? Math.max(0, Math.min(sink.skippable, end - start) - 1) : 0;
        sink.skippable -= over;
        if (conversation.abandoned) return { timelines, notes };
        sink.push(turn.bytes, start + over, end, frame);
      }
    }
  }
  options.kept?.(conversation.kept ?? 0);
  for (const side of [0, 1] as const) {
    if (!conversation.abandoned && !ended.has(side)) conversation.sinks[sideOf(side)].end("fin", count + 1);
  }
  if (!conversation.abandoned) conversation.closed();
  return { timelines, notes };
}

function piecesOf(bytes: Uint8Array, cuts: readonly number[]): [start: number, end: number][] {
  const places = [0, ...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length];
  return places.slice(1).flatMap((end, i): [number, number][] => (places[i]! < end ? [[places[i]!, end]] : []));
}

/** What one stream of a recorded capture says, in the order in which it became available. The client is side 0. */
export function turnsOf(capture: RecordedCapture, stream: number): readonly Turn[] {
  const turns: Turn[] = [];
  const tcp = createTcp(
    {
      interest: () => "follow",
      open(connection) {
        const mine = connection.stream === stream;
        const sink = (side: Side) => ({
          skippable: 0,
          push: (bytes: Uint8Array, start: number, end: number, frame: FrameNo) =>
            void (mine && turns.push({ from: side, bytes: bytes.slice(start, end), frame })),
          gap: (length: number, _cause: string, frame: FrameNo) =>
            void (mine && turns.push({ from: side, gap: length, frame })),
          end: (how: EndCause, frame: FrameNo) => void (mine && turns.push({ from: side, end: how, frame })),
        });
        return { sinks: [sink(0), sink(1)], closed() {}, abandoned: false };
      },
    },
    () => {},
  );
  const decoder = createPacketDecoder(() => {});
  const reader = createCaptureReader({
    packet: (packet) => void (decoder.decode(packet) && tcp.add(decoder.segment)),
    secrets() {},
    name() {},
    note() {},
  });
  const bytes = readFileSync(capture.path);
  reader.push(bytes, 0, bytes.length);
  reader.end();
  tcp.end();
  return turns;
}
