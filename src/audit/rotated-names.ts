// Names of the files of one recording that are counted: `tcpdump -C` and `-W` behind the ending, `dumpcap -b` in front of it.

/** tcpdump -C: the number is behind the name, and the first file has none. -W gives the first one a zero, too. */
export const NUMBERED = /^(.*\.(?:pcap|cap|pcapng|dmp))(\d+)$/s;

/** The parts of a name of dumpcap -b: a number of five digits or more, and the local time of its start; in turn with -b nametimenum:2. */
export function dumpcapName(name: string) {
  const found =
    /^(?<base>.*)_(?<number>\d{5,})_(?<time>\d{14})(?<ending>\.\w+)?$/.exec(name) ??
    /^(?<base>.*)_(?<time>\d{14})_(?<number>\d{5,})(?<ending>\.\w+)?$/.exec(name);
  if (found === null) return null;
  const { base = "", number = "", time = "", ending = "" } = found.groups!;
  return { base, number, time, ending };
}

/** tcpdump -z gzip compresses the files that are full, and the last one is still as it was. */
export function unpackedName(path: string): string {
  return path.replace(/\.(?:gz|zst)$/, "");
}

/** The name that was given for all files: `c.pcap` of `c.pcap3` and of `c_00003_20240102030405.pcap`; null where none are counted. */
export function nameOfAll(name: string): string | null {
  const unpacked = unpackedName(name);
  const dumpcap = dumpcapName(unpacked);
  if (dumpcap !== null) return dumpcap.base + dumpcap.ending;
  return NUMBERED.exec(unpacked)?.[1] ?? null;
}
