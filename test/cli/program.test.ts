// The bundled program from outside: arguments, exit codes, standard output and error.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Report, reportSchema } from "../../src/report/index.ts";
import { buildProgram, captured, type Program } from "./build.ts";

/** Something is wrong in it (1), and with its key log beside it all of it can be seen. */
const WRONG = captured("gateway-context-lost.pcap");
/** 407, credentials, 200, and its inside is read (0). */
const FINE = captured("squid-basic.pcap");
const EXPECTED = new URL("../fixtures/cli/", import.meta.url);

let program: Program;
beforeAll(() => {
  program = buildProgram();
});
afterAll(() => program.remove());

const expected = (name: string): string => readFileSync(new URL(name, EXPECTED), "utf8");

/** A copy of a capture without its key log beside it. */
function withoutKeys(path: string, name: string): string {
  const copy = join(program.folder, name);
  writeFileSync(copy, readFileSync(path));
  return copy;
}

describe("exit codes", () => {
  it("1 if something is wrong, 0 if all is seen and in order", () => {
    expect(program.run(["-q", WRONG])).toEqual({ code: 1, out: "tunnel-401-proxy\n", err: "" });
    expect(program.run(["-q", FINE])).toEqual({ code: 0, out: "auth-ok\n", err: "" });
  });

  it("3 if nothing wrong was seen, but not all could be seen", () => {
    expect(program.run(["-q", withoutKeys(FINE, "shut.pcap")])).toEqual({ code: 3, out: "encrypted\n", err: "" });
  });

  it.each([
    ["a missing file", ["no-such.pcap"], "pcapcheck: no-such.pcap: there is no such file\n"],
    ["a folder", ["."], "pcapcheck: .: it is a folder"],
    [
      "a missing certificate",
      ["--trust", "none.pem", WRONG],
      "pcapcheck: none.pem: the certificate cannot be read: there is no such file\n",
    ],
    ["a file that is no certificate", ["--proxy-ca", FINE, WRONG], `pcapcheck: ${FINE}: it holds no certificate`],
    ["a missing key log", ["-k", "none.keys", WRONG], "pcapcheck: none.keys: "],
  ])("2 for %s, with one line that names it", (_what, args, message) => {
    const { code, out, err } = program.run(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err.trimEnd()).not.toContain("\n");
  });

  it("2 for what is no capture, with what it seems to be", () => {
    writeFileSync(join(program.folder, "notes.txt"), "These are the notes of a meeting.\n");
    const { code, err } = program.run(["notes.txt"]);
    expect(code).toBe(2);
    expect(err).toMatch(/^pcapcheck: notes\.txt: this is no packet capture: it seems to be .*\n$/);
  });

  it("2 for what is compressed twice, with both", () => {
    writeFileSync(join(program.folder, "twice.pcap.gz"), gzipSync(gzipSync(readFileSync(FINE))));
    const { code, err } = program.run(["twice.pcap.gz"]);
    expect(code).toBe(2);
    expect(err).toContain("it seems to be a gzip file, compressed with gzip; ");
  });

  it("of many: 2 before 1 before 3 before 0, and the others are told all the same", () => {
    const shut = withoutKeys(FINE, "shut.pcap");
    expect(program.run(["-q", FINE, "none.pcap", WRONG])).toMatchObject({
      code: 2,
      out: `auth-ok\t${FINE}\ntunnel-401-proxy\t${WRONG}\n`,
    });
    expect(program.run(["-q", shut, WRONG]).code).toBe(1);
    expect(program.run(["-q", FINE, shut]).code).toBe(3);
    expect(program.run(["-q", FINE, FINE]).code).toBe(0);
  });

  it("--fail-on says which verdicts give 1; what could not be seen stays 3", () => {
    expect(program.run(["-q", "--fail-on", "none", WRONG]).code).toBe(0);
    expect(program.run(["-q", "--fail-on", "tunnel-401-proxy,tunnel-407", WRONG]).code).toBe(1);
    expect(program.run(["-q", "--fail-on", "auth-ok", FINE]).code).toBe(1);
    expect(program.run(["-q", "--fail-on", "none", withoutKeys(FINE, "shut.pcap")]).code).toBe(3);
  });
});

describe("exit codes of a capture with several verdicts, or none", () => {
  it("are those of all its connections, and of --fail-on any of them", () => {
    const mixed = withoutKeys(captured("squid-terminate.pcap"), "mixed.pcap");
    const { verdict, totals } = JSON.parse(program.run(["-f", "json", mixed]).out) as Report;
    const names = Object.keys(totals.verdicts);
    expect(names.length).toBeGreaterThan(1);
    expect(names).toContain("encrypted");
    for (const name of names) expect(program.run(["-q", "--fail-on", name, mixed]).code, name).toBe(1);
    expect(program.run(["-q", "--fail-on", "none", mixed])).toMatchObject({ code: 3, out: `${verdict}\n` });
  });

  it("3 where there is no connection to a proxy", () => {
    writeFileSync(join(program.folder, "no-packets.pcap"), readFileSync(FINE).subarray(0, 24));
    expect(program.run(["-q", "no-packets.pcap"])).toEqual({ code: 3, out: "incomplete\n", err: "" });
    expect(program.run(["-q", "--fail-on", "incomplete", "no-packets.pcap"]).code).toBe(1);
  });
});

describe("usage", () => {
  it("helps", () => {
    expect(program.run(["--help"], { env: { COLUMNS: "80" } })).toEqual({
      code: 0,
      out: expected("help.txt"),
      err: "",
    });
  });

  it.each(["check", "explain", "audit", "merge", "trace", "completion"])(
    "lists -h in the help of %s, once",
    (command) => {
      const { code, out } = program.run([command, "--help"]);
      expect([code, out.match(/^ {2}-h, --help +print this help$/gm)?.length]).toEqual([0, 1]);
    },
  );

  it("knows its version", () => {
    const { version } = JSON.parse(readFileSync(captured("../package.json"), "utf8")) as { version: string };
    expect(program.run(["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  it.each([
    [["--fromat", "json", "x"], "pcapcheck: unknown option '--fromat' (Did you mean --format?)\n"],
    [["audit", "--fromat", "json", "x"], "pcapcheck: unknown option '--fromat' (Did you mean --format?)\n"],
    [["merge", "--tunnel", "3", "x"], "pcapcheck: unknown option '--tunnel'; pcapcheck check has it\n"],
    [["trace", "--policy-trace", "t", "x"], "pcapcheck: unknown option '--policy-trace'; pcapcheck check has it\n"],
    [[], "pcapcheck: missing required argument 'file'; see: pcapcheck --help\n"],
    [["check"], "pcapcheck: missing required argument 'file'; see: pcapcheck --help\n"],
    [["audit"], "pcapcheck: missing required argument 'path'; see: pcapcheck audit --help\n"],
    [["trace"], "pcapcheck: missing required argument 'trace'; see: pcapcheck trace --help\n"],
    [["audti"], "pcapcheck: audti: there is no such file; did you mean the command audit?\n"],
    [["help"], "pcapcheck: help: there is no such file; for help: pcapcheck --help\n"],
    [["-f", "yaml", "x"], "Allowed choices are table, line, json, ndjson, csv, sarif, html.\n"],
    [["-p", "99999", "x"], '"99999" is no port (1 to 65535).\n'],
    [["--proxy", "proxy.example.com", "x"], "It takes an IP address, with :PORT if wanted.\n"],
    [["--proxy", "10.0.0.300", "x"], "It takes an IP address, with :PORT if wanted.\n"],
    [["-p", "65536", "x"], '"65536" is no port (1 to 65535).\n'],
    [["-p", "8080,", "x"], '"" is no port (1 to 65535).\n'],
    [["-t", "three", "x"], "It takes a whole number.\n"],
    [["audit", "-j", "0", "x"], "It takes a number from 1 to 64.\n"],
    [["audit", "-j", "65", "x"], "It takes a number from 1 to 64.\n"],
    [["audit", "--shard", "0/2", "x"], "It takes I/N, with I from 1 to N, and N up to 999999.\n"],
    [["audit", "--shard", "3/2", "x"], "It takes I/N, with I from 1 to N, and N up to 999999.\n"],
    [["audit", "--timeout", "0", "x"], "It takes a number greater than 0.\n"],
    [["audit", "--timeout", "1e3", "x"], "It takes a number greater than 0.\n"],
    [["audit", "--max-memory", "-1", "x"], "It takes a number greater than 0.\n"],
    [["-k", "", "x"], "option '-k, --keylog <file>' argument '' is invalid. The name is empty.\n"],
    [["-o", "", "x"], "option '-o, --output <file>' argument '' is invalid. The name is empty.\n"],
    [["audit", "--journal", "", "x"], "option '--journal <file>' argument '' is invalid. The name is empty.\n"],
    [["--redact", "ip", "--redact-key", "", "x"], "The name is empty.\n"],
    [[""], "pcapcheck: '': there is no such file\n"],
    [["--fail-on", "tunnel-400", "x"], '"tunnel-400" is no verdict; pcapcheck explain lists them.\n'],
    [["-q", "-v", "x"], "cannot be used with option"],
    [["-q", "-f", "json", "x"], "option '--format json' cannot be used with '--tunnel' or '--quiet'\n"],
    [["audit", "-q", "-f", "json", "x"], "option '--format json' cannot be used with '--quiet'\n"],
    [["merge", "-q", "-f", "csv", "x"], "option '--format csv' cannot be used with '--quiet'\n"],
    [["trace", "-q", "-f", "csv", "x"], "option '--format csv' cannot be used with '--quiet'\n"],
    [["-t", "0", "-f", "line", "x"], "option '--format line' cannot be used with '--tunnel' or '--quiet'\n"],
  ])("refuses %j with exit code 2 and one line", (args, message) => {
    const { code, out, err } = program.run(args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toMatch(/^pcapcheck: [^\n]*\n$/);
  });

  it("says of a name that looks like an option how to name the file", () => {
    withoutKeys(FINE, "-x.pcap");
    const err = "pcapcheck: unknown option '-x.pcap'; for the file: ./-x.pcap\n";
    expect(program.run(["-x.pcap"])).toEqual({ code: 2, out: "", err });
    expect(program.run(["audit", "-x.pcap"])).toEqual({ code: 2, out: "", err });
    expect(program.run(["-q", "./-x.pcap"]).code).toBe(3);
  });

  it("lets `check` be said or left out", () => {
    expect(program.run(["check", "-f", "line", WRONG])).toEqual(program.run([WRONG, "-f", "line"]));
  });
});

describe("captures", () => {
  it("come from standard input, too", () => {
    const { code, out } = program.run(["-f", "line", "-"], { input: readFileSync(WRONG) });
    expect(code).toBe(3);
    expect(out).toMatch(/^encrypted\t-\tproxy=/);
  });

  it("come from standard input once", () => {
    const { code, out, err } = program.run(["-f", "line", "-", "-"], { input: readFileSync(WRONG) });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toBe("pcapcheck: -: standard input can be read only once\n");
  });

  it("open with a key log that is named", () => {
    const shut = withoutKeys(WRONG, "shut.pcap");
    expect(program.run(["-q", shut]).out).toBe("encrypted\n");
    expect(program.run(["-q", "-k", captured("gateway-context-lost.keys"), shut]).out).toBe("tunnel-401-proxy\n");
  });

  it("are looked at where the options say the proxy listens", () => {
    const { proxy } = JSON.parse(readFileSync(captured("gateway-context-lost.truth.json"), "utf8")) as {
      proxy: { ip: string; port: number };
    };
    for (const args of [
      ["-p", "9,10", "-p", String(proxy.port)],
      ["--proxy", proxy.ip],
      ["--proxy", `${proxy.ip}:${proxy.port}`],
    ]) {
      expect(program.run(["-q", ...args, WRONG]).out, args.join(" ")).toBe("tunnel-401-proxy\n");
    }
    expect(program.run(["-f", "line", "-p", "9", WRONG]).out).toContain("\ttunnels=0\t");
  });
});

describe("formats", () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false });
  const valid = ajv.compile(reportSchema);

  it("json is one report, or an array of several; ndjson a line each; both as the schema says", () => {
    const one = JSON.parse(program.run(["-f", "json", WRONG]).out) as Report;
    const many = JSON.parse(program.run(["-f", "json", WRONG, "none.pcap", FINE]).out) as Report[];
    const lines = program.run(["-f", "ndjson", WRONG, FINE]).out.trimEnd().split("\n");
    expect(many.map(({ verdict }) => verdict)).toEqual(["tunnel-401-proxy", "auth-ok"]);
    expect(many[0]).toEqual(one);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(many);
    for (const report of many) {
      valid(report);
      expect(valid.errors ?? []).toEqual([]);
    }
  });

  it("json is an array with one capture of two that could be read, and nothing if none could", () => {
    expect(JSON.parse(program.run(["-f", "json", WRONG, "none.pcap"]).out)).toHaveLength(1);
    expect(program.run(["-f", "json", "none.pcap", "none2.pcap"]).out).toBe("");
  });

  it("csv, sarif and html are one document over several captures", () => {
    const csv = program.run(["-f", "csv", WRONG, FINE]).out.split("\r\n");
    expect(csv.map((line) => line.split(",")[1])).toEqual(["verdict", "tunnel-401-proxy", "auth-ok", undefined]);
    const sarif = JSON.parse(program.run(["-f", "sarif", WRONG, "none.pcap", FINE]).out) as {
      runs: [{ artifacts: unknown[]; invocations: [{ executionSuccessful: boolean }] }];
    };
    expect(sarif.runs[0].artifacts).toHaveLength(2);
    expect(sarif.runs[0].invocations[0].executionSuccessful).toBe(false);
    const html = program.run(["-f", "html", WRONG, "none.pcap", FINE]).out;
    expect(html.match(/<h2 /g)).toHaveLength(4);
    expect(html).toContain("there is no such file");
  });

  it.each(["table", "line", "json", "ndjson", "csv", "sarif", "html"])(
    "%s has the exit code of its verdicts, is nothing if nothing could be checked, and the same every time",
    (format) => {
      const shut = withoutKeys(FINE, "shut.pcap");
      const code = (args: readonly string[]) => program.run(["-f", format, ...args]).code;
      expect([code([WRONG]), code([FINE]), code([shut]), code([WRONG, "none.pcap"])]).toEqual([1, 0, 3, 2]);
      expect([code(["--fail-on", "none", WRONG]), code(["--fail-on", "auth-ok", FINE, WRONG])]).toEqual([0, 1]);
      expect(program.run(["-f", format, "none.pcap"]).out).toBe("");
      expect(program.run(["-f", format, WRONG, FINE]).out).toBe(program.run(["-f", format, WRONG, FINE]).out);
    },
  );

  it("--tunnel prints the ladder of one connection, or says which there are", () => {
    expect(program.run(["-t", "0", WRONG]).out).toMatch(/^GET https:\/\/ {2}401 by the proxy/m);
    expect(program.run(["-t", "77", WRONG])).toEqual({
      code: 2,
      out: "",
      err: `pcapcheck: ${WRONG}: stream 77 is no connection to a proxy, or was only counted; there is 0\n`,
    });
    expect(program.run(["-t", "0", "--max-connections", "0", WRONG]).err).toMatch(
      /: stream 0 is .* only counted; all connections were only counted: more are kept with --max-connections\n$/,
    );
    const { err } = program.run(["-t", "77", captured("policy-trace-parallel.pcap")]);
    expect(err).toMatch(/there are (?:\d+, ){10}\.\.\.\n$/);
  });
});

describe("looks", () => {
  it("are plain where there is no terminal, as wide as COLUMNS says", () => {
    const { out } = program.run([WRONG], { env: { COLUMNS: "72" } });
    expect(out).not.toMatch(/[\x1b─│✗]/);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(72);
  });

  it("are no narrower than 40 columns, and no wider than 200", () => {
    for (const [COLUMNS, least, most] of [
      ["10", 30, 40],
      ["100000", 190, 200],
      ["none", 90, 100],
    ] as const) {
      const { out } = program.run(["explain", "tunnel-401-proxy"], { env: { COLUMNS } });
      const longest = Math.max(...out.split("\n").map((line) => line.length));
      expect(longest, COLUMNS).toBeGreaterThan(least);
      expect(longest, COLUMNS).toBeLessThanOrEqual(most);
    }
  });

  it("have colour and lines on a terminal, as wide as it is", () => {
    const { code, out } = program.runOnTerminal([WRONG], 80);
    expect(code).toBe(1);
    expect(out).toContain("\x1b[31m✗ tunnel-401-proxy\x1b[0m");
    expect(out).toContain("─");
    for (const line of out.replace(/\x1b\[\d+m/g, "").split(/\r?\n/)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    ["NO_COLOR", [], { NO_COLOR: "1" }],
    ["--no-color", ["--no-color"], {}],
    ["TERM=dumb", [], { TERM: "dumb" }],
    ["--no-color before FORCE_COLOR", ["--no-color"], { FORCE_COLOR: "1" }],
    ["FORCE_COLOR=0", [], { FORCE_COLOR: "0" }],
    ["FORCE_COLOR=false", [], { FORCE_COLOR: "false" }],
  ])("lose their colour by %s", (_what, args, env) => {
    expect(program.runOnTerminal([...args, WRONG], 80, { env }).out).not.toContain("\x1b");
  });

  it("keep it with variables that are empty", () => {
    const env = { NO_COLOR: "", FORCE_COLOR: "" };
    expect(program.runOnTerminal([WRONG], 80, { env }).out).toContain("\x1b[31m");
    expect(program.run([WRONG], { env }).out).not.toContain("\x1b");
  });

  it("have colour without a terminal by FORCE_COLOR, but never in a file", () => {
    const env = { FORCE_COLOR: "1" };
    expect(program.run([WRONG], { env }).out).toContain("\x1b[31m");
    program.run(["-o", "forced.txt", WRONG], { env });
    expect(readFileSync(join(program.folder, "forced.txt"), "utf8")).not.toContain("\x1b");
  });

  it.each([
    ["--ascii", ["--ascii"], {}],
    ["a locale without UTF-8", [], { LANG: "C" }],
    ["LC_ALL before LANG", [], { LC_ALL: "POSIX" }],
    ["LC_CTYPE before LANG", [], { LC_CTYPE: "POSIX" }],
    ["LC_ALL before LC_CTYPE", [], { LC_ALL: "POSIX", LC_CTYPE: "C.UTF-8" }],
  ])("are ASCII by %s", (_what, args, env) => {
    for (const command of [[WRONG], ["-t", "0", WRONG], ["explain", "tunnel-401-proxy"]]) {
      expect(program.runOnTerminal([...command, ...args], 80, { env }).out).toMatch(/^[\x09-\x7e]*$/);
    }
  });

  it("let no control character of a file's name through", () => {
    const name = join(program.folder, "a\x1b[31m\nb.pcap");
    writeFileSync(name, readFileSync(WRONG));
    for (const args of [[name], ["-t", "0", name], ["-q", name, name], ["-f", "line", name], ["-f", "json", name]]) {
      expect(program.run(args).out).not.toContain("\x1b");
    }
    const { err } = program.run(["\x1b[31mno\u202esuch\n.pcap"]);
    expect(err).toBe("pcapcheck: \\x1b[31mno\\u202esuch\\x0a.pcap: there is no such file\n");
  });
});

describe("--redact", () => {
  const redacted = (args: readonly string[], env: Record<string, string> = {}) =>
    program.run(["--redact", "ip,host,user", ...args], { env });
  const NAMES = /10\.44\.|example\.(?:com|net|org)|gateway-context/;

  it.each(["table", "line", "json", "ndjson", "csv", "sarif", "html"])("leaves no name in %s", (format) => {
    const { code, out } = redacted(["-f", format, WRONG, FINE]);
    expect(code).toBe(1);
    expect(out).not.toMatch(NAMES);
    expect(out).toContain("site-1.example");
  });

  it("is for -q, -t and -o, too", () => {
    for (const args of [["-q"], ["-t", "0"], ["-o", "redacted.txt"]])
      expect(redacted([...args, WRONG, FINE]).out).not.toMatch(NAMES);
    expect(readFileSync(join(program.folder, "redacted.txt"), "utf8")).not.toMatch(NAMES);
    expect(redacted(["-q", WRONG, FINE]).out).toBe("tunnel-401-proxy\tcapture-1.pcap\nauth-ok\tcapture-2.pcap\n");
  });

  it("numbers in the order of the input, so that the same input gives the same output", () => {
    const { out } = redacted(["-f", "json", WRONG, FINE]);
    expect(redacted(["-f", "json", WRONG, FINE]).out).toBe(out);
    expect(redacted(["-f", "json", FINE, WRONG]).out).not.toBe(out);
  });

  it("gives the same pseudonyms in every run with a key, from a file or the environment", () => {
    writeFileSync(join(program.folder, "key"), "correct horse battery\n");
    const verdictAndProxy = (args: readonly string[], env = {}): string[] =>
      redacted(["-f", "line", ...args], env)
        .out.trimEnd()
        .split("\n")
        .map((line) => line.split("\t").slice(0, 3).join(" "))
        .sort();
    const keyed = ["--redact-key", "key"];
    const both = verdictAndProxy([...keyed, WRONG, FINE]);
    expect(both[0]).toMatch(/^auth-ok capture-[0-9a-f]{12}\.pcap proxy=ip-[0-9a-f]{12}:3128$/);
    expect(verdictAndProxy([...keyed, FINE, WRONG])).toEqual(both);
    expect(verdictAndProxy([FINE, WRONG], { PCAPCHECK_REDACT_KEY: "correct horse battery" })).toEqual(both);
    expect(verdictAndProxy([FINE, WRONG], { PCAPCHECK_REDACT_KEY: "another horse battery" })).not.toEqual(both);
    // A line end behind it is no part of it, be it that of Windows.
    writeFileSync(join(program.folder, "windows-key"), "correct horse battery\r\n");
    expect(verdictAndProxy(["--redact-key", "windows-key", FINE, WRONG])).toEqual(both);
    expect(verdictAndProxy([FINE], { PCAPCHECK_REDACT_KEY: "x".repeat(16) })[0]).toMatch(/proxy=ip-[0-9a-f]{12}:/);
    // As a variable that a script has not set.
    expect(verdictAndProxy([FINE], { PCAPCHECK_REDACT_KEY: "" })[0]).toContain("proxy=ip-1:");
  });

  it.each([
    [["--redact", "mac"], '"mac" is none of ip, host, user.'],
    [["--redact-key", "key"], "--redact-key needs --redact"],
    [["--redact", "ip", "--redact-key", "none"], "the key of --redact cannot be read from none: there is no such file"],
    [["--redact", "ip", "--redact-key", "short"], "the key of --redact needs 16 bytes or more"],
  ])("refuses %j", (args, message) => {
    writeFileSync(join(program.folder, "short"), "too short\n");
    const { code, out, err } = program.run([...args, WRONG]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toMatch(/^pcapcheck: [^\n]*\n$/);
  });
});

describe("explain", () => {
  it("tells a verdict in plain words", () => {
    const { code, out } = program.run(["explain", "tunnel-401-proxy"]);
    expect(code).toBe(0);
    expect(program.run(["explain", "Tunnel-401-PROXY"]).out).toBe(out);
    for (const heading of ["Meaning", "In a capture", "Evidence", "For the helpdesk", "References"]) {
      expect(out).toMatch(new RegExp(`^${heading}$`, "m"));
    }
  });

  it("lists all, worst first", () => {
    const { out } = program.run(["explain"]);
    const ids = [...out.matchAll(/^([a-z0-9-]+) /gm)].map((match) => match[1]);
    expect(ids[0]).toBe("tunnel-401-proxy");
    expect(ids.indexOf("auth-loop")).toBeLessThan(ids.indexOf("ok"));
    expect(ids).toContain("keys-missing");
  });

  it("offers the nearest id for an unknown one", () => {
    expect(program.run(["explain", "tunel-401-proxi"])).toEqual({
      code: 2,
      out: "",
      err: 'pcapcheck: there is no verdict or finding "tunel-401-proxi"; did you mean tunnel-401-proxy?\n',
    });
    const all = "tunnel-401-proxy, tunnel-407, tunnel-401-unattributed, tunnel-401-suspected or tunnel-401-origin";
    expect(program.run(["explain", "tunel-401"]).err).toContain(`did you mean ${all}?`);
    expect(program.run(["explain", "xyzzy"]).err).toContain("pcapcheck explain lists them");
  });
});
