// The captures of other programs that come with keys: everything that tshark 4.0.17 decrypts in them is decrypted.
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createKeyStore, createSessionCache } from "../../src/tls-decrypt/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusPath, corpusRows, hasCorpus } from "../harness/corpus.ts";
import { readKeys, tlsPieces } from "../harness/tls-pieces.ts";
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
    if (existsSync(corpusPath(keylog))) readKeys(store, readFileSync(corpusPath(keylog)));
    // One capture has its key log in the comment of its section: what a user would copy out.
    else if (keylog.includes("comment"))
      readKeys(store, Buffer.from(/CLIENT_RANDOM \w+ \w+/.exec(Buffer.from(corpusBytes(name)).toString("latin1"))![0]));
    const connections = tlsPieces(corpusBytes(name), store);
    const sessions = createSessionCache();
    for (const row of rows) {
      const walked = walk(recordsOf(connections.get(row.stream)!.pieces), openerFor(store, sessions));
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
