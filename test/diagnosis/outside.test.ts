// A proxy's other address: found by cause and effect, never by chance.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { outsideAddresses } from "../../src/diagnosis/outside.ts";
import type { ServerLeg } from "../../src/proxy/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { atMs, exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

const INSIDE = "192.0.2.80";
const OUTSIDE = "198.51.100.80";

/** Two tunnels: CONNECT at 1 ms (10,001 ms), 2xx 40 ms later, ServerHello 60 ms after that. */
const TUNNELS = ["www.example.com", "news.example.com"].map((host, stream) =>
  tunnelOf({
    host,
    stream,
    connectMs: 40,
    helloMs: 60,
    records: [
      { from: "client", bytes: 400, ms: 1 },
      { from: "server", bytes: 900, ms: 400 },
    ],
  }),
);

/** A connection to `host` that begins at `startMs` and whose ServerHello comes `helloMs` later. */
function leg(host: string, startMs: number, helloMs: number, from = OUTSIDE): ServerLeg {
  const tls = tunnelOf({ host, records: [] }).tunnel!.tls!;
  return {
    stream: 90,
    proxy: { ip: from, port: 40_000 },
    origin: { ip: "203.0.113.7", port: 443 },
    firstFrame: 1,
    start: atMs(startMs),
    end: atMs(startMs + 5_000),
    tls: { ...tls, serverHello: { ...tls.serverHello!, where: where(1, startMs + helloMs) } },
    exchanges: [],
    whole: true,
    filled: null,
    lateStart: false,
  };
}

const OWN = [leg("www.example.com", 2, 50), leg("news.example.com", 10_002, 50)];

const ROWS: readonly (readonly [name: string, legs: readonly ServerLeg[], outside: string | undefined])[] = [
  ["begins behind the CONNECT, answers before the client is answered", OWN, OUTSIDE],
  [
    "one more that begins later, where the proxy had answered by itself",
    [...OWN, leg("www.example.com", 300, 50)],
    OUTSIDE,
  ],
  ["begins before it was asked for", [leg("www.example.com", 0, 50), leg("news.example.com", 9_000, 50)], undefined],
  [
    "is answered only behind the client",
    [leg("www.example.com", 90, 300), leg("news.example.com", 10_090, 300)],
    undefined,
  ],
  ["fits once, and goes elsewhere at other times", [...OWN, leg("www.example.com", 60_000, 50)], undefined],
  ["another host", [leg("shop.example.net", 2, 50)], undefined],
  ["the client's own", OWN.map((one) => ({ ...one, proxy: { ip: "192.0.2.17", port: 40_000 } })), undefined],
  ["the listening address itself", OWN.map((one) => ({ ...one, proxy: { ip: INSIDE, port: 40_000 } })), undefined],
  ["two that fit", [...OWN, ...OWN.map((one) => ({ ...one, proxy: { ip: "198.51.100.81", port: 1 } }))], undefined],
  ["none", [], undefined],
];

describe("the address that a proxy goes out by", () => {
  it.each(ROWS)("%s", (_name, legs, outside) => {
    expect(outsideAddresses(legs, TUNNELS).get(INSIDE)).toBe(outside);
  });

  it("is looked for only among those whose legs an errand can have caused, and found all the same", () => {
    let looks = 0;
    const others = Array.from({ length: 300 }, (_, n) =>
      Object.defineProperty(leg("www.example.com", 5_000 + n, 50, `198.51.${n}.9`), "start", {
        enumerable: true,
        get: () => {
          looks++;
          return atMs(5_000 + n);
        },
      }),
    );
    const hundred = Array.from({ length: 100 }, (_, n) => n);
    const proxies = hundred.map((n) => ({
      ...tunnelOf({ host: "www.example.com", stream: n, connectMs: 40, helloMs: 60, records: [] }),
      proxy: { ip: `192.0.${n}.80`, port: 8080 },
    }));
    const own = hundred.map((n) => leg("www.example.com", n * 10_000 + 2, 50, `203.0.${n}.80`));
    const found = outsideAddresses([...others, ...own], proxies);
    expect([...found]).toEqual(hundred.map((n) => [`192.0.${n}.80`, `203.0.${n}.80`]));
    // Each once for its place in the order of time, and not once for each proxy.
    expect(looks).toBeLessThan(2 * others.length);
  });

  it("is nobody's where two proxies were asked for the same at the same time", () => {
    const beside = TUNNELS.map((tunnel) => ({ ...tunnel, proxy: { ip: "192.0.2.81", port: 8080 } }));
    expect([...outsideAddresses(OWN, [...TUNNELS, ...beside])]).toEqual([]);
  });

  it("is found where an interim response came before the answer inside a plain tunnel", () => {
    const [one] = TUNNELS;
    const request = requestHead(where(20, 50), { method: "GET", target: "/", host: "www.example.com" });
    const url = "http://www.example.com/";
    // 103 after 20 ms, 401 after 40 ms.
    const answered = (frame: number, ms: number) => exchangeFact(request, responseHead(where(frame, ms), 401), { url });
    const tunnel = {
      ...one!.tunnel!,
      protocol: "http" as const,
      tls: null,
      firstServer: where(21, 70),
      exchanges: [answered(23, 90)],
    };
    const plain = { ...leg("www.example.com", 2, 0), tls: null, exchanges: [answered(22, 89)] };
    expect(outsideAddresses([plain], [{ ...one!, tunnel }]).get(INSIDE)).toBe(OUTSIDE);
    const late = { ...plain, exchanges: [answered(24, 95)] };
    expect(outsideAddresses([late], [{ ...one!, tunnel }]).get(INSIDE)).toBeUndefined();
  });

  it.each(["mitm-both-legs", "bump-both-legs"])(
    "is found in the recorded capture %s, and its legs are cited",
    async (name) => {
      const { path } = loadTruth().find((one) => one.name === name)!;
      const report = await checkCapture(path);
      if ("kind" in report) throw new Error(report.message);
      const evidence = report.connections.flatMap(
        ({ tunnel }) => tunnel?.exchanges.flatMap((one) => one.evidence) ?? [],
      );
      expect(evidence.join("\n")).toMatch(/the proxy's connection to|the origin 10\.44\.2\.\d+:443 answered/);
    },
  );
});
