// Files of one rotated capture: `tcpdump -C` (name.pcap, name.pcap1, name.pcap2 …), `tcpdump -G` with a time in the name, and
// `dumpcap -b` (name_00001_20240102030405.pcap …).
import { basename, dirname } from "node:path";

interface Place {
  readonly set: string;
  readonly number: number;
  /** Sorts among equal numbers. */
  readonly time: string;
}

/** Groups of files that are one capture, each in its order; in the order of their first files. */
export function rotatedSets<T extends { readonly path: string }>(files: readonly T[]): readonly (readonly T[])[] {
  const sets = new Map<string, { file: T; place: Place }[]>();
  const names = new Set(files.map(({ path }) => path));
  for (const file of files) {
    const place = placeOf(file.path, names);
    const list = sets.get(place.set);
    if (list === undefined) sets.set(place.set, [{ file, place }]);
    else list.push({ file, place });
  }
  return [...sets.values()].map((list) =>
    list
      .sort((a, b) => a.place.number - b.place.number || (a.place.time < b.place.time ? -1 : 1))
      .map(({ file }) => file),
  );
}

function placeOf(path: string, names: ReadonlySet<string>): Place {
  const folder = dirname(path);
  const name = basename(path);
  // dumpcap -b: a number of five digits or more, and the local time of its start.
  const dumpcap = /^(.*)_(\d{5,})_(\d{14})(\.\w+(?:\.(?:gz|zst))?)?$/.exec(name);
  if (dumpcap !== null)
    return { set: `${folder}/${dumpcap[1]} ${dumpcap[4] ?? ""}`, number: Number(dumpcap[2]), time: dumpcap[3]! };
  // tcpdump -C: the number is behind the name, and the first file has none. -W gives the first one a zero, too.
  const tcpdump = /^(.*\.(?:pcap|cap|pcapng|dmp))(\d+)$/.exec(name);
  if (tcpdump !== null) return { set: `${folder}/${tcpdump[1]}`, number: Number(tcpdump[2]), time: "" };
  if (hasFollower(path, names)) return { set: `${folder}/${name}`, number: -1, time: "" };
  // tcpdump -G with a time in the name, as in name-%Y%m%d-%H%M%S.pcap or name-%s.pcap.
  const timed =
    /^(.*?)[-_.](\d{4}-?\d{2}-?\d{2}[-_T]?\d{2}[-:]?\d{2}(?:[-:]?\d{2})?|\d{10})(\.\w+(?:\.(?:gz|zst))?)$/.exec(name);
  if (timed !== null)
    return { set: `${folder}/${timed[1]} ${timed[3]}`, number: 0, time: timed[2]!.replace(/\D/g, "") };
  return { set: path, number: 0, time: "" };
}

function hasFollower(path: string, names: ReadonlySet<string>): boolean {
  return names.has(`${path}1`) || names.has(`${path}01`) || names.has(`${path}001`);
}
