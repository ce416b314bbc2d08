// GREASE: reserved values that clients scatter in their lists so that servers learn to ignore the unknown (RFC 8701 §2).

/** Whether a cipher suite, extension, group, version or signature algorithm is a GREASE value: 0x0a0a, 0x1a1a … 0xfafa. */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}
