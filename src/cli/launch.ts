// Starts the bundled program out of V8's code cache where one was built for this very version of Node: compiling the bundle
// takes longer than checking a small capture. Without a fitting cache everything works the same, a little later.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";

const FIRST = "./pcapcheck.first.cjs";
const SECOND = "./pcapcheck.second.cjs";

// V8 looks at the four numbers of its version only: Node 20.19.0 takes a cache made by 20.20.2 for its own, and crashes. So the
// name says which program made it: version, processor, and the executable's size, as distributions build the same version
// in several ways.
const maker = `${process.version}-${process.arch}-${sizeOf(process.execPath)}`;
const requireFile = createRequire(__filename);
const loaded = new Map<string, { exports: unknown }>();
part(FIRST);

/** `require` of both parts: they name each other, and files beside them. */
function requirePart(name: string): unknown {
  return name === FIRST || name === SECOND ? part(name) : requireFile(name);
}

function part(name: string): unknown {
  const before = loaded.get(name);
  if (before !== undefined) return before.exports;
  const path = join(__dirname, name);
  const cache = path.replace(/cjs$/, `${maker}.cache`);
  // One after the other into the same memory: touching more of it for the first time takes as long as the reading.
  const room = Buffer.allocUnsafeSlow(Math.max(sizeOf(path), sizeOf(cache)));
  // The bundle is ASCII: one byte for each character, no decoding.
  const source = read(path, room).toString("latin1");
  // It is one function of what a CommonJS module gets, as the build wraps it. The cache is not kept.
  const script = new Script(source, { filename: path, ...cached(cache, room) });
  const container = { exports: {} };
  loaded.set(name, container);
  script.runInThisContext()(container.exports, requirePart, container, path, __dirname);
  // How the build makes the cache: behind a run, so that what a run needs is in it.
  if (process.env.PCAPCHECK_BUILD_CACHE !== undefined) {
    process.on("exit", () => {
      process.getBuiltinModule("node:fs").writeFileSync(cache, script.createCachedData());
    });
  }
  return container.exports;
}

function cached(file: string, room: Buffer): { readonly cachedData?: Buffer } {
  try {
    return { cachedData: read(file, room) };
  } catch {
    // There need not be one.
    return {};
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** The bytes of a file, in `room` until the next one is read. */
function read(file: string, room: Buffer): Buffer {
  const descriptor = openSync(file, "r");
  try {
    let length = 0;
    for (let got = 1; got > 0 && length < room.length; length += got) {
      got = readSync(descriptor, room, length, room.length - length, null);
    }
    return room.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}
