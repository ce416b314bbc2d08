// Completion in the shells themselves, and the manual page through the programs that show it.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandTree } from "../../src/cli/program.ts";
import { answerShell, complete } from "../../src/cli/shell/complete.ts";
import { manPage } from "../../src/cli/shell/man-page.ts";
import { SHELLS } from "../../src/cli/shell/scripts.ts";
import { explanations, VERDICTS } from "../../src/diagnosis/index.ts";
import { TRACE_FINDINGS, traceExplanations } from "../../src/policy-trace/index.ts";
import { buildProgram, type Program } from "./build.ts";

const tree = commandTree();
const values = (...words: string[]): string[] => complete(tree, words).candidates.map(({ value }) => value);
const has = (command: string): boolean => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0;

describe("what fits at the cursor", () => {
  it("is the commands and files at the beginning", () => {
    expect(values("")).toEqual(tree.commands.map(({ name }) => name));
    expect(values("")).toEqual(expect.arrayContaining(["check", "explain", "completion"]));
    expect(complete(tree, [""]).files).toBe(true);
    expect(values("ex")).toEqual(["explain"]);
  });

  it.each([
    [
      ["-f", ""],
      ["table", "line", "json", "ndjson", "csv", "sarif", "html"],
    ],
    [["--format", "nd"], ["ndjson"]],
    [["--format=s"], ["--format=sarif"]],
    [["check", "x.pcap", "-f", "h"], ["html"]],
    [
      ["--redact", "ip,"],
      ["ip,host", "ip,user"],
    ],
    [["--redact=ip,u"], ["--redact=ip,user"]],
    [["--fail-on", "tunnel-401-proxy,tunnel-407,con"], ["tunnel-401-proxy,tunnel-407,connect-401"]],
    [["explain", "tunnel-401-p"], ["tunnel-401-proxy"]],
    [["explain", "--ascii", "keys"], ["keys-missing"]],
    [
      ["completion", ""],
      ["bash", "zsh", "fish", "powershell"],
    ],
    [["--ver"], ["--verbose", "--version"]],
    [["--he"], ["--help"]],
    [["audit", "--he"], ["--help"]],
    [["-f", "json,c"], []],
    [["explain", "--no"], ["--no-color"]],
    [["explain", "ok", ""], []],
    [["-t", ""], []],
    [["x.pcap", "ex"], []],
    [["-", "ex"], []],
    [["--", "--ver"], []],
    [["--", "-"], []],
    [["--nonsense="], []],
  ])("behind %j is %j", (words, expected) => {
    expect(values(...words)).toEqual(expected);
  });

  it.each([
    [["-k", ""]],
    [["-o", ""]],
    [["--redact-key="]],
    [["x.pcap", ""]],
    [["check", ""]],
    [["--", ""]],
    [["-"]],
    [["audit", "--since", ""]],
    [["x.pcap", "completion", ""]],
  ])("behind %j are files", (words) => {
    expect(complete(tree, words).files).toBe(true);
  });

  it("are no files behind all that a command takes", () => {
    expect(complete(tree, ["explain", "ok", ""])).toEqual({ candidates: [], files: false });
  });

  it("is every option of every command, and every verdict and id", () => {
    for (const { name, options } of tree.commands)
      for (const { long } of options) expect(values(name, "--")).toContain(long);
    expect(values("--fail-on", "")).toEqual([...VERDICTS, "none"]);
    const ids = [...explanations(), ...traceExplanations()].map(({ id }) => id);
    expect(values("explain", "")).toEqual(ids);
    expect(values("trace", "--fail-on", "")).toEqual([...TRACE_FINDINGS, "none"]);
  });

  it("is told to bash without what it holds for a word of its own", () => {
    expect(answerShell(tree, "bash", ["--format", "=", "js"])).toBe("words\njson\t\n");
    expect(answerShell(tree, "bash", ["--format", "="]).split("\n").slice(0, 2)).toEqual(["words", "table\t"]);
    expect(answerShell(tree, "bash", ["-k", "a", "--output", "="])).toBe("files\n");
    expect(answerShell(tree, "bash", ["--format", "=", "json", "expl"])).toContain("\nexplain\t");
  });

  it("is told to PowerShell, which marks every word", () => {
    expect(answerShell(tree, "powershell", ["+explain", "+"]).split("\n").length).toBe(
      values("explain", "").length + 2,
    );
    expect(answerShell(tree, "powershell", ["+--format=js"])).toBe("words\n--format=json\t\n");
  });
});

/** On a machine that is busy a shell may not be ready when somebody types. */
const TYPING = { retry: 2 };

describe("in the shells", () => {
  let program: Program;
  let path: string;
  beforeAll(() => {
    program = buildProgram();
    mkdirSync(join(program.folder, "bin"));
    const command = join(program.folder, "bin/pcapcheck");
    writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} ${program.path} "$@"\n`);
    chmodSync(command, 0o755);
    writeFileSync(join(program.folder, "only one.pcap"), "");
    path = `${join(program.folder, "bin")}:${process.env.PATH}`;
  });
  afterAll(() => program.remove());

  /** An interactive shell on a pseudo terminal, to which `keys` are typed; gives what it shows. */
  function typed(shell: string, keys: readonly string[]): string {
    const script = [...keys.map((key) => `sleep 1; printf '%b' '${key}'`), "sleep 1"].join("; ");
    const { stdout } = spawnSync("sh", ["-c", `(${script}) | timeout 15 script -qec '${shell}' /dev/null`], {
      cwd: program.folder,
      encoding: "utf8",
      env: { PATH: path, HOME: program.folder, TERM: "dumb", LANG: "C.UTF-8", PS1: "$ " },
    });
    return stdout;
  }

  it.skipIf(!has("bash"))("bash completes what is typed (skipped where there is no bash)", TYPING, () => {
    const out = typed("bash --norc -i", [
      "source <(pcapcheck completion bash)\\n",
      "pcapcheck completion fi\\t\\n",
      "pcapcheck --format=js\\t only\\t\\n",
      "pcapcheck --keylog=onl\\t x\\n",
      "pcapcheck audit @onl\\t\\n",
    ]);
    expect(out).toContain("# pcapcheck completion for fish");
    expect(out).toMatch(/pcapcheck: only one\.pcap: /);
    expect(out).toContain("pcapcheck: only one.pcap: no key was found in this key log");
    // The empty file as a list.
    expect(out).toContain("pcapcheck: no capture was found");
  });

  it.skipIf(!has("zsh"))("zsh completes what is typed (skipped where there is no zsh)", TYPING, () => {
    const out = typed("zsh -f -i", [
      "autoload -U compinit; compinit -u -D; source <(pcapcheck completion zsh)\\n",
      "pcapcheck completion fi\\t\\n",
      "pcapcheck --format=js\\t only\\t\\n",
      "pcapcheck --keylog=onl\\t x\\n",
      "pcapcheck audit @onl\\t\\n",
    ]);
    expect(out).toContain("# pcapcheck completion for fish");
    expect(out).toMatch(/pcapcheck: only one\.pcap: /);
    expect(out).toContain("pcapcheck: only one.pcap: no key was found in this key log");
    expect(out).toContain("pcapcheck audit @only\\ one.pcap");
  });

  it.skipIf(!has("zsh"))("zsh loads it from a file in fpath, too (skipped where there is no zsh)", TYPING, () => {
    mkdirSync(join(program.folder, "functions"), { recursive: true });
    writeFileSync(join(program.folder, "functions/_pcapcheck"), program.run(["completion", "zsh"]).out);
    const out = typed("zsh -f -i", [
      "fpath=($HOME/functions $fpath); autoload -U compinit; compinit -u -D\\n",
      "pcapcheck completion po\\t\\n",
    ]);
    expect(out).toContain("# pcapcheck completion for PowerShell");
  });

  it.skipIf(!has("fish"))("fish offers the same with descriptions (skipped where there is no fish)", () => {
    const offered = (line: string): string[] => {
      const script = `pcapcheck completion fish | source; complete -C '${line}'`;
      const { stdout, stderr } = spawnSync("fish", ["--no-config", "-c", script], {
        cwd: program.folder,
        encoding: "utf8",
        env: { PATH: path, HOME: program.folder, LANG: "C.UTF-8" },
      });
      expect(stderr).toBe("");
      return stdout.trimEnd().split("\n");
    };
    expect(offered("pcapcheck exp")).toEqual([
      "explain\ta finding or verdict in plain words: meaning, evidence, what to do",
    ]);
    expect(offered("pcapcheck -f s")).toEqual(["sarif"]);
    expect(offered("pcapcheck --format=s")).toEqual(["--format=sarif"]);
    expect(offered("pcapcheck --redact ip,u")).toEqual(["ip,user"]);
    expect(offered("pcapcheck --fail-").map((line) => line.split("\t")[0])).toEqual(["--fail-on"]);
    expect(offered("pcapcheck only").join("\n")).toContain("only one.pcap");
    expect(offered("pcapcheck --keylog=on")).toEqual(["--keylog=only one.pcap"]);
    writeFileSync(join(program.folder, "@only.pcap"), "");
    expect(offered("pcapcheck audit @on")).toEqual(["@only one.pcap", "@only.pcap"]);
  });

  it("prints each script", () => {
    for (const shell of SHELLS) {
      const { code, out } = program.run(["completion", shell]);
      expect(code).toBe(0);
      expect(out).toContain(`--complete ${shell}`);
    }
    expect(program.run(["completion", "tcsh"])).toMatchObject({ code: 2, out: "" });
  });
});

describe("the manual page", () => {
  it("has every command and option of the tree", () => {
    const page = manPage().replaceAll("\\-", "-");
    for (const { name, options } of tree.commands) {
      expect(page).toContain(`.SS pcapcheck ${name}`);
      for (const { long } of options) expect(page).toContain(`\\fB${long}\\fR`);
    }
    for (const section of ["NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"])
      expect(page).toMatch(new RegExp(`^\\.SH ${section}$`, "m"));
  });

  it.each([
    "\\fBpcapcheck\\fR [\\fBcheck\\fR] [\\fIoptions\\fR] \\fIfile\\fR... ",
    "\\fBpcapcheck\\fR \\fBtrace\\fR [\\fIoptions\\fR] \\fItrace\\fR [\\fIfile\\fR] ",
    "What to print; one of table, line, json, ndjson, csv, sarif, html; without it table.",
    "The shell: bash, zsh, fish, powershell.",
    ".SH OPTIONS OF THE PROGRAM .TP \\fB-V\\fR, \\fB--version\\fR Print the version. .TP \\fB-h\\fR, \\fB--help\\fR ",
    ".SH EXIT STATUS .TP \\fB0\\fR Nothing wrong, and all of it could be seen. .TP \\fB1\\fR ",
  ])("says what there is: %s", (words) => {
    expect(manPage().replaceAll("\\-", "-").replaceAll("\n", " ")).toContain(words);
  });

  it("begins no line with what roff takes for a request, but its own", () => {
    for (const line of manPage().split("\n"))
      expect(line).toMatch(/^(?:\.(?:\\"|TH|SH|SS|TP|PP|BR|br)\b.*|\.\\".*|[^.'].*|\\&.*|)$/);
  });

  it.skipIf(!has("man"))("is shown by man without warnings (skipped where there is no man)", () => {
    const { stdout, stderr } = spawnSync("man", ["--warnings", "-E", "UTF-8", "-l", "-"], {
      input: manPage(),
      encoding: "utf8",
      env: { PATH: process.env.PATH, MANPAGER: "cat", MANWIDTH: "80", LC_ALL: "C.UTF-8", TERM: "dumb" },
    });
    expect(stderr).toBe("");
    expect(stdout).toContain("EXIT STATUS");
    expect(stdout).toContain("--redact-key <file>");
  });

  it.skipIf(!has("mandoc"))("passes mandoc's lint (skipped where there is no mandoc)", () => {
    const { stdout } = spawnSync("mandoc", ["-T", "lint"], { input: manPage(), encoding: "utf8" });
    expect(stdout).toBe("");
  });
});
