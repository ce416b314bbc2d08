// SARIF against its schema (OASIS, version 2.1.0), and against what the report says.
import { describe, expect, it } from "vitest";
import { explanations } from "../../src/diagnosis/index.ts";
import { FORMATS, type Report } from "../../src/report/index.ts";
import { uriOf } from "../../src/report/outputs/sarif-log.ts";
import { finding, judged, report, SAMPLES } from "./samples.ts";
import { validSarif } from "./sarif-schema.ts";

interface Sarif {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly {
      readonly executionSuccessful: boolean;
      readonly toolExecutionNotifications: readonly unknown[];
    }[];
    readonly artifacts: readonly { readonly location: { readonly uri: string }; readonly mimeType?: string }[];
    readonly results: readonly Result[];
  }[];
}

interface Result {
  readonly ruleId: string;
  readonly ruleIndex?: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation: { readonly artifactLocation: { readonly uri: string; readonly index: number } };
    readonly logicalLocations?: readonly { readonly fullyQualifiedName: string }[];
  }[];
  readonly fingerprints: Readonly<Record<string, string>>;
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

async function sarif(reports: readonly Report[], failed: readonly string[] = []): Promise<Sarif> {
  const document = await FORMATS.sarif.open();
  const text = reports.map((one) => document.add(one)).join("");
  for (const path of failed) document.failed({ path, message: "this is no packet capture" });
  const log: unknown = JSON.parse(text + document.end());
  expect(validSarif(log)).toEqual([]);
  return log as Sarif;
}

describe("SARIF", () => {
  it.each([...SAMPLES])("of %s is valid", async (verdict, sample) => {
    const { runs } = await sarif([sample]);
    expect(runs[0]!.results.map(({ ruleId }) => ruleId)).toEqual(sample.findings.map(({ id }) => id));
    if (sample.findings.length > 0) expect(runs[0]!.results[0]!.ruleId).toBe(verdict);
  });

  it("says of what media type a capture is, unless that is packed", async () => {
    const [, sample] = [...SAMPLES][0]!;
    const types = async (compression: Report["capture"]["compression"]) =>
      (
        await sarif([{ ...sample, capture: { ...sample.capture, format: "pcapng", compression } }])
      ).runs[0]!.artifacts.map(({ mimeType }) => mimeType);
    expect(await types(null)).toEqual(["application/x-pcapng"]);
    expect(await types("gzip")).toEqual([undefined]);
  });

  it("is one run over several captures, with results that point at their artifact and rule", async () => {
    const { runs } = await sarif([...SAMPLES.values()], ["broken.pcap"]);
    expect(runs.length).toBe(1);
    const { artifacts, results, tool, invocations } = runs[0]!;
    expect(artifacts.length).toBe(SAMPLES.size);
    const findings = [...SAMPLES.values()].flatMap((one, index) => one.findings.map(({ id }) => ({ id, index })));
    expect(
      results.map(({ ruleId, locations }) => ({
        id: ruleId,
        index: locations[0]!.physicalLocation.artifactLocation.index,
      })),
    ).toEqual(findings);
    const { rules } = tool.driver;
    for (const { ruleId, ruleIndex } of results) {
      if (ruleIndex === undefined) expect(rules.map(({ id }) => id)).not.toContain(ruleId);
      else expect(rules[ruleIndex]!.id).toBe(ruleId);
    }
    expect(invocations[0]).toMatchObject({ executionSuccessful: false });
    expect(JSON.stringify(invocations[0]!.toolExecutionNotifications)).toContain("broken.pcap");
  });

  it("has all rules with the words of `explain`", async () => {
    const { runs } = await sarif([SAMPLES.get("ok")!]);
    expect(runs[0]!.tool.driver.rules).toMatchObject(
      explanations().map(({ id, meaning }) => ({
        id,
        fullDescription: { text: meaning },
        help: { text: expect.any(String) },
      })),
    );
    expect(runs[0]!.results).toEqual([]);
  });

  it("says where, in frames, the decisive one first, and how bad", async () => {
    const { runs } = await sarif([
      report([judged(3, "tunnel-401-proxy")], {
        findings: [
          finding("tunnel-401-proxy", 3, { evidence: ["the answer took 1 ms"] }),
          finding("keys-missing", null),
          finding("basic-in-clear", 3, { severity: "warning" }),
        ],
      }),
    ]);
    const [wrong, keys, basic] = runs[0]!.results;
    expect(wrong!.locations[0]!.logicalLocations).toEqual([
      { name: "frame 43", fullyQualifiedName: "tcp.stream 3/frame 43", kind: "frame" },
    ]);
    expect(wrong!.message.text).toMatch(
      /^Title of tunnel-401-proxy\.\nDetail of .*\nEvidence: the answer took 1 ms\.$/,
    );
    expect(keys!.locations[0]!.logicalLocations).toBeUndefined();
    expect([wrong!.level, keys!.level, basic!.level]).toEqual(["error", "note", "warning"]);
  });

  it("knows a trouble again in another capture, and tells findings of one capture apart", async () => {
    const connections = [judged(3, "connect-401"), judged(4, "connect-401")];
    const findings = connections.map(({ stream }) => finding("connect-401", stream));
    const morning = report(connections, { findings });
    const evening = { ...morning, capture: { ...morning.capture, path: "evening.pcapng" } };
    const [a, b] = [await sarif([morning]), await sarif([morning, evening])];
    const prints = (log: Sarif, name: "fingerprints" | "partialFingerprints"): string[] =>
      log.runs[0]!.results.flatMap((result) => Object.values(result[name]));
    expect(prints(b, "fingerprints").slice(0, 2)).toEqual(prints(a, "fingerprints"));
    expect(new Set(prints(b, "fingerprints")).size).toBe(4);
    expect(new Set(prints(b, "partialFingerprints")).size).toBe(1);
    for (const print of [...prints(b, "fingerprints"), ...prints(b, "partialFingerprints")])
      expect(print).toMatch(/^[0-9a-f]{16}$/);
  });

  it.each([
    ["captures/a b.pcap", "captures/a%20b.pcap"],
    ["/var/tmp/ü.pcap", "file:///var/tmp/%C3%BC.pcap"],
    ["//host/share", "file:///host/share"],
    ["C:\\logs\\a.pcap", "file:///C:/logs/a.pcap"],
    ["a:b?c#d.pcap", "a%3Ab%3Fc%23d.pcap"],
    ["../up.pcap", "../up.pcap"],
    ["-", "-"],
    ["\ud800", "%EF%BF%BD"],
  ])("writes the path %j as %s", (path, uri) => {
    expect(uriOf(path)).toBe(uri);
  });

  it.each([
    ["caps\\a b.pcap", "caps/a%20b.pcap"],
    [".\\caps/a.pcap", "./caps/a.pcap"],
    ["\\\\host\\share\\a b.pcap", "file://host/share/a%20b.pcap"],
    ["\\\\?\\C:\\caps\\a.pcap", "file:///C:/caps/a.pcap"],
    ["\\\\?\\UNC\\host\\share\\a.pcap", "file://host/share/a.pcap"],
    ["\\caps\\a.pcap", "file:///caps/a.pcap"],
    ["C:/caps/a.pcap", "file:///C:/caps/a.pcap"],
  ])("writes Windows' path %j as %s", (path, uri) => {
    expect(uriOf(path, true)).toBe(uri);
  });

  it("lets nothing off the wire become a link or a placeholder in a viewer (§3.11.5, §3.11.6)", async () => {
    const text = "answered [sign in](http://elsewhere.example/) {0}";
    const sample = report([judged(3, "connect-401")], { findings: [finding("connect-401", 3, { detail: text })] });
    const document = await FORMATS.sarif.open();
    document.add(sample);
    document.failed({ path: "broken.pcap", message: text });
    const log = JSON.parse(document.end()) as Sarif;
    expect(validSarif(log)).toEqual([]);
    const safe = "answered [sign in] (http://elsewhere.example/) {{0}}";
    expect(log.runs[0]!.results[0]!.message.text).toContain(safe);
    expect(log.runs[0]!.invocations[0]!.toolExecutionNotifications).toMatchObject([{ message: { text: `${safe}.` } }]);
  });

  it("is nothing if nothing could be checked", async () => {
    const document = await FORMATS.sarif.open();
    document.failed({ path: "broken.pcap", message: "it is broken" });
    expect(document.end()).toBe("");
  });
});
