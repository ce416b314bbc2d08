// Who is the client of a connection whose SYN is not in the capture, and what told that the other end is a proxy.
import { describe, expect, it } from "vitest";
import type { Endpoint, Side } from "../../src/bytes/index.ts";
import type { RequestHead } from "../../src/http/index.ts";
import { KnownProxies, type ProxyContext } from "../../src/proxy/index.ts";
import { Roles } from "../../src/proxy/roles.ts";
import type { TcpConnection } from "../../src/tcp/index.ts";
import { listenTo } from "../http/talk.ts";
import { DIRECTION } from "./play.ts";

const CLIENT: Endpoint = { ip: "192.0.2.1", port: 50_000 };
const PROXY: Endpoint = { ip: "192.0.2.80", port: 8080 };

function rolesOf(
  endpoints: readonly [Endpoint, Endpoint],
  initiator: Side | null,
  known = new KnownProxies([]),
  directions: TcpConnection["directions"] = [DIRECTION, DIRECTION],
): Roles {
  const connection: Pick<TcpConnection, "endpoints" | "initiator" | "directions"> = {
    endpoints,
    initiator,
    directions,
  };
  const context: Pick<ProxyContext, "known" | "now"> = { known, now: () => 0n };
  return new Roles(connection as TcpConnection, context as ProxyContext);
}

function knowing(...endpoints: readonly Endpoint[]): KnownProxies {
  const known = new KnownProxies([]);
  for (const endpoint of endpoints) known.learn(endpoint, "connect");
  return known;
}

const settle = (roles: Roles, side: Side, words: string): boolean =>
  roles.settle(side, Uint8Array.from(Buffer.from(words)), 0, words.length);

describe("the client", () => {
  it.each([
    ["is who sent the SYN", [CLIENT, PROXY], 1, knowing(PROXY), 1],
    ["is not the known proxy", [CLIENT, PROXY], null, knowing(PROXY), 0],
    ["is not the known proxy that is first", [PROXY, CLIENT], null, knowing(PROXY), 1],
    ["is not told by two proxies", [CLIENT, PROXY], null, knowing(CLIENT, PROXY), null],
    ["is not told by what is not known", [CLIENT, PROXY], null, knowing(), null],
  ] as const)("%s", (_what, endpoints, initiator, known, client) => {
    expect(rolesOf(endpoints, initiator, known).client).toBe(client);
  });

  it.each([
    [0, "GET http://www.example.com/ HTTP/1.1\r\n\r\n", true, 0],
    [1, "CONNECT www.example.com:443 HTTP/1.1\r\n\r\n", true, 1],
    [0, "HTTP/1.1 407 No\r\n\r\n", true, 1],
    [1, "HTTP/1.1 407 No\r\n\r\n", true, 0],
    [1, "\x16\x03\x01\x00\x50", false, null],
  ] as const)("is told by what side %i says first: %j", (side, words, settled, client) => {
    const roles = rolesOf([CLIENT, PROXY], null);
    expect(settle(roles, side, words)).toBe(settled);
    expect(roles.client).toBe(client);
  });

  it("stays who it is", () => {
    const roles = rolesOf([CLIENT, PROXY], 0);
    expect(settle(roles, 1, "GET / HTTP/1.1\r\n\r\n")).toBe(true);
    expect([roles.client, roles.proxy]).toEqual([0, 1]);
  });
});

describe("a proxy", () => {
  it("that is known is taken for one, and how it was known", () => {
    const roles = rolesOf([CLIENT, PROXY], 0, knowing(PROXY));
    expect([roles.toProxy, roles.detectedBy]).toEqual([true, null]);
    expect([roles.isKnown(), roles.detectedBy]).toEqual([true, "connect"]);
    const stranger = rolesOf([CLIENT, PROXY], 0);
    expect([stranger.toProxy, stranger.isKnown(), stranger.detectedBy]).toEqual([false, false, null]);
  });

  it("is learnt, unless the options name others", () => {
    const learnt = knowing();
    const roles = rolesOf([CLIENT, PROXY], 0, learnt);
    expect([roles.learn("absolute-form"), roles.detectedBy]).toEqual([true, "absolute-form"]);
    expect([learnt.has(PROXY), learnt.has(CLIENT)]).toEqual(["absolute-form", null]);
    expect([roles.learn("connect"), roles.detectedBy]).toEqual([true, "connect"]);
    expect([roles.learn("absolute-form"), roles.detectedBy]).toEqual([true, "connect"]);
    const named = rolesOf([CLIENT, PROXY], 0, new KnownProxies([{ port: 8080 }]));
    expect([named.learn("connect"), named.detectedBy]).toEqual([true, "option"]);
    const other = rolesOf([CLIENT, PROXY], 0, new KnownProxies([{ port: 3128 }]));
    expect([other.learn("connect"), other.detectedBy]).toEqual([false, null]);
  });

  it.each([
    ["CONNECT a.example:443 HTTP/1.1\r\nHost: b.example\r\n\r\n", "a.example"],
    ["GET http://a.example/ HTTP/1.1\r\nHost: b.example:80\r\n\r\n", "b.example"],
  ])("is asked for a host by its client: %j", (words, host) => {
    for (const [endpoints, initiator] of [[[CLIENT, PROXY], 0] as const, [[PROXY, CLIENT], 1] as const]) {
      const known = knowing();
      rolesOf(endpoints, initiator, known).askFor(listenTo("request", words).heads[0] as RequestHead);
      expect([known.asked.has(host), known.asked.isClient(CLIENT.ip), known.asked.isClient(PROXY.ip)]).toEqual([
        ...[true, true, false],
      ]);
    }
  });
});

describe("requests", () => {
  const seen = (initiator: Side | null, bytes: number, gaps: number): readonly boolean[] => {
    const client = { ...DIRECTION, bytes, gaps };
    const roles = rolesOf([CLIENT, PROXY], initiator, knowing(PROXY), [client, { ...DIRECTION, bytes: 0, gaps: 7 }]);
    return [roles.requestsUnseen(), roles.requestsWhole()];
  };

  it("are whole where the SYN was captured and nothing is missing of the client", () => {
    expect(seen(0, 10, 0)).toEqual([false, true]);
    expect(seen(0, 0, 0)).toEqual([true, true]);
    expect(seen(0, 10, 1)).toEqual([true, false]);
    expect(seen(null, 10, 0)).toEqual([true, false]);
  });
});
