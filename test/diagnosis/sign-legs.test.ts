// Signs where both legs are in the capture: what was sent on, and what was not.
import { describe, expect, it } from "vitest";
import { atMs, type Talk } from "./record-talk.ts";
import { challenged, client, ids, judged, legOf, server } from "./sign-talk.ts";

describe("where the proxy's connections to origins are in the capture", () => {
  const near: Talk = { records: challenged() };

  it("suspects an answered challenge that no origin was asked for, however near the origin is", () => {
    const [found] = judged([near], false, [legOf("www.example.com", [client(500, 300), server(2_000, 310)])]);
    expect(ids(found)).toBe("never-forwarded credentials-repeat never-forwarded");
    expect(found?.suspected).toBe(true);
  });

  it("suspects nothing that was sent on", () => {
    const leg = legOf("www.example.com", [client(500, 1), server(460, 1.5)]);
    const [found] = judged([near], false, [leg]);
    expect(ids(found)).not.toContain("credentials-repeat");
    expect(found?.suspected).toBe(false);
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
