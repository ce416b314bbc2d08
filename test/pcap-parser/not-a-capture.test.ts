// What people give instead of a capture: named, with what to do about it.
import { deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ascii, concat, PcapngBlocks } from "../harness/capture-file.ts";
import { expectSameHoweverCut } from "../harness/split.ts";
import { collect, refusalOf } from "./collect.ts";

const utf16 = (text: string): Uint8Array => concat(ascii("\xff\xfe"), ...Array.from(text, (c) => ascii(`${c}\0`)));
const hexBytes = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** An ETL: buffer header of 72 bytes (size 64 KiB first), then the marker of a 64-bit SYSTEM_TRACE_HEADER. */
const etl = concat(hexBytes("00000100f0ff0000"), zeros(64), hexBytes("020002c0"), zeros(100));
/** ERF: 2020, type ethernet, record 96 bytes, wire 78. */
const erf = concat(hexBytes("000000000000105e"), hexBytes("02040060 0000 004e".replaceAll(" ", "")), zeros(80));
const textModePcapng = concat(ascii("\n\r\n"), new PcapngBlocks().section().slice(4));

const FILES: readonly (readonly [string, Uint8Array, RegExp, RegExp | null])[] = [
  ["nothing", zeros(0), /^an empty file$/, /capture filter/],
  ["zeros", zeros(3000), /zeros/, /never written/],
  ["xz", concat(ascii("\xfd7zXZ\0"), zeros(20)), /xz/, /xz -d/],
  ["bzip2", ascii("BZh91AY&SY"), /bzip2/, /bunzip2/],
  ["lz4", concat(hexBytes("04224d18"), zeros(20)), /lz4/, /lz4 -d/],
  ["zip", concat(ascii("PK\x03\x04"), zeros(20)), /zip/, /unpack/],
  ["7z", concat(ascii("7z\xbc\xaf\x27\x1c"), zeros(20)), /7-Zip/, /unpack/],
  ["tar", concat(ascii("capture.pcap"), zeros(245), ascii("ustar"), zeros(300)), /tar archive/, /tar -xf/],
  ["a cabinet", concat(ascii("MSCF"), zeros(30)), /cabinet/, /etl2pcapng/],
  ["ETL", etl, /ETL/, /etl2pcapng/],
  ["Network Monitor 3", concat(ascii("GMBU"), zeros(80)), /Microsoft Network Monitor/, /editcap/],
  ["Network Monitor 1", concat(ascii("RTSS"), zeros(80)), /Microsoft Network Monitor 1/, /editcap/],
  ["snoop", concat(ascii("snoop\0\0\0"), zeros(30)), /snoop/, /editcap/],
  ["btsnoop", concat(ascii("btsnoop\0"), zeros(30)), /btsnoop/, /no TCP/],
  ["iptrace", ascii("iptrace 2.0\0\0\0"), /iptrace/, /editcap/],
  ["nettl", concat(ascii("TR\0d\0"), zeros(30)), /nettl/, /editcap/],
  ["LANalyzer", concat(hexBytes("01104c00"), zeros(80)), /LANalyzer/, /editcap/],
  ["LANalyzer, its other header", concat(hexBytes("07104c00"), zeros(80)), /LANalyzer/, /editcap/],
  ["K12", concat(hexBytes("0000020012050010"), zeros(80)), /K12/, /editcap/],
  ["K12 text", ascii("+---------+---------------+----------+\r\n"), /K12/, /editcap/],
  ["NetScaler", concat(hexBytes("0100080a"), ascii("NetScaler V20 Performance Data\0")), /NetScaler/, /nstrace/],
  ["ERF", erf, /ERF/, /editcap/],
  ["NetXray", concat(ascii("XCP\0"), zeros(80)), /Sniffer/, /editcap/],
  ["a HAR", ascii('{\n  "log": {\n    "version": "1.2",'), /HAR/, /record a capture/],
  ["a HAR with a byte order mark", ascii('\xef\xbb\xbf{"log":{"version"'), /HAR/, /record a capture/],
  ["net-export", ascii('{"constants":{"activeFieldTrialGroups":[],"clientInfo":{}'), /net-export/, /record a capture/],
  ["tshark -T json", ascii('[\n  {\n    "_index": "packets-2020-01-01",'), /tshark/, /the capture that/],
  ["JSON", ascii('{"a": 1}'), /^JSON$/, /record a capture/],
  ["a JSON list", ascii('[{"a": 1}]'), /^JSON$/, /record a capture/],
  ["HTML", ascii("\r\n<!DOCTYPE html>\n<html>"), /HTML/, /download/],
  ["PDML", ascii('<?xml version="1.0"?>\n<pdml version="0">'), /Wireshark printed/, /the capture that/],
  ["XML", ascii('<?xml version="1.0"?>\n<thing/>'), /^XML$/, /record a capture/],
  ["PEM", ascii("-----BEGIN CERTIFICATE-----\nMIIB"), /PEM/, /--proxy-ca/],
  ["a private key", ascii("-----BEGIN EC PRIVATE KEY-----\nMIIB"), /private key/, /yourself/],
  ["DER", concat(hexBytes("308203a2308202"), zeros(80)), /DER/, /--proxy-ca/],
  ["a key log", ascii(`CLIENT_RANDOM ${"ab".repeat(32)} ${"cd".repeat(48)}\n`), /key log/, /--keylog/],
  [
    "a key log with comments",
    ascii(`# SSL/TLS secrets log file\r\n# more\r\nCLIENT_HANDSHAKE_TRAFFIC_SECRET ${"AB".repeat(32)} 00\r\n`),
    /key log/,
    /--keylog/,
  ],
  [
    "a policy trace",
    ascii("start transaction -------------------\n  CPL Evaluation Trace:"),
    /policy trace/,
    /pcapcheck trace/,
  ],
  ["an access log", ascii("#Software: SGOS 6.7\n#Version: 1.0\n#Fields: date time"), /access log/, /capture/],
  [
    "tcpdump's text",
    ascii("12:00:01.123456 IP 10.0.0.1.4711 > 10.0.0.2.8080: Flags [S]"),
    /tcpdump printed/,
    /-w FILE/,
  ],
  ["a hex dump", ascii("0000  00 00 5e 00 53 01 00 00  5e 00 53 02 08 00 45 00\n"), /hex dump/, /text2pcap/],
  [
    "Wireshark's text",
    ascii("No.     Time           Source                Destination\n"),
    /exported as text/,
    /the capture/,
  ],
  ["Wireshark's CSV", ascii('"No.","Time","Source","Destination"\n'), /CSV/, /the capture/],
  ["PDF", ascii("%PDF-1.7\n%\xe2\xe3"), /PDF/, /record a capture/],
  ["an SQLite database", concat(ascii("SQLite format 3\0"), zeros(84)), /SQLite/, /record a capture/],
  ["ELF", concat(ascii("\x7fELF\x02\x01\x01"), zeros(50)), /ELF/, /record a capture/],
  ["PNG", concat(ascii("\x89PNG\r\n\x1a\n"), zeros(50)), /PNG/, /screenshot/],
  ["JPEG", concat(hexBytes("ffd8ffe0"), zeros(50)), /JPEG/, /screenshot/],
  ["text", ascii("The proxy does not work.\r\nPlease help!\n"), /text file/, /record a capture/],
  ["text in UTF-16", utf16("The proxy does not work."), /text file/, /record a capture/],
  ["a pcapng sent in text mode", textModePcapng, /text mode/, /binary mode/],
  ["a few bytes", Uint8Array.of(1, 2, 3), /not known/, /editcap/],
  ["what has the tag of DER and nothing else of it", concat(hexBytes("3081a20030"), zeros(80)), /not known/, /editcap/],
  ["what is like DER behind its length only", concat(hexBytes("0182a20030"), zeros(80)), /not known/, /editcap/],
  ["DER with neither a sequence nor a number in it", concat(hexBytes("308203a204"), zeros(80)), /not known/, /editcap/],
  ["noise", deflateSync(ascii("noise".repeat(9))), /not known/, /editcap/],
];

describe("what is no capture", () => {
  it.each(FILES)("names %s and says what to do", (_, file, seemsToBe, advice) => {
    const kept = expectSameHoweverCut(file, collect, { places: 40, randomRuns: 5 });
    expect(kept.packets).toEqual([]);
    const refusal = refusalOf(kept);
    expect(refusal.seemsToBe).toMatch(seemsToBe);
    if (advice !== null) expect(refusal.advice).toMatch(advice);
  });

  it("looks at the first kilobyte only", () => {
    const file = concat(ascii("x".repeat(1024)), zeros(10));
    expect(refusalOf(expectSameHoweverCut(file, collect, { places: 40 })).seemsToBe).toBe("a text file");
  });
});
