// TLS of 230 captures of other programs, stream by stream: hellos, fingerprints and record counts as tshark 4.0.17 sees them.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ja3, ja4, type RecordKind, type TlsFacts } from "../../src/tls-parse/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusRows, hasCorpus } from "../harness/corpus.ts";
import { type FollowedTls, followTls } from "../harness/tls-follow.ts";
import { TLS_DIFFERENCES } from "./tls-differences.ts";

/** What tshark says of a stream; see the corpus's README. */
interface StreamRow {
  readonly stream: number;
  readonly tls_records?: Readonly<Record<string, number>>;
  readonly client_hellos?: readonly {
    readonly frame: number;
    readonly sni?: string;
    readonly ja3?: string;
    readonly version: string;
    readonly alpn?: readonly string[];
    readonly supported?: readonly string[];
    readonly ech?: boolean;
  }[];
  readonly server_hellos?: readonly { readonly frame: number; readonly version: string }[];
}

interface TlsRow extends CorpusRow {
  readonly tls?: {
    readonly client_hellos?: number;
    readonly snis?: readonly string[];
    readonly ja3s?: readonly string[];
    readonly records?: Readonly<Record<string, number>>;
    readonly decrypted_by_tshark?: boolean;
  };
  readonly streams?: readonly StreamRow[];
  readonly streams_listed?: unknown;
  readonly reordered?: { readonly streams?: readonly StreamRow[] };
}

/** What is compared of a stream, as text. */
type Facts = Readonly<Record<"records" | "hellos" | "hello" | "server", string>>;

/** Record counts and hellos of a stream as tshark has them. */
function ofTshark(row: StreamRow, decrypted: boolean): Facts {
  const [first] = row.client_hellos ?? [];
  return {
    records: decrypted ? "" : JSON.stringify(row.tls_records ?? {}),
    hellos: String(row.client_hellos?.length ?? 0),
    hello:
      first === undefined ? "" : helloText({ sni: null, ja3: null, alpn: [], supported: [], ech: false, ...first }),
    server: (row.server_hellos ?? []).map(({ frame, version }) => `${version} in ${frame}`).join(", "),
  };
}

/** The same as we have them. */
function ofOurs({ facts }: FollowedTls, decrypted: boolean): Facts {
  const hello = facts.clientHello;
  const servers = [facts.helloRetryRequest, facts.serverHello].filter((server) => server !== null);
  return {
    records: decrypted ? "" : JSON.stringify(recordCounts(facts)),
    hellos: String(hello === null ? 0 : 1 + facts.clientHellos),
    hello:
      hello === null
        ? ""
        : helloText({
            frame: hello.where.frame,
            sni: hello.sni,
            // tshark gives none of an SSLv2 hello.
            ja3: hello.sslv2 ? null : ja3(hello, md5),
            version: hexadecimal(hello.version),
            alpn: hello.alpn,
            supported: hello.supportedVersions.map(hexadecimal),
            ech: hello.ech !== "none",
          }),
    server: servers.map(({ where, version }) => `${hexadecimal(version)} in ${where.frame}`).join(", "),
  };
}

function helloText(hello: {
  readonly frame: number;
  readonly sni: string | null;
  readonly ja3: string | null;
  readonly version: string;
  readonly alpn: readonly string[];
  readonly supported: readonly string[];
  readonly ech: boolean;
}): string {
  const { frame, sni, version, alpn, supported, ech } = hello;
  return `${version} [${supported}] to ${sni} with [${alpn}] ja3 ${hello.ja3}${ech ? " ech" : ""} in ${frame}`;
}

const TYPES: readonly (readonly [number, RecordKind])[] = [
  [20, "changeCipherSpec"],
  [21, "alert"],
  [22, "handshake"],
  [23, "applicationData"],
  [24, "heartbeat"],
];

function recordCounts({ records }: TlsFacts): Record<string, number> {
  const sums = TYPES.map(([type, kind]) => [type, records.client[kind] + records.server[kind]] as const);
  return Object.fromEntries(sums.filter(([, sum]) => sum > 0));
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(4, "0")}`;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function md5(bytes: Uint8Array): Uint8Array {
  return createHash("md5").update(bytes).digest();
}

/** tshark's rows by stream; where out-of-order reassembly changes its answer, that answer. */
function rowsOf(row: TlsRow): Map<number, StreamRow> {
  const rows = [...(row.streams ?? []), ...(row.reordered?.streams ?? [])];
  return new Map(rows.map((stream) => [stream.stream, stream]));
}

/** What differs in a capture, by stream: "field: tshark's / ours". */
function compare(name: string, row: TlsRow): { readonly streams: number; readonly differences: Map<string, string[]> } {
  const decrypted = row.tls?.decrypted_by_tshark ?? false;
  const rows = rowsOf(row);
  const followed = new Map(followTls(corpusBytes(name)).map((tls) => [tls.stream, tls]));
  const differences = new Map<string, string[]>();
  let streams = 0;
  for (const stream of new Set([...rows.keys(), ...followed.keys()])) {
    const known = rows.get(stream);
    // At most 40 streams are listed per capture.
    if (known === undefined && row.streams_listed !== undefined) continue;
    const tshark = known === undefined ? NO_TLS : ofTshark(known, decrypted);
    const tls = followed.get(stream);
    const ours = tls === undefined ? NO_TLS : ofOurs(tls, decrypted);
    if (ours.records !== NO_TLS.records) streams++;
    const fields = FIELDS.filter((field) => tshark[field] !== ours[field]);
    if (fields.length === 0) continue;
    differences.set(
      `${name}#${stream}`,
      fields.map((field) => `${field}: ${tshark[field]} / ${ours[field]}`),
    );
  }
  return { streams, differences };
}

/** A stream without TLS; "records" is empty where tshark counted decrypted ones, too. */
const NO_TLS: Facts = { records: "{}", hellos: "0", hello: "", server: "" };
const FIELDS = ["records", "hellos", "hello", "server"] as const;

describe.skipIf(!hasCorpus)(`TLS of the corpus${CORPUS_SKIP}`, () => {
  it("is what tshark says, but for the differences that are listed with their reasons", () => {
    const differences = new Map<string, string[]>();
    let streams = 0;
    for (const [name, row] of corpusRows<TlsRow>()) {
      if (!row.opened) continue;
      const compared = compare(name, row);
      streams += compared.streams;
      for (const [stream, fields] of compared.differences) differences.set(stream, fields);
    }
    expect(streams).toBeGreaterThan(550);
    expect(Object.fromEntries(differences)).toEqual(
      Object.fromEntries(Object.entries(TLS_DIFFERENCES).map(([stream, { fields }]) => [stream, fields])),
    );
  });

  it("adds up to the same sums in captures with more streams than are listed", () => {
    let captures = 0;
    for (const [name, row] of corpusRows<TlsRow>()) {
      if (row.streams_listed === undefined || row.tls?.client_hellos === undefined) continue;
      captures++;
      const followed = followTls(corpusBytes(name)).map(({ facts }) => facts);
      const hellos = followed.flatMap(({ clientHello }) => (clientHello === null ? [] : [clientHello]));
      expect(hellos, name).toHaveLength(row.tls.client_hellos);
      expect(sorted(hellos.flatMap((hello) => (hello.sslv2 ? [] : ja3(hello, md5)))), name).toEqual(
        sorted(row.tls.ja3s ?? []),
      );
      expect(sorted(hellos.flatMap(({ sni }) => sni ?? [])), name).toEqual(sorted(row.tls.snis ?? []));
      if (row.tls.decrypted_by_tshark !== true) expect(sumOf(followed), name).toEqual(row.tls.records);
    }
    expect(captures).toBeGreaterThanOrEqual(4);
  });
});

/** JA4 as nDPI's own expected results have them (ntop/nDPI, tests/cfgs/default/result), by capture. */
const JA4_OF_NDPI: Readonly<Record<string, readonly string[]>> = {
  "chrome.pcap": ["t13d1516h2_8daaf6152771_9b887d9acb53", "t13d1516h2_8daaf6152771_e5627efa2ab1"],
  "pluralsight.pcap": ["t13d1516h2_8daaf6152771_e5627efa2ab1"],
  "tls_esni_sni_both.pcap": ["t13d031100_55b375c5d22e_77359c92d649"],
  "google_chat.pcapng": ["t13d1715h2_5b57614c22b0_5c2c66f702b0"],
  "simple-dnscrypt.pcap": ["t12d1510h2_f0daf39aad75_e69ac49eb88f", "t12d1511h2_f0daf39aad75_eb7c9aabf852"],
  "nintendo.pcap": ["t12d260500_f64c77d06cfa_b289314254d8"],
  "zattoo.pcap": ["t12d020300_798dd72d0aaa_b23915e3e4f5"],
  "tls_alert.pcap": ["t10d0909h2_61c4dbd01224_cc731f12afbb"],
  // Offers drafts of TLS 1.3 that have no code.
  "tls_2_reasms.pcapng": ["t00d0309h2_55b375c5d22e_566d5108064c"],
  "wa_voice.pcap": ["t13d2614h2_2802a3db6c62_c5b8c5b1cdcb", "t13d2615h2_2802a3db6c62_0f2fdc61901b"],
};

describe.skipIf(!hasCorpus)(`JA4 of the corpus${CORPUS_SKIP}`, () => {
  it.each(Object.entries(JA4_OF_NDPI))("%s", (name, expected) => {
    const followed = followTls(corpusBytes(`ntop+nDPI/tests/cfgs/default/pcap/${name}`));
    const hellos = followed.flatMap(({ facts }) => facts.clientHello ?? []);
    expect(sorted(hellos.map((hello) => ja4(hello, sha256)))).toEqual(expected);
  });
});

/** Without duplicates. */
function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function sumOf(followed: readonly TlsFacts[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const facts of followed) {
    for (const [type, count] of Object.entries(recordCounts(facts))) sums[type] = (sums[type] ?? 0) + count;
  }
  return sums;
}
