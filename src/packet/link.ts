// Where the network layer begins behind the link layers other than Ethernet; one row per link type (LINKTYPE_ values).

/** What follows a link-layer header. */
export type LinkStart =
  | { readonly kind: "ether-type"; readonly type: number; readonly at: number }
  | { readonly kind: "ethernet" | "ppp" | "ip" | "llc"; readonly at: number }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown" };

export const UNKNOWN_LINK = "unknown";

const NOTHING: LinkStart = { kind: "nothing" };
const UNKNOWN: LinkStart = { kind: UNKNOWN_LINK };

type Row = (bytes: Uint8Array, at: number, end: number) => LinkStart;

/** Looks past the link-layer header in `bytes[start, end)`. */
export function linkStart(linkType: number, bytes: Uint8Array, start: number, end: number): LinkStart {
  return (ROWS[linkType] ?? unknown)(bytes, start, end);
}

const unknown: Row = () => UNKNOWN;
const rawIp: Row = (_bytes, at) => ({ kind: "ip", at });
const ppp: Row = (_bytes, at) => ({ kind: "ppp", at });

const ROWS: Readonly<Record<number, Row>> = {
  0: bsdNull, // NULL
  6: tokenRing, // IEEE802_5
  9: ppp, // PPP
  10: fddi, // FDDI
  12: rawIp, // DLT_RAW on most systems
  14: rawIp, // DLT_RAW on OpenBSD
  50: ppp, // PPP_HDLC
  51: (_bytes, at) => ({ kind: "ether-type", type: 0x8864, at }), // PPP_ETHER: RFC 2516 header
  101: rawIp, // RAW
  104: hdlc, // C_HDLC
  105: wireless, // IEEE802_11
  107: frameRelay, // FRELAY
  108: bsdLoop, // LOOP
  113: cooked, // LINUX_SLL
  127: radiotap, // IEEE802_11_RADIOTAP
  166: pppd, // PPP_PPPD
  192: perPacket, // PPI
  228: rawIp, // IPV4
  229: rawIp, // IPV6
  239: nflog, // NFLOG
  276: cooked2, // LINUX_SLL2
};

/** Address family in the byte order of the recording machine. */
function bsdNull(bytes: Uint8Array, at: number, end: number): LinkStart {
  if (at + 4 > end) return NOTHING;
  const low = bytes[at]! | (bytes[at + 1]! << 8);
  const family = low !== 0 ? low : (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return byFamily(family, at + 4);
}

/** The same, always in network byte order. */
function bsdLoop(bytes: Uint8Array, at: number, end: number): LinkStart {
  return at + 4 > end ? NOTHING : byFamily((bytes[at + 2]! << 8) | bytes[at + 3]!, at + 4);
}

/** AF_INET is 2 everywhere; AF_INET6 is 10 on Linux, 23 on Windows, 24, 28 and 30 on the BSDs and macOS. */
function byFamily(family: number, at: number): LinkStart {
  return [2, 10, 23, 24, 28, 30].includes(family) ? { kind: "ip", at } : NOTHING;
}

/** Linux cooked capture: 16 bytes, the protocol last. */
function cooked(bytes: Uint8Array, at: number, end: number): LinkStart {
  return at + 16 > end ? NOTHING : protocol(bytes, at + 14, at + 16);
}

/** Linux cooked capture v2: 20 bytes, the protocol first. */
function cooked2(bytes: Uint8Array, at: number, end: number): LinkStart {
  return at + 20 > end ? NOTHING : protocol(bytes, at, at + 20);
}

function protocol(bytes: Uint8Array, typeAt: number, at: number): LinkStart {
  const type = (bytes[typeAt]! << 8) | bytes[typeAt + 1]!;
  return type === 0x0004 ? { kind: "llc", at } : { kind: "ether-type", type, at };
}

/** Cisco HDLC: address, control, EtherType. */
function hdlc(bytes: Uint8Array, at: number, end: number): LinkStart {
  return at + 4 > end ? NOTHING : protocol(bytes, at + 2, at + 4);
}

/** PPP as pppd records it: a direction byte instead of the address. */
function pppd(_bytes: Uint8Array, at: number): LinkStart {
  return { kind: "ppp", at: at + 2 };
}

/** RFC 2427: Q.922 address, control 0x03, then an NLPID, or SNAP behind padding. */
function frameRelay(bytes: Uint8Array, at: number, end: number): LinkStart {
  let p = at;
  while (p < end && (bytes[p]! & 1) === 0) p++;
  p++;
  if (p + 2 > end) return NOTHING;
  if (bytes[p] !== 0x03) return { kind: "ether-type", type: (bytes[p]! << 8) | bytes[p + 1]!, at: p + 2 };
  p++;
  if (bytes[p] === 0x00) p++;
  const nlpid = bytes[p]!;
  if (nlpid === 0xcc || nlpid === 0x8e) return { kind: "ip", at: p + 1 };
  if (nlpid !== 0x80 || p + 6 > end) return NOTHING;
  return { kind: "ether-type", type: (bytes[p + 4]! << 8) | bytes[p + 5]!, at: p + 6 };
}

/** IEEE 802.5: routing information if the source address says so, then LLC. */
function tokenRing(bytes: Uint8Array, at: number, end: number): LinkStart {
  if (at + 16 > end) return NOTHING;
  const routed = (bytes[at + 8]! & 0x80) !== 0;
  return { kind: "llc", at: at + 14 + (routed ? bytes[at + 14]! & 0x1f : 0) };
}

/** ANSI X3.139: frame control and two addresses, then LLC for LLC frames. */
function fddi(bytes: Uint8Array, at: number, end: number): LinkStart {
  return at + 13 > end || (bytes[at]! & 0x70) !== 0x50 ? NOTHING : { kind: "llc", at: at + 13 };
}

/** Radiotap: a header that names its length (little-endian), then IEEE 802.11. */
function radiotap(bytes: Uint8Array, at: number, end: number): LinkStart {
  if (at + 4 > end) return NOTHING;
  return wireless(bytes, at + (bytes[at + 2]! | (bytes[at + 3]! << 8)), end);
}

/** IEEE 802.11 data frames that are not encrypted: addresses, QoS, then LLC. */
function wireless(bytes: Uint8Array, at: number, end: number): LinkStart {
  if (at + 24 > end) return NOTHING;
  const control = bytes[at]!;
  const flags = bytes[at + 1]!;
  // Data frames with a body (subtype bit 4 clear), not protected.
  if ((control & 0x0c) !== 0x08 || (control & 0x40) !== 0 || (flags & 0x40) !== 0) return NOTHING;
  let length = 24;
  if ((flags & 0x03) === 0x03) length += 6;
  if ((control & 0x80) !== 0) length += (flags & 0x80) !== 0 ? 6 : 2;
  return { kind: "llc", at: at + length };
}

/** PPI: a header that names its length and the link type behind it (both little-endian). */
function perPacket(bytes: Uint8Array, at: number, end: number): LinkStart {
  if (at + 8 > end) return NOTHING;
  const length = bytes[at + 2]! | (bytes[at + 3]! << 8);
  const inner = bytes[at + 4]! | (bytes[at + 5]! << 8);
  if (length < 8 || at + length > end) return NOTHING;
  if (inner === 1) return { kind: "ethernet", at: at + length };
  return inner === 192 ? NOTHING : linkStart(inner, bytes, at + length, end);
}

/** NFLOG: type-length-value items of the recording machine's byte order; item 9 holds the packet. */
function nflog(bytes: Uint8Array, at: number, end: number): LinkStart {
  if (at + 4 > end) return NOTHING;
  for (let p = at + 4; p + 4 <= end; ) {
    const length = bytes[p]! | (bytes[p + 1]! << 8);
    const type = bytes[p + 2]! | (bytes[p + 3]! << 8);
    if (length < 4) return NOTHING;
    if ((type & 0x7fff) === 9) return { kind: "ip", at: p + 4 };
    p += (length + 3) & ~3;
  }
  return NOTHING;
}
