// Files of one capture, read one behind the other: everything in them is there, counted over all of them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isRereadable, readFiles } from "../../src/audit/joined-files.ts";
import type { Note } from "../../src/bytes/index.ts";
import { ascii, concat, PcapngBlocks, pcapFile } from "../harness/capture-file.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pcapcheck-joined-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ng = new PcapngBlocks();
const NAME = concat(ng.u16(1, 6), Uint8Array.of(192, 0, 2, 1), ascii("a\0\0\0"), ng.u16(0, 0));
const SECRETS = concat(ng.u32(0x544c534b, 4), ascii("keys"));
const SECOND = 1_000_000n;

/** A pcapng with a name, secrets and packets at these seconds on the second of its interfaces, the last one cut when it was captured. */
function pcapng(...seconds: readonly bigint[]): Uint8Array {
  return concat(
    ...[ng.section(), ng.interface(), ng.interface(), ng.block(4, NAME), ng.block(10, SECRETS)],
    ...seconds.map((second, i) => ng.packet(new Uint8Array(60), second * SECOND, 1, i + 1 < seconds.length ? 60 : 90)),
  );
}

async function read(...files: readonly Uint8Array[]) {
  const paths = files.map((bytes, i) => {
    const path = join(folder, `part ${i}.pcapng`);
    writeFileSync(path, bytes);
    return path;
  });
  const packets: [frame: number, interfaceId: number][] = [];
  const notes: Note[] = [];
  let secrets = 0;
  let names = 0;
  const note = (one: Note): void => void notes.push(one);
  const sink = {
    packet: ({ frame, interfaceId }: { frame: number; interfaceId: number }) => void packets.push([frame, interfaceId]),
    secrets: () => void secrets++,
    name: () => void names++,
    note,
  };
  const { outcome, holes } = await readFiles(paths, sink, { note });
  if (outcome.kind !== "capture") throw new Error(outcome.kind);
  return { packets, secrets, names, notes, holes, summary: outcome.summary };
}

it("have their packets, interfaces, names and secrets counted on, and their sums", async () => {
  const parts = [pcapng(20n, 30n), pcapng(10n, 40n, 15n)];
  const { packets, secrets, names, summary, holes } = await read(...parts);
  expect(packets.map(([frame]) => frame)).toEqual([1, 2, 3, 4, 5]);
  expect(packets.map(([, interfaceId]) => interfaceId)).toEqual([1, 1, 3, 3, 3]);
  expect([secrets, names, holes.length]).toEqual([2, 2, 0]);
  expect(summary).toMatchObject({
    ...{ packets: 5, bytes: parts[0]!.length + parts[1]!.length, sections: 2, truncatedPackets: 2 },
    ...{ start: 10n * 1_000_000_000n, end: 40n * 1_000_000_000n, cutShort: false, stopped: null },
  });
  expect(summary.interfaces).toHaveLength(4);
});

it("have one end in time, whichever of them has it", async () => {
  expect((await read(pcapng(20n, 50n), pcapng(30n))).summary).toMatchObject({ end: 50n * 1_000_000_000n });
});

it("leave a hole in time where one is cut, up to the next that has packets", async () => {
  const seconds = (from: number, to: number) => ({
    from: BigInt(from) * 1_000_000_000n,
    to: BigInt(to) * 1_000_000_000n,
  });
  const cut = pcapng(20n, 30n, 35n).subarray(0, -50);
  const { holes, summary } = await read(cut, pcapng(), pcapng(40n), cut, pcapng(25n));
  expect(holes).toMatchObject([
    { id: "capture-file-unread", frame: 2, between: seconds(30, 40) },
    // Its time is before the end of what was read.
    { id: "capture-file-unread", frame: 5, between: seconds(25, 25) },
  ]);
  expect(summary.cutShort).toBe(true);
});

it("leave a hole behind the latest time of all in front of it", async () => {
  const { holes } = await read(pcapng(20n, 50n), pcapng(30n, 35n).subarray(0, -50), pcapng(60n));
  expect(holes).toMatchObject([{ between: { from: 50n * 1_000_000_000n, to: 60n * 1_000_000_000n } }]);
});

it("leave a hole without an end where nothing is behind it", async () => {
  const { holes, summary } = await read(pcapng(20n), pcapng(30n, 35n).subarray(0, -50), pcapng());
  expect(holes).toMatchObject([{ id: "capture-file-unread", frame: 2, between: null }]);
  expect(summary).toMatchObject({ cutShort: true, stopped: null });
});

it("are read on behind one in which reading stops: it is a hole, and no end", async () => {
  const stopped = concat(pcapng(20n, 30n), ng.block(6, new Uint8Array(4), 7), pcapng(35n));
  const { holes, summary } = await read(stopped, pcapng(40n));
  expect(holes).toMatchObject([{ frame: 2, text: expect.stringMatching(/ was read up to its frame 2 only: ./) }]);
  expect(summary).toMatchObject({ packets: 3, stopped: null });
  expect((await read(pcapng(10n), stopped)).summary.stopped).toMatchObject({ frame: 3 });
});

it("are read again where none of them is a pipe", () => {
  const file = join(folder, "a.pcap");
  writeFileSync(file, pcapFile([]));
  expect(
    [[file], [file, "-"], [file, folder], [file, join(folder, "none")]].map((files) => isRereadable({ files })),
  ).toEqual([true, false, false, true]);
});
