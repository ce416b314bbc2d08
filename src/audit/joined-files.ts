// The files of one rotated capture, read as one: frames go on counting from file to file.
import { statSync } from "node:fs";
import {
  type CaptureSink,
  type CaptureSummary,
  createCaptureReader,
  emptyPacket,
  type NotACapture,
  type PacketView,
} from "../pcap-parser/index.ts";
import { isRepeatable } from "./byte-source.ts";
import { type FileHole, type FileOutcome, holesAmong } from "./file-holes.ts";
import { type CaptureSource, pathOf, type ReadOptions, readCapture, type Unreadable } from "./input.ts";
import type { CaptureRead } from "./intake.ts";
import { missingInFront } from "./rotation.ts";

/** Paths of the files of one capture, in their order. */
export interface CaptureFiles {
  readonly files: readonly string[];
}

/** Whether `source` is files that are read as one capture. */
export function isFiles(source: CaptureSource | CaptureFiles): source is CaptureFiles {
  return typeof source === "object" && source !== null && "files" in source && Array.isArray(source.files);
}

/** Whether `source` gives the same bytes when it is read once more; a pipe, which may have a name too, does not. */
export function isRereadable(source: CaptureSource | CaptureFiles): boolean {
  if (isFiles(source)) return source.files.every(isNoPipe);
  const path = pathOf(source);
  return path === null ? isRepeatable(source) : isNoPipe(path);
}

function isNoPipe(path: string): boolean {
  try {
    return path !== "-" && statSync(path).isFile();
  } catch {
    // What cannot be opened is not worth reading the keys for: whoever reads it says why.
    return true;
  }
}

/** What all files together gave, and what is missing among them. */
export interface FilesRead {
  readonly outcome: CaptureRead | NotACapture | Unreadable;
  readonly holes: readonly FileHole[];
  /** What may be missing in front of the first one; null if nothing is. */
  readonly front: string | null;
}

/**
 * Reads all files into `sink`, which may be "-", but no other pipe. Where one cannot be read, or not to its end, reading goes on
 * with the next one, and `holes` tells.
 */
export async function readFiles(files: readonly string[], sink: CaptureSink, around: ReadOptions): Promise<FilesRead> {
  const options = { ...around, onlyFiles: true };
  const [only, ...others] = files;
  if (only !== undefined && others.length === 0) {
    const outcome = await readCapture(only, createCaptureReader(sink), options);
    return { outcome, holes: [], front: missingInFront(files) };
  }
  const joined = new JoinedSink(sink);
  const outcomes: FileOutcome[] = [];
  for (const file of files) {
    const frame = joined.frames;
    const read = await readCapture(file, createCaptureReader(joined), options);
    if (read.kind === "capture") joined.next(read.summary);
    outcomes.push({ file, frame, read });
  }
  const reads = outcomes.flatMap(({ read }) => (read.kind === "capture" ? read : []));
  const [first] = reads;
  if (first === undefined)
    return { outcome: outcomes[0]?.read ?? { kind: "unreadable", why: "no file was named" }, holes: [], front: null };
  const summaries = reads.map((read) => read.summary);
  const interfaces = summaries.flatMap((one) => one.interfaces);
  const summary = { ...summaries.reduce(both), interfaces };
  return { outcome: { ...first, summary }, holes: holesAmong(outcomes), front: missingInFront(files) };
}

/** Passes on what comes from one file after the other, with frames and interfaces counted over all of them. */
class JoinedSink implements CaptureSink {
  readonly note: CaptureSink["note"];
  readonly #sink: CaptureSink;
  readonly #view = emptyPacket();
  /** Frames of the files before this one. */
  frames = 0;
  #interfaces = 0;

  constructor(sink: CaptureSink) {
    this.#sink = sink;
    this.note = (note) => sink.note(note.frame > 0 ? { ...note, frame: note.frame + this.frames } : note);
  }

  /** A file was read. */
  next(summary: CaptureSummary): void {
    this.frames += summary.packets;
    this.#interfaces += summary.interfaces.length;
  }

  packet(packet: PacketView): void {
    const view = Object.assign(this.#view, packet);
    view.frame = packet.frame + this.frames;
    view.interfaceId = packet.interfaceId + this.#interfaces;
    this.#sink.packet(view);
  }

  secrets(secrets: Parameters<CaptureSink["secrets"]>[0]): void {
    this.#sink.secrets(secrets);
  }

  name(ip: string, name: string): void {
    this.#sink.name(ip, name);
  }
}

/** What two files gave one behind the other. The interfaces are those of `a`: lists that grow at each file would be copied as often. */
function both(a: CaptureSummary, b: CaptureSummary): CaptureSummary {
  return {
    format: a.format,
    packets: a.packets + b.packets,
    bytes: a.bytes + b.bytes,
    interfaces: a.interfaces,
    sections: a.sections + b.sections,
    byteOrder: a.byteOrder === b.byteOrder ? a.byteOrder : "mixed",
    start: a.start === null || (b.start !== null && b.start < a.start) ? b.start : a.start,
    end: a.end === null || (b.end !== null && b.end > a.end) ? b.end : a.end,
    truncatedPackets: a.truncatedPackets + b.truncatedPackets,
    cutShort: a.cutShort || b.cutShort,
    // Where reading stopped before the last file it went on with the next one.
    stopped: b.stopped === null ? null : { ...b.stopped, frame: b.stopped.frame + a.packets },
  };
}
