// The files of one rotated capture, read as one: frames go on counting from file to file.
import { statSync } from "node:fs";
import { quoted } from "../bytes/index.ts";
import {
  type CaptureSink,
  type CaptureSummary,
  createCaptureReader,
  emptyPacket,
  type NotACapture,
  type PacketView,
} from "../pcap-parser/index.ts";
import { isRepeatable } from "./byte-source.ts";
import { type CaptureSource, pathOf, type ReadOptions, readCapture, type Unreadable } from "./input.ts";
import type { CaptureRead } from "./intake.ts";

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

/** Reads all files into `sink`. One that cannot be read is passed over if others can, and the summary says so of the first. */
export async function readFiles(
  files: readonly string[],
  sink: CaptureSink,
  options: ReadOptions,
): Promise<CaptureRead | NotACapture | Unreadable> {
  const joined = new JoinedSink(sink);
  const reads: CaptureRead[] = [];
  let failed: { readonly file: string; readonly as: NotACapture | Unreadable; readonly behind: number } | null = null;
  for (const file of files) {
    const read = await readCapture(file, createCaptureReader(joined), options);
    if (read.kind === "capture") {
      reads.push(read);
      joined.next(read.summary);
    } else failed ??= { file, as: read, behind: joined.frames };
  }
  const [first] = reads;
  if (first === undefined) return failed?.as ?? { kind: "unreadable", why: "no file was named" };
  const summary = reads.map((read) => read.summary).reduce(both);
  if (failed === null || summary.stopped !== null) return { ...first, summary };
  const { file, as, behind } = failed;
  const why = as.kind === "unreadable" ? as.why : `it seems to be ${as.seemsToBe}`;
  return { ...first, summary: { ...summary, stopped: { frame: behind, at: 0, why: `${quoted(file)}: ${why}` } } };
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

function both(a: CaptureSummary, b: CaptureSummary): CaptureSummary {
  return {
    format: a.format,
    packets: a.packets + b.packets,
    bytes: a.bytes + b.bytes,
    interfaces: [...a.interfaces, ...b.interfaces],
    sections: a.sections + b.sections,
    byteOrder: a.byteOrder === b.byteOrder ? a.byteOrder : "mixed",
    start: a.start === null || (b.start !== null && b.start < a.start) ? b.start : a.start,
    end: a.end === null || (b.end !== null && b.end > a.end) ? b.end : a.end,
    truncatedPackets: a.truncatedPackets + b.truncatedPackets,
    cutShort: a.cutShort || b.cutShort,
    stopped: a.stopped ?? (b.stopped === null ? null : { ...b.stopped, frame: b.stopped.frame + a.packets }),
  };
}
