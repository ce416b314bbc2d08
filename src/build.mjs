// Builds dist/: the program as one CommonJS file (it starts quicker than a module), the library as a module, types and schema.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";

const root = new URL("..", import.meta.url).pathname;
const { version, engines } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const target = `node${engines.node.replace(/[^\d.]/g, "")}`;
const define = { PCAPCHECK_VERSION: JSON.stringify(version) };
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target,
  define,
  logLevel: "warning",
  legalComments: "none",
};

rmSync(`${root}dist`, { recursive: true, force: true });
mkdirSync(`${root}dist`);
await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/pcapcheck.cjs",
  format: "cjs",
  minifySyntax: true,
  minifyWhitespace: true,
  banner: { js: "#!/usr/bin/env node" },
});
chmodSync(`${root}dist/pcapcheck.cjs`, 0o755);
await build({
  ...common,
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.js",
  format: "esm",
  packages: "external",
});
await build({ ...common, entryPoints: ["src/report/schema.ts"], outfile: "dist/schema.cjs", format: "cjs" });
const { reportSchema } = createRequire(import.meta.url)(`${root}dist/schema.cjs`);
writeFileSync(`${root}dist/report.schema.json`, `${JSON.stringify(reportSchema, null, 2)}\n`);
rmSync(`${root}dist/schema.cjs`);
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, "--project", `${root}src/tsconfig.json`], {
  stdio: "inherit",
});
