// ICMP (RFC 792) and ICMPv6 (RFC 4443) errors, which quote the packet that they are about.
import { behind, type Cursor, has, STEP, type Step, short, u8 } from "./cursor.ts";

/** Unreachable, source quench, redirect, time exceeded, parameter problem. */
const ICMP_ERRORS: readonly number[] = [3, 4, 5, 11, 12];
/** Unreachable, too big, time exceeded, parameter problem. */
const ICMPV6_ERRORS: readonly number[] = [1, 2, 3, 4];
const ICMPV6_REDIRECT = 137;
/** RFC 4861 §4.5: type, code, checksum, reserved, and two addresses; then options, of which one holds the packet. */
const REDIRECT_HEADER = 40;
const REDIRECTED_HEADER_OPTION = 4;

/** An error with the IPv4 packet that it is about. */
export function icmp(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  return ICMP_ERRORS.includes(u8(c, 0)) ? quoted(c, 8) : STEP.nothing;
}

/** An error with the IPv6 packet that it is about. */
export function icmpv6(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const type = u8(c, 0);
  if (ICMPV6_ERRORS.includes(type)) return quoted(c, 8);
  return type === ICMPV6_REDIRECT ? redirect(c) : STEP.nothing;
}

function quoted(c: Cursor, length: number): Step {
  c.quoted = true;
  return behind(c, length, STEP.rawIp);
}

function redirect(c: Cursor): Step {
  if (!has(c, REDIRECT_HEADER)) return short(c, REDIRECT_HEADER);
  c.at += REDIRECT_HEADER;
  while (has(c, 8)) {
    // RFC 4861 §4.6: the length counts units of eight bytes.
    const length = u8(c, 1) * 8;
    if (length === 0) return STEP.malformed;
    if (u8(c, 0) === REDIRECTED_HEADER_OPTION) return quoted(c, 8);
    if (!has(c, length)) return short(c, length);
    c.at += length;
  }
  return c.end < c.limit ? STEP.cut : STEP.nothing;
}
