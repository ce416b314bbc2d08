// Starts the bundled program out of V8's code cache where one was built for this very version of Node: compiling the bundle
// takes longer than checking a small capture. Without a fitting cache everything works the same, a little later.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";

// The first connections of a capture are kept, which teaches V8 to place what later ones are made of among the long-lived at
// once; there it keeps alive all that it points to, and a capture of short tunnels costs a third more time and twice the memory.
setFlagsFromString("--no-allocation-site-pretenuring");

const path = join(__dirname, "pcapcheck.bundle.cjs");
// The bundle is ASCII: one byte for each character, no decoding.
const source = readFileSync(path, "latin1");
const cachedData = cached(join(__dirname, "pcapcheck.bundle.cache"));
const script = new Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
  filename: path,
  ...(cachedData === null ? {} : { cachedData }),
});
const container = { exports: {} };
script.runInThisContext()(container.exports, createRequire(path), container, path, __dirname);

// How the build makes the cache: behind a run, so that what a run needs is in it.
const wanted = process.env.PCAPCHECK_BUILD_CACHE;
if (wanted !== undefined) {
  process.on("exit", () => {
    process.getBuiltinModule("node:fs").writeFileSync(wanted, script.createCachedData());
  });
}

function cached(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    // There need not be one.
    return null;
  }
}
