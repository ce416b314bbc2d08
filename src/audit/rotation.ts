// Files of one rotated capture: `tcpdump -C` (name.pcap, name.pcap1, name.pcap2 …), `tcpdump -G` with a time in the name, both
// together, and `dumpcap -b` (name_00001_20240102030405.pcap …).
import { basename, dirname } from "node:path";
import { addTo, compare, type Nanos, nanos } from "../bytes/index.ts";
import { type CaptureReader, createCaptureReader, type NotACapture, type PacketView } from "../pcap-parser/index.ts";
import { lookAt } from "./files.ts";
import { readCapture } from "./input.ts";
import { dumpcapName, NUMBERED, unpackedName } from "./rotated-names.ts";

interface Place {
  readonly set: string;
  /** Files of a set are in the order of `major`, and of `minor` where that is the same. */
  readonly major: number;
  readonly minor: number;
  /** Which of the two counts files; null if none does. */
  readonly counts: "major" | "minor" | null;
  /** Characters of the number in the name. */
  readonly digits: number;
  /** Numbered from 0 up to a last one, and then from 0 again (`tcpdump -C -W`). */
  readonly ring: boolean;
}

/** A file with its place. */
interface Placed<T> {
  readonly file: T;
  readonly place: Place;
}

/** Groups of files that are one capture, each in its order; in the order of their first files. */
export async function rotatedSets<T extends { readonly path: string }>(
  files: readonly T[],
): Promise<readonly (readonly T[])[]> {
  const sets = new Map<string, Placed<T>[]>();
  const followed = followedNames(files.map(({ path }) => path));
  for (const file of files) {
    const place = placeOf(file.path, followed);
    addTo(sets, place.set, { file, place });
  }
  const result: (readonly T[])[] = [];
  for (const list of sets.values()) {
    list.sort((a, b) => a.place.major - b.place.major || a.place.minor - b.place.minor);
    for (const recording of isOneRecording(list) ? [list] : await recordings(list)) {
      const sorted = recording.map(({ file }) => file);
      result.push(sorted.length > 1 && recording.every(({ place }) => place.ring) ? await unrolled(sorted) : sorted);
    }
  }
  return result;
}

/**
 * Whether files of dumpcap, sorted by their numbers, surely are of one run; of other programs there is no telling. A number that is
 * there twice is of two. Where dates go back, too, as the local time does once a year, numbers that have no hole are of one.
 */
function isOneRecording(list: readonly Placed<unknown>[]): boolean {
  if (list[0]?.place.counts !== "major") return true;
  const steps = list.slice(1).map(({ place }, i) => ({ one: list[i]!.place, next: place }));
  const isBehind = steps.every(({ one, next }) => one.major < next.major);
  const isLater = steps.every(({ one, next }) => one.minor <= next.minor);
  return isBehind && (isLater || steps.every(({ one, next }) => one.major + 1 === next.major));
}

/** Files of dumpcap in the order of time, parted where another run began: its numbers do not go on. */
async function recordings<T extends { readonly path: string }>(
  list: readonly Placed<T>[],
): Promise<readonly (readonly Placed<T>[])[]> {
  const timed: { readonly placed: Placed<T>; readonly time: Nanos }[] = [];
  for (const placed of [...list].sort((a, b) => a.place.minor - b.place.minor || a.place.major - b.place.major)) {
    // A file without packets stays behind the one that its name puts in front of it.
    const first = await firstTime(placed.file.path);
    const time = first === null || first === "unread" ? (timed.at(-1)?.time ?? (0n as Nanos)) : first;
    timed.push({ placed, time });
  }
  timed.sort((a, b) => compare(a.time, b.time));
  const runs: Placed<T>[][] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const { placed } of timed) {
    if (placed.place.major <= last) runs.push([]);
    runs.at(-1)!.push(placed);
    last = placed.place.major;
  }
  return runs;
}

/** What may be missing in front of the files of a set, by their numbers; null if nothing is, or none are counted. */
export function missingInFront(paths: readonly string[]): string | null {
  const followed = followedNames(paths);
  const places = paths.map((path) => placeOf(path, followed));
  const first = places[0];
  const counts = first?.counts ?? null;
  if (first === undefined || counts === null) return null;
  // A ring of tcpdump that went round begins with any of its numbers.
  if (places.some(({ major, minor }) => major === first.major && minor < first.minor)) return null;
  // dumpcap counts from 1 and editcap -c from 0; tcpdump from 0, or from a name without a number.
  if (first[counts] <= (counts === "major" ? 1 : 0)) return null;
  return `the rotated capture begins with number ${`${first[counts]}`.padStart(first.digits, "0")}`;
}

/** Which numbers are missing between two files that follow each other in a set, as "numbers 3 to 5 are missing"; null if none are. */
export function missingBetween(path: string, nextPath: string): string | null {
  const followed = followedNames([path, nextPath]);
  const one = placeOf(path, followed);
  const next = placeOf(nextPath, followed);
  if (one.set !== next.set || next.counts === null) return null;
  const first = numberBehind(one, next);
  const last = next[next.counts] - 1;
  if (last < first) return null;
  // tcpdump -C alone puts no zeros in front: 10 follows 9.
  const digits = Math.min(one.digits, next.digits);
  const text = (number: number): string => `${number}`.padStart(digits, "0");
  return last === first ? `number ${text(first)} is missing` : `numbers ${text(first)} to ${text(last)} are missing`;
}

/** The number that a file has which comes right behind `one`. */
function numberBehind(one: Place, next: Place): number {
  if (next.counts === "major") return one.major + 1;
  // Behind the time in a name they begin anew, and so they do in a ring; a zero is there if the first one has a number.
  const begins = one.major !== next.major || one.minor > next.minor;
  return begins ? Math.min(0, next.minor) : Math.max(one.minor, 0) + 1;
}

/** The number of a first file that has none. */
const FIRST = -1;

function placeOf(path: string, followed: ReadonlySet<string>): Place {
  const folder = dirname(path);
  const name = basename(unpackedName(path));
  const dumpcap = dumpcapName(name);
  if (dumpcap !== null) {
    const { base, number, time, ending } = dumpcap;
    const set = `${folder}/${base} ${ending}`;
    return { ...ALONE, set, major: Number(number), minor: Number(time), counts: "major", digits: number.length };
  }
  const numbered = NUMBERED.exec(name);
  const [base, minor] = numbered === null ? [name, FIRST] : [numbered[1]!, Number(numbered[2])];
  const counting: Pick<Place, "counts" | "digits"> =
    numbered === null ? ALONE : { counts: "minor", digits: numbered[2]!.length };
  // tcpdump -G with a time in the name, as in name-%Y%m%d-%H%M%S.pcap or name-%s.pcap.
  const timed = /^(.*?)[-_.](\d{4}-?\d{2}-?\d{2}[-_T]?\d{2}[-:]?\d{2}(?:[-:]?\d{2})?|\d{10})(\.\w+)$/.exec(base);
  if (timed !== null) {
    const set = `${folder}/${timed[1]} ${timed[3]}`;
    return { ...ALONE, ...counting, set, major: Number(timed[2]!.replace(/\D/g, "")), minor };
  }
  if (numbered !== null || followed.has(unpackedName(path)))
    return { ...ALONE, ...counting, set: `${folder}/${base}`, minor, ring: numbered !== null };
  return { ...ALONE, set: path };
}

/** The place of a file that is no part of anything. */
const ALONE: Omit<Place, "set"> = { major: 0, minor: FIRST, ring: false, counts: null, digits: 0 };

/** The names of which there are others with a number behind them. */
function followedNames(paths: readonly string[]): ReadonlySet<string> {
  return new Set(paths.flatMap((path) => NUMBERED.exec(unpackedName(path))?.[1] ?? []));
}

/**
 * A ring in the order in which it was written: it begins anew where the time goes back behind that of the first file; packets of
 * several interfaces or queues are a little out of order, too. An empty file there, or in front of all, was begun last: tcpdump
 * empties a file before it has packets for it.
 */
async function unrolled<T extends { readonly path: string }>(files: readonly T[]): Promise<readonly T[]> {
  let first: Nanos | undefined;
  let allEmpty = true;
  for (const [i, { path }] of files.entries()) {
    const start = await firstTime(path);
    if (start !== null && start !== "unread") {
      if (first === undefined ? allEmpty && i > 0 : start < first) return [...files.slice(i), ...files.slice(0, i)];
      first ??= start;
    }
    allEmpty &&= start === null;
  }
  return files;
}

/** Ends the reading of a capture of which enough is known. */
const ENOUGH: NotACapture = { kind: "not-a-capture", seemsToBe: "a capture", advice: null };

/** The time of a capture's first packet; null if there is none yet. */
async function firstTime(path: string): Promise<Nanos | null | "unread"> {
  let time: Nanos | null = null;
  const sink = {
    packet({ seconds, nanoseconds }: PacketView) {
      time ??= nanos(seconds, nanoseconds);
    },
    secrets() {},
    name() {},
    note() {},
  };
  const reader = createCaptureReader(sink);
  const first: CaptureReader = {
    get failed() {
      return time === null ? reader.failed : ENOUGH;
    },
    push: (bytes, start, end) => reader.push(bytes, start, end),
    end: () => reader.end(),
  };
  const { kind } = await readCapture(path, first, { note: sink.note, onlyFiles: true });
  return time === null && kind !== "capture" && !isEmpty(path) ? "unread" : time;
}

/** What a program that records has not written yet is held in its memory, the file's header as well. */
function isEmpty(path: string): boolean {
  const status = lookAt(path);
  return typeof status !== "string" && status.size === 0;
}
