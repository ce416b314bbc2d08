// CSV as Python's csv module reads it: every value comes back, and nothing is a formula to a spreadsheet.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { csvField } from "../../src/report/escape.ts";
import { FORMATS, type Report } from "../../src/report/index.ts";
import { COLUMNS } from "../../src/report/outputs/csv.ts";
import { readCsv } from "../harness/csv-reader.ts";
import { times } from "../harness/times.ts";
import { finding, judged, report, SAMPLES } from "./samples.ts";

async function csv(...reports: readonly Report[]): Promise<string> {
  const document = await FORMATS.csv.open();
  return reports.map((one) => document.add(one)).join("") + document.end();
}

/** Rows by the names of the header. */
function records(text: string): Record<string, string>[] {
  const [header = [], ...rows] = readCsv(text);
  return rows.map((row) => {
    expect(row.length).toBe(header.length);
    return Object.fromEntries(row.map((value, i) => [header[i]!, value]));
  });
}

describe("CSV", () => {
  it("has the columns of the contract, in their order", async () => {
    const [header] = readCsv(await csv(SAMPLES.get("ok")!));
    expect(header).toEqual([
      ...["capture", "verdict", "class", "connections", "stream", "client_ip", "client_port", "proxy_ip", "proxy_port"],
      ...["start", "end", "closed_by", "target", "connect_status", "tls_version", "tls_complete", "intercepted"],
      ...["decrypted", "inside_status", "asked_by", "certainty", "schemes", "frame", "continued_by", "summary"],
      ...["display_filter", "named_client_ip", "named_client_port"],
    ]);
    expect(header).toEqual(Object.keys(COLUMNS));
  });

  it("says of a connection what the report says", async () => {
    expect(records(await csv(SAMPLES.get("tunnel-401-proxy")!))).toEqual([
      {
        capture: "morning.pcapng",
        verdict: "tunnel-401-proxy",
        class: "wrong",
        connections: "1",
        stream: "3",
        client_ip: "192.0.2.17",
        client_port: "52113",
        proxy_ip: "192.0.2.80",
        proxy_port: "8080",
        start: "2026-03-09T08:15:02.000000000Z",
        end: "2026-03-09T08:15:03.900000000Z",
        closed_by: "fin",
        target: "news.example.com:443",
        connect_status: "407 407 200",
        tls_version: "TLS 1.3",
        tls_complete: "yes",
        intercepted: "yes",
        decrypted: "full",
        inside_status: "401",
        asked_by: "proxy",
        certainty: "likely",
        schemes: "NTLM",
        frame: "43",
        continued_by: "",
        summary:
          "GET https://news.example.com/ (frame 40) was answered 401 inside the tunnel (frame 43) by the proxy, which should have asked with 407 on the CONNECT.",
        display_filter: "tcp.stream eq 3 and frame.number in {12, 14, 43}",
        named_client_ip: "",
        named_client_port: "",
      },
    ]);
  });

  it("has one header over several captures, and a row for each connection", async () => {
    const rows = records(await csv(...SAMPLES.values(), report([judged(1, "ok"), judged(2, "encrypted")])));
    expect(rows.length).toBe(SAMPLES.size + 2);
    expect(rows.map(({ verdict }) => verdict)).toEqual([...SAMPLES.keys(), "ok", "encrypted"]);
    expect(new Set(rows.map((row) => row.class))).toEqual(new Set(["wrong", "unseen", "fine"]));
  });

  it("has rows for connections that were only counted, and one for a capture without any", async () => {
    const folded = {
      verdict: "encrypted" as const,
      client: "192.0.2.17",
      proxy: "[2001:db8::80]:8080",
      target: null,
      count: 40,
      firstStream: 99,
      firstFrame: 700,
    };
    const [, counted] = records(await csv(report([judged(1, "ok")], { folded: [folded] })));
    expect(counted).toMatchObject({
      ...{ class: "unseen", client_ip: "192.0.2.17", display_filter: "" },
      ...{ connections: "40", stream: "99", proxy_ip: "2001:db8::80", proxy_port: "8080", target: "", frame: "700" },
    });
    const [none, ...more] = records(await csv(report([])));
    expect(none).toMatchObject({ capture: "morning.pcapng", connections: "0", stream: "", proxy_ip: "" });
    expect(more).toEqual([]);
  });

  it("says how certain a finding is also where no answer was read", async () => {
    const found = finding("tunnel-401-suspected", 3, { certainty: "likely" });
    const [row] = records(await csv(report([judged(3, "tunnel-401-suspected")], { findings: [found] })));
    expect(row).toMatchObject({ certainty: "likely", asked_by: "" });
  });

  it("ends every line with CR LF, also where text has line ends", async () => {
    const text = await csv(report([judged(1, "ok", { summary: "a\r\nb\nc" })]));
    expect(text.split("\r\n").length).toBe(3);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });
});

describe("a field of CSV", () => {
  it.each([
    ["=1+1", "'=1+1"],
    ["+49 30 1234", "'+49 30 1234"],
    ["-2", "'-2"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["  =cmd|' /C calc'!A0", "'  =cmd|' /C calc'!A0"],
    ["＝1", "'＝1"],
    ["a;=1+1", "a;'=1+1"],
    ['a;"=1+1"', '"a;\'""=1+1"""'],
    ["\t=1+1", "\\x09=1+1"],
    ["\r=1", "\\x0d=1"],
    ["a=b", "a=b"],
    ["https://www.example.com/?a=-1", "https://www.example.com/?a=-1"],
    ["a,b", '"a,b"'],
    ['a"b', '"a""b"'],
  ])("of %j is %s", (value, expected) => {
    expect(csvField(value)).toBe(expected);
  });

  it("of a number is the number, of nothing is empty", () => {
    expect([csvField(-3), csvField(null), csvField("")]).toEqual(["-3", "", ""]);
  });
});

describe("whatever stands in a report", () => {
  it("comes back as it was, and starts no formula in any cell, whether commas, semicolons or tabs separate", async () => {
    const texts = fc.sample(fc.oneof(fc.string(), hostile()), { numRuns: times(300), seed: 5 });
    const rows = report(
      texts.map((text, i) => judged(i, "tunnel-401-proxy", { summary: text, proxy: { ip: text, port: 1 } })),
    );
    const text = await csv(rows, { ...rows, findings: [finding("tunnel-401-proxy", 3)] });
    const read = records(text);
    expect(read.length).toBe(2 * texts.length);
    for (const [i, row] of read.entries()) {
      const plain = (value: string): string => value.replace(/(^|;)'/g, "$1");
      const wanted = texts[i % texts.length]!;
      if (!/[^\x20-\x7e]|'/.test(wanted)) expect(plain(row.summary!)).toBe(wanted);
      for (const value of Object.values(row))
        for (const cell of [value, ...value.split(/[;\t]/)]) expect(cell).not.toMatch(/^["\s]*[=+\-@＝＋－＠]/);
    }
  });
});

function hostile(): fc.Arbitrary<string> {
  const part = fc.constantFrom("=", "+", "-", "@", ";", '"', "'", ",", " ", "\t", "\r", "\n", "＝", "1", "a");
  return fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
}
