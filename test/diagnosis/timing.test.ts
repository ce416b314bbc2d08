// Evidence by time: what a proxy does by itself while a tunnel is set up is not taken for its way to the origin.
import { describe, expect, it } from "vitest";
import { AnswerRegister, evidenceOf } from "../../src/diagnosis/evidence/index.ts";
import type { Interception } from "../../src/diagnosis/interception.ts";
import { attribute } from "../../src/diagnosis/sender.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { BASIC, SENT, TYPE_3 } from "./asked.ts";
import { staged } from "./evidence-talk.ts";
import { exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

interface SetUp {
  readonly connectMs: number;
  readonly helloMs: number;
  readonly roundTripMs?: number;
  /** Of the credentials with which the tunnel was opened. */
  readonly tag?: string;
}

function signedIn(timeline: Timeline, tag: string | undefined): Timeline {
  if (tag === undefined) return timeline;
  const connects = timeline.connects.map((connect) => {
    const request = { ...connect.request, proxyAuthorization: { ...SENT, tag } };
    return { ...connect, request };
  });
  return { ...timeline, connects };
}

/** What the time of an answer says that came within a millisecond, through a proxy that reads inside. */
function told(...setUps: readonly SetUp[]): readonly string[] {
  return toldOf(0, ...setUps);
}

const INTERCEPTED: Interception = { state: "yes", why: "one key for unrelated sites" };

/** What the time says of an exchange in this tunnel, which is the only one. */
function timesOf(timeline: Timeline, interception = INTERCEPTED, exchange = staged([]).exchange): readonly string[] {
  const answers = new AnswerRegister();
  answers.learn(timeline);
  const found = evidenceOf(exchange, { ...staged([]).context, timeline, answers, interception });
  return found.filter(({ source }) => source === "timing").map(({ says, weight }) => `${says} ${weight}`);
}

/** The same of the tunnel at this place among them. */
function toldOf(place: number, ...setUps: readonly SetUp[]): readonly string[] {
  const { exchange, context } = staged([]);
  const answers = new AnswerRegister();
  const timelines = setUps.map((setUp, stream) => {
    const one = signedIn(tunnelOf({ ...setUp, stream, inside: "full", records: [] }), setUp.tag);
    answers.learn(one);
    return one;
  });
  const interception = { state: "yes", why: "one key for unrelated sites" } as const;
  const found = evidenceOf(exchange, { ...context, timeline: timelines[place]!, answers, interception });
  return found.filter(({ source }) => source === "timing").map(({ says, weight }) => `${says} ${weight}`);
}

describe("an answer that came at once, through a proxy that reads inside", () => {
  it.each([
    ["a CONNECT that went to the origin", { connectMs: 80, helloMs: 15 }, ["proxy likely"]],
    [
      "a handshake that went to the origin, with a certificate made in it",
      { connectMs: 1, helloMs: 130 },
      ["proxy possible"],
    ],
    [
      "a handshake as long as no way to an origin, behind a CONNECT that went nowhere",
      { connectMs: 1, helloMs: 1_000 },
      [],
    ],
    ["the same behind a CONNECT that did go there", { connectMs: 300, helloMs: 1_000 }, ["proxy likely"]],
    ["both of them", { connectMs: 41, helloMs: 130 }, ["proxy likely"]],
    ["a handshake no longer than the making of a certificate", { connectMs: 1, helloMs: 70 }, []],
    ["that and little more", { connectMs: 1, helloMs: 85 }, []],
    ["a CONNECT no longer than the lookup of a name", { connectMs: 12, helloMs: 60 }, []],
    [
      "a CONNECT as long as the shortest way that counts, and the way to the proxy",
      { connectMs: 21, helloMs: 15 },
      ["proxy likely"],
    ],
    [
      "a handshake that went to the origin, and a lookup before it",
      { connectMs: 12, helloMs: 130 },
      ["proxy possible"],
    ],
    ["a CONNECT that took no longer than the way to the proxy", { connectMs: 80, helloMs: 80, roundTripMs: 70 }, []],
    ["a handshake that did", { connectMs: 1, helloMs: 130, roundTripMs: 50 }, []],
  ] as const)("%s", (_name, setUp, said) => expect(told(setUp)).toEqual(said));

  it.each([
    ["quicker than a page that is slow to make, while the tunnel took no longer than three ways", 50, 130, []],
    ["quicker than both", 40, 130, ["proxy likely"]],
    ["quicker than half a page, which shows the way alone where the tunnel took less", 30, 95, ["proxy likely"]],
  ])("%s", (_name, answeredMs, connectMs, said) => {
    const url = "https://www.example.com/";
    const asks = (frame: number, ms: number) =>
      requestHead(where(frame, ms), { method: "GET", target: "/", host: "www.example.com" });
    const page = exchangeFact(asks(30, 1_000), responseHead(where(31, 1_110), 200), { url });
    const refused = exchangeFact(asks(40, 2_000), responseHead(where(41, 2_000 + answeredMs), 401), { url });
    const one = tunnelOf({ connectMs, helloMs: 15, inside: "full", records: [] });
    const tunnel = { ...one.tunnel!, exchanges: [page, refused] };
    expect(timesOf({ ...one, tunnel }, INTERCEPTED, refused)).toEqual(said);
  });

  it("says nothing where another ClientHello was asked for: its handshake measures two", () => {
    const slow = tunnelOf({ connectMs: 1, helloMs: 130, inside: "full", records: [] });
    const tls = { ...slow.tunnel!.tls!, helloRetryRequest: slow.tunnel!.tls!.serverHello };
    expect(timesOf({ ...slow, tunnel: { ...slow.tunnel!, tls } })).toEqual([]);
    expect(timesOf(slow)).toEqual(["proxy possible"]);
  });

  it("says nothing by the longer measure where the proxy may only tunnel: the shorter one reached the origin, too", () => {
    const lookedUp = tunnelOf({ connectMs: 90, helloMs: 2, inside: "full", records: [] });
    expect(timesOf(lookedUp, { state: "unknown", why: null })).toEqual([]);
    const far = tunnelOf({ connectMs: 90, helloMs: 80, inside: "full", records: [] });
    expect(timesOf(far, { state: "unknown", why: null })).toEqual(["proxy likely"]);
  });

  it("says nothing where the clock was set back meanwhile", () => {
    const far = tunnelOf({ connectMs: 80, helloMs: 15, inside: "full", records: [] });
    const { exchange } = staged([]);
    const early = { ...exchange.response!.where, time: exchange.request!.where.time - 1n };
    expect(timesOf(far, INTERCEPTED, { ...exchange, response: { ...exchange.response!, where: early } })).toEqual([]);
  });

  it("says nothing where credentials were checked meanwhile, unless the proxy knew them", () => {
    const asked = { connectMs: 80, helloMs: 15, tag: "ann" };
    expect(told(asked)).toEqual([]);
    expect(told(asked, { ...asked, tag: "bob" })).toEqual([]);
    expect(told(asked, asked)).toEqual([]);
    expect(toldOf(1, asked, asked)).toEqual(["proxy likely"]);
  });

  it("says nothing where another tunnel to the same host was set up sooner", () => {
    const slow = { connectMs: 1, helloMs: 250 };
    expect(told(slow)).toEqual(["proxy possible"]);
    expect(told(slow, { connectMs: 1, helloMs: 250 })).toEqual(["proxy likely"]);
    expect(told(slow, { connectMs: 1, helloMs: 4 })).toEqual([]);
    const slowest = { connectMs: 1, helloMs: 1_000 };
    expect(told(slowest, slowest)).toEqual(["proxy likely"]);
    expect(told({ connectMs: 90, helloMs: 4 }, { connectMs: 3, helloMs: 4 })).toEqual([]);
  });
});

describe("two sites that are alike, answered sooner than their CONNECT was", () => {
  const [SITE, OTHER, THIRD] = ["www.example.com", "news.example.net", "shop.example.org"];
  const REALM = { ...BASIC, realm: "Example staff" };

  /** A tunnel in which the first request is answered 401 within a millisecond. */
  function alike(host: string, stream: number, setUp: SetUp): Timeline {
    const one = tunnelOf({ ...setUp, host, stream, inside: "full", records: [] });
    const startMs = 5_000 + stream * 10_000;
    const request = requestHead(where(50 + stream * 1_000, startMs), { method: "GET", target: "/", host });
    const response = responseHead(where(52 + stream * 1_000, startMs + 1.5), 401, { challenges: [REALM] });
    const body = { marks: [], bytes: 400, tag: "page" };
    const exchange = exchangeFact(request, response, { url: `https://${host}/`, body });
    return { ...one, tunnel: { ...one.tunnel!, exchanges: [exchange] } };
  }

  /** How certain it is of the first one that the proxy asked. */
  function certainty(state: "yes" | "unknown", ...timelines: readonly Timeline[]): string | null {
    const { context } = staged([]);
    const answers = new AnswerRegister();
    for (const one of timelines) answers.learn(one);
    const [first] = timelines;
    const interception = { state, why: state === "yes" ? "one key for unrelated sites" : null };
    return attribute(first!.tunnel!.exchanges[0]!, { ...context, timeline: first!, answers, interception }).certainty;
  }

  it.each<[string, "yes" | "unknown", SetUp, string]>([
    ["whose names were looked up", "yes", { connectMs: 90, helloMs: 15 }, "possible"],
    ["that, and certificates were made", "yes", { connectMs: 90, helloMs: 60 }, "possible"],
    ["that, and the handshake went far", "yes", { connectMs: 90, helloMs: 130 }, "likely"],
    [
      "whose names were looked up for a proxy that may only tunnel",
      "unknown",
      { connectMs: 90, helloMs: 2 },
      "possible",
    ],
    ["which are far for both", "unknown", { connectMs: 90, helloMs: 90 }, "likely"],
  ])("%s", (_name, state, setUp, expected) => {
    expect(certainty(state, alike(SITE, 0, setUp), alike(OTHER, 1, setUp))).toBe(expected);
  });

  it("are more than one owner's where there is a third one, or each is asked for twice", () => {
    const setUp = { connectMs: 90, helloMs: 15 };
    const two = [alike(SITE, 0, setUp), alike(OTHER, 1, setUp)];
    expect(certainty("yes", ...two, alike(THIRD, 2, setUp))).toBe("likely");
    expect(certainty("yes", ...two, alike(SITE, 2, setUp))).toBe("likely");
    expect(certainty("yes", ...two, alike(`api.${OTHER}`, 2, setUp))).toBe("possible");
  });
});

describe("another tunnel to the same host", () => {
  /** The times of one that was set up by way of the origin, where this other one was met, too. */
  const beside = (other: Timeline): readonly string[] => {
    const { exchange, context } = staged([]);
    const timeline = tunnelOf({ connectMs: 80, helloMs: 15, stream: 0, inside: "full", records: [] });
    const answers = new AnswerRegister();
    for (const one of [timeline, other]) answers.learn(one);
    const found = evidenceOf(exchange, { ...context, timeline, answers, interception: INTERCEPTED });
    return found.filter(({ source }) => source === "timing").map(({ says, weight }) => `${says} ${weight}`);
  };
  const quick = tunnelOf({ connectMs: 2, helloMs: 3, stream: 1, inside: "full", records: [] });

  it("that was set up at once shows that the first did not wait for the origin", () => {
    expect(beside(quick)).toEqual([]);
  });

  it("shows nothing where neither its CONNECT nor its handshake can be measured", () => {
    const connects = quick.connects.map((one) => ({ ...one, request: { ...one.request, proxyAuthorization: TYPE_3 } }));
    const { tls } = quick.tunnel!;
    const retried = { ...tls!, helloRetryRequest: tls!.serverHello };
    expect(beside({ ...quick, connects, tunnel: { ...quick.tunnel!, tls: retried } })).toEqual(["proxy likely"]);
  });
});
