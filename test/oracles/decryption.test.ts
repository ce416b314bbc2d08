// The captures of other programs that come with keys: everything that tshark 4.0.17 decrypts in them is decrypted.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { createTcp } from "../../src/tcp/index.ts";
import { createKeyStore, createSessionCache, type KeyStore, readKeyLog } from "../../src/tls-decrypt/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusPath, corpusRows, hasCorpus } from "../harness/corpus.ts";
import type { TappedPiece } from "../harness/tls-talk.ts";
import { openerFor, recordsOf, walk } from "../tls-decrypt/walk.ts";

/** What tshark says of one stream; see the corpus's README. */
interface DecryptedRow {
  readonly stream: number;
  readonly cipher_suite: string;
  readonly decrypted: boolean;
  readonly finished_visible: number;
  readonly http?: readonly (string | number)[];
}

interface KeyedRow extends CorpusRow {
  readonly keylog?: string;
  readonly decrypted?: readonly DecryptedRow[];
}

const keyed = [...corpusRows<KeyedRow>()].flatMap(([name, row]) =>
  row.keylog !== undefined && row.decrypted !== undefined ? [{ name, keylog: row.keylog, rows: row.decrypted }] : [],
);

/** The connections of a capture by stream number, as pieces in order of arrival, and the secrets inside the file. */
function connectionsOf(name: string, store: KeyStore): Map<number, TappedPiece[]> {
  const bytes = corpusBytes(name);
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
    secrets: ({ data }) => read(store, data),
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
  // What stands before is another protocol, which then turned to TLS (LDAP's StartTLS).
  return pieces
    .slice(Math.max(at, 0))
    .map(({ side, bytes }) => ({ from: side === client ? "client" : "server", bytes }));
}

function read(store: KeyStore, bytes: Uint8Array): void {
  const reader = readKeyLog(store);
  reader.push(bytes, 0, bytes.length);
  reader.end();
}

/** Methods and statuses at the starts of lines of HTTP/1. */
const httpOf = (data: { client: string; server: string }): (string | number)[] => [
  ...[...data.client.matchAll(/^([A-Z]+) \S+ HTTP\/1\.[01]\r?$/gm)].map((match) => match[1]!),
  ...[...data.server.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map((match) => Number(match[1])),
];

describe.skipIf(!hasCorpus)(`captures with keys${CORPUS_SKIP}`, () => {
  it("are 13", () => {
    expect(keyed).toHaveLength(13);
  });

  it.each(keyed)("$name", ({ name, keylog, rows }) => {
    const store = createKeyStore();
    if (existsSync(corpusPath(keylog))) read(store, readFileSync(corpusPath(keylog)));
    // One capture has its key log in the comment of its section: what a user would copy out.
    else if (keylog.includes("comment"))
      read(store, Buffer.from(/CLIENT_RANDOM \w+ \w+/.exec(Buffer.from(corpusBytes(name)).toString("latin1"))![0]));
    const connections = connectionsOf(name, store);
    const sessions = createSessionCache();
    for (const row of rows) {
      const walked = walk(recordsOf(connections.get(row.stream)!), openerFor(store, sessions));
      const finished = [...walked.messages.client, ...walked.messages.server].filter((type) => type === 20).length;
      const where = `stream ${row.stream}, ${row.cipher_suite}`;
      if (!row.decrypted) {
        expect(walked.opened, where).toBe(0);
        continue;
      }
      expect(walked.failed + walked.notWanted, where).toBe(0);
      expect(finished, where).toBe(row.finished_visible);
      // tshark loses some messages of these captures (no TCP handshakes, snapped ends): ours hold what it shows.
      expect(httpOf(walked.data), where).toEqual(expect.arrayContaining(row.http?.slice() ?? []));
    }
  });
});
