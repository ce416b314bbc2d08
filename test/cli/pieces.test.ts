// The pieces of the command line that need no process: option values, exit codes, progress.
import { describe, expect, it } from "vitest";
import { combined, exitCode } from "../../src/cli/exit-code.ts";
import { nearest } from "../../src/cli/nearest.ts";
import { ports, proxies } from "../../src/cli/option-values.ts";
import { createProgress } from "../../src/cli/progress.ts";
import type { Verdict } from "../../src/diagnosis/index.ts";
import { judged, report } from "../report/samples.ts";

describe("addresses of proxies", () => {
  it.each([
    ["10.0.0.2", { host: "10.0.0.2" }],
    ["10.0.0.2:8080", { host: "10.0.0.2", port: 8080 }],
    ["fd00::2", { host: "fd00::2" }],
    ["[fd00::2]:8080", { host: "fd00::2", port: 8080 }],
    ["[FD00:0:0::0002]", { host: "fd00::2" }],
    ["2001:DB8:0:0:1:0:0:1", { host: "2001:db8::1:0:0:1" }],
  ])("accepts %s", (value, address) => {
    expect(proxies(value)).toEqual([address]);
  });

  it.each([
    "",
    "proxy.example.com",
    "10.0.0",
    "10.0.0.2:",
    "10.0.0.2:0",
    "[fd00::2",
    "[10.0.0.2",
    "fd00::2]:80",
    ":8080",
  ])("refuses %j", (value) => {
    expect(() => proxies(value)).toThrow();
  });

  it("collects several", () => {
    expect(proxies("10.0.0.2", proxies("10.0.0.1"))).toHaveLength(2);
    expect(ports("3128", ports("8080,80"))).toEqual([8080, 80, 3128]);
  });
});

describe("the exit code of a report", () => {
  const of = (...verdicts: Verdict[]): number =>
    exitCode(report(verdicts.map((verdict, i) => judged(i, verdict))), undefined);

  it("is 1 if anything is wrong, also where something unseen ranks worse", () => {
    expect(of("tunnel-401-suspected", "auth-loop")).toBe(1);
    expect(of("tunnel-401-suspected", "ok")).toBe(3);
    expect(of("encrypted", "tunnel-401-origin")).toBe(3);
    expect(of("tunnel-401-origin", "ok")).toBe(0);
  });

  it("is 3 for a capture in which no proxy was found", () => {
    expect(of()).toBe(3);
  });

  it("follows --fail-on and forgets nothing that was not seen", () => {
    const mixed = report([judged(0, "tls-failed"), judged(1, "encrypted")]);
    expect(exitCode(mixed, ["tls-failed"])).toBe(1);
    expect(exitCode(mixed, ["encrypted"])).toBe(1);
    expect(exitCode(mixed, [])).toBe(3);
    expect(exitCode(report([judged(0, "tls-failed")]), ["tunnel-407"])).toBe(0);
  });

  it.each([
    [[0, 3, 1, 2], 2],
    [[0, 3, 1], 1],
    [[3, 0], 3],
    [[0, 0], 0],
    [[], 0],
  ])("of several %j is %d", (codes, code) => {
    expect(combined(codes)).toBe(code);
  });
});

describe("progress", () => {
  function drawnBy(onTerminal: boolean): {
    text: () => string;
    at: (ms: number) => void;
    progress: ReturnType<typeof createProgress>;
  } {
    let clock = 0;
    let text = "";
    const stream = {
      columns: 40,
      write(piece: string) {
        text += piece;
      },
    };
    const progress = createProgress(
      "a-very-long-name-of-a-capture-file.pcapng",
      onTerminal ? stream : null,
      () => clock,
    );
    return {
      text: () => text,
      at: (ms) => {
        clock = ms;
      },
      progress,
    };
  }

  it("says nothing where there is no terminal, and nothing of short work", () => {
    for (const [terminal, ms] of [
      [false, 5_000],
      [true, 400],
    ] as const) {
      const { text, at, progress } = drawnBy(terminal);
      at(ms);
      progress.update(1_000_000, 2_000_000);
      progress.clear();
      expect(text()).toBe("");
    }
  });

  it("shows share and rate on one line that it takes back", () => {
    const { text, at, progress } = drawnBy(true);
    at(1_000);
    progress.update(250_000_000, 1_000_000_000);
    expect(text()).toBe("\r\x1b[K25 % of 1000 MB, 250 MB/s: a-very-long-");
    at(1_100);
    progress.update(300_000_000, 1_000_000_000);
    progress.clear();
    expect(text()).toBe("\r\x1b[K25 % of 1000 MB, 250 MB/s: a-very-long-\r\x1b[K");
  });

  it("shows what was read where the size is not known", () => {
    const { text, at, progress } = drawnBy(true);
    at(2_000);
    progress.update(50_000_000, null);
    expect(text()).toContain("50 MB, 25 MB/s");
  });

  it("has never more than all, of a file that grows while it is read", () => {
    const { text, at, progress } = drawnBy(true);
    at(1_000);
    progress.update(2_500_000_000, 2_000_000_000);
    expect(text()).toContain("100 % of 2000 MB");
  });
});

describe("nearest", () => {
  it("finds what was meant, or nothing", () => {
    const words = ["tunnel-401-proxy", "tunnel-407", "auth-loop", "ok"];
    expect(nearest("tunel-407", words)).toBe("tunnel-407");
    expect(nearest("loop", words)).toBe("auth-loop");
    expect(nearest("unrelated", words)).toBeNull();
    expect(nearest("foo", ["ok", "check"])).toBeNull();
    expect(nearest("chk", ["ok", "check"])).toBe("check");
    // Of a word of two letters none need be left.
    expect(nearest("xy", ["ok", "check"])).toBeNull();
    const many = Array.from({ length: 8 }, (_, i) => `tunnel-${i}`);
    expect(nearest("tunnel", many.slice(0, 3))).toBe("tunnel-0, tunnel-1 or tunnel-2");
    expect(nearest("tunnel", many)).toBe("tunnel-0, tunnel-1, tunnel-2, tunnel-3, tunnel-4, tunnel-5, ...");
  });
});
