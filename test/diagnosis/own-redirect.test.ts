// Redirects to a login page elsewhere: told where both legs show that the proxy made them, and only there.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { ownRedirect } from "../../src/diagnosis/own-redirect.ts";
import type { ServerLeg } from "../../src/proxy/index.ts";
import { headline } from "../../src/report/outputs/headline.ts";
import { loadTruth } from "../harness/truth.ts";
import { HOST, leg, staged } from "./evidence-talk.ts";

const LOGIN = "https://login.example.org/?back=www";
/** Opened for the client, and nothing was sent on it. */
const SILENT = leg(HOST, []);

function told(status: number, location: string, legs: readonly ServerLeg[], lookup?: string): string | null {
  const { exchange, context } = staged([]);
  const seen = lookup === undefined ? [] : [{ name: "x-cache-lookup", value: lookup }];
  const fields = [{ name: "location", value: location }, ...seen];
  const response = { ...exchange.response!, status, challenges: [], fields };
  return ownRedirect({ ...exchange, response }, { ...context, legs })?.text ?? null;
}

describe("a redirect inside a tunnel", () => {
  it.each([302, 303, 307])("%i is told with what shows that it is the proxy's", (status) => {
    expect(told(status, LOGIN, [SILENT])).toMatch(
      new RegExp(
        `^GET .* was answered ${status} \\(frame \\d+\\) by the proxy itself, which sends the client to login\\.example\\.org: .*was not sent on it`,
      ),
    );
  });

  it.each([
    ["where the request was sent on", 302, LOGIN, [leg(HOST, [["client", 300, 200.3]])]],
    ["where no leg leads to the host", 302, LOGIN, [leg("shop.example.net", [])]],
    ["without the other leg", 302, LOGIN, []],
    ["to the same host", 302, `https://${HOST}/login`, [SILENT]],
    ["to a path", 302, "/login", [SILENT]],
    ["that is for good", 301, LOGIN, [SILENT]],
    ["of another kind", 200, LOGIN, [SILENT]],
  ] as const)("is not told %s", (_name, status, location, legs) => {
    expect(told(status, location, legs)).toBeNull();
  });

  it("is told as what it seems where the proxy says that it did not look for it in its cache", () => {
    const { port } = staged([]).context.timeline.proxy;
    const own = `NONE from gateway:${port}`;
    expect(told(302, LOGIN, [], own)).toMatch(
      /answered 302 \(frame \d+\), as it seems by the proxy itself, .*: "X-Cache-/,
    );
    expect(told(302, LOGIN, [], `MISS from gateway:${port}`)).toBeNull();
    expect(told(302, LOGIN, [], `NONE from gateway:${port + 1}`)).toBeNull();
  });

  it("stands in the sentence of the connection, and its neighbour's stays", async () => {
    const capture = loadTruth().find(({ name }) => name === "both-legs-redirect")!;
    const report = await checkCapture(capture.path, {});
    if ("kind" in report) throw new Error(report.message);
    expect(report.connections.map(({ verdict }) => verdict)).toEqual(["ok", "ok"]);
    const [redirected, page] = report.connections.map(({ summary }) => summary);
    expect(redirected).toMatch(
      /no 401 or 407, but GET .* was answered 302 .* by the proxy itself, which sends the client to login\.example\.org/,
    );
    expect(page).toContain("nothing wrong");
    expect(report.findings.map(({ id, stream, certainty }) => [id, stream, certainty])).toEqual([["ok", 0, "certain"]]);
    expect(headline(report)).toBe(redirected);
  });
});
