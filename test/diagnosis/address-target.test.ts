// A CONNECT that names an address: that of a site whose name comes later, or that of the proxy itself.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { ACCEPTED, type Asked, CHALLENGED, GATEWAY, read } from "./asked.ts";
import { found } from "./diagnose.ts";

const ADDRESS = "198.51.100.7";
const REFUSED = { status: 401, ...GATEWAY };

/** A tunnel to the address, in which the proxy asks for credentials; the request names this host. */
function toAddress(url: string, steps: readonly Asked[] = [CHALLENGED, ACCEPTED]): Timeline {
  const one = read(
    0,
    steps.map((step) => ({ target: `${ADDRESS}:443`, ...step })),
    [REFUSED],
  );
  const target = { host: ADDRESS, port: 443, kind: "ipv4", text: `${ADDRESS}:443` } as const;
  const exchanges = one.tunnel!.exchanges.map((exchange) => ({ ...exchange, url }));
  return { ...one, tunnel: { ...one.tunnel!, target, exchanges } };
}

describe("a tunnel that was opened to an address", () => {
  it("is told with the name that was asked for inside, of which a rule may be that does not match the CONNECT", () => {
    const one = toAddress("https://www.example.com/");
    const [mixed] = found("mixed-auth-context", [one]);
    expect(mixed?.detail).toMatch(/^198\.51\.100\.7 \(www\.example\.com\) is challenged at GET https:\/\/ although/);
    expect(mixed?.evidence).toEqual([
      "198.51.100.7 (www.example.com): challenged inside the tunnel (frame 201)",
      "198.51.100.7 (www.example.com): challenged on the CONNECT (frame 12)",
    ]);
    expect(found("tunnel-401-proxy", [one])[0]?.advice.proxyAdmin).toMatch(
      /The CONNECT has only the address 198\.51\.100\.7; the name www\.example\.com comes later, inside the tunnel\. A rule on names may have/,
    );
  });

  it.each(["https://198.51.100.7/", "https://[2001:db8::7]/"])("has no other name where %s is asked for", (url) => {
    const one = toAddress(url);
    expect(found("mixed-auth-context", [one])[0]?.detail).toMatch(/^198\.51\.100\.7 is challenged/);
    expect(found("tunnel-401-proxy", [one])[0]?.advice.proxyAdmin).not.toContain("The CONNECT has only");
  });
});

it("what is asked on the CONNECT is laid to the host that this CONNECT was for, and not to the next one", () => {
  const one = read(0, [CHALLENGED, { target: "news.example.com:443", ...ACCEPTED }], [REFUSED]);
  expect(found("mixed-auth-context", [one])[0]?.evidence).toEqual([
    "news.example.com: challenged inside the tunnel (frame 201)",
    "www.example.com: challenged on the CONNECT (frame 12)",
  ]);
});

describe("a tunnel to the proxy itself", () => {
  it("is told as that, and no site is looked for behind it", async () => {
    const { path } = loadTruth().find(({ name }) => name === "gvfs-asks-for-the-proxy")!;
    const report = await checkCapture(path, {});
    if ("kind" in report) throw new Error(report.message);
    const failed = report.findings.find(({ id }) => id === "tls-failed")!;
    const own = report.connections[0]!.connects.at(-1)!.frame;
    expect(failed.evidence).toContain(`the CONNECT of frame ${own} names the proxy itself (10.44.1.80:3128)`);
    expect(failed.advice.helpdesk).toMatch(/^The program asked the proxy for a tunnel to the proxy itself/);
  });

  it("is not one to another port of its address", async () => {
    const { path } = loadTruth().find(({ name }) => name === "tls-plain-http-origin")!;
    const report = await checkCapture(path, {});
    if ("kind" in report) throw new Error(report.message);
    expect(JSON.stringify(report.findings)).not.toContain("names the proxy itself");
  });
});
