// Why a Squid did not open the tunnel: it names the page with which it answers.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { REDACT_KINDS } from "../../src/report/index.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";
import { loadTruth } from "../harness/truth.ts";
import { asked } from "./asked.ts";
import { found } from "./diagnose.ts";

async function refusal(name: string) {
  const report = await checkCapture(loadTruth().find((one) => one.name === name)!.path);
  if ("kind" in report) throw new Error(report.message);
  return report.findings.find(({ id }) => id === "tunnel-refused");
}

describe("a tunnel that was not opened", () => {
  it.each([
    ["squid-403", ['"X-Squid-Error: ERR_ACCESS_DENIED 0" is Squid\'s reason (frame 6)']],
    ["squid-503-no-such-name", ['"X-Squid-Error: ERR_CANNOT_FORWARD 0" is Squid\'s reason (frame 6)']],
    ["privoxy-blocked", []],
  ])("has the reason that the proxy gives: %s", async (name, evidence) => {
    expect((await refusal(name))?.evidence).toEqual(evidence);
  });

  it.each([
    ["ERR_CANNOT_FORWARD -3", 1],
    ["ERR_DNS_FAIL", 1],
    ["secret-for-test", 0],
    ["ERR_ACCESS_DENIED 0 secret-for-test", 0],
  ])("has of %j what a Squid says, and nothing else", (value, count) => {
    const one = asked(0, [{ status: 403 }]);
    const connects = one.connects.map((connect) => ({
      ...connect,
      response: { ...connect.response!, fields: [{ name: "x-squid-error", value }] },
    }));
    const refused = { ...one, connects };
    expect(found("tunnel-refused", [refused])[0]?.evidence).toHaveLength(count);
  });

  it.each(["squid-403", "squid-503-no-such-name", "squid-503-port-closed"])(
    "has it with pseudonyms, too, as the name of Squid's page names nobody: %s",
    async (name) => {
      const finding = await refusal(name);
      expect(createRedactor(new Set(REDACT_KINDS)).redact(finding)?.evidence).toEqual(finding!.evidence);
      expect(finding!.evidence).not.toEqual([]);
    },
  );

  it("is one that the proxy could not reach, also with 500", async () => {
    expect((await refusal("squid-503-no-such-name"))?.advice.helpdesk).toContain("With 502 to 504 (of Squid also 500)");
  });
});
