// What every build of esbuild here has in common.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inlineConstants } from "./inline-constants.mjs";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const { version, engines } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
export const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: "node",
  target: `node${/[\d.]+/.exec(engines.node)[0]}`,
  define: { PCAPCHECK_VERSION: JSON.stringify(version) },
  logLevel: "warning",
  legalComments: "none",
};

/** Modules that make a require() of their own; CommonJS has the name of its file instead of a URL. */
export const COMMON_JS = { ...COMMON, format: "cjs", define: { ...COMMON.define, "import.meta.url": "__filename" } };

const constants = inlineConstants(join(ROOT, "src"));

/** Puts constants where they are used, and changes the text of our modules by each of `steps`, functions of text and path. */
export const sources = (...steps) => ({
  name: "sources",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: [constants, ...steps].reduce((text, step) => step(text, path), readFileSync(path, "utf8")),
      loader: "ts",
    }));
  },
});
