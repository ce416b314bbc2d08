// Reads a capture in whatever pieces and keeps all that came out of it as plain data.
import { hex, type Note } from "../../src/bytes/index.ts";
import { type CaptureSummary, createCaptureReader, type NotACapture } from "../../src/pcap-parser/index.ts";
import { type Piece, piecesOf } from "../harness/split.ts";

/** A packet as it was when it was delivered. */
interface KeptPacket {
  readonly frame: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly data: string;
  readonly wireLength: number;
  readonly linkType: number;
  readonly fcsBytes: number;
  readonly interfaceId: number;
  readonly fileOffset: number;
}

export interface Kept {
  readonly packets: readonly KeptPacket[];
  readonly secrets: readonly { readonly type: number; readonly data: string }[];
  readonly names: readonly string[];
  readonly notes: readonly Note[];
  readonly result: CaptureSummary | NotACapture;
}

/** Everything of the capture that is pushed. */
export function collect(pieces: Iterable<Piece>): Kept {
  const packets: KeptPacket[] = [];
  const secrets: { type: number; data: string }[] = [];
  const names: string[] = [];
  const notes: Note[] = [];
  const reader = createCaptureReader({
    packet: ({ bytes, start, end, ...rest }) => packets.push({ ...rest, data: hex(bytes.slice(start, end)) }),
    secrets: ({ type, data }) => secrets.push({ type, data: hex(data) }),
    name: (ip, name) => names.push(`${ip} ${name}`),
    note: (note) => notes.push(note),
  });
  for (const { bytes, start, end } of pieces) reader.push(bytes, start, end);
  return { packets, secrets, names, notes, result: reader.end() };
}

/** The same for a file in one piece. */
export function collectWhole(file: Uint8Array): Kept {
  return collect(piecesOf(file));
}

/** The summary; fails where the file was refused. */
export function summaryOf(kept: Kept): CaptureSummary {
  if ("kind" in kept.result) throw new Error(`refused: ${kept.result.seemsToBe}`);
  return kept.result;
}

/** What the refused file seems to be; fails where it was read. */
export function refusalOf(kept: Kept): NotACapture {
  if (!("kind" in kept.result)) throw new Error("was read as a capture");
  return kept.result;
}
