// Sequence numbers and flags of the TCP header (RFC 9293 §3.1, §3.4), and what they say of a segment.
import type { Segment } from "../packet/index.ts";
import { MAX_WINDOW_BYTES } from "./limits.ts";

/** Flags that reassembly looks at (RFC 9293 §3.1). */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

/** How far `a` is ahead of `b`, negative if behind: right across the wrap at 2^32 (RFC 9293 §3.4). Takes signed or unsigned numbers. */
export function sequenceDistance(a: number, b: number): number {
  return (a - b) | 0;
}

/** A byte of garbage where nothing of the direction is known yet: Windows probes idle connections with a zero. */
export function isKeepAlive(segment: Segment): boolean {
  return segment.payloadLength === 1 && segment.bytes[segment.payloadStart] === 0;
}

/** Whether what lies `ahead` bytes ahead of the next one can be of the same connection. */
export function inWindow(ahead: number): boolean {
  return ahead >= 0 && ahead <= MAX_WINDOW_BYTES;
}
