// Follows every TLS connection of a capture, whatever came before it on the connection: for tests against other programs.
import type { FrameNo, Nanos, Note } from "../../src/bytes/index.ts";
import { nanos } from "../../src/bytes/index.ts";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { createTcp, type EndCause, type GapCause, type TcpClock, type TcpConnection } from "../../src/tcp/index.ts";
import { createTlsConversation, looksLikeTls, type TlsFacts, type TlsRole } from "../../src/tls-parse/index.ts";

/** One call of a sink. */
type Happening = { readonly side: 0 | 1; readonly frame: FrameNo; readonly time: Nanos } & (
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "gap"; readonly length: number; readonly cause: GapCause }
  | { readonly kind: "end"; readonly how: EndCause }
);

/** A connection that carries TLS. */
export interface FollowedTls {
  /** Wireshark's tcp.stream. */
  readonly stream: number;
  readonly facts: TlsFacts;
  readonly notes: readonly Note[];
}

/** The connections of a capture that carry TLS, by stream number. `bytes` is the capture, uncompressed. */
export function followTls(bytes: Uint8Array): FollowedTls[] {
  const streams: { connection: TcpConnection; happenings: Happening[] }[] = [];
  const tcp = createTcp(
    {
      interest: () => "follow",
      open(connection) {
        const happenings: Happening[] = [];
        streams.push({ connection, happenings });
        const sink = (side: 0 | 1) => ({
          skippable: 0,
          push: (from: Uint8Array, start: number, end: number, frame: FrameNo) =>
            void happenings.push({
              kind: "bytes",
              side,
              frame,
              time: timeOf(tcp.clock),
              bytes: from.slice(start, end),
            }),
          gap: (length: number, cause: GapCause, frame: FrameNo) =>
            void happenings.push({ kind: "gap", side, frame, time: timeOf(tcp.clock), length, cause }),
          end: (how: EndCause, frame: FrameNo) =>
            void happenings.push({ kind: "end", side, frame, time: timeOf(tcp.clock), how }),
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
  reader.push(bytes, 0, bytes.length);
  reader.end();
  tcp.end();
  return streams.flatMap(({ connection, happenings }) => {
    const from = beginningOfTls(happenings);
    return from < 0 ? [] : [replay(connection, happenings.slice(from))];
  });
}

function timeOf(clock: TcpClock): Nanos {
  return nanos(clock.seconds, clock.nanoseconds);
}

/** Where TLS begins: with the first bytes of a side, or with a ClientHello behind another protocol (CONNECT, STARTTLS). */
function beginningOfTls(happenings: readonly Happening[]): number {
  const seen = [false, false];
  for (const [i, happening] of happenings.entries()) {
    if (happening.kind !== "bytes") continue;
    const { side, bytes } = happening;
    const like = looksLikeTls(bytes, 0, bytes.length);
    if (isClientHello(bytes) || (like === "yes" && !seen[side])) return firstOf(happenings, i);
    seen[side] = true;
  }
  return -1;
}

/** A late start stands before the first bytes; it belongs to them. */
function firstOf(happenings: readonly Happening[], at: number): number {
  let first = at;
  while (first > 0 && happenings[first - 1]!.kind === "gap") first--;
  return first;
}

function isClientHello(bytes: Uint8Array): boolean {
  return looksLikeTls(bytes, 0, bytes.length) === "yes" && (bytes[0] === 22 ? bytes[5] === 1 : bytes[0]! >= 0x80);
}

function replay(connection: TcpConnection, happenings: readonly Happening[]): FollowedTls {
  const notes: Note[] = [];
  let time: Nanos = 0n;
  const conversation = createTlsConversation({
    note: (note) => void notes.push(note),
    now: () => time,
    opener: null,
    sink: null,
  });
  const client = clientSide(connection, happenings);
  for (const happening of happenings) {
    const role: TlsRole = happening.side === client ? "client" : "server";
    const sink = conversation[role];
    time = happening.time;
    if (happening.kind === "bytes") sink.push(happening.bytes, 0, happening.bytes.length, happening.frame);
    else if (happening.kind === "gap") sink.gap(happening.length, happening.cause, happening.frame);
    else sink.end(happening.how, happening.frame);
  }
  return { stream: connection.stream, facts: conversation.facts, notes };
}

/** The side that sends a ClientHello; without one the initiator; without that the higher port. */
function clientSide(connection: TcpConnection, happenings: readonly Happening[]): 0 | 1 {
  for (const happening of happenings) {
    if (happening.kind !== "bytes") continue;
    if (isClientHello(happening.bytes)) return happening.side;
    if (happening.bytes[0] === 22 && happening.bytes[5] === 2) return happening.side === 0 ? 1 : 0;
  }
  if (connection.initiator !== null) return connection.initiator;
  return connection.endpoints[0].port > connection.endpoints[1].port ? 0 : 1;
}
