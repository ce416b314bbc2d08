// IP addresses as text: dotted decimal, and RFC 5952 for IPv6.

/** Texts of addresses that were met, by a hash: a capture has few proxies, and its clients come again. */
const TEXTS = new Array<string>(1024).fill("0.0.0.0");
const ADDRESSES = new Int32Array(TEXTS.length);

/** Dotted decimal of an address as 32 bits, the first byte highest. */
export function ipv4TextOf(address: number): string {
  const mixed = Math.imul(address ^ (address >>> 15), 0x2c1b3c6d);
  const slot = (mixed ^ (mixed >>> 13)) & (TEXTS.length - 1);
  if (ADDRESSES[slot] === address) return TEXTS[slot]!;
  const text = `${address >>> 24}.${(address >>> 16) & 0xff}.${(address >>> 8) & 0xff}.${address & 0xff}`;
  ADDRESSES[slot] = address;
  TEXTS[slot] = text;
  return text;
}

/** Text of the 4 bytes at `at`. */
export function ipv4Text(bytes: Uint8Array, at = 0): string {
  return ipv4TextOf((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}

/** Text of the 16 bytes at `at`: lower case, no leading zeros, the first longest run of zero groups as "::" (RFC 5952 §4). */
export function ipv6Text(bytes: Uint8Array, at = 0): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[at + i]! << 8) | bytes[at + i + 1]!);
  let runStart = -1;
  let runLength = 1; // §4.2.2: a single zero group is not shortened
  for (let i = 0; i < groups.length; i++) {
    let length = 0;
    while (groups[i + length] === 0) length++;
    if (length > runLength) [runStart, runLength] = [i, length];
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (runStart < 0) return text(groups);
  return `${text(groups.slice(0, runStart))}::${text(groups.slice(runStart + runLength))}`;
}

/** The IPv4 address that an IPv6 one, as RFC 5952 writes it, stands for (RFC 4291 §2.5.5.2); any other as it is. */
export function unmapped(ip: string): string {
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(ip) ?? [];
  if (high === undefined || low === undefined) return ip;
  return ipv4TextOf((Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16));
}
