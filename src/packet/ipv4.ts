// IPv4 (RFC 791).
import { type Cursor, has, narrow, STEP, type Step, short, u8, u16 } from "./cursor.ts";
import { byIpProtocol } from "./ip-protocol.ts";

const MIN_HEADER = 20;
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

/** IP of the version that its first nibble says. */
export function rawIp(c: Cursor): Step {
  if (!has(c, 1)) return short(c, 1);
  switch (u8(c, 0) >> 4) {
    case 4:
      return STEP.ipv4;
    case 6:
      return STEP.ipv6;
    default:
      return STEP.nothing;
  }
}

/** The header with its options; a fragment goes on where it completes its datagram. */
export function ipv4(c: Cursor): Step {
  if (!has(c, MIN_HEADER)) return short(c, MIN_HEADER);
  const first = u8(c, 0);
  if (first >> 4 !== 4) return first >> 4 === 6 ? STEP.ipv6 : STEP.malformed;
  const headerLength = (first & 0x0f) << 2;
  if (headerLength < MIN_HEADER) return STEP.malformed;
  // Segmentation offload leaves the total length 0: then it is the enclosing length.
  const total = u16(c, 2) || c.limit - c.at;
  if (total < headerLength) return STEP.malformed;
  if (!has(c, headerLength)) return short(c, headerLength);
  c.addressLength = 4;
  c.source = c.at + 12;
  c.destination = headerLength === MIN_HEADER ? c.at + 16 : finalDestination(c, headerLength);
  const protocol = u8(c, 9);
  const fragment = u16(c, 6) & (MORE_FRAGMENTS | FRAGMENT_OFFSET);
  const id = (protocol << 16) | u16(c, 4);
  const whole = has(c, total);
  narrow(c, total);
  c.at += headerLength;
  if (fragment === 0) return byIpProtocol(c, protocol);
  const offset = (fragment & FRAGMENT_OFFSET) * 8;
  // What the snap length cut, and what an error quotes, cannot be joined; the first fragment shows its header all the same.
  if (c.quoted || !whole) return offset === 0 ? byIpProtocol(c, protocol) : STEP.nothing;
  switch (c.fragments.join(c, id, offset, (fragment & MORE_FRAGMENTS) !== 0)) {
    case "whole":
      return byIpProtocol(c, protocol);
    case "open":
      return STEP.nothing;
    case "refused":
      return STEP.malformed;
  }
}

/** Options (RFC 791 §3.1). */
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const LOOSE_SOURCE_ROUTE = 131;
const STRICT_SOURCE_ROUTE = 137;

/** Index of the destination: the last address of a source route that has not reached its end, as Wireshark takes it. */
function finalDestination(c: Cursor, headerLength: number): number {
  const { at, bytes } = c;
  for (let p = at + MIN_HEADER; p + 2 < at + headerLength; ) {
    const option = bytes[p]!;
    if (option === END_OF_OPTIONS) break;
    if (option === NO_OPERATION) {
      p++;
      continue;
    }
    const length = bytes[p + 1]!;
    if (length < 2 || p + length > at + headerLength) break;
    const routed = option === LOOSE_SOURCE_ROUTE || option === STRICT_SOURCE_ROUTE;
    if (routed && length >= 7 && bytes[p + 2]! <= length) return p + length - 4;
    p += length;
  }
  return at + 16;
}
