// Packets of 2,361 captures of other programs, as tshark, capinfos and the npm package pcap-parser count them.
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { readCapture } from "../../src/audit/input.ts";
import { type CaptureSummary, createCaptureReader, type NotACapture } from "../../src/pcap-parser/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusPath, corpusRows, hasCorpus } from "../harness/corpus.ts";

const rows = corpusRows();
const FUZZ = "seladb+PcapPlusPlus/Tests/Fuzzers/RegressionTests/regression_samples/";
const NG = "google+gopacket/pcapgo/tests/le/";
const LIBPCAP = "the-tcpdump-group+libpcap/tests/";
const TCPDUMP = "the-tcpdump-group+tcpdump/tests/";

/** What a capture gave: a count, with " cut" and " stopped" where they apply, or "refused". */
type Answer = string;

/** Captures that tshark reads in another way, with what each side says, and why we do not follow. */
const DIFFERENCES: Readonly<Record<string, { ours: Answer; tshark: Answer; why: string }>> = {
  "seladb+PcapPlusPlus/Tests/ExamplesTest/pcap_examples/solaris.snoop": {
    ours: "refused",
    tshark: "250",
    why: "snoop is not read; the refusal says how to convert it",
  },
  [`${LIBPCAP}linktype-reserved-field-not-zero.pcap`]: {
    ours: "0",
    tshark: "refused",
    why: "reserved bits of the link type are noted, not refused: the rest of the file is sound",
  },
  [`${FUZZ}clusterfuzz-testcase-minimized-FuzzTarget-5685520970809344`]: {
    ours: "1 cut",
    tshark: "refused",
    why: "reserved bits, as above",
  },
  [`${FUZZ}clusterfuzz-testcase-minimized-FuzzTarget-5752969003008000`]: {
    ours: "1 cut",
    tshark: "refused",
    why: "reserved bits, as above",
  },
  [`${LIBPCAP}shb-option-too-long.pcapng`]: {
    ours: "1",
    tshark: "refused",
    why: "an option of the section header is longer than its block; the blocks behind it are sound",
  },
  [`${TCPDUMP}brcm-tag-prepend.pcap`]: {
    ours: "15",
    tshark: "refused",
    why: "link type 282 is unknown to tshark; libpcap and we count its packets, which are not decoded",
  },
  [`${TCPDUMP}edsa.pcap`]: { ours: "10", tshark: "refused", why: "link type 285, as above" },
  [`${TCPDUMP}vtp_asan.pcap`]: { ours: "5", tshark: "refused", why: "link type 182, as above" },
  [`${FUZZ}clusterfuzz-testcase-minimized-FuzzTarget-5766899836387328`]: {
    ours: "1",
    tshark: "0 cut",
    why: "version 2.3 with lengths in the old order: tshark guesses at another record header first and falls off the end",
  },
  [`${FUZZ}igmplayer`]: {
    ours: "2 stopped",
    tshark: "2 cut",
    why: "tshark guesses a variant with longer record headers, whose second packet it dates to 1970-01-08 with 6 MB on the wire",
  },
};

/** Captures at whose damage both stop, at the same frame. tshark calls it an error and capinfos gives no count. */
const STOPPED: Readonly<Record<string, string>> = {
  "OISF+suricata-verify/tests/bug-1450-05/tls_DER-incomplete-content.pcap": "4325376 bytes",
  "emanuele-f+PCAPdroid/app/src/main/jni/tests/pcap/crash-593ec6ead7a1bf23faa96d03cbd74c315bcf67fc": "6553600 bytes",
  [`${NG}test901.pcapng`]: "version 2.0",
  [`${FUZZ}clusterfuzz-testcase-minimized-FuzzTarget-5717750942269440`]: "411435009 bytes",
  [`${FUZZ}clusterfuzz-testcase-minimized-FuzzTarget-5723611632762880`]: "538976288 bytes",
  [`${FUZZ}clusterfuzz-testcase-minimized-FuzzTarget-5758569646653440`]: "145032960 bytes",
  [`${FUZZ}crash-eec28dafde1f1ac2299674a75a914ae16d4046fa`]: "4294967295 bytes",
  [`${FUZZ}radiuslayer`]: "4261478435 bytes",
};

/** Captures that both refuse. */
const REFUSED: Readonly<Record<string, string>> = {
  [`${LIBPCAP}pcap-invalid-version-1.pcap`]: "a pcap file of the unknown version 1.4",
  [`${LIBPCAP}pcapng-invalid-vers-1.pcapng`]: "a pcapng file of the unknown version 0.1",
  [`${LIBPCAP}pcapng-invalid-vers-2.pcapng`]: "a pcapng file of the unknown version 1.1",
};

/** Captures whose custom blocks tshark numbers as frames. capinfos does not, and they hold no packet: neither do we. */
const CUSTOM_BLOCKS: Readonly<Record<string, { packets: number; frames: number }>> = {
  [`${NG}test017.pcapng`]: { packets: 0, frames: 4 },
  [`${NG}test018.pcapng`]: { packets: 4, frames: 8 },
  [`${NG}test102.pcapng`]: { packets: 5, frames: 8 },
  [`${NG}test202.pcapng`]: { packets: 8, frames: 11 },
};

interface Read {
  readonly packets: number;
  readonly secrets: number;
  readonly result: CaptureSummary | NotACapture;
}

/** Reads a capture in chunks of `chunk` bytes, checking each packet's place. */
function read(bytes: Uint8Array, chunk: number): Read {
  let packets = 0;
  let secrets = 0;
  let outside = 0;
  const reader = createCaptureReader({
    packet: (packet) => {
      packets++;
      if (packet.frame !== packets || packet.start > packet.end || packet.end > packet.bytes.length) outside++;
    },
    secrets: () => secrets++,
    name: () => {},
    note: () => {},
  });
  for (let p = 0; p < bytes.length; p += chunk) reader.push(bytes, p, Math.min(bytes.length, p + chunk));
  const result = reader.end();
  expect(outside).toBe(0);
  return { packets, secrets, result };
}

function answer(result: CaptureSummary | NotACapture): Answer {
  if ("kind" in result) return "refused";
  return `${result.packets}${result.cutShort ? " cut" : ""}${result.stopped === null ? "" : " stopped"}`;
}

function tsharksAnswer(row: CorpusRow): Answer {
  if (row.packets === null && !row.opened) return "refused";
  return `${row.packets ?? row.frames}${row.cut_short === true ? " cut" : ""}${row.packets === null ? " stopped" : ""}`;
}

describe.skipIf(!hasCorpus)(`packets of the corpus${CORPUS_SKIP}`, () => {
  it("are as many as capinfos counts, and end where tshark's end, with the differences listed", () => {
    const differences: Record<string, { ours: Answer; tshark: Answer }> = {};
    for (const [name, row] of rows) {
      const bytes = corpusBytes(name);
      const whole = read(bytes, Math.max(1, bytes.length));
      const cut = read(bytes, 777);
      expect(cut, name).toEqual(whole);
      if (!("kind" in whole.result)) expect(whole.packets, name).toBe(whole.result.packets);
      const [ours, tshark] = [answer(whole.result), tsharksAnswer(row)];
      if (ours !== tshark) differences[name] = { ours, tshark };
    }
    expect(rows.size).toBe(2361);
    const listed = Object.entries(DIFFERENCES).map(([name, { ours, tshark }]) => [name, { ours, tshark }]);
    expect(differences).toEqual(Object.fromEntries(listed));
  });

  it("come with the byte order, link types, interfaces, sections and secrets that the files' own bytes say", () => {
    let compared = 0;
    for (const [name, { format }] of rows) {
      const { result, secrets } = read(corpusBytes(name), 1 << 20);
      if ("kind" in result || result.stopped !== null || format.byte_order === undefined) continue;
      compared++;
      expect(result.format, name).toBe(format.container === "pcapng" ? "pcapng" : "pcap");
      expect(result.byteOrder === "mixed" ? "big+little" : result.byteOrder, name).toBe(format.byte_order);
      const linkTypes = [...new Set(result.interfaces.map(({ linkType }) => linkType))].sort((a, b) => a - b);
      if (result.format === "pcap") {
        expect(result.interfaces, name).toMatchObject([{ linkType: format.link_type, snapLength: format.snaplen }]);
      } else {
        expect(linkTypes, name).toEqual([...(format.link_types ?? [])].sort((a, b) => a - b));
        expect(result.interfaces.length, name).toBe(format.interfaces);
        expect(result.sections, name).toBe(format.sections);
        expect(secrets > 0, name).toBe(format.decryption_secrets !== undefined);
      }
    }
    expect(compared).toBeGreaterThan(2340);
  });

  it.each(Object.entries(STOPPED))("of %s end at its damage", (name, why) => {
    const { result } = read(corpusBytes(name), 1 << 20);
    expect(result).toMatchObject({ packets: rows.get(name)!.frames, stopped: { why: expect.stringContaining(why) } });
  });

  it.each(Object.entries(REFUSED))("of %s are not read", (name, seemsToBe) => {
    expect(read(corpusBytes(name), 1 << 20).result).toMatchObject({ kind: "not-a-capture", seemsToBe });
  });

  it("do not include custom blocks, which tshark numbers as frames", () => {
    const numbered = [...rows].filter(([, { packets, frames }]) => packets !== null && packets !== frames);
    expect(Object.fromEntries(numbered.map(([name, { packets, frames }]) => [name, { packets, frames }]))).toEqual(
      CUSTOM_BLOCKS,
    );
    for (const [name, { packets }] of Object.entries(CUSTOM_BLOCKS)) {
      expect(read(corpusBytes(name), 1 << 20).packets, name).toBe(packets);
    }
  });
});

/** First and last `frame.time_epoch`, as tshark 4.0.17 prints them (`tshark -r F -T fields -e frame.time_epoch`). */
const TIMES: readonly (readonly [name: string, what: string, first: string, last: string])[] = [
  [`${NG}test008.pcapng`, "if_tsresol 10⁻⁹ and if_tsoffset", "1340954.905298858", "1340954.905301858"],
  [`${NG}test902.pcapng`, "if_tsresol 2⁻⁸", "1519128000.195312500", "1519128000.195312500"],
  [`${NG}test201.pcapng`, "three sections", "1340954905.298858000", "1340954905.301858000"],
  [
    "secdev+scapy/test/pcaps/pfcp.pcap",
    "old packet blocks, big endian",
    "1586191795.010193000",
    "1586191795.488267000",
  ],
  [
    "fpcap+fpcap/tracefiles/pcapng-example.pcapng",
    "time stamps of negative microseconds, taken as unsigned",
    "1422527998.578402281",
    "18446744073204.277451000",
  ],
  [
    "rusticata+pcap-parser/assets/modified-format.pcap",
    "modified pcap",
    "1712763541.734807000",
    "1712763541.734807000",
  ],
  [
    "ntop+nDPI/tests/cfgs/default/pcap/nfsv2.pcap",
    "pcap 2.1, big endian",
    "944207338.400000000",
    "944207338.890000000",
  ],
  ["the-tcpdump-group+tcpdump/tests/pptp.pcap", "pcap, big endian", "954147395.148077000", "954147396.347775000"],
  [
    "ntop+nDPI/tests/cfgs/default/pcap/someip_sd_sample.pcap",
    "nanosecond pcap",
    "1559741544.964106975",
    "1559741545.865698300",
  ],
  [
    "zeek+zeek/testing/btest/Traces/http/get-to-ssh-server.pcap",
    "nanosecond pcap",
    "1770126425.732560000",
    "1770126426.041811000",
  ],
];

describe.skipIf(!hasCorpus)(`times of the corpus${CORPUS_SKIP}`, () => {
  it.each(TIMES)("of %s (%s) equal tshark's", (name, _, first, last) => {
    const times: string[] = [];
    const reader = createCaptureReader({
      packet: ({ seconds, nanoseconds }) => times.push(`${seconds}.${String(nanoseconds).padStart(9, "0")}`),
      secrets: () => {},
      name: () => {},
      note: () => {},
    });
    const bytes = corpusBytes(name);
    reader.push(bytes, 0, bytes.length);
    reader.end();
    expect([times[0], times.at(-1)]).toEqual([first, last]);
  });
});

describe.skipIf(!hasCorpus)(`compressed captures of the corpus${CORPUS_SKIP}`, () => {
  it("come through readCapture with their compression", async () => {
    const compressed = [...rows].filter(([name, { format }]) => format.gzip === true || name.endsWith(".zst"));
    expect(compressed.length).toBe(21);
    for (const [name, { packets, format }] of compressed) {
      const note = (): void => {};
      const reader = createCaptureReader({ packet: note, secrets: note, name: note, note });
      const outcome = await readCapture(corpusPath(name), reader, { note });
      const compression = format.gzip === true ? "gzip" : "zstd";
      expect(outcome, name).toMatchObject({ kind: "capture", compression, summary: { packets, cutShort: false } });
    }
  });
});

interface NpmPacket {
  readonly header: Record<"timestampSeconds" | "timestampMicroseconds" | "capturedLength" | "originalLength", number>;
  readonly data: Buffer;
}

interface NpmParser {
  on(event: "packet", listener: (packet: NpmPacket) => void): void;
  on(event: "end", listener: () => void): void;
  on(event: "error", listener: (error: Error) => void): void;
}

const npm: { parse(path: string): NpmParser } = createRequire(import.meta.url)("pcap-parser");

/** One line per packet: time, lengths and a sum over the data. */
function line(
  seconds: number,
  micros: number,
  captured: number,
  wire: number,
  bytes: Uint8Array,
  start: number,
): string {
  let sum = 0;
  for (let p = start; p < start + captured; p++) sum = (Math.imul(sum, 31) + bytes[p]!) | 0;
  return `${seconds}.${micros} ${captured} ${wire} ${sum}`;
}

describe.skipIf(!hasCorpus)(`the npm package pcap-parser${CORPUS_SKIP}`, () => {
  it("reads the same packets of classic captures, every fourteenth of them", async () => {
    const classic = [...rows].filter(
      ([, { format, packets, cut_short, size }]) =>
        format.container === "pcap" && format.gzip !== true && packets !== null && cut_short !== true && size < 200_000,
    );
    // Nanoseconds it does not know, and more microseconds than a second has (in fuzz cases) it passes on.
    const known = classic.filter(([name]) => !name.includes("/Fuzzers/") && !NANOSECONDS.includes(magicOf(name)));
    const sample = known.filter((_, i) => i % 14 === 0);
    expect(sample.length).toBeGreaterThan(130);
    for (const [name] of sample) {
      const theirs = await new Promise<string[]>((resolve, reject) => {
        const lines: string[] = [];
        const parser = npm.parse(corpusPath(name));
        parser.on("packet", ({ header: h, data }) => {
          lines.push(line(h.timestampSeconds, h.timestampMicroseconds, h.capturedLength, h.originalLength, data, 0));
        });
        parser.on("error", reject);
        parser.on("end", () => resolve(lines));
      });
      const ours: string[] = [];
      const reader = createCaptureReader({
        packet: (p) =>
          ours.push(line(p.seconds, p.nanoseconds / 1000, p.end - p.start, p.wireLength, p.bytes, p.start)),
        secrets: () => {},
        name: () => {},
        note: () => {},
      });
      const bytes = corpusBytes(name);
      reader.push(bytes, 0, bytes.length);
      reader.end();
      expect(ours, name).toEqual(theirs);
    }
  });
});

const NANOSECONDS = ["a1b23c4d", "4d3cb2a1"];

function magicOf(name: string): string {
  return Buffer.from(corpusBytes(name).subarray(0, 4)).toString("hex");
}
