// Compressed files that stand for far more than a capture does: what came out first is read, the rest is not waited for.
import { describe, expect, it } from "vitest";
import { type Decompressor, Intake, type Unpacked } from "../../src/audit/intake.ts";
import type { Note } from "../../src/bytes/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { pcapFile } from "../harness/capture-file.ts";

const MIB = new Uint8Array(1024 * 1024);
const CAPTURE = pcapFile([{ data: new Uint8Array(60), seconds: 1, fraction: 0 }]);

/** Unpacks a capture and then `mebibytes` behind it, as long as any are wanted. */
async function unpack(packed: Uint8Array, mebibytes: number) {
  const notes: Note[] = [];
  let given = 0;
  const note = (entry: Note): void => void notes.push(entry);
  const reader = createCaptureReader({ packet() {}, note, name() {}, secrets() {} });
  const create = async (_kind: unknown, unpacked: Unpacked): Promise<Decompressor> => ({
    damaged: null,
    tooWide: false,
    async push() {
      unpacked(CAPTURE, 0, CAPTURE.length);
      while (given < mebibytes && unpacked(MIB, 0, MIB.length)) given++;
    },
    end: async () => null,
  });
  const intake = new Intake(reader, note, create);
  await intake.put(packed);
  const { wanted } = intake;
  return { result: await intake.end(), wanted, given, notes: notes.map(({ id, detail }) => [id, detail?.why]) };
}

const packed = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  bytes.set([0x1f, 0x8b, 8]);
  return bytes;
};

describe("a compressed file that stands for too much", () => {
  it("is given up, and what came out before is told", async () => {
    const { result, wanted, given, notes } = await unpack(packed(20_000), 10_000);
    expect(given).toBeLessThan(130);
    expect(wanted).toBe(false);
    expect(result).toMatchObject({ kind: "capture", summary: { cutShort: true } });
    expect(notes).toContainEqual(["capture-compression-damaged", "it unpacks to more than 1500 times its size"]);
  });

  it("may be small, or hold nothing but zeros", async () => {
    expect((await unpack(packed(20_000), 100)).wanted).toBe(true);
    expect((await unpack(packed(400_000), 300)).wanted).toBe(true);
  });
});
