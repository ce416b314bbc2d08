// The program: what starts it, its two parts, V8's code caches of these, the list of sites, the workers.
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import { directImports } from "./direct-imports.mjs";
import { LATE_ROOMS, late, SITES } from "./late.mjs";
import { COMMON_JS, ROOT, sources } from "./options.mjs";
import { buildParts } from "./parts.mjs";

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

// Identifiers stay: what a user pastes of an unexpected error must be readable.
const SMALL = { ...COMMON_JS, minifySyntax: true, minifyWhitespace: true, charset: "ascii" };
/** What is imported late is required: the code cache knows no other way. */
const NO_IMPORT = { supported: { "dynamic-import": false } };

/** Builds the program to be started by `outfile`, and beside it what that loads. */
export async function buildProgram(outfile) {
  const folder = dirname(outfile);
  await buildParts(
    {
      ...SMALL,
      ...NO_IMPORT,
      banner: { js: "(function (exports, require, module, __filename, __dirname) {" },
      footer: { js: "})" },
      // Colours of cli-table3 that are not used.
      external: ["@colors/colors/safe", "piscina"],
      plugins: [noChildProcess, late(ROOT), sources(directImports(LATE_ROOMS))],
    },
    folder,
    ["pcapcheck.first.cjs", "pcapcheck.second.cjs"],
  );
  await build({
    ...SMALL,
    stdin: { contents: 'export { getDomain, parse } from "tldts";', resolveDir: ROOT },
    outfile: join(folder, SITES),
  });
  await build({
    ...SMALL,
    ...NO_IMPORT,
    entryPoints: ["src/audit/worker.ts"],
    plugins: [sources(directImports([]))],
    outfile: join(folder, "pcapcheck.worker.cjs"),
  });
  await build({ ...SMALL, entryPoints: ["src/cli/launch.ts"], outfile, banner: { js: "#!/usr/bin/env node" } });
  chmodSync(outfile, 0o755);
  const capture = join(ROOT, "captures/mitm-401-basic.pcap");
  const { status } = spawnSync(process.execPath, [outfile, capture], { env: { PCAPCHECK_BUILD_CACHE: "yes" } });
  if (status !== 1) throw new Error(`the program that was built ended with ${status}`);
}
