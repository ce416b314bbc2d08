// Sequence numbers and flags of the TCP header (RFC 9293 §3.1, §3.4).

/** Flags that reassembly looks at (RFC 9293 §3.1). */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const ACK = 0x10;

/** How far `a` is ahead of `b`, negative if behind: right across the wrap at 2^32 (RFC 9293 §3.4). Takes signed or unsigned numbers. */
export function sequenceDistance(a: number, b: number): number {
  return (a - b) | 0;
}
