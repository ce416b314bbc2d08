// Undoes the compression of certificates (RFC 8879): zlib and Brotli as the platform can, zstd everywhere.
import { decompress } from "fzstd";
import { Reader } from "../bytes/index.ts";
import type { TlsPlatform } from "./platform.ts";

/** CertificateCompressionAlgorithm (RFC 8879 §7.3). */
const ZLIB = 1;
const BROTLI = 2;
const ZSTD = 3;

/** `compressed`, if it decompresses to exactly `length` bytes; "unsupported": neither here nor by the platform. */
export function decompressCertificates(
  platform: TlsPlatform,
  algorithm: number,
  compressed: Uint8Array,
  length: number,
): Uint8Array | "unsupported" | "malformed" {
  if (algorithm === ZSTD) return unzstd(compressed, length) ?? "malformed";
  if ((algorithm !== ZLIB && algorithm !== BROTLI) || platform.decompress === undefined) return "unsupported";
  return platform.decompress(algorithm === ZLIB ? "zlib" : "brotli", compressed, length) ?? "malformed";
}

/** The library believes what a frame says of its size, and makes room for it: it must say no more than the message does. */
function unzstd(compressed: Uint8Array, length: number): Uint8Array | null {
  if (contentSize(compressed) !== length) return null;
  try {
    // A copy: it reads beyond the end of a frame that is cut, and behind this one lies the rest of the record.
    return decompress(compressed.slice(), new Uint8Array(length));
  } catch {
    return null;
  }
}

/** RFC 8878 §3.1.1: a magic number and a descriptor, whose bits say which fields follow and how long they are. */
const MAGIC = 0xfd2fb528;
const SINGLE_SEGMENT = 0x20;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;

/** Frame_Content_Size (RFC 8878 §3.1.1.1.4); null where the frame does not say it, or is none. */
function contentSize(frame: Uint8Array): number | null {
  const r = new Reader(frame);
  const magic = r.u32le();
  const descriptor = r.u8();
  const isSingle = (descriptor & SINGLE_SEGMENT) !== 0;
  r.skip((isSingle ? 0 : 1) + DICTIONARY_ID_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3]);
  const size = readSize(r, descriptor >> 6, isSingle);
  return magic === MAGIC && r.failed === null ? size : null;
}

function readSize(r: Reader, flag: number, isSingle: boolean): number | null {
  switch (flag) {
    case 0:
      return isSingle ? r.u8() : null;
    case 1:
      return r.u16le() + 256;
    case 2:
      return r.u32le();
    default:
      return r.u32le() + r.u32le() * 2 ** 32;
  }
}
