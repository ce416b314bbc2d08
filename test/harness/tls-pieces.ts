// The TLS connections of a capture as the pieces that came from either side: for tests of records and their keys.
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { createTcp } from "../../src/tcp/index.ts";
import { type KeyStore, readKeyLog } from "../../src/tls-decrypt/index.ts";
import type { TappedPiece } from "./tls-talk.ts";

/**
 * The connections of a capture by stream number, as pieces in order of arrival from the first ClientHello on. Secrets inside the
 * file go into `store`.
 */
export function tlsPieces(bytes: Uint8Array, store: KeyStore): Map<number, TappedPiece[]> {
  const streams = new Map<number, { side: 0 | 1; bytes: Uint8Array }[]>();
  const tcp = createTcp(
    {
      interest: () => "follow",
      open({ stream }) {
        const pieces: { side: 0 | 1; bytes: Uint8Array }[] = [];
        streams.set(stream, pieces);
        const sink = (side: 0 | 1) => ({
          skippable: 0,
          push: (from: Uint8Array, start: number, end: number) =>
            void pieces.push({ side, bytes: from.slice(start, end) }),
          gap() {},
          end() {},
        });
        return { sinks: [sink(0), sink(1)], closed() {}, abandoned: false };
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
  return new Map([...streams].map(([stream, pieces]) => [stream, withRoles(pieces)]));
}

/** The client is the side whose bytes begin with a ClientHello, in a record or as SSLv2 had it. */
function withRoles(pieces: readonly { side: 0 | 1; bytes: Uint8Array }[]): TappedPiece[] {
  const at = pieces.findIndex(
    ({ bytes }) => (bytes[0] === 22 && bytes[5] === 1) || (bytes[0]! & 0x80 && bytes[2] === 1),
  );
  const client = pieces[at]?.side ?? 0;
  // What stands before is another protocol, which then turned to TLS (CONNECT, LDAP's StartTLS).
  return pieces
    .slice(Math.max(at, 0))
    .map(({ side, bytes }) => ({ from: side === client ? "client" : "server", bytes }));
}

/** Reads a whole key log into `store`. */
export function readKeys(store: KeyStore, bytes: Uint8Array): void {
  const reader = readKeyLog(store);
  reader.push(bytes, 0, bytes.length);
  reader.end();
}
