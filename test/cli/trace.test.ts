// pcapcheck trace from outside: outputs, exit codes, pseudonyms, words.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TraceReport, traceSchema } from "../../src/report/index.ts";
import { buildProgram, captured, type Program } from "./build.ts";

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/policy-trace/${name}`, import.meta.url));
const LOST = fixture("context-lost.txt");
const PASTED = fixture("pasted.txt");

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

describe("pcapcheck trace", () => {
  it("says what happened and what to change, and exits with 1", () => {
    const { code, out, err } = program.run(["trace", LOST], { env: { COLUMNS: "120" } });
    expect({ code, err }).toEqual({ code: 1, err: "" });
    expect(out.replace(/\s+/g, " ")).toContain(
      "The rule `url.scheme=https url.domain=//news.example.com/ authenticate(domain1) authenticate.force(no) authenticate.mode(proxy-ip)` matches only at GET https://, after CONNECT; the proxy could only answer 401.",
    );
  });

  it("gives data that fits its schema", () => {
    const validate = new Ajv2020({ strict: false }).compile(traceSchema);
    for (const file of [LOST, PASTED]) {
      const { code, out } = program.run(["trace", "-f", "json", file]);
      expect(code).toBe(1);
      expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
    }
    const report: TraceReport = JSON.parse(program.run(["trace", "-f", "ndjson", LOST]).out);
    expect(report.findings.map(({ id }) => id)).toEqual([
      "trace-401-after-connect",
      "trace-auth-rule-differs",
      "trace-unauthenticated-stage",
    ]);
    expect(report.tunnels[0]?.stages.https).toMatchObject({ mode: "proxy-ip", realm: "domain1", authenticated: false });
  });

  it("has a line and rows, and only the verdict with -q", () => {
    expect(program.run(["trace", "-f", "line", LOST]).out).toMatch(
      /^trace-401-after-connect\t.*\ttransactions=3\ttunnels=1\twrong=1\t/,
    );
    expect(program.run(["trace", "-f", "csv", LOST]).out.split("\r\n")).toHaveLength(3);
    expect(program.run(["trace", "-q", LOST]).out).toBe("trace-401-after-connect\n");
  });

  it("2 for what is no trace, 3 for what is cut before anything wrong", () => {
    writeFileSync(join(program.folder, "notes.txt"), "These are the notes of a meeting.\n");
    expect(program.run(["trace", "notes.txt"])).toMatchObject({ code: 2, out: "" });
    expect(program.run(["trace", "none.txt"]).err).toBe("pcapcheck: none.txt: there is no such file\n");
    writeFileSync(join(program.folder, "cut.txt"), readFileSync(LOST, "utf8").split("\n").slice(0, 20).join("\n"));
    expect(program.run(["trace", "-q", "cut.txt"])).toMatchObject({ code: 3, out: "incomplete\n" });
  });

  it("fails on what it is told to", () => {
    expect(program.run(["trace", "-q", "--fail-on", "none", LOST]).code).toBe(0);
    expect(program.run(["trace", "-q", "--fail-on", "trace-unauthenticated-stage", LOST]).code).toBe(1);
    expect(program.run(["trace", "-q", "--fail-on", "trace-nonsense", LOST]).code).toBe(2);
  });

  it("fails on nothing, but where it could not be read as a whole says so", () => {
    const text = readFileSync(LOST, "utf8");
    const [connect = "", tls = "", request = ""] = text.split(/(?<=\n)(?=start )/);
    const code = (trace: string): number | null => {
      writeFileSync(join(program.folder, "made.txt"), trace);
      return program.run(["trace", "-q", "--fail-on", "none", "made.txt"]).code;
    };
    expect(code(text + connect.slice(0, connect.length / 2))).toBe(3);
    // Which tunnel is which: all of it was read.
    expect(code([connect, connect, tls, tls, request, request].join(""))).toBe(0);
    writeFileSync(join(program.folder, "cut.txt"), connect.slice(0, connect.length / 2));
    expect(program.run(["trace", "-q", "--fail-on", "trace-force-auth", "cut.txt"]).code).toBe(3);
  });

  it("with a capture is a check with that trace, whose verdicts it fails on", () => {
    const files = ["policy-trace-parallel.trace.txt", "policy-trace-parallel.pcap"].map(captured);
    const { code, out } = program.run(["trace", "-f", "json", ...files]);
    expect(program.run(["-f", "json", "--policy-trace", ...files])).toEqual({ code, out, err: "" });
    expect(program.run(["trace", "--fail-on", "none", ...files])).toEqual({
      code: 2,
      out: "",
      err: "pcapcheck: option '--fail-on' is for a trace without a capture\n",
    });
  });

  it("refuses what is about a capture where there is none", () => {
    for (const [long, ...args] of [
      ["--keylog", "-k", "none.keys"],
      ["--rsa-key", "--rsa-key", "none.pem"],
      ["--trust", "--trust", "none.pem"],
      ["--proxy-ca", "--proxy-ca", "none.pem"],
      ["--proxy-port", "-p", "8080"],
      ["--proxy", "--proxy", "10.0.0.2"],
      ["--skip-bodies", "--skip-bodies"],
    ] as const)
      expect(program.run(["trace", "-q", ...args, LOST])).toEqual({
        code: 2,
        out: "",
        err: `pcapcheck: option '${long}' is for a trace beside a capture\n`,
      });
  });

  it("2 for what is no trace or log beside a capture, and for a capture in place of one", () => {
    const capture = captured("policy-trace-parallel.pcap");
    writeFileSync(join(program.folder, "notes.txt"), "These are the notes of a meeting.\n");
    for (const [args, why] of [
      [["--policy-trace", "notes.txt", capture], "notes.txt: this is no policy trace: no transaction was found in it"],
      [
        ["--access-log", "notes.txt", capture],
        "notes.txt: this is no access log in the W3C extended format: it has no #Fields line",
      ],
      [["--policy-trace", capture, capture], `${capture}: this is a packet capture and no text`],
      [["--access-log", capture, capture], `${capture}: this is a packet capture and no text`],
      [["trace", capture], `${capture}: this is a packet capture and no text`],
    ] as const)
      expect(program.run(args)).toEqual({ code: 2, out: "", err: `pcapcheck: ${why}\n` });
  });

  it("as CSV has no formula", () => {
    writeFileSync(join(program.folder, "=1+1.txt"), readFileSync(LOST));
    expect(program.run(["trace", "-f", "csv", "=1+1.txt"]).out).toMatch(/^'=1\+1\.txt,trace-401-after-connect,/m);
  });

  it("says in its help that it has every format, and has them", () => {
    const help = program.run(["trace", "--help"]).out.replace(/\s+/g, " ");
    const listed = /--format <format> what to print \(choices: ([^)]*?), default: "table"\)/.exec(help)?.[1];
    const names = listed?.match(/\w+/g) ?? [];
    expect(names).toHaveLength(7);
    for (const name of names) expect(program.run(["trace", "-f", name, LOST])).toMatchObject({ code: 1, err: "" });
  });

  it("gives pseudonyms, and nothing secret", () => {
    const { out } = program.run(["trace", "-f", "json", "--redact", "ip,host,user", LOST]);
    expect(out).not.toMatch(/10\.44\.1\.2\b|news\.example|alice|SECRET|dXNlcjpwYXNz/);
  });

  it("explains its findings", () => {
    const { code, out } = program.run(["explain", "trace-auth-rule-differs"]);
    expect(code).toBe(0);
    expect(out).toContain("In a trace");
  });
});
