// Clients behind a load balancer in all outputs: who connects stays what the capture shows, who asks is whom the header names.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { createRunner } from "../../src/audit/runner.ts";
import { FORMATS, type FormatName, loadLadder, type Report } from "../../src/report/index.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";

const STYLE = { width: 400, colour: false, drawing: false, unicode: true, verbose: false };

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-balancer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The recorded capture, in which one machine was client and balancer, with other clients in its headers. */
function capture(): Uint8Array {
  const bytes = Buffer.from(readFileSync(new URL("../../captures/behind-balancer.pcap", import.meta.url)));
  const line = bytes.indexOf("PROXY TCP4 10.44.1.2 ");
  const binary = bytes.indexOf("\r\n\r\n\0\r\nQUIT\n", 0, "latin1");
  expect(Math.min(line, binary)).toBeGreaterThan(0);
  bytes.write("PROXY TCP4 10.44.7.1 ", line, "latin1");
  bytes.set([10, 44, 7, 2], binary + 16);
  return new Uint8Array(bytes);
}

async function recorded(accessLogs: readonly string[] = []): Promise<Report> {
  const report = await checkCapture(capture(), { accessLogs });
  if ("kind" in report) throw new Error(report.message);
  return report;
}

async function outputs(report: Report): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const name of Object.keys(FORMATS) as FormatName[]) {
    const document = await FORMATS[name].open(STYLE, false);
    texts.set(name, document.add(report) + document.end());
  }
  const ladder = await loadLadder();
  return texts.set("ladder", ladder(report, report.connections[0]!, STYLE));
}

describe("a report of clients behind a load balancer", () => {
  it("has both: who connects, and whom the header names in which frame", async () => {
    const { connections } = await recorded();
    expect(connections.map(({ client, namedClient }) => [client.ip, namedClient?.ip, namedClient?.frame])).toEqual([
      ["10.44.1.2", "10.44.7.1", 4],
      ["10.44.1.2", "10.44.7.2", 37],
    ]);
  });

  it("counts those that are named, and says that it is the header's word", async () => {
    const texts = await outputs(await recorded());
    const table = texts.get("table")!;
    expect(table).toContain(
      "2 connections from 2 clients, as PROXY headers from 10.44.1.2 name them, if they tell the truth",
    );
    expect(table).toMatch(/^0 +10\.44\.7\.1 +www\.example\.com:443/m);
    expect(table).toMatch(/^1 +10\.44\.7\.2 +news\.example\.com:443/m);
    const ladder = texts.get("ladder")!;
    expect(ladder).toContain("10.44.7.1:33114 through 10.44.1.2:42484 -> 10.44.1.80:3131");
    expect(ladder).toMatch(
      / 4 {2}--> {2}PROXY header: passed on for 10\.44\.7\.1:33114\n.*so says 10\.44\.1\.2, and nothing/,
    );
    expect(texts.get("csv")).toMatch(/,10\.44\.1\.2,42484,.*,10\.44\.7\.1,33114\r\n/);
    expect(texts.get("html")).toContain("10.44.7.2:40330 through 10.44.1.2:42498");
    expect(texts.get("sarif")).not.toContain('"namedClient":null');
  });

  it("has neither address where addresses are redacted", async () => {
    const redacted = createRedactor(new Set(["ip"] as const)).redact(await recorded());
    for (const [name, text] of await outputs(redacted)) expect(text, name).not.toMatch(/10\.44\./);
    expect(redacted.connections.map(({ client, namedClient }) => [client.ip, namedClient?.ip])).toEqual([
      [expect.stringMatching(/^ip-\d$/), expect.stringMatching(/^ip-\d$/)],
      [expect.stringMatching(/^ip-\d$/), expect.stringMatching(/^ip-\d$/)],
    ]);
    expect(new Set(redacted.connections.map(({ namedClient }) => namedClient?.ip)).size).toBe(2);
  });

  it("is what audits sum up by those clients", async () => {
    const path = join(folder, "behind.pcap");
    writeFileSync(path, capture());
    const runner = await createRunner({}, { jobs: 1, timeoutMs: null, maxMemoryMiB: null, workerFile: "" });
    const [row] = await runner.run([
      { path, files: [path], size: 1, modified: 0, hash: null, keys: null, found: true },
    ]);
    await runner.close();
    expect(row?.groups.map(({ client }) => client).sort()).toEqual(["10.44.7.1", "10.44.7.2"]);
  });

  it("is joined with lines of the proxy's log that name the balancer or the client, and with no other's", async () => {
    const line = (client: string, port: string, status: number) =>
      `2026-11-27 07:18:12 0 ${client} ${port} - - OBSERVED ${status} - TCP_TUNNELED CONNECT tcp www.example.com 443`;
    const log = join(folder, "access.log");
    const fields =
      "#Fields: date time time-taken c-ip c-port cs-username x-exception-id sc-filter-result sc-status rs-status s-action cs-method cs-uri-scheme cs-host cs-uri-port";
    const joined = async (client: string, port = "-"): Promise<unknown> => {
      writeFileSync(
        log,
        `#Software: SGOS 7.3.5.1\n${fields}\n${line(client, port, 407)}\n${line(client, port, 200)}\n`,
      );
      return (await recorded([log])).policy?.joins.map(({ stream }) => stream);
    };
    expect(await joined("10.44.7.1")).toEqual([0]);
    expect(await joined("10.44.7.1", "33114")).toEqual([0]);
    expect(await joined("10.44.1.2", "42484")).toEqual([0]);
    expect(await joined("10.44.1.2", "33114")).toEqual([]);
    expect(await joined("10.44.7.2")).toEqual([]);
  });
});
