// What most runs do without is loaded when one of its functions or classes is first called, and not where the program starts.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, relative } from "node:path";

/** Modules of others, which together take an eighth of a short run's time to load. */
const MODULES = ["node:crypto", "tldts", "cli-table3"];
/** Rooms of ours: of policy traces, and of keys. Imports of them become `late:FILE` (direct-imports.mjs). */
export const LATE_ROOMS = ["policy-trace", "tls-decrypt"];
/** An eighth of the program, nearly all of it the public suffix list: in a file of its own it is not even read. */
export const SITES = "pcapcheck.sites.cjs";
/** What stands for a file of a late room. */
export const LATE_FILE = "late-file";

/** The text of a module whose functions and classes load the module at `path` when they are called. */
function lateModule(path, callables) {
  return [
    "let late;",
    ...callables.map(
      (name) => `export function ${name}(...args) {
        late ??= require(${JSON.stringify(path)});
        const real = late.${name};
        return new.target === undefined ? real(...args) : new real(...args);
      }`,
    ),
  ].join("\n");
}

/** The same of a module that is a class. */
const lateClass = (path) =>
  `export default function (...args) { return new (require(${JSON.stringify(path)}))(...args); }`;

/** The plugin for esbuild; `root` is the folder of package.json. */
export const late = (root) => ({
  name: "late",
  setup({ onResolve, onLoad }) {
    const require = createRequire(import.meta.url);
    onResolve({ filter: new RegExp(`^(${MODULES.join("|")})$`) }, ({ path, namespace }) => {
      if (namespace !== "late") return { path, namespace: "late" };
      return path === "tldts" ? { path: `./${SITES}`, external: true } : null;
    });
    onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => {
      const real = require(path);
      if (typeof real === "function") return { resolveDir: root, contents: lateClass(path) };
      const { constants, ...values } = real;
      const callables = Object.keys(values).filter((name) => typeof values[name] === "function");
      const numbers = constants === undefined ? "" : `\nexport const constants = ${JSON.stringify(constants)};`;
      return { resolveDir: root, contents: lateModule(path, callables) + numbers };
    });
    onResolve({ filter: /^late:/ }, ({ path }) => ({
      path: relative(root, path.slice("late:".length)),
      namespace: LATE_FILE,
    }));
    onLoad({ filter: /.*/, namespace: LATE_FILE }, ({ path }) => {
      const text = readFileSync(join(root, path), "utf8");
      const callables = [...text.matchAll(/^export (?:async )?(?:function|class) (\w+)/gm)].map(([, name]) => name);
      return { resolveDir: root, contents: lateModule(`./${path}`, callables) };
    });
  },
});
