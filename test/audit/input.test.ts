// Captures from everywhere: files, standard input, streams and memory, compressed, damaged, or not there at all.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDecompressor } from "../../src/audit/decompress.ts";
import { type CaptureSource, readCapture } from "../../src/audit/input.ts";
import type { Note } from "../../src/bytes/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { ascii, concat, pcapFile } from "../harness/capture-file.ts";

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-input-"));
afterAll(() => rmSync(folder, { recursive: true }));

let names = 0;
const write = (bytes: Uint8Array): string => {
  const path = join(folder, `${names++}.pcap`);
  writeFileSync(path, bytes);
  return path;
};

/** Bytes that do not compress well, so that a compressed file has many blocks. */
const noise = (length: number, seed: number): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
};

const PACKETS = 3000;
const capture = pcapFile(Array.from({ length: PACKETS }, (_, i) => ({ data: noise(i % 1400, i), seconds: i })));
const small = pcapFile([{ data: ascii("one") }, { data: ascii("two") }]);
const PINGS = 5000;
const pings = pcapFile(
  Array.from({ length: PINGS }, (_, i) => ({
    data: ascii("the same packet again and again, as a capture of pings has them"),
    seconds: i >> 8,
  })),
);
/** `pings` as `zstd -19 --check` 1.5.4 packs it: four blocks. */
const zstd = Uint8Array.from(
  atob(
    "KLUv/aQQBwYAbAMAwkQRFcA9v9/rfzemSJIURfJvy9t9SZKEBKaQIYJkD/9N76+bsH6jz2zGNalPf9OfNdNPmFx6zKJK9ZlM99nD" +
      "CARAAAFCb94DCyCAGVgH5IUXfmc/fufO+J1d+B378TvfGVwdSTapxNgsNtkcFwQBADAHCAkKCwwHsGA+5MvO7+z8zp3f2fM7dn7n" +
      "eyqSxEsQBAEAOA0ODxAREhMI0ADkgud3dn5n53f2/M7O7+z8zp6KVQk9AAAAAQAN/wAIGbO5PQ==",
  ),
  (character) => character.charCodeAt(0),
);

async function read(source: CaptureSource) {
  const notes: Note[] = [];
  let packets = 0;
  const progress: [number, number | null][] = [];
  const note = (each: Note): void => void notes.push(each);
  const reader = createCaptureReader({ packet: () => packets++, secrets: () => {}, name: () => {}, note });
  const outcome = await readCapture(source, reader, { note, progress: (done, size) => progress.push([done, size]) });
  return { outcome, packets, notes, progress };
}

const pieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));

/** Zeros in zstd: blocks of one byte that stands for 128 KiB (RFC 8878 §3.1.1.2.2), with a window of 1 MiB. */
function zstdOfZeros(count: number): { readonly bytes: Uint8Array; readonly blocks: number } {
  const size = 128 * 1024;
  const block = Uint8Array.of(((size << 3) & 0xff) | 2, (size >> 5) & 0xff, size >> 13, 0);
  const last = Uint8Array.from(block, (byte, i) => (i === 0 ? byte | 1 : byte));
  const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 10 << 3);
  const bytes = concat(head, ...Array.from({ length: count - 1 }, () => block), last);
  return { bytes, blocks: count * size };
}

/** `bytes` in a frame for each thirty of them, as they are (RFC 8878 §3.1.1.2.2), with skippable frames between. */
function zstdOfBytes(bytes: Uint8Array): Uint8Array {
  const head = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0, 0x28, 0xb5, 0x2f, 0xfd, 0, 0);
  const frames = pieces(bytes, 30).flatMap((piece) => [head, Uint8Array.of((piece.length << 3) | 1, 0, 0), piece]);
  return new Uint8Array(Buffer.concat(frames));
}

const gzipped = new Uint8Array(gzipSync(capture));
const members = concat(
  gzipSync(capture.slice(0, 5000)),
  gzipSync(capture.slice(5000, 5003)),
  gzipSync(capture.slice(5003)),
);

describe("readCapture", () => {
  const sources: Record<string, () => CaptureSource> = {
    "a file": () => write(capture),
    memory: () => capture,
    "a Node stream": () => Readable.from(pieces(capture, 1000)),
    "a Node stream of single bytes at first": () =>
      Readable.from([...pieces(capture.slice(0, 40), 1), capture.slice(40)]),
    "a web stream": () => new Blob([new Uint8Array(capture)]).stream(),
    "a file in gzip": () => write(gzipped),
    "memory in gzip": () => gzipped,
    "a Node stream in gzip, single bytes at first": () =>
      Readable.from([...pieces(gzipped.slice(0, 40), 1), gzipped.slice(40)]),
    "several gzip members": () => members,
    "several gzip members in small pieces": () => Readable.from(pieces(members, 100)),
    "gzip with zeros behind it, as tapes leave them": () => concat(gzipped, new Uint8Array(1000)),
  };
  it.each(Object.entries(sources))("reads %s", async (name, source) => {
    const { outcome, packets, notes } = await read(source());
    expect(notes).toEqual([]);
    expect(packets).toBe(PACKETS);
    const compression = name.includes("gzip") ? "gzip" : null;
    expect(outcome).toMatchObject({
      kind: "capture",
      compression,
      summary: { packets: PACKETS, bytes: capture.length, cutShort: false, stopped: null },
    });
  });

  it("reads zstd, whole and in single bytes", async () => {
    // RFC 8878 §3.1.2: a skippable frame, here of three bytes, may stand in front.
    const skippable = concat(Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3), zstd);
    for (const source of [zstd, Readable.from(pieces(zstd, 1)), write(zstd), skippable]) {
      const { outcome, notes } = await read(source);
      expect(notes).toEqual([]);
      expect(outcome).toMatchObject({
        kind: "capture",
        compression: "zstd",
        summary: { packets: PINGS, bytes: pings.length, cutShort: false },
      });
    }
  });

  it("tells how far it is", async () => {
    const { progress } = await read(write(capture));
    expect(progress.at(-1)).toEqual([capture.length, capture.length]);
    expect(progress.length).toBe(Math.ceil(capture.length / (1024 * 1024)));
    expect((await read(Readable.from(pieces(small, 10)))).progress.at(-1)).toEqual([small.length, null]);
  });

  it("ignores what else is in the memory of a chunk", async () => {
    const around = concat(ascii("garbage"), small, ascii("garbage"));
    const { outcome } = await read(around.subarray(7, 7 + small.length));
    expect(outcome).toMatchObject({ kind: "capture", summary: { packets: 2, cutShort: false } });
  });

  it("does not mix up captures that are read at the same time", async () => {
    const outcomes = await Promise.all(
      [write(gzipped), write(capture), write(gzipped), gzipped, write(small)].map(read),
    );
    expect(outcomes.map(({ packets }) => packets)).toEqual([PACKETS, PACKETS, PACKETS, PACKETS, 2]);
  });
});

describe("readCapture, of damaged compression", () => {
  it("reads all frames of zstd, as pzstd and cat leave them", async () => {
    const bytes = zstdOfBytes(pings);
    for (const source of [bytes, Readable.from(pieces(bytes, 77))]) {
      const { outcome, notes } = await read(source);
      expect(notes).toEqual([]);
      expect(outcome).toMatchObject({ kind: "capture", summary: { packets: PINGS, cutShort: false } });
    }
  });

  it("keeps all packets before the place where gzip was cut", async () => {
    for (const length of [gzipped.length - 1, gzipped.length - 9, gzipped.length >> 1, 2000]) {
      const { outcome, packets, notes } = await read(gzipped.slice(0, length));
      const share = length / gzipped.length;
      expect(packets / PACKETS, `${length} bytes`).toBeGreaterThan(share * 0.8);
      expect(outcome).toMatchObject({ kind: "capture", compression: "gzip", summary: { cutShort: true, packets } });
      expect(notes.map(({ id }) => id)).toContain("capture-compression-damaged");
    }
  });

  it("keeps most packets before a flipped byte", async () => {
    const bad = gzipped.slice();
    bad.fill(0xff, bad.length >> 1, (bad.length >> 1) + 16);
    const { outcome, packets } = await read(bad);
    expect(packets).toBeGreaterThan(PACKETS * 0.4);
    expect(outcome).toMatchObject({ kind: "capture", summary: { cutShort: true } });
  });

  it("keeps half of what lies before the damage in a file of some kilobytes, too", async () => {
    const rows = Array.from({ length: 300 }, (_, i) => ({ data: noise(100, i) }));
    // A second member whose compression method is none: zlib notices it in the step that holds it, and loses that step.
    const bad = concat(gzipSync(pcapFile(rows)), Uint8Array.of(0x1f, 0x8b, 9), new Uint8Array(100));
    const { outcome, packets } = await read(bad);
    expect(packets / rows.length).toBeGreaterThan(0.45);
    expect(outcome).toMatchObject({ kind: "capture", summary: { cutShort: true } });
  });

  it("keeps every packet where only the checksum at the end is wrong", async () => {
    const bad = new Uint8Array(gzipSync(small));
    bad[bad.length - 6] = bad[bad.length - 6]! ^ 0xff;
    const { outcome, packets, notes } = await read(bad);
    expect(packets).toBe(2);
    expect(outcome).toMatchObject({ kind: "capture", summary: { packets: 2, cutShort: true } });
    expect(notes).toMatchObject([
      { id: "capture-compression-damaged", frame: 2, at: small.length, detail: { compression: "gzip" } },
    ]);
  });

  it("says so where nothing could be unpacked", async () => {
    const { outcome } = await read(Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff));
    expect(outcome).toMatchObject({ kind: "not-a-capture", seemsToBe: "a gzip file that is damaged from its start" });
  });

  it("reports zstd that is cut or damaged", async () => {
    const cut = await read(zstd.slice(0, -5));
    expect(cut.outcome).toMatchObject({ kind: "capture", summary: { cutShort: true } });
    expect(cut.notes.map(({ id }) => id)).toContain("capture-compression-damaged");
    const bad = zstd.map((byte, i) => (i > 20 && i < 60 ? 0xff : byte));
    expect((await read(bad)).outcome).toMatchObject({
      kind: "not-a-capture",
      seemsToBe: expect.stringContaining("damaged from its start"),
    });
  });
});

describe("readCapture, of what cannot be read", () => {
  it("names what is inside the compression", async () => {
    const { outcome } = await read(gzipSync(ascii("<html>please log in</html>")));
    expect(outcome).toMatchObject({ kind: "not-a-capture" });
    expect((outcome as { seemsToBe: string }).seemsToBe).toMatch(/^an HTML page.*, compressed with gzip$/);
    // Cut, it is still known what came out of it.
    const cut = await read(gzipSync(ascii("<html>hi")).slice(0, -8));
    expect((cut.outcome as { seemsToBe: string }).seemsToBe).toMatch(/^an HTML page.*, compressed with gzip$/);
  });

  it("gives up a large file early that is no capture", async () => {
    const { outcome, progress } = await read(write(concat(ascii("%PDF-1.7"), new Uint8Array(5_000_000))));
    expect(outcome).toMatchObject({ kind: "not-a-capture", seemsToBe: "a PDF document" });
    expect(progress).toHaveLength(1);
    const packed = await read(gzipSync(concat(ascii("%PDF-1.7"), noise(5_000_000, 1))));
    expect(packed.outcome).toMatchObject({ kind: "not-a-capture", seemsToBe: "a PDF document, compressed with gzip" });
    expect(packed.notes).toEqual([]);
  });

  it("gives up early what a few packed bytes blow up to, if it is no capture", async () => {
    const { bytes, blocks } = zstdOfZeros(20_000);
    let unpacked = 0;
    const unpacker = await createDecompressor("zstd", (_bytes, start, end) => {
      unpacked += end - start;
      return false;
    });
    await unpacker.push(bytes);
    expect(unpacked).toBeLessThan(blocks / 50);
    const { outcome } = await read(bytes);
    expect(outcome).toMatchObject({ kind: "not-a-capture", seemsToBe: "nothing but zeros, compressed with zstd" });
  });

  it("does not take the memory that a few bytes of zstd ask for", async () => {
    // A window of 1 GiB (RFC 8878 §3.1.1.1.2).
    const { outcome } = await read(concat(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3), zstd.slice(6)));
    expect(outcome).toMatchObject({
      kind: "not-a-capture",
      seemsToBe: "a zstd file that needs more than 128 MiB of memory to be unpacked",
      advice: "unpack it first: zstd -d --long=31 FILE",
    });
    const wide = concat(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 20 << 3), new Uint8Array(20));
    const behind = await read(concat(zstd, wide));
    expect(behind.outcome).toMatchObject({ kind: "capture", summary: { packets: PINGS, cutShort: true } });
    expect(behind.notes).toMatchObject([
      { id: "capture-compression-damaged", detail: { why: "it has to be unpacked with more than 128 MiB of memory" } },
    ]);
  });

  it.each([0, 1, 3])("reports a file of %i bytes", async (length) => {
    for (const source of [write(new Uint8Array(length).fill(65)), new Uint8Array(length).fill(65)]) {
      const { outcome } = await read(source);
      expect(outcome).toMatchObject({
        kind: "not-a-capture",
        seemsToBe: length === 0 ? "an empty file" : "a text file",
      });
    }
  });

  it("reports a missing file, a folder and a file below a file", async () => {
    expect((await read(join(folder, "missing"))).outcome).toEqual({ kind: "unreadable", why: "there is no such file" });
    expect((await read(folder)).outcome).toMatchObject({ kind: "unreadable", why: expect.stringContaining("folder") });
    expect((await read(join(write(small), "x"))).outcome).toMatchObject({ kind: "unreadable" });
  });

  it.skipIf(process.getuid?.() === 0)(
    "reports a file without permission (root may read any, so it is skipped for root)",
    async () => {
      const path = write(small);
      chmodSync(path, 0);
      expect((await read(path)).outcome).toEqual({ kind: "unreadable", why: "permission denied" });
    },
  );

  it("reports a stream that fails or gives text", async () => {
    const failing = Readable.from(
      (function* () {
        yield small;
        throw new Error("connection lost");
      })(),
    );
    expect((await read(failing)).outcome).toEqual({ kind: "unreadable", why: "connection lost" });
    // As sockets, requests and pipelines fail.
    for (const [code, why] of [
      ["ECONNRESET", "the connection was reset"],
      ["ERR_STREAM_PREMATURE_CLOSE", "the stream was closed before its end"],
      ["EWHATEVER", "read failed"],
    ]) {
      const broken = new Readable({
        read() {
          this.destroy(Object.assign(new Error("EWHATEVER: read failed, read '/secret/path'"), { code }));
        },
      });
      expect((await read(broken)).outcome).toEqual({ kind: "unreadable", why });
    }
    const text = Readable.from(["text"]) as unknown as CaptureSource;
    expect((await read(text)).outcome).toEqual({ kind: "unreadable", why: "the stream gives text instead of bytes" });
  });
});

describe("readCapture, from standard input", () => {
  const program = join(folder, "stdin.cjs");
  beforeAll(async () => {
    await build({
      stdin: {
        contents: `
          import { readCapture } from "./src/audit/input.ts";
          import { createCaptureReader } from "./src/pcap-parser/index.ts";
          // Looking at process.stdin makes a pipe non-blocking: reading it says EAGAIN while nothing is there.
          if (process.argv[2] === "non-blocking") process.stdin.unref?.();
          const note = () => {};
          const reader = createCaptureReader({ packet() {}, secrets() {}, name() {}, note });
          readCapture("-", reader, { note }).then((outcome) => {
            console.log(outcome.kind, outcome.summary?.packets, outcome.compression);
          });`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: "node",
      outfile: program,
      logLevel: "error",
    });
  });

  const through = (chunks: readonly Uint8Array[], blocking = true, pauseMs = 20): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, blocking ? "blocking" : "non-blocking"], {
        stdio: ["pipe", "pipe", "inherit"],
      });
      let output = "";
      child.stdout.on("data", (data) => (output += data));
      child.on("error", reject);
      child.on("close", () => resolve(output.trim()));
      const next = (i: number): void => {
        if (i === chunks.length) child.stdin.end();
        else child.stdin.write(chunks[i], () => setTimeout(next, pauseMs, i + 1));
      };
      next(0);
    });

  it("reads a pipe that gives its bytes slowly", async () => {
    expect(await through([small.slice(0, 3), small.slice(3, 50), small.slice(50)])).toBe("capture 2 null");
    expect(await through([gzipped.slice(0, 2), gzipped.slice(2)])).toBe(`capture ${PACKETS} gzip`);
  });

  it("waits for a pipe that is not blocking", async () => {
    expect(await through([small.slice(0, 3), small.slice(3, 50), small.slice(50)], false, 200)).toBe("capture 2 null");
  });

  it("reports an empty pipe", async () => {
    expect(await through([])).toBe("not-a-capture undefined undefined");
  });
});
