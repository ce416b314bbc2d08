// The captures that nobody on this project made (../shared/corpus beside the repository) and what tshark 4.0.17 says of each.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { decompress } from "fzstd";
import { detectCompression } from "../../src/pcap-parser/index.ts";

const ROOT = fileURLToPath(new URL("../../../shared/corpus/", import.meta.url));

/** Whether the corpus lies beside the repository. Tests that need it: `describe.skipIf(!hasCorpus)` with CORPUS_SKIP in the name. */
export const hasCorpus = existsSync(join(ROOT, "expected.json"));

/** The reason of a skip, for the name of the tests. */
export const CORPUS_SKIP = hasCorpus ? "" : " (skipped: ../shared/corpus is not there)";

/** One row of `files` in expected.json, as its README describes it; fields that a test needs are added here. */
export interface CorpusRow {
  readonly size: number;
  readonly tags: readonly string[];
  readonly format: {
    readonly container: string;
    readonly gzip?: boolean;
    readonly byte_order?: "little" | "big" | "big+little";
    readonly snaplen?: number;
    readonly link_type?: number;
    readonly reserved_bits?: number;
    readonly sections?: number;
    readonly interfaces?: number;
    readonly link_types?: readonly number[];
    readonly decryption_secrets?: readonly string[];
  };
  readonly opened: boolean;
  readonly packets: number | null;
  readonly frames: number;
  readonly cut_short?: boolean;
  readonly tshark_says?: string;
}

/** Rows by path below the corpus; empty where it is absent. */
export function corpusRows<Row extends CorpusRow = CorpusRow>(): ReadonlyMap<string, Row> {
  if (!hasCorpus) return new Map();
  const expected: { files: Record<string, Row> } = JSON.parse(readFileSync(join(ROOT, "expected.json"), "utf8"));
  return new Map(Object.entries(expected.files));
}

/** Where a capture of the corpus lies. */
export function corpusPath(name: string): string {
  return join(ROOT, name);
}

/** The bytes of a capture of the corpus, unpacked. */
export function corpusBytes(name: string): Uint8Array {
  const bytes = readFileSync(corpusPath(name));
  switch (detectCompression(bytes)) {
    case "gzip":
      return gunzipSync(bytes);
    case "zstd":
      return decompress(bytes);
    default:
      return bytes;
  }
}
