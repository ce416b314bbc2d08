// Builds dist/: the program as CommonJS (it starts quicker than a module), the library as a module, types, schema and manual.
// `node src/build.mjs --program FILE` builds the program only, at FILE and beside it; `--library FOLDER` the rest.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { directImports } from "./direct-imports.mjs";
import { inlineConstants } from "./inline-constants.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version, engines } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: `node${/[\d.]+/.exec(engines.node)[0]}`,
  define: { PCAPCHECK_VERSION: JSON.stringify(version) },
  logLevel: "warning",
  legalComments: "none",
};

/** Modules that make a require() of their own; CommonJS has the name of its file instead of a URL. */
const COMMON_JS = { format: "cjs", define: { ...common.define, "import.meta.url": "__filename" } };

/** commander loads it for subcommands that are programs of their own; there are none, and it costs 5 % of a short run. */
const noChildProcess = {
  name: "no-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer, path }) =>
      importer.includes("commander") ? { path, namespace: "none" } : null,
    );
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};

/** Changes the text of our modules by each of `steps`, functions of text and path. */
const sources = (...steps) => ({
  name: "sources",
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: steps.reduce((text, step) => step(text, path), readFileSync(path, "utf8")),
      loader: "ts",
    }));
  },
});
const constants = inlineConstants(join(root, "src"));

/** What most runs do without, and how long it takes to load in a short one: a tenth of the time, all together. */
const LATE = ["node:crypto", "tldts"];
/** The same of our rooms. */
const LATE_ROOMS = ["policy-trace", "tls-decrypt"];
/** An eighth of the program, nearly all of it the public suffix list: in a file of its own it is not even read. */
const SITES = "pcapcheck.sites.cjs";

/** The text of a module that loads another one when one of its functions or classes is first called. */
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

/** Loads what is late when it is first called, and not where the program starts. */
const late = {
  name: "late",
  setup({ onResolve, onLoad }) {
    const require = createRequire(import.meta.url);
    onResolve({ filter: new RegExp(`^(${LATE.join("|")})$`) }, ({ path, namespace }) => {
      if (namespace !== "late") return { path, namespace: "late" };
      return path === "tldts" ? { path: `./${SITES}`, external: true } : null;
    });
    onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => {
      const { constants, ...values } = require(path);
      const callables = Object.keys(values).filter((name) => typeof values[name] === "function");
      const numbers = constants === undefined ? "" : `\nexport const constants = ${JSON.stringify(constants)};`;
      return { resolveDir: root, contents: lateModule(path, callables) + numbers };
    });
    onResolve({ filter: /^late:/ }, ({ path }) => ({
      path: relative(root, path.slice("late:".length)),
      namespace: "late-room",
    }));
    onLoad({ filter: /.*/, namespace: "late-room" }, ({ path }) => {
      const callables = [
        ...readFileSync(join(root, path), "utf8").matchAll(/^export (?:async )?(?:function|class) (\w+)/gm),
      ];
      return {
        resolveDir: root,
        contents: lateModule(
          `./${path}`,
          callables.map(([, name]) => name),
        ),
      };
    });
  },
};

/** The program: what starts it, nearly all of it in one file, V8's code cache of that file, the list of sites, the workers. */
async function buildProgram(outfile) {
  const folder = dirname(outfile);
  const cjs = {
    ...common,
    ...COMMON_JS,
    minifySyntax: true,
    minifyWhitespace: true,
    charset: "ascii",
  };
  await build({
    ...cjs,
    entryPoints: ["src/cli/main.ts"],
    // Identifiers stay: what a user pastes of an unexpected error must be readable.
    outfile: join(folder, "pcapcheck.bundle.cjs"),
    banner: { js: "(function (exports, require, module, __filename, __dirname) {" },
    footer: { js: "})" },
    // Colours of cli-table3 that are not used.
    external: ["@colors/colors/safe", "piscina"],
    // What is imported late is required: the code cache knows no other way.
    supported: { "dynamic-import": false },
    plugins: [noChildProcess, late, sources(constants, directImports(LATE_ROOMS))],
  });
  await build({
    ...cjs,
    stdin: { contents: 'export { getDomain, parse } from "tldts";', resolveDir: root },
    outfile: join(folder, SITES),
  });
  await build({
    ...cjs,
    entryPoints: ["src/audit/worker.ts"],
    plugins: [sources(constants, directImports([]))],
    outfile: join(folder, "pcapcheck.worker.cjs"),
    supported: { "dynamic-import": false },
  });
  await build({ ...cjs, entryPoints: ["src/cli/launch.ts"], outfile, banner: { js: "#!/usr/bin/env node" } });
  chmodSync(outfile, 0o755);
  const capture = join(root, "captures/mitm-401-basic.pcap");
  const { status } = spawnSync(process.execPath, [outfile, capture], { env: { PCAPCHECK_BUILD_CACHE: "yes" } });
  if (status !== 1) throw new Error(`the program that was built ended with ${status}`);
}

async function buildLibrary(dist) {
  const library = { ...common, format: "esm", packages: "external", plugins: [sources(constants)] };
  await build({ ...library, entryPoints: ["src/index.ts"], outfile: join(dist, "index.js") });
  await build({
    ...library,
    platform: "neutral",
    entryPoints: ["src/web/index.ts"],
    outfile: join(dist, "portable.js"),
  });
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "--project", join(root, "src/tsconfig.json"), "--outDir", join(dist, "types")], {
    stdio: "inherit",
  });
}

/** What a module of the sources gives, without leaving it behind. */
async function evaluate(entryPoint, dist) {
  const outfile = join(dist, `${basename(entryPoint)}.cjs`);
  await build({ ...common, ...COMMON_JS, entryPoints: [entryPoint], outfile, external: ["@colors/colors/safe"] });
  const value = createRequire(import.meta.url)(outfile);
  rmSync(outfile);
  return value;
}

async function buildTexts(dist) {
  for (const [name, source] of Object.entries({ report: "schema", audit: "audit-schema", trace: "trace-schema" })) {
    const schema = (await evaluate(`src/report/${source}.ts`, dist))[`${name}Schema`];
    writeFileSync(join(dist, `${name}.schema.json`), `${JSON.stringify(schema, null, 2)}\n`);
  }
  const { manPage } = await evaluate("src/cli/shell/man-page.ts", dist);
  writeFileSync(join(dist, "pcapcheck.1"), manPage());
}

const [option, file] = process.argv.slice(2);
if (option === "--program") await buildProgram(resolve(file));
else if (option === "--library") await buildBoth(resolve(file));
else {
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  await buildProgram(join(dist, "pcapcheck.cjs"));
  await buildBoth(dist);
}

async function buildBoth(dist) {
  await buildLibrary(dist);
  await buildTexts(dist);
}
