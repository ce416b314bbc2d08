// Schema, types and reports against each other: every sample validates, no property is on one side only, enumerations agree.
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { NOTES } from "../../src/bytes/index.ts";
import {
  type Certainty,
  explanations,
  FINDINGS,
  type Sender,
  type Severity,
  VERDICTS,
  type Verdict,
} from "../../src/diagnosis/index.ts";
import { TRACE_FINDINGS } from "../../src/policy-trace/index.ts";
import {
  auditSchema,
  type Report,
  type ReportCapture,
  type ReportConnection,
  type ReportExchange,
  type ReportProxy,
  type ReportTls,
  type ReportTunnel,
  reportSchema,
  traceSchema,
} from "../../src/report/index.ts";
import { finding, judged, report, SAMPLES } from "./samples.ts";

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
const validate = ajv.compile(reportSchema);

/** Every member of a union, checked by the compiler: one too many or too few does not compile. */
const members = <T extends string>(all: Readonly<Record<T, true>>): string[] => Object.keys(all).sort();

/** The `enum` that stands at `path` of the schema, behind `anyOf` with null where it is nullable. */
function enumAt(path: string): string[] {
  const found = path.split("/").reduce<unknown>((node, name) => {
    const at = (node as Record<string, unknown>)[name];
    return Array.isArray((at as { anyOf?: unknown[] })?.anyOf) ? (at as { anyOf: unknown[] }).anyOf[0] : at;
  }, reportSchema);
  return [...(found as { enum: string[] }).enum].sort();
}

describe("the JSON Schema of the report", () => {
  it.each([...SAMPLES])("accepts %s", (_verdict, sample) => {
    validate(JSON.parse(JSON.stringify(sample)));
    expect(validate.errors ?? []).toEqual([]);
  });

  it("accepts what samples of one connection lack", () => {
    const connection = judged(4, "tls-failed", { notes: [{ id: "tls-gap", frame: 30, text: "bytes are missing" }] });
    const base = report([connection], { findings: [finding("keys-missing", null)] });
    const folded = [
      {
        verdict: "encrypted",
        client: "192.0.2.17",
        proxy: "192.0.2.80:8080",
        target: null,
        count: 4_000,
        firstStream: 17,
        firstFrame: 203,
      },
    ] as const;
    const warnings = [{ id: "tcp-gap", count: 3, frame: 77, text: "bytes of a connection are missing" }];
    const quality = { ...base.capture.quality, warnings };
    validate({ ...base, folded, capture: { ...base.capture, compression: "zstd", start: null, end: null, quality } });
    expect(validate.errors ?? []).toEqual([]);
  });

  // Objects of the schema are closed and demand every property, and types.ts has no optional ones: a property that only
  // one side knows makes one of these fail or keeps the samples from compiling.
  it("demands and knows every property of every object", () => {
    let objects = 0;
    for (const sample of SAMPLES.values()) {
      const copy: unknown = JSON.parse(JSON.stringify(sample));
      for (const [path, parent] of objectsIn(copy)) {
        if (path.endsWith(".verdicts")) continue;
        objects++;
        const [name] = Object.keys(parent);
        if (name === undefined) continue;
        const value = parent[name];
        delete parent[name];
        expect(validate(copy), `${path} without ${name}`).toBe(false);
        parent[name] = value;
        parent.surprise = 1;
        expect(validate(copy), `${path} with a surprise`).toBe(false);
        delete parent.surprise;
      }
    }
    expect(objects).toBeGreaterThan(300);
  });

  it.each<[string, string[]]>([
    ["$defs/verdict", [...VERDICTS].sort()],
    [
      "$defs/connection/properties/closedBy",
      members<ReportConnection["closedBy"]>({ fin: true, "reset-by-client": true, "reset-by-proxy": true, open: true }),
    ],
    [
      "$defs/tunnel/properties/protocol",
      members<ReportTunnel["protocol"]>({
        tls: true,
        http: true,
        http2: true,
        ssh: true,
        smtp: true,
        unknown: true,
        none: true,
      }),
    ],
    ["$defs/tls/properties/ech", members<ReportTls["ech"]>({ none: true, grease: true, offered: true })],
    ["$defs/tls/properties/intercepted", members<ReportTls["intercepted"]>({ yes: true, no: true, unknown: true })],
    ["$defs/tls/properties/decrypted", members<ReportTls["decrypted"]>({ full: true, partial: true, none: true })],
    [
      "$defs/exchange/properties/protocol",
      members<ReportExchange["protocol"]>({ "http/1.0": true, "http/1.1": true, h2: true }),
    ],
    ["$defs/exchange/properties/sentBy", members<Sender>({ proxy: true, origin: true, unknown: true })],
    ["$defs/exchange/properties/certainty", members<Certainty>({ certain: true, likely: true, possible: true })],
    ["$defs/finding/properties/severity", members<Severity>({ error: true, warning: true, info: true })],
    ["properties/capture/properties/format", members<ReportCapture["format"]>({ pcap: true, pcapng: true })],
    [
      "properties/capture/properties/compression",
      members<NonNullable<ReportCapture["compression"]>>({ gzip: true, zstd: true }),
    ],
    [
      "properties/proxies/items/properties/detectedBy",
      members<ReportProxy["detectedBy"]>({ connect: true, "absolute-form": true, option: true }),
    ],
  ])("lists the values of %s as the types do", (path, values) => {
    expect(enumAt(path)).toEqual(values);
  });

  it.each([
    ["report", reportSchema],
    ["audit", auditSchema],
    ["trace", traceSchema],
  ])(
    "of the %s says of every field what it holds, closes every object and lists every id that there is",
    (_name, schema) => {
      let fields = 0;
      for (const [path, object] of objectsIn(schema, "#")) {
        if (object.type !== "object" || typeof object.properties !== "object") continue;
        expect(object.additionalProperties, path).toBe(false);
        expect(object.required, path).toEqual(Object.keys(object.properties as object));
        for (const [field, { description }] of Object.entries(
          object.properties as Record<string, { description?: string }>,
        )) {
          fields++;
          expect(description ?? described(object, field, schema), `${path}/${field}`).toMatch(/\w/);
        }
      }
      expect(fields).toBeGreaterThan(60);
      expect(schema.$id).toMatch(/^urn:pcapcheck:\w+:1$/);
    },
  );

  it("knows the ids of all findings, notes and warnings, and no others", () => {
    const rules = explanations().map(({ id }) => id);
    expect([...FINDINGS].sort()).toEqual([...rules].sort());
    expect(enumAt("$defs/finding/properties/id")).toEqual([...rules, ...TRACE_FINDINGS].sort());
    expect(enumAt("$defs/connection/properties/notes/items/properties/id")).toEqual(Object.keys(NOTES).sort());
    const { warnings } = (reportSchema.properties as { capture: { properties: { quality: { properties: never } } } })
      .capture.properties.quality.properties;
    const ids = (warnings as { items: { properties: { id: { enum: string[] } } } }).items.properties.id.enum;
    expect([...ids].sort()).toEqual([...Object.keys(NOTES), "stopped"].sort());
  });

  it("has a sample of every verdict", () => {
    expect([...SAMPLES.keys()]).toEqual([...VERDICTS]);
    for (const [verdict, sample] of SAMPLES) expect<Verdict>(sample.verdict).toBe(verdict);
  });

  it("refuses times that are not RFC 3339 with nanoseconds, and frame 0", () => {
    const sample: Report = SAMPLES.get("ok")!;
    const [connection] = sample.connections;
    expect(validate({ ...sample, connections: [{ ...connection, start: "2026-03-09 08:15:02" }] })).toBe(false);
    expect(validate({ ...sample, connections: [{ ...connection, firstFrame: 0 }] })).toBe(false);
  });
});

/** What is said where a field refers to. */
function described(object: Record<string, unknown>, field: string, schema: Readonly<Record<string, unknown>>): string {
  const { $ref } = (object.properties as Record<string, { $ref?: string }>)[field]!;
  const name = $ref?.replace("#/$defs/", "") ?? "";
  return (schema.$defs as Record<string, { description?: string }>)[name]?.description ?? "";
}

/** Every object inside `value`, itself included, with its path. */
function* objectsIn(value: unknown, path = "report"): Generator<[string, Record<string, unknown>]> {
  if (typeof value !== "object" || value === null) return;
  for (const [name, child] of Object.entries(value)) yield* objectsIn(child, `${path}.${name}`);
  if (!Array.isArray(value)) yield [path, value as Record<string, unknown>];
}
