// The captures of other programs that come with keys, through the whole program: told that the server is a proxy, it follows their TLS,
// and says of each stream what tshark 4.0.17 shows of the HTTP inside.
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { ReportConnection } from "../../src/report/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusPath, corpusRows, hasCorpus } from "../harness/corpus.ts";

interface KeyedRow extends CorpusRow {
  readonly keylog?: string;
  readonly decrypted?: readonly {
    readonly stream: number;
    readonly decrypted: boolean;
    readonly http?: readonly (string | number)[];
  }[];
}

/** Where the servers of these captures listen. */
const PORTS = [443, 4430, 4431, 4432, 4433];

/**
 * Captures without a stream that can be judged: one has its key log in a comment, which is for people; one has LDAP in it;
 * one has no handshake of TCP and one packet only for each flight.
 */
const NOT_FOLLOWED = /ldap-ssl|illustrated-tls13/;

const keyed = [...corpusRows<KeyedRow>()].flatMap(([name, { keylog, decrypted }]) =>
  keylog === undefined || decrypted === undefined || NOT_FOLLOWED.test(name) ? [] : [{ name, keylog, rows: decrypted }],
);

/** Methods and statuses of all that was read inside, in any order. */
function httpOf({ forwards, tunnel, connects }: ReportConnection): (string | number)[] {
  const exchanges = [...forwards, ...(tunnel?.exchanges ?? [])];
  return [
    ...exchanges.flatMap(({ method, response }) => [method ?? "", response?.status ?? 0]),
    ...connects.flatMap(({ response }) => ["CONNECT", response?.status ?? 0]),
  ];
}

describe.skipIf(!hasCorpus)(`captures with keys, whole${CORPUS_SKIP}`, () => {
  it.each(keyed)("$name", async ({ name, keylog, rows }) => {
    const keylogs = existsSync(corpusPath(keylog)) ? [corpusPath(keylog)] : [];
    const report = await checkCapture(corpusPath(name), { keylogs, proxies: PORTS.map((port) => ({ port })) });
    if ("kind" in report) throw new Error(report.message);
    expect(report.capture.keys.sessions).toBeGreaterThan(0);
    const byStream = new Map(report.connections.map((connection) => [connection.stream, connection]));
    for (const { stream, decrypted, http } of rows) {
      const connection = byStream.get(stream);
      if (!decrypted) expect(connection?.forwards ?? [], `stream ${stream}`).toEqual([]);
      else if (http !== undefined && connection !== undefined)
        expect(httpOf(connection), `stream ${stream}`).toEqual(expect.arrayContaining([...http]));
      else if (http !== undefined) expect(`stream ${stream} of ${name}`).toBe("followed");
    }
  });
});
