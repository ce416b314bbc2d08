// Signs where both legs are in the capture: what was sent on, and what was not.
import { describe, expect, it } from "vitest";
import { tunnelRecords } from "../../src/diagnosis/signs/turns.ts";
import { atMs, type Talk, tunnelOf, where } from "./record-talk.ts";
import { challenged, client, ids, judged, legOf, server, TICKETS } from "./sign-talk.ts";

describe("where the proxy's connections to origins are in the capture", () => {
  const near: Talk = { records: challenged() };

  it("suspects an answered challenge that no origin was asked for, however near the origin is", () => {
    const [found] = judged([near], false, [legOf("www.example.com", [client(500, 300), server(2_000, 310)])]);
    expect(ids(found)).toBe("never-forwarded credentials-repeat never-forwarded");
    expect(found?.suspected).toBe(true);
  });

  it("takes no page for a challenge, though no origin was asked for it", () => {
    const leg = legOf("www.example.com", [client(500, 300), server(2_000, 310)]);
    const cached = (bytes: number): string =>
      ids(judged([{ records: [client(420, 0.1), ...TICKETS, server(bytes, 2), client(420, 5)] }], false, [leg])[0]);
    expect([400, 8_192].map(cached)).toEqual(["never-forwarded", "never-forwarded"]);
    expect(cached(8_193)).toBe("");
  });

  it("reads no exchanges out of records between which bytes may be missing, or that are early data", () => {
    const whole = tunnelOf(near);
    const tunnel = whole.tunnel!;
    const tls = tunnel.tls!;
    const gap = { from: "client" as const, where: where(9, 9), length: 10 };
    expect(tunnelRecords(whole)?.turns).toHaveLength(2);
    for (const damaged of [
      { ...whole, gaps: [gap] },
      { ...whole, tunnel: { ...tunnel, tls: { ...tls, gaps: 1 } } },
      { ...whole, tunnel: { ...tunnel, tls: { ...tls, clientHello: null } } },
      { ...whole, tunnel: { ...tunnel, tls: { ...tls, clientHello: { ...tls.clientHello!, earlyData: true } } } },
      { ...whole, tunnel: { ...tunnel, tls: { ...tls, handshakeComplete: false } } },
    ])
      expect(tunnelRecords(damaged)).toBeNull();
  });

  it("suspects nothing that was sent on", () => {
    const leg = legOf("www.example.com", [client(500, 1), server(460, 1.5)]);
    const [found] = judged([near], false, [leg]);
    expect(ids(found)).not.toContain("credentials-repeat");
    expect(found?.suspected).toBe(false);
  });

  it("says nothing where the only one may have been opened for somebody else, who wanted the same host at the time", () => {
    const outside = { ip: "198.51.100.80", port: 40_000 };
    const leg = { ...legOf("www.example.com", [client(500, 300), server(2_000, 310)]), proxy: outside };
    const atOnce = { ...near, stream: 0 };
    expect(ids(judged([near], false, [leg])[0])).toContain("never-forwarded");
    expect(ids(judged([near, atOnce], false, [leg])[0])).toBe("credentials-repeat");
    expect(ids(judged([near, atOnce], false, [leg, leg])[0])).toContain("never-forwarded");
  });

  it("says nothing where bytes of the legs are missing", () => {
    const leg = legOf("www.example.com", []);
    expect(ids(judged([near], false, [{ ...leg, end: atMs(60_000), tls: { ...leg.tls!, gaps: 1 } }])[0])).toBe(
      "credentials-repeat",
    );
  });

  it("says nothing where the legs are those of another time", () => {
    const leg = { ...legOf("www.example.com", []), start: atMs(500_000), end: atMs(501_000) };
    expect(ids(judged([near], false, [leg])[0])).toBe("credentials-repeat");
  });
});
