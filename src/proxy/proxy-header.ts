// The header by which a load balancer tells the proxy behind it whose connection it passes on (PROXY protocol, versions 1 and 2).
import { type Endpoint, latin1, startsWith } from "../bytes/index.ts";
import { ipv4Text, ipv6Text, unmapped } from "../pcap-parser/index.ts";

const VERSION_1 = "PROXY ";
const VERSION_2 = "\r\n\r\n\0\r\nQUIT\n";
/** The longest line of version 1, with its end (section 2.1 of the specification). */
const MAX_LINE = 107;
/** Signature, version and command, family, length (section 2.2). */
const FIXED = 16;
const P = 0x50;
const CR = 0x0d;
const LF = 0x0a;

/** How long the header is with which these bytes begin: 0 if there is none, null if more bytes are needed to tell. */
export function proxyHeaderLength(bytes: Uint8Array, start: number, end: number): number | null {
  if (bytes[start] === P) {
    const known = beginsAlike(bytes, start, end, VERSION_1);
    return known === true ? lineLength(bytes, start, end) : known;
  }
  if (bytes[start] !== CR) return 0;
  const known = beginsAlike(bytes, start, end, VERSION_2);
  if (known !== true) return known;
  if (end - start < FIXED) return null;
  return bytes[start + 12]! >> 4 === 2 ? FIXED + ((bytes[start + 14]! << 8) | bytes[start + 15]!) : 0;
}

/** Whether they begin so: 0 if not, null if they are too few. */
function beginsAlike(bytes: Uint8Array, start: number, end: number, signature: string): true | 0 | null {
  if (end - start >= signature.length) return startsWith(bytes, start, end, signature) ? true : 0;
  return startsWith(bytes, start, end, signature.slice(0, end - start)) ? null : 0;
}

function lineLength(bytes: Uint8Array, start: number, end: number): number | null {
  const last = Math.min(end, start + MAX_LINE);
  for (let at = start + VERSION_1.length; at + 1 < last; at++)
    if (bytes[at] === CR && bytes[at + 1] === LF) return at + 2 - start;
  return end - start < MAX_LINE ? null : 0;
}

/**
 * Whose connection the header says that it is; null where it names nobody (UNKNOWN, LOCAL, a socket of Unix, a damaged line).
 * `end`: where the header ends.
 */
export function namedByHeader(bytes: Uint8Array, start: number, end: number): Endpoint | null {
  if (bytes[start] === P) return namedInLine(latin1(bytes, start, end));
  // Section 2.2: version and command (1: PROXY), then family and transport (TCP over IPv4, TCP over IPv6).
  const [command, family] = [bytes[start + 12]! & 0x0f, bytes[start + 13]!];
  const length = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  if (command !== 1 || length === 0 || end - start < FIXED + 2 * length + 4) return null;
  const address = bytes.subarray(start + FIXED, start + FIXED + length);
  const port = start + FIXED + 2 * length;
  // A balancer that listens on IPv6 for both writes clients with IPv4 as IPv6 addresses.
  const ip = length === 4 ? ipv4Text(address) : unmapped(ipv6Text(address));
  return { ip, port: (bytes[port]! << 8) | bytes[port + 1]! };
}

/** "PROXY TCP4 192.0.2.7 192.0.2.80 50000 8080" (section 2.1). */
function namedInLine(line: string): Endpoint | null {
  const [, family, ip = "", port = ""] = /^PROXY TCP([46]) (\S+) \S+ (\d{1,5}) \d{1,5}\r\n$/.exec(line) ?? [];
  if (family === undefined || Number(port) > 0xffff) return null;
  if (family === "4") return IPV4.test(ip) ? { ip, port: Number(port) } : null;
  if (!/^[0-9a-f:.]+$/i.test(ip) || !URL.canParse(`http://[${ip}]/`)) return null;
  return { ip: unmapped(new URL(`http://[${ip}]/`).hostname.slice(1, -1)), port: Number(port) };
}

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
