// What a file that is no capture seems to be, and how to make a capture of it. One table of rows, asked in order.
import { latin1, startsWith } from "../bytes/index.ts";
import { pcapByteOrder } from "./pcap.ts";
import type { NotACapture } from "./types.ts";

/** Bytes at the start of a file that are looked at: enough for a tar header (magic at 257) and the head of a text. */
export const SNIFF_BYTES = 1024;

/** The first bytes of a file, and the same as lower-case text with leading white space and byte order mark removed. */
interface Sniff {
  readonly bytes: Uint8Array;
  readonly text: string;
}

interface Row {
  readonly is: (sniff: Sniff) => boolean;
  readonly seemsToBe: string;
  readonly advice: string | null;
}

/** Names what the file of which `bytes` are the beginning (at most SNIFF_BYTES are looked at) seems to be. */
export function notACapture(bytes: Uint8Array): NotACapture {
  const head = bytes.subarray(0, SNIFF_BYTES);
  const sniff = { bytes: head, text: textOf(head) };
  const row = ROWS.find(({ is }) => is(sniff)) ?? UNKNOWN;
  return { kind: "not-a-capture", seemsToBe: row.seemsToBe, advice: row.advice };
}

const EDITCAP = "convert it with: editcap -F pcapng IN OUT.pcapng (it comes with Wireshark)";
const UNPACK = "unpack it first";
const NO_PACKETS = "there are no packets in it: record a capture with tcpdump, dumpcap or Wireshark";

const UNKNOWN: Row = {
  is: () => true,
  seemsToBe: "of a kind that is not known here",
  advice: `if Wireshark opens it, ${EDITCAP}`,
};

/** A row that goes by the bytes at an offset; `magic` holds one character per byte. */
function at(offset: number, magic: string, seemsToBe: string, advice: string | null): Row {
  return { is: ({ bytes }) => startsWith(bytes, offset, bytes.length, magic), seemsToBe, advice };
}

/** A row that goes by the beginning of the text, or by a pattern in it. */
function text(pattern: RegExp, seemsToBe: string, advice: string | null): Row {
  return { is: (sniff) => pattern.test(sniff.text), seemsToBe, advice };
}

const ROWS: readonly Row[] = [
  {
    is: ({ bytes }) => bytes.length === 0,
    seemsToBe: "an empty file",
    advice: "nothing was recorded: check the capture filter and that the disk was not full",
  },
  {
    is: ({ bytes }) => bytes.every((byte) => byte === 0),
    seemsToBe: "nothing but zeros",
    advice: "it was reserved on disk but never written: record the capture again",
  },
  // The two formats that are read, cut or damaged before their first packet.
  {
    is: ({ bytes }) => isTornPcap(bytes),
    seemsToBe: "the first bytes of a pcap file, cut within its header",
    advice: "copy or record it again",
  },
  {
    is: isTextModePcapng,
    seemsToBe: "a pcapng file that a transfer in text mode has damaged",
    advice: "transfer it again in binary mode",
  },
  at(0, "\n\r\r\n", "a pcapng file whose first block is cut or damaged", "copy or record it again"),
  // Compressed and packed. gzip and zstd get here only inside another compression.
  at(0, "\x1f\x8b", "a gzip file", UNPACK),
  at(0, "\x28\xb5\x2f\xfd", "a zstd file", UNPACK),
  at(0, "\xfd7zXZ\0", "compressed with xz", `${UNPACK}: xz -d FILE`),
  at(0, "BZh", "compressed with bzip2", `${UNPACK}: bunzip2 FILE`),
  at(0, "\x04\x22\x4d\x18", "compressed with lz4", `${UNPACK}: lz4 -d FILE`),
  at(0, "\x1f\x9d", "compressed with compress", `${UNPACK}: uncompress FILE`),
  at(
    0,
    "PK\x03\x04",
    "a zip archive (or what is built like one: a Fiddler session, an Office document)",
    `${UNPACK}; a Fiddler session holds no packets`,
  ),
  at(0, "7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
  at(0, "Rar!\x1a\x07", "a RAR archive", UNPACK),
  at(
    0,
    "MSCF",
    "a Windows cabinet, as netsh trace leaves beside its .etl",
    `${UNPACK}, then: etl2pcapng IN.etl OUT.pcapng`,
  ),
  at(257, "ustar", "a tar archive", `${UNPACK}: tar -xf FILE`),
  // Captures of other programs.
  {
    is: isEtl,
    seemsToBe: "an ETL trace of Windows (netsh trace, pktmon)",
    advice: "convert it with: etl2pcapng IN.etl OUT.pcapng (from Microsoft), or: pktmon etl2pcap IN.etl -o OUT.pcapng",
  },
  at(0, "GMBU", "a capture of Microsoft Network Monitor 2 or 3", EDITCAP),
  at(0, "RTSS", "a capture of Microsoft Network Monitor 1", EDITCAP),
  at(0, "snoop\0\0\0", "a snoop capture (Solaris)", EDITCAP),
  at(0, "btsnoop\0", "a btsnoop capture (Bluetooth)", "it holds no TCP; record the network instead"),
  at(0, "iptrace 1.0", "an iptrace capture (AIX)", EDITCAP),
  at(0, "iptrace 2.0", "an iptrace capture (AIX)", EDITCAP),
  at(0, "TR\0\x64\0", "a nettl trace (HP-UX)", EDITCAP),
  at(0, "\0\0\0\x01\0\0\0\0\0\x07\xd0\0", "a nettl trace (HP-UX 9)", EDITCAP),
  at(0, "\0\0\x02\0\x12\x05\0\x10", "a capture of a Tektronix K12", EDITCAP),
  at(0, "XCP\0", "a capture of NetXray or Sniffer Windows", EDITCAP),
  at(0, "TRSNIFF data    \x1a", "a capture of Sniffer (DOS)", EDITCAP),
  at(0, "\x7fver", "a capture of OmniPeek or AiroPeek", EDITCAP),
  at(0, "ObserverPktBufferVersion=", "a capture of Network Instruments Observer", EDITCAP),
  at(0, "\x05VNF", "a capture of Visual Networks", EDITCAP),
  at(0, "EyeSDN", "a capture of EyeSDN", EDITCAP),
  at(0, "\x01\x10\x4c\0", "a capture of Novell LANalyzer", EDITCAP),
  at(0, "\x07\x10\x4c\0", "a capture of Novell LANalyzer", EDITCAP),
  text(
    /^.{0,16}netscaler (v\d+ )?performance data/s,
    "a trace of a Citrix NetScaler (nstrace)",
    `${EDITCAP}, or record it with: nstrace.sh -tcpdump 1`,
  ),
  text(/^\+-{9}\+-{15}\+-{10}\+/, "a capture of a Tektronix K12 as text", EDITCAP),
  // Documents that people send instead of the capture.
  text(
    /^\{[\s\S]*"constants"\s*:\s*\{[\s\S]*"(active_field_trial_groups|clientinfo|logeventtypes|logcapturemode|certstatusflag)"/,
    "a net-export log of Chrome or Edge",
    NO_PACKETS,
  ),
  text(/^\{\s*"log"\s*:\s*\{/, "a HAR file (requests of a browser)", NO_PACKETS),
  text(
    /^\[\s*\{\s*"_index"\s*:\s*"packets-/,
    "packets that tshark printed as JSON",
    "use the capture that it was printed from",
  ),
  text(/^[[{]\s*["{\]}]/, "JSON", NO_PACKETS),
  text(
    /^(<!doctype html|<html|<head|<script)/,
    "an HTML page (a login page, perhaps, instead of the download)",
    "download the capture again",
  ),
  text(
    /^(<\?xml[\s\S]*)?<(pdml|psml)/,
    "packets that Wireshark printed as XML",
    "use the capture that it was printed from",
  ),
  text(/^<\?xml/, "XML", NO_PACKETS),
  text(/^-----begin [a-z0-9 ]*private key-----/, "a private key", "give a capture; and keep this key to yourself"),
  text(
    /^-----begin /,
    "a certificate or key in PEM form",
    "give a capture; certificates belong to --proxy-ca and --trust",
  ),
  text(
    /^(#[^\n]*\n\s*)*(client_random|(client|server)_(handshake_traffic|traffic)_secret(_\d)?|client_early_traffic_secret|(early_)?exporter_secret|rsa) [0-9a-f]{16}/,
    "a TLS key log (SSLKEYLOGFILE)",
    "give the capture, and this file with --keylog",
  ),
  text(
    /start transaction|transaction end|policy evaluation|^<proxy>/,
    "a policy trace of a ProxySG",
    "read it with: pcapcheck trace TRACE [FILE]",
  ),
  text(
    /^#software: |^#fields: /,
    "an access log of a proxy or server",
    "the access log can accompany a policy trace; record a capture too",
  ),
  text(
    /^no\.\s+time\s+source\s+destination/,
    "packets that Wireshark exported as text",
    "use the capture that they were exported from",
  ),
  text(
    /^"no\.","time","source"/,
    "packets that Wireshark exported as CSV",
    "use the capture that they were exported from",
  ),
  text(
    /^(reading from file [^\n]*\n|tcpdump: [^\n]*\n)*(\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{6} (ip6?|arp|[0-9a-z.]+ (in|out)) /,
    "what tcpdump printed",
    "record with: tcpdump -w FILE, so that the packets themselves are kept",
  ),
  text(
    /^(0x)?0{4,8}:?\s+([0-9a-f]{2} ?){8}/,
    "a hex dump of packets as text",
    "convert it with: text2pcap IN OUT.pcapng (it comes with Wireshark)",
  ),
  at(0, "%PDF-", "a PDF document", NO_PACKETS),
  at(0, "\x7fELF", "a program (ELF)", NO_PACKETS),
  at(0, "MZ", "a Windows program", NO_PACKETS),
  at(0, "\x89PNG", "a picture (PNG)", "a screenshot is not enough: save the capture itself"),
  at(0, "\xff\xd8\xff", "a picture (JPEG)", "a screenshot is not enough: save the capture itself"),
  at(0, "SQLite format 3\0", "an SQLite database", NO_PACKETS),
  {
    is: isCertificate,
    seemsToBe: "a certificate or key in DER form",
    advice: "give a capture; certificates belong to --proxy-ca and --trust",
  },
  text(/^\d+:\d+:[a-z_]+[;,]/, "saved flows of mitmproxy", NO_PACKETS),
  { is: isText, seemsToBe: "a text file", advice: NO_PACKETS },
  // Last, because it goes by likelihood.
  { is: isErf, seemsToBe: "an ERF capture (Endace)", advice: EDITCAP },
];

/** Lower-case text of the head; UTF-16 (from Windows) loses its zero bytes. */
function textOf(head: Uint8Array): string {
  const utf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  const plain = latin1(head).replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "");
  return (utf16 ? plain.replaceAll("\0", "") : plain).trimStart().toLowerCase();
}

/** A pcap magic number without a whole header behind it; a pcap with one does not get here. */
function isTornPcap(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && pcapByteOrder(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0) !== null;
}

/** The first block of a pcapng begins with line ends on purpose: draft-ietf-opsawg-pcapng §4.1. */
function isTextModePcapng({ bytes }: Sniff): boolean {
  const start = latin1(bytes, 0, Math.min(24, bytes.length));
  if (start.startsWith("\n\r\r\n")) return false;
  return /^[\r\n]{2,6}[\s\S]{2,8}(\x1a\x2b\x3c\x4d|\x4d\x3c\x2b\x1a)/.test(start);
}

/**
 * An ETL file begins with a WMI_BUFFER_HEADER (72 bytes, its size field first), followed by a SYSTEM_TRACE_HEADER whose
 * marker is version 2, type 1 or 2 (32 or 64 bit), flags 0xC0 (evntrace structures of the Windows SDK).
 */
function isEtl({ bytes }: Sniff): boolean {
  const marker = 72;
  return (
    bytes[marker] === 2 &&
    bytes[marker + 1] === 0 &&
    (bytes[marker + 2] === 1 || bytes[marker + 2] === 2) &&
    bytes[marker + 3] === 0xc0
  );
}

/** ERF has no magic: records whose type, lengths and time make sense, as far as can be seen (Endace, "Extensible Record Format"). */
function isErf({ bytes }: Sniff): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let p = 0;
  while (p + ERF_HEADER <= bytes.length) {
    const type = bytes[p + 8]! & 0x7f;
    const length = view.getUint16(p + 10);
    const sensible = view.getUint32(p + 4, true) > YEAR_1995 && type >= 1 && type <= 48 && length >= ERF_HEADER;
    if (!sensible || view.getUint16(p + 14) === 0) return false;
    p += length;
  }
  return p > 0;
}

const ERF_HEADER = 16;
const YEAR_1995 = 788_918_400;

/** A DER SEQUENCE with a two-byte length that begins with another one or an INTEGER (RFC 5280 §4.1, RFC 8017 §A.1.2). */
function isCertificate({ bytes }: Sniff): boolean {
  return bytes[0] === 0x30 && bytes[1] === 0x82 && (bytes[4] === 0x30 || bytes[4] === 0x02);
}

/** No control characters but white space and escape. */
function isText({ bytes, text: characters }: Sniff): boolean {
  const utf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
  const checked = utf16 ? characters : latin1(bytes);
  return !/[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(checked);
}
