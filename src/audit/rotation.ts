// Files of one rotated capture: `tcpdump -C` (name.pcap, name.pcap1, name.pcap2 …), `tcpdump -G` with a time in the name, both
// together, and `dumpcap -b` (name_00001_20240102030405.pcap …).
import { basename, dirname } from "node:path";
import { type Nanos, nanos } from "../bytes/index.ts";
import { type CaptureReader, createCaptureReader, type NotACapture, type PacketView } from "../pcap-parser/index.ts";
import { readCapture } from "./input.ts";

interface Place {
  readonly set: string;
  /** Files of a set are in the order of `major`, and of `minor` where that is the same. */
  readonly major: number;
  readonly minor: number;
  /** Numbered from 0 up to a last one, and then from 0 again (`tcpdump -C -W`). */
  readonly ring: boolean;
}

/** Groups of files that are one capture, each in its order; in the order of their first files. */
export async function rotatedSets<T extends { readonly path: string }>(
  files: readonly T[],
): Promise<readonly (readonly T[])[]> {
  const sets = new Map<string, { file: T; place: Place }[]>();
  const names = new Set(files.map(({ path }) => unpackedName(path)));
  for (const file of files) {
    const place = placeOf(file.path, names);
    const list = sets.get(place.set);
    if (list === undefined) sets.set(place.set, [{ file, place }]);
    else list.push({ file, place });
  }
  const result: (readonly T[])[] = [];
  for (const list of sets.values()) {
    const sorted = list
      .sort((a, b) => a.place.major - b.place.major || a.place.minor - b.place.minor)
      .map(({ file }) => file);
    result.push(sorted.length > 1 && list.every(({ place }) => place.ring) ? await unrolled(sorted) : sorted);
  }
  return result;
}

/** The number of a first file that has none. */
const FIRST = -1;

function placeOf(path: string, names: ReadonlySet<string>): Place {
  const folder = dirname(path);
  const name = basename(unpackedName(path));
  // dumpcap -b: a number of five digits or more, and the local time of its start.
  const dumpcap = /^(.*)_(\d{5,})_(\d{14})(\.\w+)?$/.exec(name);
  if (dumpcap !== null) {
    const set = `${folder}/${dumpcap[1]} ${dumpcap[4] ?? ""}`;
    return { set, major: Number(dumpcap[2]), minor: Number(dumpcap[3]), ring: false };
  }
  // tcpdump -C: the number is behind the name, and the first file has none. -W gives the first one a zero, too.
  const numbered = /^(.*\.(?:pcap|cap|pcapng|dmp))(\d+)$/.exec(name);
  const [base, minor] = numbered === null ? [name, FIRST] : [numbered[1]!, Number(numbered[2])];
  // tcpdump -G with a time in the name, as in name-%Y%m%d-%H%M%S.pcap or name-%s.pcap.
  const timed = /^(.*?)[-_.](\d{4}-?\d{2}-?\d{2}[-_T]?\d{2}[-:]?\d{2}(?:[-:]?\d{2})?|\d{10})(\.\w+)$/.exec(base);
  if (timed !== null) {
    const set = `${folder}/${timed[1]} ${timed[3]}`;
    return { set, major: Number(timed[2]!.replace(/\D/g, "")), minor, ring: false };
  }
  if (numbered !== null || hasFollower(unpackedName(path), names))
    return { set: `${folder}/${base}`, major: 0, minor, ring: numbered !== null };
  return { set: path, major: 0, minor, ring: false };
}

/** tcpdump -z gzip compresses the files that are full, and the last one is still as it was. */
function unpackedName(path: string): string {
  return path.replace(/\.(?:gz|zst)$/, "");
}

function hasFollower(path: string, names: ReadonlySet<string>): boolean {
  return names.has(`${path}1`) || names.has(`${path}01`) || names.has(`${path}001`);
}

/** A ring in the order in which it was written: it begins anew where the time goes back. */
async function unrolled<T extends { readonly path: string }>(files: readonly T[]): Promise<readonly T[]> {
  const starts: (Nanos | null)[] = [];
  for (const { path } of files) starts.push(await firstTime(path));
  const oldest = files.findIndex((_, i) => {
    const [before, start] = [starts[i - 1] ?? null, starts[i] ?? null];
    return before !== null && start !== null && start < before;
  });
  return oldest < 0 ? files : [...files.slice(oldest), ...files.slice(0, oldest)];
}

/** Ends the reading of a capture of which enough is known. */
const ENOUGH: NotACapture = { kind: "not-a-capture", seemsToBe: "a capture", advice: null };

/** The time of a capture's first packet; null if there is none. */
async function firstTime(path: string): Promise<Nanos | null> {
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
  await readCapture(path, first, sink);
  return time;
}
