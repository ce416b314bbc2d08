// Every recorded tunnel against what its recording script knows: whether the proxy ended its TLS, with and without the authorities' certificates.
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type CheckOptions, checkCapture } from "../../src/audit/index.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";

const recorded = loadTruth();
const authority = (name: string): string =>
  fileURLToPath(new URL(`../../captures/record/pki/${name}.crt`, import.meta.url));
const AUTHORITIES: CheckOptions = {
  trust: [authority("origin-root")],
  proxyCa: [authority("gateway-ca"), authority("mitmproxy-ca")],
};

interface Told {
  readonly where: string;
  readonly truth: "yes" | "no";
  readonly said: "yes" | "no" | "unknown";
  /** The certificate could be read. */
  readonly shown: boolean;
}

async function tunnelsOf({ name, path, truth }: RecordedCapture, options: CheckOptions): Promise<readonly Told[]> {
  const report = await checkCapture(path, options);
  if ("kind" in report) throw new Error(report.message);
  return truth.connections.flatMap((connection) => {
    const found = report.connections.filter(({ client: { ip, port } }) => `${ip}:${port}` === connection.client);
    return found.flatMap(({ tunnel }, i): Told[] => {
      const known = connection.tunnels?.[i] ?? connection.tunnel;
      if (known === null || tunnel === null || tunnel.tls === null) return [];
      return [
        {
          where: `${name}, stream ${found[i]!.stream}`,
          truth: known.intercepted ? "yes" : "no",
          said: tunnel.tls.intercepted,
          shown: tunnel.tls.certificate !== null,
        },
      ];
    });
  });
}

async function all(options: CheckOptions): Promise<readonly Told[]> {
  const found: Told[] = [];
  for (const capture of recorded) found.push(...(await tunnelsOf(capture, options)));
  return found;
}

describe("whether the proxy reads inside", () => {
  it("is never told the wrong way round, and told of most proxies that do", async () => {
    const told = await all({});
    expect(told.filter(({ truth, said }) => said !== "unknown" && said !== truth)).toEqual([]);
    const intercepted = told.filter(({ truth }) => truth === "yes");
    expect(intercepted.length).toBeGreaterThan(100);
    expect(intercepted.filter(({ said }) => said === "yes").length).toBeGreaterThan(0.9 * intercepted.length);
  });

  it("is told of every certificate whose authority is given", async () => {
    const told = await all(AUTHORITIES);
    expect(told.filter(({ truth, said }) => said !== "unknown" && said !== truth)).toEqual([]);
    // A target by its address, no SNI: the server showed the certificate of another name, as a proxy might its own.
    const unknown = told.filter(({ shown, said }) => shown && said === "unknown").map(({ where }) => where);
    expect(unknown).toEqual(["ipv6, stream 1"]);
    expect(told.filter(({ truth, said }) => truth === "no" && said === "no").length).toBeGreaterThan(50);
  });
});

describe("with the authorities given, the same senders, and certain ones", () => {
  it.each(recorded.map((capture) => [capture.name, capture] as const))("%s", async (_name, { path, truth }) => {
    const report = await checkCapture(path, AUTHORITIES);
    if ("kind" in report) throw new Error(report.message);
    const connections = truth.connections.map(({ client }) => client);
    for (const { client, tunnel } of report.connections) {
      const known = truth.connections[connections.indexOf(`${client.ip}:${client.port}`)];
      if (known === undefined || tunnel === null || known.tunnels !== undefined) continue;
      tunnel.exchanges.forEach(({ response, sentBy, certainty }, i) => {
        if (response?.status !== 401 || tunnel.exchanges.length !== known.exchanges.length) return;
        expect(sentBy).toBe(known.exchanges[i]!.sentBy ?? sentBy);
        if (tunnel.tls?.intercepted === "no") expect([sentBy, certainty]).toEqual(["origin", "certain"]);
      });
    }
  });
});
