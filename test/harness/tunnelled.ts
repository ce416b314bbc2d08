// Puts connections behind a CONNECT: what other programs recorded of TLS becomes what a tunnel carries.
import { ethernet, ipv4, tcp } from "../packet/build.ts";
import { ascii, type PacketRow, pcapFile } from "./capture-file.ts";
import type { TappedPiece } from "./tls-talk.ts";

const CLIENT = Uint8Array.of(10, 0, 0, 1);
const PROXY = Uint8Array.of(10, 0, 0, 2);
const PROXY_PORT = 3128;
const FIRST_PORT = 20_000;
const SEGMENT = 1_400;
const [FIN, SYN, PUSH, ACK] = [1, 2, 8, 16];

/** What opens a tunnel. */
export const OPENING: readonly TappedPiece[] = [
  { from: "client", bytes: ascii("CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n") },
  { from: "server", bytes: ascii("HTTP/1.1 200 Connection established\r\n\r\n") },
];

/** A capture of one connection to a proxy for each of `connections`, in this order: CONNECT, 200, and the pieces in the tunnel. */
export function tunnelled(connections: Iterable<readonly TappedPiece[]>): Uint8Array {
  return toProxy([...connections].map((pieces) => [...OPENING, ...pieces]));
}

/** A capture of one connection to a proxy for each of `connections`, which say nothing but the pieces. */
export function toProxy(connections: readonly (readonly TappedPiece[])[]): Uint8Array {
  const packets = connections.flatMap((pieces, i) => connection(FIRST_PORT + i, pieces));
  return pcapFile(packets.map((packet, i) => ({ ...packet, seconds: 1_700_000_000 + i, fraction: 0 })));
}

function connection(port: number, pieces: readonly TappedPiece[]): PacketRow[] {
  const next = { client: 1, server: 1 };
  const packet = (from: "client" | "server", flags: number, payload: Uint8Array = new Uint8Array(0)): PacketRow => {
    const to = from === "client" ? "server" : "client";
    const ports = from === "client" ? ([port, PROXY_PORT] as const) : ([PROXY_PORT, port] as const);
    const [source, destination] = from === "client" ? [CLIENT, PROXY] : [PROXY, CLIENT];
    const sequence = flags & SYN ? 0 : next[from];
    const segment = tcp(payload, { flags, ports, sequence, acknowledged: next[to] });
    next[from] += payload.length;
    return { data: ethernet(0x0800, ipv4(6, segment, { source, destination })) };
  };
  const said = ({ from, bytes }: TappedPiece): PacketRow[] =>
    Array.from({ length: Math.ceil(bytes.length / SEGMENT) }, (_, i) =>
      packet(from, PUSH | ACK, bytes.subarray(i * SEGMENT, (i + 1) * SEGMENT)),
    );
  return [
    packet("client", SYN),
    packet("server", SYN | ACK),
    packet("client", ACK),
    ...pieces.flatMap(said),
    packet("client", FIN | ACK),
    packet("server", FIN | ACK),
  ];
}
