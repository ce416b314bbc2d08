// The TLS connections of a capture as the pieces that came from either side: for tests of records and their keys.
import type { Endpoint } from "../../src/bytes/index.ts";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { createTcp } from "../../src/tcp/index.ts";
import { type KeyStore, readKeyLog } from "../../src/tls-decrypt/index.ts";
import type { TappedPiece } from "./tls-talk.ts";

/** One connection. */
export interface TlsPieces {
  readonly server: Endpoint;
  /** In order of arrival, from the first ClientHello on. */
  readonly pieces: readonly TappedPiece[];
}

/** The connections of a capture by stream number. Secrets inside the file go into `store`. */
export function tlsPieces(bytes: Uint8Array, store: KeyStore): Map<number, TlsPieces> {
  const streams = new Map<number, TlsPieces>();
  const tcp = createTcp(
    {
      interest: () => "follow",
      open({ stream, endpoints }) {
        const pieces: { side: 0 | 1; bytes: Uint8Array }[] = [];
        const sink = (side: 0 | 1) => ({
          skippable: 0,
          push: (from: Uint8Array, start: number, end: number) =>
            void pieces.push({ side, bytes: from.slice(start, end) }),
          gap() {},
          end() {},
        });
        const closed = () => {
          const client = clientOf(pieces);
          streams.set(stream, { server: endpoints[client === 0 ? 1 : 0], pieces: withRoles(pieces, client) });
        };
        return { sinks: [sink(0), sink(1)], closed, abandoned: false };
      },
    },
    () => {},
  );
  const decoder = createPacketDecoder(() => {});
  const reader = createCaptureReader({
    packet: (packet) => void (decoder.decode(packet) && tcp.add(decoder.segment)),
    secrets: ({ data }) => readKeys(store, data),
    name() {},
    note() {},
  });
  reader.push(bytes, 0, bytes.length);
  reader.end();
  tcp.end();
  return streams;
}

type SidedPiece = { readonly side: 0 | 1; readonly bytes: Uint8Array };

/** A ClientHello, in a record or as SSLv2 had it. */
function isHello({ bytes }: SidedPiece): boolean {
  return (bytes[0] === 22 && bytes[5] === 1) || ((bytes[0]! & 0x80) !== 0 && bytes[2] === 1);
}

function clientOf(pieces: readonly SidedPiece[]): 0 | 1 {
  return pieces.find(isHello)?.side ?? 0;
}

function withRoles(pieces: readonly SidedPiece[], client: 0 | 1): TappedPiece[] {
  // What stands before is another protocol, which then turned to TLS (CONNECT, LDAP's StartTLS).
  return pieces
    .slice(Math.max(pieces.findIndex(isHello), 0))
    .map(({ side, bytes }) => ({ from: side === client ? "client" : "server", bytes }));
}

/** Reads a whole key log into `store`. */
export function readKeys(store: KeyStore, bytes: Uint8Array): void {
  const reader = readKeyLog(store);
  reader.push(bytes, 0, bytes.length);
  reader.end();
}
