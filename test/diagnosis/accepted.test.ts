// Credentials that the proxy let through, and did not let through elsewhere: the password was right.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Challenge } from "../../src/http/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { ACCEPTED, asked, BASIC, CHALLENGED, SENT } from "./asked.ts";
import { found } from "./diagnose.ts";

const OTHER: Challenge = { ...BASIC, realm: "Another gateway" };
const NEWS = "news.example.com:443";

/** Asked, answered and let through: frames 10 to 40 or so of stream 0. */
const signedIn = asked(0, [CHALLENGED, ACCEPTED]);
/** The next connection, on which a browser sends the same credentials unasked. */
const unasked = (challenge: Challenge, times = 1, sent = SENT): Timeline =>
  asked(
    1,
    Array.from({ length: times }, () => ({ target: NEWS, with: sent, status: 407, challenges: [challenge] })),
  );

describe("credentials that the proxy had let through", () => {
  it("are not refused where another realm is asked for", () => {
    const timelines = [signedIn, unasked(OTHER)];
    const [abandoned] = found("auth-abandoned", timelines);
    expect(abandoned!.title).toBe("The proxy took the credentials, and the client was then asked for others");
    expect(abandoned!.detail).toMatch(
      /sent the credentials that the proxy had let through in frame 14 once more \(frame \d+\), and was asked for credentials for another realm/,
    );
    expect(abandoned!.advice.helpdesk).toContain("need not be wrong");
    const [again] = found("challenge-after-success", timelines);
    expect(again!.title).toBe("The proxy had accepted the credentials, and then others were asked for");
    expect(again!.detail).toContain("were answered with a 407 that asks for others");
    expect(again!.advice.helpdesk).toContain("need not be wrong");
  });

  it("are refused for the user's sake and not for the password's where the same realm asks again", () => {
    const timelines = [signedIn, unasked(BASIC)];
    const [abandoned] = found("auth-abandoned", timelines);
    expect(abandoned!.detail).toContain("the same that it had let through in frame 14");
    expect(abandoned!.advice.helpdesk).toMatch(/^The password was right before/);
    expect(abandoned!.advice.proxyAdmin).toContain("proxy_auth");
    expect(found("challenge-after-success", timelines)[0]!.advice.proxyAdmin).toContain("proxy_auth");
    expect(found("auth-loop", [signedIn, unasked(BASIC, 2)])[0]!.advice.proxyAdmin).toContain("proxy_auth");
  });

  it.each<[string, readonly Timeline[]]>([
    ["other ones", [signedIn, unasked(BASIC, 1, { ...SENT, tag: "b" })]],
    ["at another proxy", [{ ...signedIn, proxy: { ip: "192.0.2.7", port: 8080 } }, unasked(BASIC)]],
    ["let through unasked, as a proxy does that does not look at them", [asked(0, [ACCEPTED]), unasked(BASIC)]],
    ["let through later", [asked(2, [CHALLENGED, ACCEPTED]), unasked(BASIC)]],
  ])("are none if they are %s", (_name, timelines) => {
    const [abandoned] = found("auth-abandoned", timelines);
    expect(abandoned!.advice.helpdesk).toMatch(/^Ask the user to sign in again with the right password/);
  });

  it("may have been wrong where nobody had asked for them", () => {
    const [again] = found("challenge-after-success", [asked(0, [ACCEPTED]), unasked(BASIC)]);
    expect(again!.advice.helpdesk).toMatch(/^Ask whether the password was changed lately/);
  });

  it("are not called right where a site was open to them, as recorded", async () => {
    const recorded = loadTruth().find(({ name }) => name === "squid-wrong-password-open-site")!;
    const report = await checkCapture(recorded.path);
    if ("kind" in report) throw new Error(report.message);
    const again = report.findings.find(({ id }) => id === "challenge-after-success");
    expect(again?.title).toBe("The proxy refused credentials that it had let through before");
    expect(again?.detail).toMatch(/let through in frame \d+, where .* refused in frame \d+, and let through again in/);
    expect(again?.advice.helpdesk).toMatch(/wrong all the time/);
  });

  it.each([
    ["squid-user-not-admitted", /^The password was right before/],
    ["two-realms-unasked", /^The password need not be wrong/],
  ])("are not called wrong in %s, as recorded", async (name, helpdesk) => {
    const report = await checkCapture(loadTruth().find((one) => one.name === name)!.path);
    if ("kind" in report) throw new Error(report.message);
    for (const id of ["auth-abandoned", "challenge-after-success"])
      expect(report.findings.find((one) => one.id === id)?.advice.helpdesk).toMatch(helpdesk);
  });
});
