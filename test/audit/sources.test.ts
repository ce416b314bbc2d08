// Where captures come from in a service or a page, and how reading them ends: nothing stays open, and nobody is blamed for another.
import { createReadStream, readdirSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { PassThrough, Readable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it, vi } from "vitest";
import { type CaptureSource, type CheckOptions, checkCapture, checkTrace } from "../../src/audit/index.ts";

const PATH = fileURLToPath(new URL("../../captures/mitm-401-basic.pcap", import.meta.url));
const TRACE = fileURLToPath(new URL("../../captures/policy-trace-parallel.trace.txt", import.meta.url));
const bytes = new Uint8Array(readFileSync(PATH));

const pieces = (size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.slice(i * size, (i + 1) * size));

/** A web stream of `parts`, an error among them being its own, which goes on for ever if `open`; and what it was cancelled with. */
function web(parts: readonly unknown[], open = false): { stream: ReadableStream; cancelled: unknown[] } {
  const left = [...parts];
  const cancelled: unknown[] = [];
  const stream = new ReadableStream({
    pull(controller) {
      if (left.length === 0) return open ? new Promise(() => {}) : controller.close();
      const part = left.shift();
      if (part instanceof Error) controller.error(part);
      else controller.enqueue(part);
    },
    cancel: (reason) => void cancelled.push(reason),
  });
  return { stream, cancelled };
}

async function* generated(size: number): AsyncGenerator<Uint8Array> {
  const own = new Uint8Array(size);
  for (const piece of pieces(size)) {
    own.set(piece);
    yield own.subarray(0, piece.length);
  }
}

const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
shared.set(bytes);
const inMemory = new Uint8Array(bytes.length + 7);
inMemory.set(bytes, 7);

const SOURCES: Readonly<Record<string, () => CaptureSource | Promise<CaptureSource>>> = {
  "a Buffer of the pool": () => Buffer.concat([bytes]),
  "an array inside another's memory": () => inMemory.subarray(7),
  "shared memory": () => shared,
  "an ArrayBuffer": () => bytes.slice().buffer,
  "a Blob": () => new Blob([bytes]),
  "a File": () => new File([bytes], "capture.pcap"),
  "a Node stream": () => createReadStream(PATH),
  "the stream of a FileHandle": async () => (await open(PATH)).createReadStream(),
  "a list of pieces": () => pieces(1000),
  "single bytes": () => pieces(1),
  "an async iterator that uses its memory again": () => generated(1000),
  "one that gives single bytes": () => generated(1),
  "a web stream": () => web(pieces(1000)).stream,
  "a web stream of bytes": () => {
    const left = pieces(777);
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        const piece = left.shift();
        if (piece === undefined) controller.close();
        else controller.enqueue(new Uint8Array(piece));
      },
    });
  },
  "a web stream that knows no for await, as browsers' did": () => {
    const left = pieces(1000);
    const read = async () => (left.length > 0 ? { done: false, value: left.shift() } : { done: true });
    return { getReader: () => ({ read }) };
  },
};

const openFiles = (): number => readdirSync("/proc/self/fd").length;

describe("sources of a capture", () => {
  it.each(Object.entries(SOURCES))("%s: gives the report that its file gives", async (_name, make) => {
    const options: CheckOptions = { name: "it", keylogs: [PATH.replace(".pcap", ".keys")] };
    const result = await checkCapture(await make(), options);
    expect(result).toMatchObject({ verdict: "tunnel-401-proxy" });
    expect(result).toEqual(await checkCapture(PATH, options));
  });

  it("the URL of a file: is its path, with the keys beside it", async () => {
    expect(await checkCapture(pathToFileURL(PATH))).toEqual(await checkCapture(PATH));
    expect(await checkTrace(pathToFileURL(TRACE))).toEqual(await checkTrace(TRACE));
  });

  it.each<[string, unknown, string]>([
    ["null", null, "and not null"],
    ["undefined", undefined, "and not undefined"],
    ["a number", 7, "and not 7"],
    ["an object", {}, "and not another object"],
    ["a promise", { ...Promise.resolve(PATH) }, "and not"],
    ["a function", () => bytes, "and not a function"],
    ["a Date", new Date(), "and not an object of Date"],
    ["one name for files", { files: PATH }, "and not another object"],
    ["the URL of a server", new URL("http://192.0.2.1/c"), 'must be the URL of a file, and not "http://192.0.2.1/c"'],
    ["a FileHandle", { createReadStream() {} }, "of a FileHandle its createReadStream()"],
  ])("%s: refused with a TypeError", async (_name, source, message) => {
    for (const check of [checkCapture, checkTrace]) {
      await expect(check(source as CaptureSource)).rejects.toThrow(TypeError);
      await expect(check(source as CaptureSource)).rejects.toThrow(message);
    }
  });

  it("memory that was transferred, and a list of files with something else in it: refused with a TypeError", async () => {
    const gone = bytes.slice();
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    await expect(checkCapture(gone)).rejects.toThrow("source is memory that was transferred to somebody else");
    await expect(checkCapture(gone.buffer)).rejects.toThrow(TypeError);
    const files = [PATH, null] as unknown as string[];
    await expect(checkCapture({ files })).rejects.toThrow("source.files[1] must be a path, and not null");
    expect(await checkCapture(new Uint8Array(0))).toMatchObject({ kind: "failed" });
  });

  it.each<[string, () => CaptureSource | Promise<CaptureSource>, string]>([
    ["text", () => Readable.from(["a", "b"]), "the stream gives text instead of bytes"],
    ["objects", () => Readable.from([{ a: 1 }]), "the stream gives objects instead of bytes"],
    ["objects later", () => web([bytes.slice(0, 5000), {}]).stream, "the stream gives objects instead of bytes"],
    ["an error", () => web([bytes.slice(0, 5000), new Error("lost")]).stream, "lost"],
    ["nothing, having been destroyed", () => createReadStream(PATH).destroy(), "the stream was closed before its end"],
    [
      "nothing, having been read",
      async () => {
        const stream = createReadStream(PATH);
        for await (const _ of stream);
        return stream;
      },
      "the stream was read to its end before",
    ],
    [
      "nothing, having a reader",
      () => {
        const { stream } = web([bytes]);
        stream.getReader();
        return stream;
      },
      "locked",
    ],
  ])("a stream that gives %s is a failure that says so", async (_name, make, message) => {
    const result = await checkCapture(await make());
    expect(result).toMatchObject({ kind: "failed", path: "-", message: expect.stringContaining(message) });
  });

  it("ends a stream that it reads no further, and lets go of one that it has read", async () => {
    const text = new TextEncoder().encode("this is text and no capture\n".repeat(1000));
    const { stream, cancelled } = web([text, ...pieces(1000)]);
    expect(await checkCapture(stream)).toMatchObject({ kind: "failed" });
    expect(cancelled).toHaveLength(1);
    const node = Readable.from([text, ...pieces(1000)]);
    await checkCapture(node);
    expect(node.destroyed).toBe(true);
    const whole = web(pieces(1000));
    await checkCapture(whole.stream);
    expect([whole.stream.locked, whole.cancelled]).toEqual([false, []]);
  });
});

describe("a check that is ended", () => {
  const endless = (): Readable => {
    const stream = new PassThrough();
    stream.write(bytes.slice(0, 5000));
    return stream;
  };

  /** Aborts soon behind the start of a check; how it ended. */
  async function aborted(source: CaptureSource): Promise<unknown> {
    const control = new AbortController();
    setTimeout(() => control.abort(new Error("enough")), 30);
    return await checkCapture(source, { signal: control.signal }).then(
      () => "done",
      (error) => error.message,
    );
  }

  it("rejects with the signal's reason and ends the stream, whatever that waits for", async () => {
    const before = openFiles();
    const node = endless();
    expect(await aborted(node)).toBe("enough");
    expect(node.destroyed).toBe(true);
    const { stream, cancelled } = web([bytes.slice(0, 5000)], true);
    expect(await aborted(stream)).toBe("enough");
    expect([stream.locked, cancelled.length]).toEqual([false, 1]);
    const stuck = (async function* () {
      yield bytes.slice(0, 5000);
      await new Promise(() => {});
    })();
    expect(await aborted(stuck)).toBe("enough");
    expect(openFiles()).toBe(before);
  });

  it("begins with nothing where the signal was given before", async () => {
    const signal = AbortSignal.abort(new Error("never"));
    for (const source of [PATH, bytes, new Blob([bytes])])
      await expect(checkCapture(source, { signal })).rejects.toThrow("never");
    await expect(checkTrace(TRACE, { signal })).rejects.toThrow("never");
    await expect(checkCapture(PATH, { signal: {} } as CheckOptions)).rejects.toThrow("signal must be an AbortSignal");
  });

  it("leaves no listener with the signal", async () => {
    const listeners = new Set<() => void>();
    let added = 0;
    const signal = {
      aborted: false,
      addEventListener(_type: "abort", listener: () => void) {
        added++;
        listeners.add(listener);
      },
      removeEventListener(_type: "abort", listener: () => void) {
        listeners.delete(listener);
      },
    };
    for (const source of [PATH, bytes, Readable.from(pieces(100)), web(pieces(100)).stream, Readable.from(["text"])])
      await checkCapture(source, { signal });
    expect([added, listeners.size]).toEqual([3, 0]);
  });

  it("rejects with what onProgress throws, and blames no source for it", async () => {
    const before = openFiles();
    const stream = createReadStream(PATH);
    for (const source of [PATH, bytes, stream, new Blob([bytes])]) {
      const onProgress = (): void => {
        throw new Error("of the caller");
      };
      await expect(checkCapture(source, { onProgress })).rejects.toThrow("of the caller");
    }
    expect(stream.destroyed).toBe(true);
    await new Promise<void>((resolve) => stream.once("close", () => resolve()));
    expect(openFiles()).toBe(before);
  });

  it("can be ended while memory is read", async () => {
    const large = new Uint8Array(8 * 1024 * 1024);
    large.set(bytes);
    const told: [number, number | null][] = [];
    const control = new AbortController();
    const onProgress = (done: number, total: number | null): void => {
      if (told.push([done, total]) === 3) control.abort(new Error("enough"));
    };
    await expect(checkCapture(large, { signal: control.signal, onProgress })).rejects.toThrow("enough");
    expect(told).toEqual([1, 2, 3].map((n) => [n * 1024 * 1024, large.length]));
  });
});

it("makes a key for each check, by which credentials are compared: none is known by another check's", async () => {
  const random = vi.spyOn(Math, "random");
  try {
    for (let checks = 0; checks < 3; checks++) {
      const before = random.mock.calls.length;
      await checkCapture(bytes);
      expect(random.mock.calls.length - before).toBeGreaterThanOrEqual(8);
    }
  } finally {
    random.mockRestore();
  }
});

it("checks that run at the same time give what they give one after the other", async () => {
  const names = ["mitm-401-basic.pcap", "far-context-lost.pcap", "squid-basic.pcap", "both-legs-h2.pcapng"];
  const paths = names.map((name) => PATH.replace("mitm-401-basic.pcap", name));
  const options: CheckOptions = { detail: "full" };
  const alone: unknown[] = [];
  for (const path of paths) alone.push(await checkCapture(path, { ...options, name: path }));
  const many = Array.from({ length: 5 }, () => paths).flat();
  const together = await Promise.all(
    many.map(async (path, i) => {
      const name = path;
      const keylogs = [path.replace(/\.pcap(ng)?$/, ".keys")];
      if (i % 2 === 0) return await checkCapture(path, { ...options, name });
      const result = await checkCapture(createReadStream(path, { highWaterMark: 999 }), { name, keylogs });
      return { ...result, capture: { ...(result as never as { capture: object }).capture, keys: null } };
    }),
  );
  for (const [i, result] of together.entries()) {
    const expected = alone[i % paths.length] as { capture: object };
    expect(result).toEqual(i % 2 === 0 ? expected : { ...expected, capture: { ...expected.capture, keys: null } });
  }
});
