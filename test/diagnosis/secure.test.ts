// TLS to the proxy itself of which nothing could be read: what is said of it, and of what may have been asked in it.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import type { TlsFacts } from "../../src/tls-parse/index.ts";
import { asked, CHALLENGED } from "./asked.ts";
import { diagnosisOf } from "./diagnose.ts";
import { atMs, timeline, tunnelOf, where } from "./record-talk.ts";

/** A handshake that is not complete. */
const BEGUN: Partial<TlsFacts> = { serverHello: null, handshakeComplete: false, handshakeCompleteWhere: null };
const ANSWERED_PLAIN: Partial<TlsFacts> = { ...BEGUN, notTls: { client: null, server: where(31, 31) } };

function outer(change: Partial<TlsFacts>, more: Partial<Timeline> = {}): Timeline {
  return timeline({
    secure: { ...tunnelOf({ records: [] }).tunnel!.tls!, marks: [], closed: 3, ...change },
    ...more,
  });
}

function said(one: Timeline) {
  const { verdict, findings } = diagnosisOf([one]);
  return [verdict, findings.find(({ id }) => id === "tls-failed")?.title ?? null];
}

describe("TLS to the proxy itself", () => {
  const FAILED = ["tls-failed", "The TLS handshake with the proxy itself failed"];

  it.each([
    ["that was answered in plain HTTP failed", outer(ANSWERED_PLAIN), FAILED],
    ["that the client broke off failed", outer(BEGUN, { closedBy: "reset-by-client" }), FAILED],
    ["that went well is only unread", outer({}), ["encrypted", null]],
    ["of which bytes are missing is only unread", outer({ ...ANSWERED_PLAIN, gaps: 1 }), ["encrypted", null]],
    ["that the capture's end cuts is only unread", outer(BEGUN, { closedBy: "open" }), ["encrypted", null]],
  ])("%s", (_name, one, expected) => expect(said(one)).toEqual(expected));

  it("is sent to whoever set the client up, and cites its frames", () => {
    const [finding] = diagnosisOf([outer(ANSWERED_PLAIN)]).findings;
    expect(finding?.detail).toMatch(/with the proxy itself failed: bytes that are not TLS came in frame 31/);
    expect(finding?.frames).toContain(31);
    expect(finding?.advice.helpdesk).toMatch(/plain HTTP/);
  });

  it("to a port that takes plain HTTP is told as that, and no certificate is to be looked at", () => {
    const one = outer(ANSWERED_PLAIN, { clearAnswer: { status: 400, frame: where(31, 31).frame } });
    const [finding] = diagnosisOf([one]).findings;
    expect(finding?.id).toBe("tls-failed");
    expect(finding?.detail).toMatch(/: the ClientHello was answered with plain HTTP \(400, frame 31\)\.$/);
    expect(finding?.title).toBe("The client speaks TLS to a port of the proxy that takes plain HTTP");
    expect(finding?.frames).toContain(31);
    expect(finding?.advice.helpdesk).toMatch(/set http:\/\/ \(PROXY in a PAC file\)/);
    expect(finding?.advice.proxyAdmin).not.toMatch(/ciphers/);
  });

  it("may be meant for a site where it names a server: then the proxy's address is set as it should be", () => {
    const clearAnswer = { status: 400, frame: where(31, 31).frame };
    const helpdesk = (sni: string | null): string | undefined => {
      const { clientHello } = tunnelOf({ records: [] }).tunnel!.tls!;
      const hello = { ...clientHello!, sni };
      return diagnosisOf([outer({ ...ANSWERED_PLAIN, clientHello: hello }, { clearAnswer })]).findings[0]?.advice
        .helpdesk;
    };
    expect(helpdesk("www.example.com")).toMatch(/set http:\/\/ .* names a server: if that is a web site/);
    expect(helpdesk(null)).not.toContain("names a server");
  });

  it("may hold the answer to a 407, unless nothing was asked in it", () => {
    const later: Partial<Timeline> = { stream: 1, client: { ip: "192.0.2.17", port: 50_001 }, start: atMs(500) };
    const places: Partial<Timeline> = { ...later, firstFrame: where(29, 29).frame, lastFrame: where(32, 32).frame };
    const verdicts = (second: Timeline) =>
      diagnosisOf([asked(0, [CHALLENGED]), second]).facts.connections.map(({ verdict }) => verdict);
    expect(verdicts(outer({}, places))).toEqual(["incomplete", "encrypted"]);
    expect(verdicts(outer(ANSWERED_PLAIN, places))).toEqual(["auth-abandoned", "tls-failed"]);
  });
});
