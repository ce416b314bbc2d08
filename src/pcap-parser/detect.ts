// Recognises what a file is by its first bytes: the two capture formats, and compressed files.
import { PcapWalker, pcapByteOrder } from "./pcap.ts";
import { PcapngWalker, sectionByteOrder } from "./pcapng.ts";
import type { Tally } from "./tally.ts";
import type { Walker } from "./walker.ts";

/** Bytes that `walkerFor` wants to see. */
export const DETECT_BYTES = 12;

/** The walker for the capture whose first bytes are at `at`, DETECT_BYTES of them; null if it is neither format. */
export function walkerFor(view: DataView, at: number, tally: Tally): Walker | null {
  const byteOrder = pcapByteOrder(view, at);
  if (byteOrder !== null) return new PcapWalker(tally, byteOrder);
  return sectionByteOrder(view, at) === null ? null : new PcapngWalker(tally);
}

/** Whether a file that begins with `first`, DETECT_BYTES of them, is one of the two formats. */
export function isCapture(first: Uint8Array): boolean {
  const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
  return pcapByteOrder(view, 0) !== null || sectionByteOrder(view, 0) !== null;
}

/** Compressions that are undone on the way in. */
export type Compression = "gzip" | "zstd";

/** The compression of a file that begins at `at` of `bytes`, where 4 are enough; null if it has none that is undone here. */
export function detectCompression(bytes: Uint8Array, at = 0): Compression | null {
  if (bytes.length < at + 4) return null;
  const [first, second, third, fourth] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
  // RFC 1952 §2.3.1: ID1, ID2 and compression method 8, the only one there is.
  if (first === 0x1f && second === 0x8b && third === 8) return "gzip";
  // RFC 8878 §3.1.1 and §3.1.2: a Zstandard frame or a skippable one in front of it.
  if (first === 0x28 && second === 0xb5 && third === 0x2f && fourth === 0xfd) return "zstd";
  return (first & 0xf0) === 0x50 && second === 0x2a && third === 0x4d && fourth === 0x18 ? "zstd" : null;
}
