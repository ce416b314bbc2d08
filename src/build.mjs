// Builds dist/: the program as CommonJS (it starts quicker than a module), the library as a module, types, schema and manual.
// `node src/build.mjs --program FILE` builds the program only, at FILE and beside it; `--library FOLDER` the rest.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import { build } from "esbuild";
import { COMMON, COMMON_JS, ROOT, sources } from "./bundling/options.mjs";
import { buildProgram } from "./bundling/program.mjs";

async function buildLibrary(dist) {
  const library = { ...COMMON, format: "esm", packages: "external", plugins: [sources()] };
  await build({ ...library, entryPoints: ["src/index.ts"], outfile: join(dist, "index.js") });
  await build({
    ...library,
    platform: "neutral",
    entryPoints: ["src/web/index.ts"],
    outfile: join(dist, "portable.js"),
  });
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "--project", join(ROOT, "src/tsconfig.json"), "--outDir", join(dist, "types")], {
    stdio: "inherit",
  });
}

/** What a module of the sources gives, without leaving it behind. */
async function evaluate(entryPoint, dist) {
  const outfile = join(dist, `${basename(entryPoint)}.cjs`);
  await build({ ...COMMON_JS, entryPoints: [entryPoint], outfile, external: ["@colors/colors/safe"] });
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
  const dist = join(ROOT, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  await buildProgram(join(dist, "pcapcheck.cjs"));
  await buildBoth(dist);
}

async function buildBoth(dist) {
  await buildLibrary(dist);
  await buildTexts(dist);
}
