// Hostile strings in every text of a report: no output lets a control character through, and none falls over.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORMATS, type FormatName, loadLadder, type Report } from "../../src/report/index.ts";
import type { TerminalStyle } from "../../src/report/outputs/style.ts";
import { times } from "../harness/times.ts";
import { finding, judged, report, SAMPLES } from "./samples.ts";

const STYLE: TerminalStyle = { width: 80, colour: false, drawing: true, unicode: true, verbose: true };

/** An output, as the command line loads it. */
async function load(name: FormatName, style = STYLE): Promise<(report: Report) => string> {
  const document = await FORMATS[name].open(style, false);
  return (report) => document.add(report) + document.end();
}

const HOSTILE = [
  "\x1b[2J\x1b]0;owned\x07",
  "\r\nHTTP/1.1 200 OK\r\n\tall well",
  "\u009b31m\u0090q\u009c",
  "\u202egnp.exe\u2066",
  "a\0b\x7fc\u200d\ufeff\u2028",
  "\ud800 lone",
  "long".repeat(5_000),
  "\u0301".repeat(200),
];

/** Strings that the report's own types decide, which no capture can fill. */
const FIXED = new Set(
  [
    "schemaVersion",
    "verdict",
    "closedBy",
    "detectedBy",
    "severity",
    "certainty",
    "sentBy",
    "from",
    "protocol",
    "id",
  ].concat([
    "start",
    "end",
    "time",
    "notBefore",
    "notAfter",
    "intercepts",
    "intercepted",
    "decrypted",
    "ech",
    "level",
    "format",
  ]),
);

/** A copy of `value` in which every text that comes from outside is `text`. Counts them in `filled`. */
function fill(value: unknown, text: string, filled: { count: number }, name = ""): unknown {
  if (typeof value === "string") {
    if (FIXED.has(name)) return value;
    filled.count++;
    return text;
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, text, filled, name));
  if (typeof value !== "object" || value === null || name === "verdicts") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, text, filled, key)]));
}

const TEMPLATE = (() => {
  const [...connections] = [...SAMPLES.values()].flatMap((sample) => sample.connections);
  const base = report(
    connections.map((connection, i) => ({
      ...connection,
      stream: i,
      notes: [{ id: "tls-gap", frame: 7, text: "bytes are missing" }],
    })),
  );
  const findings = connections.map(({ verdict }, i) => finding(verdict, i, { evidence: ["evidence"] }));
  const folded = [
    {
      verdict: "encrypted" as const,
      client: "192.0.2.17",
      proxy: "192.0.2.80:8080",
      target: "cdn.example.net:443",
      count: 40,
      firstStream: 99,
      firstFrame: 700,
    },
  ];
  const warnings = [{ id: "tcp-gap", count: 3, frame: 77, text: "bytes of a connection are missing" }];
  const quality = { ...base.capture.quality, warnings };
  return {
    ...base,
    folded,
    capture: { ...base.capture, quality },
    findings: [...findings, finding("keys-missing", null), finding("capture-quality", null)],
  };
})();

function poisoned(text: string): Report {
  const filled = { count: 0 };
  const result = fill(TEMPLATE, text, filled) as Report;
  expect(filled.count).toBeGreaterThan(500);
  return result;
}

/** Everything that may not reach a terminal; line ends and the tabs of `line` are the outputs' own, CSV's are CR LF. */
const FORBIDDEN = /[^\P{Cc}\n\t]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

async function outputs(bad: Report): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const name of Object.keys(FORMATS) as FormatName[]) {
    texts.set(name, (await load(name))(bad).replaceAll(/\r\n/g, name === "csv" ? "\n" : "\r\n"));
    const narrow = await load(name, { ...STYLE, width: 40, drawing: false, unicode: false });
    texts.set(`${name}, narrow and ASCII`, narrow(bad).replaceAll(/\r\n/g, name === "csv" ? "\n" : "\r\n"));
  }
  const ladder = await loadLadder();
  texts.set("ladder", bad.connections.map((connection) => ladder(bad, connection, STYLE)).join(""));
  return texts;
}

describe("hostile strings in every field", () => {
  it.each(HOSTILE.map((text) => [JSON.stringify(text).slice(0, 30), text]))("never pass: %s", async (_name, text) => {
    for (const [name, output] of await outputs(poisoned(text))) {
      expect(FORBIDDEN.exec(output)?.[0], name).toBeUndefined();
      if (!name.startsWith("line")) expect(output, name).not.toContain("\t");
    }
  });

  it("never pass where widths of characters are counted differently", async () => {
    for (const text of [
      "\u2e80\u{3fffe}\u{3fffe}\u{3fffe}\u{3fffe}\u{1da00}\u{3fffe}\u{20000}",
      "\u{1f1e6}\u0483\u{1da00}".repeat(9),
    ]) {
      for (const [name, output] of await outputs(poisoned(text)))
        expect(FORBIDDEN.exec(output)?.[0], name).toBeUndefined();
    }
  });

  it("never pass, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 40 }), async (text) => {
        for (const [name, output] of await outputs(poisoned(text)))
          expect(FORBIDDEN.exec(output)?.[0], name).toBeUndefined();
      }),
      { numRuns: times(15) },
    );
  });

  it("leave `line` its eight columns and one line", async () => {
    const dress = await load("line");
    for (const text of HOSTILE) {
      const output = dress(poisoned(text));
      expect(output.split("\t").length).toBe(8);
      expect(output.split("\n").length).toBe(2);
    }
  });

  it("keep JSON the same value", async () => {
    const dress = await load("json");
    for (const text of HOSTILE) {
      const bad = poisoned(text);
      expect(JSON.parse(dress(bad))).toEqual(JSON.parse(JSON.stringify(bad)));
    }
  });
});

describe("the line for scripts", () => {
  it("has the columns of the contract", async () => {
    const dress = await load("line");
    expect(dress(SAMPLES.get("tunnel-401-proxy")!)).toBe(
      "tunnel-401-proxy\tmorning.pcapng\tproxy=192.0.2.80:8080\ttunnels=1\twrong=1\tunseen=0\tfirst=news.example.com:443@43\tGET https://news.example.com/ (frame 40) was answered 401 inside the tunnel (frame 43) by the proxy, which should have asked with 407 on the CONNECT.\n",
    );
  });

  it.each([
    ["connect-401", "news.example.com:443@14"],
    ["tunnel-407", "news.example.com:443@43"],
    ["forward-401-proxy", "intranet.example.com@14"],
    ["auth-loop", "news.example.com:443@18"],
    ["tls-failed", "news.example.com:443@60"],
    ["tunnel-refused", "news.example.com:443@14"],
    ["encrypted", "news.example.com:443@43"],
    ["ok", "-"],
    ["tunnel-401-origin", "-"],
  ] as const)("of %s points at %s", async (verdict, first) => {
    const dress = await load("line");
    expect(dress(SAMPLES.get(verdict)!).split("\t")[6]).toBe(`first=${first}`);
  });

  it("has a dash where there is no proxy", async () => {
    const dress = await load("line");
    const empty = report([], { proxies: [] });
    expect(dress(empty)).toContain("\tproxy=-\ttunnels=0\twrong=0\tunseen=0\tfirst=-\tNo connection to a proxy");
  });

  it("writes an IPv6 proxy with brackets", async () => {
    const dress = await load("line");
    const six = judged(3, "connect-401", { proxy: { ip: "2001:db8::80", port: 3128 } });
    expect(dress(report([six]))).toContain("\tproxy=[2001:db8::80]:3128\t");
  });
});
