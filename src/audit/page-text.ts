// Small pages that a proxy or site sent with a content coding, as text.
import { latin1 } from "../bytes/index.ts";
import { builtin } from "./builtin.ts";

/** A compressed error page of 16 KiB may unfold to this much; more is no error page. */
const MAX_PAGE_BYTES = 256 * 1024;

/** The text of a small page, content coding undone (RFC 9110 §8.4.1) within a limit; empty if that fails. */
export function pageText(bytes: Uint8Array, coding: string | null): string {
  if (coding === null) return latin1(bytes);
  // Loaded by the first page that is packed: most runs see none.
  const { brotliDecompressSync, gunzipSync, inflateSync } = builtin("node:zlib");
  const limit = { maxOutputLength: MAX_PAGE_BYTES, finishFlush: 2 };
  try {
    switch (coding) {
      case "gzip":
      case "x-gzip":
        return latin1(gunzipSync(bytes, limit));
      case "deflate":
        return latin1(inflateSync(bytes, limit));
      case "br":
        return latin1(brotliDecompressSync(bytes, { maxOutputLength: MAX_PAGE_BYTES }));
      default:
        return latin1(bytes);
    }
  } catch {
    // A page that was cut or is larger than an error page: nothing is recognised in it, which is what an empty text says.
    return "";
  }
}
