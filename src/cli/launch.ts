// Starts the bundled program out of V8's code cache where one was built for this very version of Node: compiling the bundle
// takes longer than checking a small capture. Without a fitting cache everything works the same, a little later.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";

const path = join(__dirname, "pcapcheck.bundle.cjs");
// The bundle is ASCII: one byte for each character, no decoding.
const source = readFileSync(path, "latin1");
// It is one function of what a CommonJS module gets, as the build wraps it. The cache is not kept.
const script = new Script(source, { filename: path, ...cached(join(__dirname, "pcapcheck.bundle.cache")) });
const container = { exports: {} };
script.runInThisContext()(container.exports, createRequire(path), container, path, __dirname);

// How the build makes the cache: behind a run, so that what a run needs is in it.
const wanted = process.env.PCAPCHECK_BUILD_CACHE;
if (wanted !== undefined) {
  process.on("exit", () => {
    process.getBuiltinModule("node:fs").writeFileSync(wanted, script.createCachedData());
  });
}

function cached(file: string): { readonly cachedData?: Buffer } {
  try {
    return { cachedData: readFileSync(file) };
  } catch {
    // There need not be one.
    return {};
  }
}
