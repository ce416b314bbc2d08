// Whether what a proxy asked of an origin fits into what its clients waited for.
import { describe, expect, it } from "vitest";
import { evidenceOf } from "../../src/diagnosis/evidence/index.ts";
import { outOfStep } from "../../src/diagnosis/in-step.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../../src/proxy/index.ts";
import { HOST, leg, REQUEST_MS, staged } from "./evidence-talk.ts";
import { atMs, exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

/** A GET that was sent at `from` and answered at `to`, in milliseconds. */
function get(from: number, to: number, method = "GET"): ExchangeFact {
  const request = requestHead({ ...where(1, 1), time: atMs(from) }, { method, target: "/", host: HOST });
  const response = responseHead({ ...where(2, 2), time: atMs(to) }, 200, {});
  return exchangeFact(request, response, { url: `https://${HOST}/` });
}

function client(...exchanges: readonly ExchangeFact[]): Timeline {
  const one = tunnelOf({ host: HOST, inside: "full", records: [] });
  return { ...one, start: atMs(0), end: atMs(100), tunnel: { ...one.tunnel!, exchanges } };
}

function readLeg(...exchanges: readonly ExchangeFact[]): ServerLeg {
  return { ...leg(HOST, []), exchanges };
}

const isOut = (legs: ServerLeg, ...clients: readonly Timeline[]): boolean => outOfStep([legs], clients).has(legs);

describe("a leg", () => {
  it("on which is asked what a client waits for is in step", () => {
    expect(isOut(readLeg(get(12, 18)), client(get(10, 20)))).toBe(false);
  });

  it.each([
    ["before", 9],
    ["behind", 21],
  ])("on which is asked %s that is not", (_where, ms) => {
    expect(isOut(readLeg(get(ms, ms + 1)), client(get(10, 20)))).toBe(true);
  });

  it("on which is asked more than clients wait for is not", () => {
    expect(isOut(readLeg(get(12, 13), get(14, 15)), client(get(10, 20)))).toBe(true);
    expect(isOut(readLeg(get(12, 13), get(14, 15)), client(get(10, 20)), client(get(11, 20)))).toBe(false);
  });

  it("is one of the tunnel to its host by the name in the TLS, too", () => {
    const one = client(get(10, 20));
    const target = { ...one.tunnel!.target, host: "198.51.100.7", text: "198.51.100.7:443" };
    const unread = { ...one, tunnel: { ...one.tunnel!, target, exchanges: [{ ...get(10, 20), url: null }] } };
    expect(isOut(readLeg(get(12, 18)), unread)).toBe(false);
    expect(isOut(readLeg(get(25, 26)), unread)).toBe(true);
  });

  it("is in step while a body may be on its way, or nothing is known of who asked", () => {
    expect(isOut(readLeg(get(25, 26)), client(get(10, 20, "POST")))).toBe(false);
    expect(isOut(readLeg(get(25, 26)))).toBe(false);
  });

  it("is in step where more was forwarded than is known", () => {
    const forwarding = (forwardsDropped: number): Timeline => ({
      ...client(),
      tunnel: null,
      forwards: [get(10, 20)],
      forwardsDropped,
    });
    expect(isOut(readLeg(get(25, 26)), forwarding(0))).toBe(true);
    expect(isOut(readLeg(get(25, 26)), forwarding(1))).toBe(false);
  });

  it("is in step where too many wait to tell them apart, and that takes no longer", () => {
    const many = Array.from({ length: 3_000 }, (_, i) => client(get(10 + i / 1_000, 90)));
    const asked = Array.from({ length: 3_001 }, (_, i) => get(20 + i / 100, 80));
    expect(isOut(readLeg(...asked), ...many)).toBe(false);
    const few = many.slice(0, 100);
    expect(isOut(readLeg(...asked.slice(0, 100)), ...few)).toBe(false);
    expect(isOut(readLeg(...asked.slice(0, 101)), ...few)).toBe(true);
  });
});

/** A leg that was not read: its handshake ends at `ms`, and a record follows at once. */
function lateLeg(ms: number, bytes: number, alpn: readonly string[]): ServerLeg {
  const one = leg(HOST, [["client", bytes, ms + 1]]);
  const [finished, ...rest] = one.tls!.marks;
  const marks = [{ ...finished!, firstTime: atMs(ms), time: atMs(ms) }, ...rest];
  return { ...one, tls: { ...one.tls!, clientHello: { ...one.tls!.clientHello!, alpn }, marks } };
}

describe("what a leg begins with that was not read", () => {
  it.each([
    ["a request in HTTP/1.1, whatever its size", 120, ["http/1.1"], true],
    ["a request, or HTTP/2 begins so", 120, ["h2", "http/1.1"], false],
    ["more than HTTP/2 begins with", 200, ["h2", "http/1.1"], true],
    ["nothing that asks", 40, ["http/1.1"], false],
  ] as const)("is %s", (_what, bytes, alpn, isOdd) => {
    expect(isOut(lateLeg(22, bytes, alpn), client(get(10, 20)))).toBe(isOdd);
    expect(isOut(lateLeg(12, bytes, alpn), client(get(10, 20)))).toBe(false);
  });

  it("is no request where it was opened and is HTTP/2", () => {
    const late = lateLeg(22, 200, ["h2", "http/1.1"]);
    const opened = { ...late, tls: { ...late.tls!, opened: 4, closed: 0, damaged: 0, alpn: "h2" } };
    expect(isOut(opened, client(get(10, 20)))).toBe(false);
  });

  it.each([
    [REQUEST_MS - 22, "certain"],
    [REQUEST_MS - 20, "possible"],
    [REQUEST_MS + 3, "possible"],
    [REQUEST_MS + 19, "possible"],
    [REQUEST_MS + 22, "certain"],
  ])("at %d ms is the request of a proxy that connects late, where clocks differ a little: %s", (ms, weight) => {
    const { exchange, context } = staged([]);
    const said = (alpn: readonly string[]) =>
      evidenceOf(exchange, { ...context, legs: [lateLeg(ms, 120, alpn)] })
        .filter(({ source }) => source === "legs")
        .map((one) => one.weight);
    expect(said(["h2", "http/1.1"])).toEqual([weight]);
    expect(said(["http/1.1"])).toEqual(["certain"]);
  });
});
