// The program is two files. The first has what every run needs; the second one is read only where a run goes further: audits, most of
// the formats, keys, traces. V8 makes a closure for each function of a file at once, whoever calls it, so that what is not there
// costs nothing. The second part's imports of modules that are in the first one lead there: no module is in both, and has one state.
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { build } from "esbuild";
import { LATE_FILE } from "./late.mjs";

const ENTRY = "src/cli/main.ts";
const MAIN = /^\.\/src\/cli\/main\.ts$/;
/** Marks what a plugin has others resolve, as not to be asked again. */
const RESOLVED = "resolved";

/** Modules by their path below the root, as esbuild names them: reached from `entry` by imports for which `follows` is true. */
function reachedFrom(entry, inputs, follows) {
  const reached = new Set([entry]);
  for (const path of reached) {
    for (const edge of inputs[path]?.imports ?? []) if (!edge.external && follows(path, edge)) reached.add(edge.path);
  }
  return reached;
}

const isLateFile = (path) => path.startsWith(`${LATE_FILE}:`);

/** Whether an import is done without until it is asked for. */
const isPutOff = (path, { kind }) => kind === "dynamic-import" || isLateFile(path);

/**
 * Which modules are in which part: `first`, evaluated where the program starts; `lateRoots`, at which the second part begins.
 * `metafile`: what esbuild says of the program as one file.
 */
function divide({ inputs, outputs }) {
  const [{ inputs: kept }] = Object.values(outputs);
  const first = reachedFrom(ENTRY, inputs, (path, edge) => !isPutOff(path, edge));
  const lateRoots = new Set();
  for (const path of first) {
    for (const edge of inputs[path].imports) {
      if (!edge.external && isPutOff(path, edge) && !first.has(edge.path)) lateRoots.add(edge.path);
    }
  }
  // Of some modules nothing was used, and they are not there.
  return { first: new Set([...first].filter((path) => kept[path]?.bytesInOutput > 0)), lateRoots };
}

/** A module's path as esbuild names it. */
const named = (root, path) => relative(root, path).replaceAll(sep, "/");

/** The names that a module of ours exports; null for those of others, which may be CommonJS and not tell. */
async function exportsOf(root, path) {
  if (!path.startsWith("src/")) return null;
  if (/^export let /m.test(readFileSync(join(root, path), "utf8")))
    throw new Error(`${path}: the second part would not see what becomes of an exported variable`);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [path],
    bundle: false,
    format: "esm",
    metafile: true,
    write: false,
    outdir: "none",
  });
  return Object.values(metafile.outputs)[0].exports;
}

/** Leads imports of `lateRoots` to the second part, in `file`. */
const putOff = (root, lateRoots, file) => ({
  name: "put-off",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /.*/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === RESOLVED || (from.kind !== "dynamic-import" && from.namespace !== LATE_FILE)) return null;
      const found = await resolve(path, { ...from, pluginData: RESOLVED });
      const inside = named(root, found.path);
      // Without the end of its name, by which esbuild would take what stands for it for what it is itself.
      return lateRoots.has(inside) ? { path: `(${inside})`, namespace: "second-part", pluginData: inside } : null;
    });
    onLoad({ filter: /.*/, namespace: "second-part" }, ({ pluginData: path }) => ({
      contents: `module.exports = require("./${file}").part(${JSON.stringify(path)});`,
    }));
    onResolve({ filter: /.*/, namespace: "second-part" }, ({ path }) => ({ path, external: true }));
    // The package says that importing a module does nothing, which is true of all others.
    onResolve({ filter: MAIN }, ({ path }) => ({ path: join(root, path), sideEffects: true }));
  },
});

/** Leads imports of modules of the `first` part to there, in `file`; `linked` notes of which, and what they export. */
const goBack = (root, first, file, linked) => ({
  name: "go-back",
  setup({ onResolve, onLoad, resolve }) {
    onResolve({ filter: /.*/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === RESOLVED || from.kind === "entry-point" || from.namespace === "first-part") return null;
      const found = await resolve(path, { ...from, pluginData: RESOLVED });
      const inside = named(root, found.path);
      return found.namespace === "file" && first.has(inside) ? { path: inside, namespace: "first-part" } : null;
    });
    onLoad({ filter: /.*/, namespace: "first-part" }, async ({ path }) => {
      const names = await exportsOf(root, path);
      linked.set(path, names);
      const there = `require("./${file}").part(${JSON.stringify(path)})`;
      if (names === null) return { contents: `module.exports = ${there};` };
      // A list, so that they are variables of this file as they would be if the module was in it.
      const taken = names.map((name, at) => `${name}: value${at}`).join(", ");
      const given = names.map((name, at) => `value${at} as ${name}`).join(", ");
      return { contents: `const { ${taken} } = ${there}; export { ${given} };` };
    });
    onResolve({ filter: /.*/, namespace: "first-part" }, ({ path }) => ({ path, external: true }));
  },
});

/** `part`, as both files export it: what a module exports, by its path. `cases`: of a switch. */
const giver = (cases) =>
  `export function part(path) { switch (path) { ${cases.join("\n")} default: throw new Error("no " + path); } }`;

/** The text of the first part's entry, which runs the program and gives the second part what is `linked`. */
function entryOf(linked) {
  const imports = [];
  const cases = [];
  for (const [path, names] of linked) {
    if (names === null) {
      cases.push(`case ${JSON.stringify(path)}: return require("./${path}");`);
      continue;
    }
    const module = imports.length;
    const list = (between) => names.map((name, at) => `${name}${between}m${module}v${at}`).join(", ");
    imports.push(`import { ${list(" as ")} } from "./${path}";`);
    cases.push(`case ${JSON.stringify(path)}: return { ${list(": ")} };`);
  }
  return [`import "./${ENTRY}";`, ...imports, giver(cases)].join("\n");
}

/** Modules of ours that a built file has. */
const ours = ({ outputs }) => Object.keys(Object.values(outputs)[0].inputs).filter((path) => path.startsWith("src/"));

/** Builds the program with esbuild's `options` as two files below `folder`: the first part and the second part. */
export async function buildParts(options, folder, [firstFile, secondFile]) {
  const { absWorkingDir: root, plugins } = options;
  const whole = { ...options, entryPoints: [ENTRY], outfile: "one.cjs", metafile: true, write: false };
  const { first, lateRoots } = divide((await build(whole)).metafile);
  const linked = new Map();
  const second = await build({
    ...options,
    stdin: {
      contents: giver([...lateRoots].map((path) => `case ${JSON.stringify(path)}: return require("./${path}");`)),
      resolveDir: root,
    },
    outfile: join(folder, secondFile),
    metafile: true,
    plugins: [goBack(root, first, firstFile, linked), ...plugins],
  });
  const start = await build({
    ...options,
    stdin: { contents: entryOf(linked), resolveDir: root },
    outfile: join(folder, firstFile),
    metafile: true,
    plugins: [putOff(root, lateRoots, secondFile), ...plugins],
  });
  const inFirst = new Set(ours(start.metafile));
  const inBoth = ours(second.metafile).filter((path) => inFirst.has(path));
  if (inBoth.length > 0) throw new Error(`in both parts, with a state of its own in each: ${inBoth.join(", ")}`);
}
