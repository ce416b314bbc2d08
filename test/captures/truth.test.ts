// Every recorded capture against what its recording script knows of it: verdicts, targets, statuses, schemes, exchanges, senders.
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type CheckOptions, checkCapture, type ProxyAddress } from "../../src/audit/index.ts";
import { proxies } from "../../src/cli/option-values.ts";
import type { Report, ReportConnection, ReportExchange } from "../../src/report/index.ts";
import {
  acceptsWithoutKeys,
  loadTruth,
  type RecordedCapture,
  type TruthConnection,
  type TruthExchange,
} from "../harness/truth.ts";

const recorded = loadTruth();
const lonely = mkdtempSync(join(tmpdir(), "pcapcheck-truth-"));
afterAll(() => rmSync(lonely, { recursive: true, force: true }));

async function reportOf(path: string, options: CheckOptions): Promise<Report> {
  const result = await checkCapture(path, options);
  if ("kind" in result) throw new Error(`${path}: ${result.message}`);
  return result;
}

/** Options of the truth are those of the command line. */
function optionsOf({ truth, path }: RecordedCapture): CheckOptions {
  const valuesOf = (name: string) => truth.options.filter((_, i) => truth.options[i - 1] === name);
  const known = ["--proxy", "--rsa-key"];
  expect(truth.options.every((option, i) => i % 2 === 1 || known.includes(option))).toBe(true);
  return {
    proxies: proxyOptions(valuesOf("--proxy")),
    rsaKeys: valuesOf("--rsa-key").map((file) => join(dirname(path), file)),
  };
}

function proxyOptions(values: readonly string[]): readonly ProxyAddress[] {
  return values.reduce<readonly ProxyAddress[]>((before, value) => proxies(value, before), []);
}

/** The connections of a report in the order of their first frames; an HTTP/2 connection has one of each tunnel. */
function ofClient(report: Report, { client }: TruthConnection): readonly ReportConnection[] {
  return report.connections.filter(({ client: { ip, port } }) => `${ip}:${port}` === client);
}

function shortExchange({ method, url, response, sentBy }: ReportExchange): TruthExchange {
  return { method, url, status: response?.status ?? null, sentBy: sentBy === "unknown" ? null : sentBy };
}

/** The sender is asked of 401s, and of 407s inside a tunnel; what the truth knows of others is left out. */
function asked(exchanges: readonly TruthExchange[], inTunnel: boolean): readonly TruthExchange[] {
  return exchanges.map((exchange) => {
    const isAsked = exchange.status === 401 || (inTunnel && exchange.status === 407);
    return isAsked ? exchange : { ...exchange, sentBy: null };
  });
}

/** Where the capture lacks the requests, the answers alone are shown. */
function asCaptured(truth: readonly TruthExchange[], found: readonly TruthExchange[]): readonly TruthExchange[] {
  return truth.map((exchange, i) =>
    found[i]?.method === null && found[i].status === exchange.status
      ? { ...exchange, method: null, url: null }
      : exchange,
  );
}

describe("with keys", () => {
  it("there are at least 25 recorded captures", () => expect(recorded.length).toBeGreaterThanOrEqual(25));

  it.each(recorded.map((capture) => [capture.name, capture] as const))("%s", async (_name, capture) => {
    const { truth } = capture;
    const report = await reportOf(capture.path, optionsOf(capture));
    expect(report.verdict).toBe(truth.verdict);
    expect(new Set(report.findings.map(({ id }) => id))).toEqual(
      new Set([...report.findings.map(({ id }) => id), ...truth.findings]),
    );
    for (const connection of truth.connections) {
      const found = ofClient(report, connection);
      expect(found.length, `connections of ${connection.client}`).toBeGreaterThan(0);
      expect(found.map(({ verdict }) => verdict)).toContain(connection.verdict);
      const connects = found.flatMap((one) => one.connects);
      expect(connects.map(({ target, response }) => ({ target, status: response?.status ?? null }))).toEqual(
        connection.connects.map(({ target, status }) => ({ target, status })),
      );
      expect(connects.map(({ response }) => (response?.challenges ?? []).map(({ scheme }) => scheme))).toEqual(
        connection.connects.map(({ schemes }) => schemes),
      );
      expect(connects.map(({ credentials }) => credentials?.scheme ?? null)).toEqual(
        connection.connects.map(({ credentials }) => credentials),
      );
      const exchanges = found.flatMap((one) => one.tunnel?.exchanges ?? []).map(shortExchange);
      expect(exchanges).toEqual(asCaptured(asked(connection.exchanges, true), exchanges));
      const forwards = found.flatMap((one) => one.forwards).map(shortExchange);
      expect(forwards.filter(({ method }) => method !== null)).toEqual(asked(connection.forwards, false));
      const tunnel = found[0]?.tunnel ?? null;
      if (connection.tunnel !== null && connection.tunnels === undefined) {
        expect(tunnel?.protocol).toBe(connection.tunnel.protocol);
        if (connection.tunnel.sni !== null) expect(tunnel?.tls?.sni).toBe(connection.tunnel.sni);
        if (connection.tunnel.tlsVersion !== null) expect(tunnel?.tls?.version).toBe(connection.tunnel.tlsVersion);
      }
    }
  });
});

describe("without keys", () => {
  it.each(recorded.map((capture) => [capture.name, capture] as const))("%s", async (_name, capture) => {
    const alone = join(lonely, basename(capture.path));
    copyFileSync(capture.path, alone);
    const embedded = capture.keysPath === null && capture.truth.verdict !== capture.truth.verdictWithoutKeys;
    const report = await reportOf(alone, optionsOf(capture));
    for (const connection of capture.truth.connections) {
      const [found] = ofClient(report, connection);
      if (embedded) continue;
      expect(acceptsWithoutKeys(connection, found!.verdict), `${connection.client} is ${found?.verdict}`).toBe(true);
    }
  });
});
