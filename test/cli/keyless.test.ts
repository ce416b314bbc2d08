// Key logs that hold no key, as a capture that was named in their place: each is told of once, and nothing fails for it.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditCaptures, checkCapture } from "../../src/audit/index.ts";
import { buildProgram, captured, type Program } from "./build.ts";

let program: Program;
let empty: string;
beforeAll(() => {
  program = buildProgram();
  empty = join(program.folder, "empty.keys");
  writeFileSync(empty, "# nothing yet\n");
}, 60_000);
afterAll(() => program.remove());

const capture = captured("mitm-401-basic.pcap");
const keys = captured("mitm-401-basic.keys");
const other = captured("squid-basic.pcap");
const told = (path: string): string =>
  `pcapcheck: ${path}: no key was found in this key log: it is empty, or another file than the one that SSLKEYLOGFILE names\n`;

describe("a key log without keys", () => {
  it("is told of by check and audit, whatever the output", () => {
    for (const args of [["-q"], ["-f", "line"], ["-f", "json", capture]]) {
      const without = program.run([...args, other]);
      const ran = program.run(["-k", other, "-k", keys, "-k", empty, ...args, other]);
      expect([ran.err, ran.code]).toEqual([told(other) + told(empty), args.includes(capture) ? 1 : without.code]);
    }
    expect(program.run(["-k", keys, "-q", capture])).toMatchObject({ code: 1, err: "" });
    for (const args of [["-q"], ["-f", "ndjson"]])
      expect(program.run(["audit", "-k", other, "-k", keys, ...args, capture])).toMatchObject({
        code: 1,
        err: told(other),
      });
  });

  it.skipIf(process.platform === "win32")("may be a pipe", () => {
    const line = `"$0" "$1" -q -k <(cat "$2") "$3"; "$0" "$1" audit -q -k <(cat "$2") "$3"`;
    const { stderr } = spawnSync("bash", ["-c", line, process.execPath, program.path, other, capture], {
      encoding: "utf8",
    });
    expect(stderr.replaceAll(/\/dev\/fd\/\d+/g, "PIPE")).toBe(told("PIPE").repeat(2));
  });

  it("is told of in the report, and to whoever asks an audit", async () => {
    const report = await checkCapture(other, { keylogs: [other, keys, new Uint8Array(9)] });
    expect(report).toMatchObject({ capture: { quality: { warnings: [{ id: "tls-keys-none", count: 2 }] } } });
    const keyless: string[] = [];
    await auditCaptures([other], { keylogs: [empty, keys, other], onKeyless: (path) => keyless.push(path) });
    expect(keyless).toEqual([empty, other]);
  });
});
