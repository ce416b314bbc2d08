// The package as another project has it: built, imported by name, compiled strictly with NodeNext, fed from every source.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const consumer = mkdtempSync(join(tmpdir(), "pcapcheck-consumer-"));
afterAll(() => rmSync(consumer, { recursive: true, force: true }));

const SOURCE = `
import { createReadStream, openAsBlob, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { checkCapture, createRedactor, reportSchema, VERDICTS, type CaptureSource, type CheckResult, type Report, type Verdict } from "pcapcheck";
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
const handle = await open(capture);
const sources: Record<string, CaptureSource> = {
  path: capture, bytes, node: createReadStream(capture), web, buffer: readFileSync(capture), url: pathToFileURL(capture),
  blob: await openAsBlob(capture), memory: bytes.slice().buffer, list: [bytes], handle: handle.createReadStream(),
};
const verdicts: Record<string, Verdict | string> = {};
for (const [name, source] of Object.entries(sources)) {
  const ciphers = name === "bytes" ? { ciphers: portableCiphers } : {};
  const result: CheckResult = await checkCapture(source, { keylogs: [keys, readFileSync(keys)], signal: new AbortController().signal, ...ciphers });
  verdicts[name] = "kind" in result ? result.message : verdictOf(result);
}
function verdictOf(report: Report): Verdict {
  // @ts-expect-error: a report is not to be written to.
  report.verdict = report.verdict;
  return report.verdict;
}
const nothing = await checkCapture(new TextEncoder().encode("GET / HTTP/1.1\\r\\n\\r\\n"));
const failed = "kind" in nothing ? nothing.kind : "report";
const { ip } = (await createRedactor(["ip"])).redact({ ip: "192.0.2.1" });
console.log(JSON.stringify({ verdicts, failed, ip, known: VERDICTS.length, same: JSON.stringify(schema) === JSON.stringify(reportSchema) }));
`;

const LISTEN =
  'listen(0, "127.0.0.1", function (this: { address(): unknown }) { console.log(Object(this.address()).port); })';
const SOURCES = ["path", "bytes", "node", "web", "buffer", "url", "blob", "memory", "list", "handle"];

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
      verdicts: Object.fromEntries(SOURCES.map((name) => [name, verdict])),
      failed: "failed",
      ip: "ip-1",
      known: 19,
      same: true,
    });
  });

  /** Compiles `source` in a project that has no types but its own; what the compiler says. */
  function compiledAlone(source: string, lib: readonly string[]): string {
    writeFileSync(join(consumer, "alone.ts"), source);
    const compilerOptions = {
      ...{ strict: true, module: "NodeNext", moduleResolution: "NodeNext", target: "ES2023", lib, types: [] },
      ...{ exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
    };
    const project = join(consumer, "alone.json");
    writeFileSync(project, JSON.stringify({ compilerOptions, files: ["alone.ts"] }));
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const { stdout } = spawnSync(process.execPath, [tsc, "--project", project], { encoding: "utf8" });
    return stdout;
  }

  it.each([[["ES2023"]], [["ES2023", "DOM"]]])("needs no types of Node to be compiled with %s", (lib) => {
    const source = `
      import { auditCaptures, checkCapture, type CaptureSource, type Report } from "pcapcheck";
      import { portableCiphers, type TlsPlatform } from "pcapcheck/portable";
      export const ciphers: TlsPlatform = portableCiphers;
      export async function verdict(source: CaptureSource): Promise<Report["verdict"] | null> {
        await auditCaptures(["captures"], { jobs: 1 });
        const result = await checkCapture(source, { ciphers });
        return "kind" in result ? null : result.verdict;
      }
      ${lib.length > 1 ? "export const fetched = async () => await verdict((await fetch('/capture')).body ?? 'none');" : ""}
      ${lib.length > 1 ? "export const chosen = async (file: File, signal: AbortSignal) => await checkCapture(file, { signal });" : ""}
      ${lib.length > 1 ? "void auditCaptures([], { signal: new AbortController().signal });" : ""}
    `;
    expect(compiledAlone(source, lib)).toBe("");
  });

  describe("as the README shows it", () => {
    const examples = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, text]) => text!,
    );
    const tsc = join(root, "node_modules/typescript/bin/tsc");

    /** Compiles an example; where it is to be run. */
    function compiled(name: string, text: string): string {
      writeFileSync(join(consumer, `${name}.ts`), text);
      const compilerOptions = { strict: true, module: "NodeNext", target: "ES2023", types: ["node"], outDir: "out" };
      writeFileSync(join(consumer, `${name}.json`), JSON.stringify({ compilerOptions, files: [`${name}.ts`] }));
      const { stdout } = spawnSync(process.execPath, [tsc, "--project", join(consumer, `${name}.json`)], {
        encoding: "utf8",
      });
      expect(stdout).toBe("");
      return join(consumer, "out", `${name}.js`);
    }

    it("checks a file", () => {
      const file = compiled("file", examples[0]!);
      const { stdout, stderr } = spawnSync(process.execPath, [file], { cwd: root, encoding: "utf8" });
      expect([stdout, stderr]).toEqual([expect.stringMatching(/^tunnel-401-proxy 1 \d+\n$/), ""]);
    });

    it("checks what is uploaded to a service", async () => {
      expect(examples).toHaveLength(2);
      // Any free port, which the service tells.
      const text = examples[1]!.replace('listen(8023, "127.0.0.1")', LISTEN);
      expect(text).toContain(LISTEN);
      const service = spawn(process.execPath, [compiled("service", text)], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const [port] = await once(service.stdout, "data");
        const post = (body: Uint8Array<ArrayBuffer>) =>
          fetch(`http://127.0.0.1:${String(port).trim()}/`, { method: "POST", body });
        const report = await post(new Uint8Array(readFileSync(join(root, "captures/mitm-401-basic.pcap"))));
        expect(await report.json()).toMatchObject({ verdict: "tunnel-401-proxy", capture: { path: "upload" } });
        const failure = await post(new TextEncoder().encode("no capture"));
        expect([failure.status, await failure.json()]).toEqual([422, expect.objectContaining({ kind: "failed" })]);
      } finally {
        service.kill();
      }
    });
  });

  it("has a name for every type that its types are made of, and none for what is of the program only", () => {
    const names =
      "Advice Aead AeadName AuditFiles AuditOptions AuditReport AuditRow ByteSource CancelSignal CaptureFiles CaptureSource Cbc CbcName " +
      "Certainty CheckFailure CheckOptions CheckResult Explanation FileSource FileUrl FindingId HashName ProxyAddress RedactKind Redactor Report " +
      "ReportConnection ReportFinding RsaKey Schema Sender Severity TlsPlatform TraceExplanation TraceFindingId TraceOptions " +
      "TraceReport TraceVerdict Verdict WebBlob WebStream";
    const imported = names.split(" ").join(", ");
    const types = `import type { ${imported} } from "pcapcheck";\nexport type { ${imported} };\n`;
    const own = ["buildReport", "FORMATS", "Pseudonyms", "TerminalStyle", "CaptureDescription", "PolicyFacts"];
    const missing = own.map((name) => `// @ts-expect-error: ${name}\nimport type { ${name} } from "pcapcheck";\n`);
    expect(compiledAlone(types + missing.join(""), ["ES2023"])).toBe("");
  });

  it("has ciphers that a bundler puts into a page", async () => {
    const { outputFiles } = await build({
      stdin: { contents: 'export { portableCiphers } from "pcapcheck/portable";', resolveDir: consumer },
      ...{ bundle: true, platform: "browser", format: "esm", write: false, logLevel: "silent" },
    });
    expect(outputFiles[0]?.text).not.toMatch(/\brequire\(|\bfrom "|node:/);
  });
});
