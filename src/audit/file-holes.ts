// What is missing of a rotated capture that is read as one: numbers that no file has, files that could not be read, or not to their end.
import { type FrameNo, type Nanos, quoted } from "../bytes/index.ts";
import type { Hole } from "../diagnosis/index.ts";
import type { CaptureSummary, NotACapture } from "../pcap-parser/index.ts";
import type { Unreadable } from "./input.ts";
import type { CaptureRead } from "./intake.ts";
import { missingBetween } from "./rotation.ts";

/** A hole with the note for it. */
export interface FileHole extends Hole {
  readonly id: "capture-file-missing" | "capture-file-unread";
  /** The last frame in front of it; 0 if there is none. */
  readonly frame: FrameNo;
}

/** What reading one of the files came to. */
export interface FileOutcome {
  readonly file: string;
  /** Frames of the files in front of it. */
  readonly frame: FrameNo;
  readonly read: CaptureRead | NotACapture | Unreadable;
}

/** More of them become one: every second file of a set of thousands may be missing. */
const MAX_HOLES = 1_000;

/** Holes between and in the files, which are in their order; what the last one lacks is no hole, but where the capture ends. */
export function holesAmong(outcomes: readonly FileOutcome[]): readonly FileHole[] {
  const holes: FileHole[] = [];
  const lastRead = outcomes.findLastIndex(({ read }) => read.kind === "capture");
  /** Holes of which it is not known yet when what is behind them begins. */
  let open: Omit<FileHole, "between">[] = [];
  let end: Nanos | null = null;
  const close = (start: Nanos | null): void => {
    const between = end === null || start === null ? null : { from: start < end ? start : end, to: start };
    for (const hole of open) {
      if (holes.length < MAX_HOLES) holes.push({ ...hole, between });
      else holes.push(grown(holes.pop()!, between));
    }
    open = [];
  };
  for (const [i, { file, frame, read }] of outcomes.entries()) {
    const before = outcomes[i - 1]?.file;
    const numbers = before === undefined ? null : missingBetween(before, file);
    if (before !== undefined && numbers !== null) {
      const text = `of the rotated capture ${numbers}, between ${quoted(before)} and ${quoted(file)}`;
      open.push({ id: "capture-file-missing", frame, text });
    }
    if (read.kind !== "capture") {
      open.push({ id: "capture-file-unread", frame, text: `${quoted(file)} could not be read: ${whyUnread(read)}` });
      continue;
    }
    const { summary } = read;
    if (summary.start !== null) close(summary.start);
    if (summary.end !== null && (end === null || summary.end > end)) end = summary.end;
    const why = i < lastRead ? whyInPart(summary) : null;
    if (why !== null)
      open.push({ id: "capture-file-unread", frame: frame + summary.packets, text: `${quoted(file)} ${why}` });
  }
  close(null);
  return holes;
}

function grown(hole: FileHole, between: Hole["between"]): FileHole {
  if (between === null || hole.between === null) return hole;
  return { ...hole, between: { from: hole.between.from, to: between.to } };
}

function whyUnread(read: NotACapture | Unreadable): string {
  return read.kind === "unreadable" ? read.why : `it seems to be ${read.seemsToBe}`;
}

/** Why a file was not read to its end, behind its name; null if it was. */
function whyInPart({ stopped, cutShort, packets }: CaptureSummary): string | null {
  if (stopped !== null) return `was read up to its frame ${packets} only: ${stopped.why}`;
  return cutShort ? "is not whole: it ends in the middle of a packet" : null;
}
