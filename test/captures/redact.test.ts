// All recorded captures in all outputs with --redact ip,host,user: nothing that their recording scripts know is left.
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { proxies } from "../../src/cli/option-values.ts";
import { FORMATS, type FormatName, loadLadder, REDACT_KINDS, type Report } from "../../src/report/index.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";

const STYLE = { width: 100, colour: false, drawing: true, unicode: true, verbose: true };

const recorded = loadTruth();
let searched = 0;
afterAll(() => expect(searched).toBeGreaterThan(5 * recorded.length));

async function reportOf({ truth, path }: RecordedCapture): Promise<Report> {
  const valuesOf = (name: string) => truth.options.filter((_, i) => truth.options[i - 1] === name);
  const result = await checkCapture(path, {
    proxies: valuesOf("--proxy").reduce((before, value) => proxies(value, before), [] as ReturnType<typeof proxies>),
    rsaKeys: valuesOf("--rsa-key").map((file) => join(dirname(path), file)),
  });
  if ("kind" in result) throw new Error(`${path}: ${result.message}`);
  return result;
}

/** What the truth names: addresses and hosts; and users and realms, which only the report does. */
function originals({ truth, path }: RecordedCapture, report: Report): Set<string> {
  const found = new Set<string>([path, basename(path), truth.proxy.ip]);
  const host = (text: string): unknown => found.add(text.replace(/^[a-z]+:\/\//, "").replace(/[/?].*$|:\d+$/g, ""));
  for (const { client, connects, tunnel, exchanges, forwards } of truth.connections) {
    found.add(client.replace(/:\d+$/, ""));
    for (const { target } of connects) host(target);
    if (tunnel?.sni != null) host(tunnel.sni);
    for (const { url } of [...exchanges, ...forwards]) if (url !== null) host(url.replace(/:\d+(?=\/)/, ""));
  }
  for (const { connects, tunnel, forwards } of report.connections) {
    for (const { credentials, response } of [...connects, ...forwards, ...(tunnel?.exchanges ?? [])]) {
      if (credentials?.user != null) found.add(credentials.user);
      for (const { realm } of response?.challenges ?? []) if (realm !== null) found.add(realm);
    }
    const certificate = tunnel?.tls?.certificate ?? null;
    if (certificate !== null) for (const text of [certificate.subject, certificate.issuer]) found.add(text);
  }
  // Words that the program's own sentences are made of, and products' names, which a realm may be.
  for (const word of ["", "user", "member", "api", "Gateway", "mitmproxy", "Tinyproxy", "Ncat"]) found.delete(word);
  return found;
}

describe("redacted outputs", () => {
  it.each(recorded.map((one) => [basename(one.path), one] as const))("of %s tell no original", async (_name, one) => {
    const plain = await reportOf(one);
    const before = JSON.stringify(plain);
    const report = createRedactor(new Set(REDACT_KINDS)).redact(plain);
    expect(JSON.stringify(plain)).toBe(before);
    const outputs = new Map<string, string>();
    for (const name of Object.keys(FORMATS) as FormatName[]) {
      const document = await FORMATS[name].open(STYLE, false);
      outputs.set(name, document.add(report) + document.end());
    }
    const ladder = await loadLadder();
    outputs.set("ladder", report.connections.map((connection) => ladder(report, connection, STYLE)).join(""));
    for (const original of originals(one, plain)) {
      searched++;
      for (const [name, text] of outputs)
        expect(text.toLowerCase().includes(original.toLowerCase()), `${original} in ${name}`).toBe(false);
    }
    // All that the recordings use: their networks and the names of documentation.
    for (const [name, text] of outputs)
      expect(
        /\b10\.4\d\.\d+\.\d+|\bfd[0-9a-f]{2}:|\bexample\.(?:com|net|org)|EXAMPLE\\/i.exec(text)?.[0],
        name,
      ).toBeUndefined();
    // What was found is told all the same.
    expect(report.findings.map(({ id, frames, displayFilter }) => ({ id, frames, displayFilter }))).toEqual(
      plain.findings.map(({ id, frames, displayFilter }) => ({ id, frames, displayFilter })),
    );
    expect(report.connections.map(({ verdict, stream }) => [stream, verdict])).toEqual(
      plain.connections.map(({ verdict, stream }) => [stream, verdict]),
    );
  });
});
