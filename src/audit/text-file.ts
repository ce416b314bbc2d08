// Brings the bytes of a text file (trace, access log) to its reader the way captures come: file or standard input, compressed or not.
import type { Note } from "../bytes/index.ts";
import { type CaptureReader, DETECT_BYTES, isCapture, type NotACapture } from "../pcap-parser/index.ts";
import type { Watch } from "./byte-source.ts";
import { type CaptureSource, readCapture } from "./input.ts";

/** What takes the bytes. */
export interface TextReader {
  push(bytes: Uint8Array, start: number, end: number): void;
}

/** Read to its end, `damage` tells what is wrong with its compression; or why it cannot be read. */
export type TextOutcome =
  | { readonly kind: "read"; readonly damage: string | null }
  | { readonly kind: "unreadable"; readonly why: string };

/** Reads `source` into `reader`. Never rejects for what the source holds. */
export async function readText(source: CaptureSource, reader: TextReader, watch: Watch = {}): Promise<TextOutcome> {
  let damage: string | null = null;
  const note = ({ id, detail }: Note): void => {
    if (id === "capture-compression-damaged") damage = `the compressed file is damaged: ${detail?.why ?? "cut"}`;
  };
  const outcome = await readCapture(source, asCapture(reader), { ...watch, note });
  if (outcome.kind === "not-a-capture") return { kind: "unreadable", why: `this is ${outcome.seemsToBe}` };
  return outcome.kind === "unreadable" ? outcome : { kind: "read", damage };
}

/** The way of captures, for bytes that are none: they have no packets. */
function asCapture(reader: TextReader): CaptureReader {
  let bytes = 0;
  let failed: NotACapture | null = null;
  return {
    get failed() {
      return failed;
    },
    push(piece, start, end) {
      // The two are named in one breath, and easily mixed up; lines of a capture's bytes look like nothing, or like anything.
      if (bytes === 0 && end - start >= DETECT_BYTES && isCapture(piece.subarray(start, start + DETECT_BYTES)))
        failed = { kind: "not-a-capture", seemsToBe: "a packet capture and no text", advice: null };
      bytes += end - start;
      if (failed === null) reader.push(piece, start, end);
    },
    end: () =>
      failed ?? {
        format: "pcap",
        packets: 0,
        bytes,
        interfaces: [],
        sections: 0,
        byteOrder: "little",
        start: null,
        end: null,
        truncatedPackets: 0,
        cutShort: false,
        stopped: null,
      },
  };
}
