// The TCP header (RFC 9293 §3.1), read into the one reused segment.
import { type Cursor, STEP, type Step, short } from "./cursor.ts";

const MIN_HEADER = 20;
/** Up to the window: so much Wireshark needs to give a header a stream number. */
const WANTED = 16;

/** Fills `segment`. A header that is shorter than it can be, or longer than its datagram, is numbered but carries nothing. */
export function tcp(c: Cursor): Step {
  const { at, bytes, end, segment } = c;
  if (at + WANTED > end) return short(c, WANTED);
  const headerLength = (bytes[at + 12]! >> 4) << 2;
  const payload = at + headerLength;
  const sound = headerLength >= MIN_HEADER && payload <= c.limit;
  segment.bytes = bytes;
  segment.addressLength = c.addressLength;
  segment.source = c.source;
  segment.destination = c.destination;
  segment.sourcePort = (bytes[at]! << 8) | bytes[at + 1]!;
  segment.destinationPort = (bytes[at + 2]! << 8) | bytes[at + 3]!;
  segment.sequence = ((bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!) >>> 0;
  segment.acknowledgement =
    ((bytes[at + 8]! << 24) | (bytes[at + 9]! << 16) | (bytes[at + 10]! << 8) | bytes[at + 11]!) >>> 0;
  segment.flags = bytes[at + 13]!;
  segment.window = (bytes[at + 14]! << 8) | bytes[at + 15]!;
  segment.quoted = c.quoted || !sound;
  segment.payloadStart = payload < end && sound ? payload : end;
  segment.payloadEnd = end;
  segment.payloadLength = sound ? c.limit - payload : 0;
  return sound ? STEP.segment : STEP.brokenSegment;
}
