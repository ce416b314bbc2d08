// The captures of other programs that come with keys, through the program as it is shipped. Twice: as they are, the server told to be a
// proxy, whose TLS is then followed; and with each connection put behind a CONNECT, where TLS belongs in captures of proxies.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import type { Report, ReportConnection } from "../../src/report/index.ts";
import { createKeyStore } from "../../src/tls-decrypt/index.ts";
import { cipherSuiteName } from "../../src/tls-parse/index.ts";
import { buildProgram, type Program } from "../cli/build.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusPath, corpusRows, hasCorpus } from "../harness/corpus.ts";
import { type TlsPieces, tlsPieces } from "../harness/tls-pieces.ts";
import { tunnelled } from "../harness/tunnelled.ts";

/** What tshark 4.0.17 says of one stream; see the corpus's README. */
interface DecryptedRow {
  readonly stream: number;
  readonly cipher_suite: string;
  readonly version: string;
  readonly application_records: number;
  readonly decrypted: boolean;
  readonly http?: readonly (string | number)[];
  readonly http2?: readonly (string | number)[];
}

interface KeyedRow extends CorpusRow {
  readonly keylog?: string;
  readonly decrypted?: readonly DecryptedRow[];
}

const keyed = [...corpusRows<KeyedRow>()].flatMap(([name, { keylog, decrypted }]) =>
  keylog === undefined || decrypted === undefined ? [] : [{ name, keylog, rows: decrypted }],
);
type Keyed = (typeof keyed)[number];

/** Where the program says less than tshark decrypts, as the captures are; in tunnels it says all of it. */
const NO_PROXY: Readonly<Record<string, string>> = {
  "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/ldap-ssl.pcapng":
    "LDAP in the clear, and TLS behind its StartTLS: whatever the option says, this is no connection to a proxy",
};

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

/** The key log that lies beside a capture, or what a user would copy out of its comment; null where only the file itself has it. */
function keyLogOf({ name, keylog }: Keyed): string | null {
  if (existsSync(corpusPath(keylog))) return corpusPath(keylog);
  if (!keylog.includes("comment")) return null;
  const copied = join(program.folder, "copied.keys");
  writeFileSync(copied, /CLIENT_RANDOM \w+ \w+/.exec(Buffer.from(corpusBytes(name)).toString("latin1"))![0]);
  return copied;
}

/** The secrets inside a capture, written out: a capture made of its connections has none. */
function embeddedOf({ name }: Keyed): string {
  const parts: Uint8Array[] = [];
  const secrets = ({ data }: { data: Uint8Array }) => void parts.push(data.slice());
  const reader = createCaptureReader({ packet() {}, secrets, name() {}, note() {} });
  const bytes = corpusBytes(name);
  reader.push(bytes, 0, bytes.length);
  reader.end();
  const path = join(program.folder, "embedded.keys");
  writeFileSync(path, Buffer.concat(parts));
  return path;
}

function reportOf(capture: string, keyLog: string | null, proxies: readonly string[]): Report {
  const keys = keyLog === null ? [] : ["--keylog", keyLog];
  const { out, err } = program.run([
    ...[capture, ...keys, "--format", "json"],
    ...proxies.flatMap((proxy) => ["--proxy", proxy]),
  ]);
  expect(err).toBe("");
  return JSON.parse(out);
}

/** Methods and statuses of all that was read inside, in order. */
function httpOf({ forwards, tunnel }: ReportConnection): (string | number)[] {
  return [...forwards, ...(tunnel?.exchanges ?? [])].flatMap(({ method, response }) => [
    ...(method === null ? [] : [method]),
    ...(response === null ? [] : [response.status]),
  ]);
}

/**
 * Where tshark shows a request and no answer: openssl s_server answers until it closes, without a length, and tshark waits for an end
 * that it takes from TLS and not from TCP. The statuses are in the bytes that it shows as a segment (`follow,tls`).
 */
const UNTIL_CLOSE: ReadonlySet<string> = new Set([
  "fkie-cad+pcapFS/tests/crypto/all_ciphers_test/all_ciphers.pcap",
  "fkie-cad+pcapFS/tests/crypto/feature_test/feature_test.pcap",
  "lbirchler+tls-decryption/data/tls2/dsb-dump.pcapng",
  "lbirchler+tls-decryption/data/tls2/dump.pcapng",
  "secdev+scapy/doc/notebooks/tls/raw_data/tls_nss_example.pcap",
]);

/** What is to be seen inside, by what tshark shows of it. */
function insideOf(name: string, { http, http2 }: DecryptedRow): readonly (string | number)[] {
  const shown = http ?? http2 ?? [];
  return UNTIL_CLOSE.has(name) && shown.length === 1 ? [...shown, 200] : shown;
}

const endpointText = ({ server: { ip, port } }: TlsPieces): string => `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;

describe.skipIf(!hasCorpus)(`captures with keys${CORPUS_SKIP}`, () => {
  it("are 13", () => {
    expect(keyed).toHaveLength(13);
  });

  it.each(keyed)("$name as it is", (capture) => {
    const streams = tlsPieces(corpusBytes(capture.name), createKeyStore());
    const proxies = capture.rows.map(({ stream }) => endpointText(streams.get(stream)!));
    const report = reportOf(corpusPath(capture.name), keyLogOf(capture), [...new Set(proxies)]);
    if (NO_PROXY[capture.name] !== undefined) {
      expect(report.connections, NO_PROXY[capture.name]).toEqual([]);
      return;
    }
    expect(report.connections.map(({ stream }) => stream)).toEqual(capture.rows.map(({ stream }) => stream));
    for (const row of capture.rows) {
      const { stream, decrypted } = row;
      const connection = report.connections.find((one) => one.stream === stream)!;
      const where = `stream ${stream}: ${connection.summary}`;
      expect(httpOf(connection), where).toEqual(insideOf(capture.name, row));
      if (decrypted) expect(connection.verdict, where).not.toBe("encrypted");
      else expect(connection.verdict, where).toBe("encrypted");
    }
  });

  it.each(keyed)("$name in tunnels", (capture) => {
    const streams = tlsPieces(corpusBytes(capture.name), createKeyStore());
    const path = join(program.folder, "tunnelled.pcap");
    writeFileSync(path, tunnelled(capture.rows.map(({ stream }) => streams.get(stream)!.pieces)));
    const report = reportOf(path, keyLogOf(capture) ?? embeddedOf(capture), []);
    expect(report.connections).toHaveLength(capture.rows.length);
    for (const [i, row] of capture.rows.entries()) {
      const connection = report.connections[i]!;
      const { tls } = connection.tunnel!;
      const where = `stream ${row.stream}, ${tls?.cipher}: ${connection.summary}`;
      expect(tls?.cipher, where).toBe(cipherSuiteName(Number(row.cipher_suite)));
      const { client, proxy } = tls!.records;
      if (row.version !== "0x0304")
        expect(client.applicationData + proxy.applicationData, where).toBe(row.application_records);
      expect(tls?.decrypted, where).toBe(row.decrypted ? "full" : "none");
      expect(httpOf(connection), where).toEqual(insideOf(capture.name, row));
    }
  });
});
