// The package as another project has it: built, imported by name, compiled strictly with NodeNext, fed from every source.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const consumer = mkdtempSync(join(tmpdir(), "pcapcheck-consumer-"));
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

const SOURCE = `
import { createReadStream, readFileSync } from "node:fs";
import { checkCapture, reportSchema, VERDICTS, type CaptureSource, type CheckResult, type Report, type Verdict } from "pcapcheck";
import { portableCiphers } from "pcapcheck/portable";
import schema from "pcapcheck/report.schema.json" with { type: "json" };

const [capture = "", keys = ""] = process.argv.slice(2);
const bytes = new Uint8Array(readFileSync(capture));
const web = new ReadableStream<Uint8Array>({
  start(controller) {
    for (let at = 0; at < bytes.length; at += 1000) controller.enqueue(bytes.slice(at, at + 1000));
    controller.close();
  },
});
const sources: Record<string, CaptureSource> = { path: capture, bytes, node: createReadStream(capture), web };
const verdicts: Record<string, Verdict | string> = {};
for (const [name, source] of Object.entries(sources)) {
  const ciphers = name === "bytes" ? { ciphers: portableCiphers } : {};
  const result: CheckResult = await checkCapture(source, { keylogs: [keys], ...ciphers });
  verdicts[name] = "kind" in result ? result.message : verdictOf(result);
}
function verdictOf(report: Report): Verdict {
  // @ts-expect-error: a report is not to be written to.
  report.verdict = report.verdict;
  return report.verdict;
}
const nothing = await checkCapture(new TextEncoder().encode("GET / HTTP/1.1\\r\\n\\r\\n"));
const failed = "kind" in nothing ? nothing.kind : "report";
console.log(JSON.stringify({ verdicts, failed, known: VERDICTS.length, same: JSON.stringify(schema) === JSON.stringify(reportSchema) }));
`;

describe("the package", () => {
  beforeAll(() => {
    const home = join(consumer, "node_modules");
    const own = join(home, "pcapcheck");
    for (const scope of ["@types", "@noble"]) mkdirSync(join(home, scope), { recursive: true });
    mkdirSync(own);
    cpSync(join(root, "package.json"), join(own, "package.json"));
    execFileSync(process.execPath, [join(root, "src/build.mjs"), "--library", join(own, "dist")], { stdio: "pipe" });
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    for (const name of [...Object.keys(dependencies), "@types/node", "undici-types"])
      symlinkSync(join(root, "node_modules", name), join(home, name));
    writeFileSync(join(consumer, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(consumer, "main.ts"), SOURCE);
    const compilerOptions = {
      ...{ strict: true, module: "NodeNext", moduleResolution: "NodeNext", target: "ES2023", types: ["node"] },
      ...{ exactOptionalPropertyTypes: true, resolveJsonModule: true, skipLibCheck: false, outDir: "out" },
    };
    writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["main.ts"] }));
  }, 120_000);

  it("compiles in a strict project, and gives the same verdict for each source", () => {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const compiled = (() => {
      try {
        return execFileSync(process.execPath, [tsc, "--project", consumer], { encoding: "utf8" });
      } catch (error) {
        return (error as { stdout: string }).stdout;
      }
    })();
    expect(compiled).toBe("");
    const captures = ["mitm-401-basic.pcap", "mitm-401-basic.keys"].map((name) => join(root, "captures", name));
    const out = execFileSync(process.execPath, [join(consumer, "out/main.js"), ...captures], { encoding: "utf8" });
    const verdict = "tunnel-401-proxy";
    expect(JSON.parse(out)).toEqual({
      verdicts: { path: verdict, bytes: verdict, node: verdict, web: verdict },
      failed: "failed",
      known: 19,
      same: true,
    });
  });
});
