// Tunnels in which nothing is asked although all is well: of a client that speaks HTTP/2 only more can be said.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { whyUnasked } from "../../src/diagnosis/unasked.ts";
import type { Certificate, TlsFacts } from "../../src/tls-parse/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { tunnelOf } from "./record-talk.ts";

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
