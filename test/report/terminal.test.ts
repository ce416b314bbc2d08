// The report and the ladder on a terminal, against texts that were written down and read as prose, and at every width.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Report } from "../../src/report/index.ts";
import { ladder } from "../../src/report/outputs/ladder.ts";
import { type TerminalStyle, textWidth } from "../../src/report/outputs/style.ts";
import { table } from "../../src/report/outputs/table.ts";
import { finding, judged, report, SAMPLES } from "./samples.ts";

const PLAIN: TerminalStyle = { width: 80, colour: false, drawing: false, unicode: true, verbose: false };
const FULL: TerminalStyle = { ...PLAIN, drawing: true };

const expected = (name: string): string => readFileSync(new URL(`../fixtures/report/${name}`, import.meta.url), "utf8");

const ADVICE = {
  helpdesk: "Tell the user not to enter a password: no password will be accepted, and the web site is not at fault.",
  proxyAdmin: "An authentication rule matches the decrypted request but not the CONNECT.",
};

/** A morning at the helpdesk: five tunnels to one site challenged inside, one refused, forty that cannot be read. */
function morning(): Report {
  const wrong = [3, 5, 7, 9, 11].map((stream) => judged(stream, "tunnel-401-proxy"));
  const refused = judged(12, "tunnel-refused");
  const shut = Array.from({ length: 40 }, (_, i) => judged(20 + i, "encrypted"));
  const base = report([...wrong, refused, ...shut]);
  return {
    ...base,
    findings: [
      ...wrong.map(({ stream, summary }) =>
        finding("tunnel-401-proxy", stream, {
          certainty: "likely",
          title: "The proxy asked for credentials inside the tunnel (401) instead of on the CONNECT (407)",
          detail: `${summary} The 401 asks for NTLM.`,
          evidence: ["frame 43: the same challenge (NTLM) as the 407 of this proxy in frame 14"],
          advice: ADVICE,
        }),
      ),
      finding("tunnel-refused", 12, {
        severity: "warning",
        title: "The proxy did not open the tunnel",
        detail: refused.summary,
      }),
      finding("keys-missing", null, {
        title: "Tunnels that could not be read: keys are missing",
        detail: "40 tunnels could not be read (news.example.com:443): whether a 401 came inside cannot be seen.",
        advice: { helpdesk: "Record again with keys: set SSLKEYLOGFILE before the browser starts.", proxyAdmin: "-" },
      }),
    ],
    capture: {
      ...base.capture,
      quality: {
        ...base.capture.quality,
        warnings: [{ id: "tcp-gap", count: 2, frame: 70, text: "bytes of a connection are missing from the capture" }],
      },
    },
  };
}

describe("the report on a terminal", () => {
  it("tells two stories of one verdict one after the other, each with its own cases", () => {
    const titles = ["The client gave up", "It came from behind", "The client gave up"];
    const all = titles.map((_, i) => judged(3 + i, "auth-abandoned"));
    const findings = titles.map((title, i) => finding("auth-abandoned", 3 + i, { title }));
    const text = table(report(all, { findings }), PLAIN);
    expect(text).toContain("It came from behind");
    expect(text).toContain("Also      1 more connection: stream 5");
  });

  it("leaves out of a finding only what the headline says already", () => {
    const one = judged(3, "auth-ok");
    const clear = finding("basic-in-clear", null, { detail: "1 request carried Basic credentials." });
    const told = finding("auth-ok", 3, { detail: `${one.summary} And more.` });
    expect(table(report([one], { findings: [clear] }), PLAIN)).toContain("What      1 request carried Basic");
    const text = table(report([one], { findings: [told] }), PLAIN);
    expect(text).toContain("What      And more.");
    expect(text.split(one.summary.slice(0, 30)).length).toBe(2);
  });

  it("leads with what is wrong and what to do, then the connections, then what was not seen", () => {
    expect(table(morning(), FULL)).toBe(expected("morning-80.txt"));
  });

  it("says the same without drawing", () => {
    const drawn = table(morning(), FULL).replaceAll("─", "-").replace("✗ ", "x ");
    expect(table(morning(), PLAIN)).toBe(drawn);
  });

  it("is a list where the terminal is narrow", () => {
    expect(table(morning(), { ...FULL, width: 40 })).toBe(expected("morning-40.txt"));
  });

  it.each([...SAMPLES])("of %s fits into every width and names its verdict", (verdict, sample) => {
    for (const width of [40, 59, 60, 69, 70, 80, 120, 200]) {
      for (const verbose of [false, true]) {
        const text = table(sample, { ...FULL, width, verbose });
        for (const line of text.split("\n")) expect(textWidth(line), line).toBeLessThanOrEqual(width);
        expect(text).toContain(verdict);
        expect(text.endsWith("\n")).toBe(true);
      }
    }
  });

  it("fits on one screen for one wrong connection", () => {
    const text = table(SAMPLES.get("tunnel-401-proxy")!, { ...FULL, width: 100 });
    expect(text.split("\n").length).toBeLessThanOrEqual(24);
  });

  it("keeps columns in line with wide and combining characters", () => {
    const tunnel = judged(3, "ok").tunnel!;
    const one = judged(3, "ok", { tunnel: { ...tunnel, target: "東京大阪東京大阪e\u0301.example:443" }, forwards: [] });
    const text = table(report([one, judged(4, "ok")]), FULL);
    const rows = text.split("\n").filter((line) => / (ok|verdict)$/.test(line));
    expect(rows.length).toBe(3);
    expect(text).toContain("東京大阪東京大阪e\u0301.example:443");
    expect(new Set(rows.map((line) => textWidth(line.replace(/(ok|verdict)$/, "")))).size).toBe(1);
  });

  it("colours only where it may, and says the same", () => {
    const coloured = table(morning(), { ...FULL, colour: true });
    expect(coloured).toContain("\x1b[31m✗ tunnel-401-proxy\x1b[0m");
    expect(coloured.replace(/\x1b\[\d+m/g, "")).toBe(table(morning(), FULL));
  });

  it("tells everything with -v: each connection, its fingerprints, every finding's advice", () => {
    const text = table(morning(), { ...FULL, verbose: true, width: 120 });
    expect(text.match(/^\d+ /gm)?.length).toBe(46);
    expect(text.match(/t13d1516h2_8daaf6152771_b0da82dd1658/g)?.length).toBe(45);
    expect(text).toContain("What the administrator does about tunnel-refused.");
  });

  it.each([
    ["none", "ECH none"],
    ["grease", "ECH none, most likely: GREASE without a server name"],
    ["offered", "ECH offered, or GREASE that looks the same"],
  ] as const)("says of an Encrypted ClientHello no more than can be seen: %s", (ech, said) => {
    const one = judged(1, "ok");
    const tunnel = { ...one.tunnel!, tls: { ...one.tunnel!.tls!, ech } };
    const text = table(report([{ ...one, tunnel }]), { ...FULL, verbose: true, width: 200 });
    expect(/ECH [^;\n]*/.exec(text)?.[0]).toBe(said);
  });

  it("leads with the sentence about all hosts where there is one, and says it once", () => {
    const base = morning();
    const detail =
      "news.example.com is challenged at GET https:// although this client was authenticated at CONNECT; www.example.com is not.";
    const mixed = finding("mixed-auth-context", null, { severity: "error", detail });
    const text = table({ ...base, findings: [...base.findings, mixed] }, { ...FULL, width: 200 });
    expect(text.split("\n")[2]?.trim()).toBe(detail);
    expect(text.split(detail).length).toBe(2);
    expect(text).toContain(base.connections[0]!.summary);
    expect(text).toContain("What the administrator does about mixed-auth-context.");
    const calm = report([judged(3, "encrypted")], { findings: [mixed] });
    expect(table(calm, { ...FULL, width: 200 }).split("\n")[2]).not.toContain(detail);
  });

  it("says that no proxy was found", () => {
    const empty = report([], { proxies: [], verdict: "incomplete", exitCode: 3 });
    expect(table(empty, FULL)).toContain("No connection to a proxy was found in this capture.");
  });

  it("has what is wrong in front, then what was not seen, then the rest, each by its stream", () => {
    const text = table(
      report([
        judged(1, "ok"),
        judged(2, "encrypted"),
        judged(3, "tunnel-401-proxy"),
        judged(4, "tunnel-refused"),
        judged(5, "incomplete"),
      ]),
      { ...FULL, verbose: true, width: 120 },
    );
    const rows = text.slice(text.indexOf("───"));
    expect(rows.match(/^\d/gm)?.join("")).toBe("34251");
  });

  it("has six lines of evidence of the worst, none of the others, and with -v all of both", () => {
    const evidence = (of: string): string[] => Array.from({ length: 8 }, (_, i) => `${of}-evidence-${i}`);
    const two = report([judged(3, "tunnel-401-proxy"), judged(4, "tunnel-refused")], {
      findings: [
        finding("tunnel-401-proxy", 3, { evidence: evidence("first") }),
        finding("tunnel-refused", 4, { evidence: evidence("second") }),
      ],
    });
    const told = (verbose: boolean): string[] => table(two, { ...FULL, verbose }).match(/\w+-evidence-\d/g) ?? [];
    expect(told(false)).toEqual(evidence("first").slice(0, 6));
    expect(told(true)).toEqual([...evidence("first"), ...evidence("second")]);
  });

  it("names eight of the streams that have the same finding", () => {
    const wrong = Array.from({ length: 12 }, (_, i) => judged(i, "tunnel-401-proxy"));
    const all = (count: number): string =>
      table(
        report(wrong.slice(0, count), {
          findings: wrong.slice(0, count).map(({ stream }) => finding("tunnel-401-proxy", stream)),
        }),
        FULL,
      );
    expect(all(12)).toContain("Also      11 more connections: streams 1, 2, 3, 4, 5, 6, 7, 8 ...\n");
    expect(all(9)).toContain("Also      8 more connections: streams 1, 2, 3, 4, 5, 6, 7, 8\n");
    expect(all(2)).toContain("Also      1 more connection: stream 1\n");
  });

  it("cuts a text that fills the screen, and says how much of it", () => {
    const long = judged(3, "tunnel-401-proxy", { summary: "x".repeat(2_500) });
    expect(table(report([long]), { ...FULL, width: 3_000 })).toContain(
      `x${"x".repeat(1_999)}... (500 characters more)\n`,
    );
  });

  it("counts the connections of rows that are not shown", () => {
    const targets = Array.from({ length: 33 }, (_, i) =>
      judged(i, "encrypted", { tunnel: { ...judged(i, "encrypted").tunnel!, target: `${i}.example.com:443` } }),
    );
    const again = { ...targets[32]!, stream: 40 };
    expect(table(report([...targets, again]), FULL)).toContain("\nand 4 connections more (-v shows all rows)\n");
    expect(table(report(targets), { ...FULL, verbose: true })).not.toContain("shows all rows");
  });

  it("says how far the clock of the proxy's own records is, and what was made of them", () => {
    const source = {
      ...{ path: "proxy.log", kind: "access-log" as const, records: 9, clockDifferenceMs: 1_499, clockMatches: 1 },
      ...{ clockCertain: true, joined: 5, ambiguous: 3, unmatched: 1, notes: [] },
    };
    const told = (change: Partial<typeof source> | { clockDifferenceMs: null }, dropped = 0): string =>
      table(report([judged(1, "ok")], { policy: { sources: [{ ...source, ...change }], joins: [], dropped } }), {
        ...FULL,
        width: 400,
      });
    const counts = "; of 9 records 5 belong to one connection, 3 to one of several, 1 to none\n";
    expect(told({})).toContain(`proxy.log: its clock is that of the capture (1 CONNECT meets)${counts}`);
    expect(told({ clockDifferenceMs: -3_600_000 })).toContain("its clock is 3600.0 s behind (1 CONNECT meets)");
    expect(told({ clockDifferenceMs: 1_500, clockMatches: 2, clockCertain: false })).toContain(
      "its clock is 1.5 s ahead (2 CONNECTs meet; they may be of other minutes, so nothing is certain)",
    );
    expect(told({ clockDifferenceMs: null })).toContain("proxy.log: nothing in it meets this capture;");
    expect(told({}, 7)).toContain("7 records more were not looked at");
    expect(told({})).not.toContain("not looked at");
  });

  it("shows connections that were only counted as rows with their count", () => {
    const folded = [
      {
        verdict: "encrypted" as const,
        client: "192.0.2.17",
        proxy: "192.0.2.80:8080",
        target: "cdn.example.net:443",
        count: 4_000,
        firstStream: 2_017,
        firstFrame: 30_001,
      },
    ];
    expect(table(report([judged(3, "encrypted")], { folded }), FULL)).toMatch(/2017 \(4000x\).*cdn\.example\.net:443/);
  });
});

describe("the ladder of a connection", () => {
  const drawn = (name: Parameters<typeof judged>[1], style: TerminalStyle, change = {}): string => {
    const one = judged(3, name, change);
    return ladder({ ...SAMPLES.get(name)!, connections: [one] }, one, style);
  };

  it("shows three stages with the evidence in its place", () => {
    expect(drawn("tunnel-401-proxy", FULL)).toBe(expected("ladder-80.txt"));
  });

  it("goes on below time and frame where the terminal is narrow", () => {
    expect(drawn("tls-failed", { ...PLAIN, width: 40 })).toBe(expected("ladder-40.txt"));
  });

  it.each([...SAMPLES.keys()])("of %s fits into every width", (verdict) => {
    for (const width of [40, 63, 64, 80, 200]) {
      const text = drawn(verdict, { ...FULL, width, verbose: true });
      for (const line of text.split("\n")) expect(textWidth(line), line).toBeLessThanOrEqual(width);
    }
  });

  it("names the connection on which the challenge was answered, and the other way round", () => {
    expect(drawn("auth-ok", FULL, { continuedBy: 8, tunnel: null })).toContain("The client came back on stream 8.");
    expect(drawn("auth-ok", FULL, { continues: 2 })).toContain("comes back from stream 2, where the proxy asked");
  });

  it("lists signs at the records where they show", () => {
    const text = drawn("tunnel-401-suspected", { ...FULL, width: 200 });
    expect(text).toMatch(
      /^GET https:\/\/.*\n +36\.000 ms +43 {2}◀── {2}not read; looks like a challenge by the proxy\n +the answer of 450 bytes .*\n +after an answer of 450 bytes/m,
    );
    const { tunnel } = judged(3, "tunnel-401-suspected");
    expect(drawn("encrypted", FULL, { tunnel })).toMatch(/43 {2}◀── {2}not read\n/);
  });

  it("has a section of its own for forwarded requests", () => {
    expect(drawn("forward-401-proxy", FULL)).toMatch(/^GET http:\/\/$/m);
  });
});
