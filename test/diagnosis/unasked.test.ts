// Tunnels in which nothing is asked although all is well: of a client that speaks HTTP/2 only more can be said.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { asksNothing, whyUnasked } from "../../src/diagnosis/unasked.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { httpsCell } from "../../src/report/outputs/cells.ts";
import type { Certificate, TlsFacts } from "../../src/tls-parse/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { diagnosisOf, found } from "./diagnose.ts";
import { type Said, type Talk, tunnelOf, where } from "./record-talk.ts";

const READ = [{}] as readonly unknown[] as readonly Certificate[];

/** TLS of a client that offers these protocols, and of which the certificate was read. */
function offering(alpn: readonly string[], change: Partial<TlsFacts> = {}): string {
  const tls = tunnelOf({ records: [] }).tunnel!.tls!;
  const clientHello = { ...tls.clientHello!, alpn, whole: true };
  return whyUnasked({ ...tls, clientHello, certificates: READ, alpn: null, gaps: 0, ...change });
}

describe("nothing was asked in the tunnel", () => {
  it("for want of a protocol that the client speaks", () => {
    expect(offering(["grpc-exp", "h2"])).toMatch(
      /^it offered only "grpc-exp", "h2" as protocol \(ALPN\), and none was/,
    );
  });

  it.each([
    ["it speaks HTTP/1.1, too", ["h2", "http/1.1"], {}],
    ["it offers none", [], {}],
    ["one was chosen", ["h2"], { alpn: "h2" }],
    ["what was chosen was not read", ["h2"], { certificates: [] }],
    ["bytes are missing", ["h2"], { gaps: 1 }],
  ] as const)("not for that where %s", (_name, alpn, change) => {
    expect(offering(alpn, change)).toBe(
      "so does a client that does not accept the certificate, or that has nothing to ask",
    );
  });

  it("by gRPC, where the site has no HTTP/2", async () => {
    const capture = loadTruth().find(({ name }) => name === "grpc-without-h2")!;
    const report = await checkCapture(capture.path, {});
    if ("kind" in report) throw new Error(report.message);
    expect(report.connections[0]!.summary).toMatch(
      /before the client closed the connection: it offered only "grpc-exp", "h2"/,
    );
  });
});

const TLS12 = 0x0303;
const CLOSE_NOTIFY: Said = { from: "client", bytes: 2, ms: 1 };
const TICKET: Said = { from: "server", bytes: 230, ms: 1 };
const REQUEST: Said = { from: "client", bytes: 80, ms: 1 };

/** A tunnel without keys whose records passed so. */
function unread(records: readonly Said[], talk: Partial<Talk> = {}, change: Partial<TlsFacts> = {}): Timeline {
  const shell = tunnelOf({ ...talk, records });
  return { ...shell, tunnel: { ...shell.tunnel!, tls: { ...shell.tunnel!.tls!, closed: 6, ...change } } };
}

describe("a tunnel that cannot be read", () => {
  const silent = (one: Timeline) => asksNothing(one, one.tunnel!, one.tunnel!.tls!);

  it.each([
    ["behind the Finished comes nothing", unread([])],
    ["behind the Finished come an alert and tickets", unread([CLOSE_NOTIFY, TICKET, TICKET])],
    ["TLS 1.2 carries no application data", unread([], { version: TLS12 })],
  ])("has certainly no request where %s", (_name, one) => {
    expect(silent(one)).toBe(true);
    const { verdict, summary } = diagnosisOf([one]).facts.connections[0]!;
    expect(verdict).toBe("encrypted");
    expect(summary).toMatch(
      / nothing was asked in it before the connection was closed, as sizes of records show without keys: so does/,
    );
    expect(found("keys-missing", [one])).toEqual([]);
  });

  it.each([
    ["a request came", unread([REQUEST])],
    ["a request came at TLS 1.2", unread([REQUEST], { version: TLS12 })],
    ["early data was sent", unread([], { earlyData: true })],
    ["bytes are missing", unread([], {}, { gaps: 1 })],
    [
      "bytes of the connection are missing",
      { ...unread([]), gaps: [{ from: "client" as const, where: where(9, 9), length: 9 }] },
    ],
    ["one direction is missing", { ...unread([]), oneSided: true }],
    ["part of it was read", unread([], {}, { opened: 2 })],
    ["the client's Finished cannot be told by its size", unread([], { cipherSuite: 0x1302 })],
  ])("may have one where %s", (_name, one) => {
    expect(silent(one)).toBe(false);
  });

  it("was left by a program that does not trust the certificate", async () => {
    const { path } = loadTruth().find(({ name }) => name === "w3m-refuses-certificate")!;
    const report = await checkCapture(Uint8Array.from(readFileSync(path)), {});
    if ("kind" in report) throw new Error(report.message);
    const { connections, findings, verdict } = report;
    expect(verdict).toBe("encrypted");
    expect(connections[0]!.summary).toMatch(
      /nothing was asked in it before the client closed the connection, as sizes/,
    );
    expect(httpsCell(connections[0]!)).toBe("-");
    expect(findings.map(({ id }) => id)).not.toContain("keys-missing");
  });
});
