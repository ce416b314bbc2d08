// Both legs where more goes on than one request: other challenges, other clients, other streams, legs that were not read.
import { describe, expect, it } from "vitest";
import { type Evidence, evidenceOf } from "../../src/diagnosis/evidence/index.ts";
import type { Challenge } from "../../src/http/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../../src/proxy/index.ts";
import { MAX_MARKS, type TlsFacts } from "../../src/tls-parse/index.ts";
import { BASIC } from "./asked.ts";
import { HOST, leg, staged } from "./evidence-talk.ts";
import { atMs, exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

const OWN: readonly Challenge[] = [{ ...BASIC, realm: "Corporate network" }];

/** What legs tell of a 401 with these challenges; `others`, `beside`: what else is asked meanwhile, in the tunnel and on other connections. */
function told(
  legs: readonly ServerLeg[],
  challenges = OWN,
  others: readonly ExchangeFact[] = [],
  beside: readonly Timeline[] = [],
): string[] {
  const { exchange, context } = staged([]);
  const asking = { ...exchange, response: { ...exchange.response!, challenges } };
  const { timeline } = context;
  const tunnel = { ...timeline.tunnel!, exchanges: [asking, ...others] };
  const found = evidenceOf(asking, { ...context, legs, beside, timeline: { ...timeline, tunnel } });
  return found.filter(({ source }) => source === "legs").map(({ says, weight }: Evidence) => `${says} ${weight}`);
}

/** A leg that was read to the last record, with a request at 200.2 ms for this path. */
function read(path: string, status: number, challenges: readonly Challenge[] = []): ServerLeg {
  const one = leg(HOST, [["client", 300, 200.2]]);
  const request = requestHead(where(710, 200.2), { method: "GET", target: path, host: HOST });
  const response = responseHead(where(711, 200.6), status, { challenges });
  const answered = exchangeFact(request, response, { url: `https://${HOST}${path}` });
  return { ...one, tls: { ...one.tls!, opened: 4, closed: 0 }, exchanges: [answered] };
}

function asked(path: string): ExchangeFact {
  const request = requestHead(where(190, 199), { method: "GET", target: path, host: HOST });
  return exchangeFact(request, responseHead(where(191, 201), 200), { url: `https://${HOST}${path}` });
}

const UNREAD = leg(HOST, [["client", 300, 200.3]]);

describe("the origin's own 401 on the leg", () => {
  it.each([
    ["for the same realm", OWN, "origin certain"],
    ["for more than the proxy passed on", [{ ...BASIC, scheme: "NTLM", realm: null }, ...OWN], "origin certain"],
    ["without a challenge that could be read", [], "origin certain"],
    ["for another realm: the proxy wrote this one", [BASIC], "proxy certain"],
    ["for another scheme: the proxy wrote this one", [{ ...OWN[0]!, scheme: "Digest" }], "proxy certain"],
  ])("%s", (_name, challenges, said) => expect(told([read("/", 401, challenges)])).toEqual([said]));

  it("of which the head is cut: what it asks for besides is not known", () => {
    const one = read("/", 401, [BASIC]);
    const exchanges = one.exchanges.map((each) => ({ ...each, response: { ...each.response!, cut: true } }));
    expect(told([{ ...one, exchanges }])).toEqual(["origin certain"]);
  });

  it("on a leg that names its server in capitals", () => {
    const one = read("/", 401, OWN);
    const named = { ...one.tls!, clientHello: { ...one.tls!.clientHello!, sni: "WWW.Example.COM" } };
    expect(told([{ ...one, tls: named }])).toEqual(["origin certain"]);
  });
});

describe("an exchange of which little was seen", () => {
  const unseen = exchangeFact(null, responseHead(where(191, 201), 200), { url: `https://${HOST}/x` });

  it("beside it changes nothing", () => {
    expect(told([UNREAD], OWN, [unseen])).toEqual(told([UNREAD]));
    expect(told([read("/", 401, OWN)], OWN, [unseen])).toEqual(["origin certain"]);
  });

  it("is looked for on all legs where it is not known where it went", () => {
    const { exchange, context } = staged([]);
    const tunnel = context.timeline.tunnel!;
    const tls = { ...tunnel.tls!, clientHello: { ...tunnel.tls!.clientHello!, sni: null } };
    const target = { ...tunnel.target, host: "", port: null, text: "" };
    const timeline = { ...context.timeline, connects: [], tunnel: { ...tunnel, target, tls } };
    const asking = { ...exchange, url: null, response: { ...exchange.response!, challenges: OWN } };
    const said = (one: ServerLeg) =>
      evidenceOf(asking, { ...context, timeline, legs: [one] }).filter(({ source }) => source === "legs");
    expect(said(read("/", 401, OWN)).map(({ says }) => says)).toEqual(["origin"]);
    const nothingSeen = { ...leg(HOST, []), tls: null };
    expect(said(nothingSeen).filter(({ says }) => says === "origin")).toEqual([]);
  });
});

describe("another answer to the same request", () => {
  it.each([
    ["a realm", OWN, 'and asked for Basic (realm "Corporate network"), not for Basic (realm "Example gateway")'],
    ["a bare scheme", [{ ...BASIC, scheme: "NTLM", realm: null }], "and asked for NTLM, not for Basic (realm"],
  ])("is told by what it asked for, here %s", (_name, challenges, words) => {
    const { exchange, context } = staged([]);
    const asking = { ...exchange, response: { ...exchange.response!, challenges: [BASIC] } };
    const found = evidenceOf(asking, { ...context, legs: [read("/", 401, challenges)] });
    expect(found.find(({ source }) => source === "legs")?.text).toContain(words);
  });

  it("says nothing while the client's own request may be on a leg that was not read", () => {
    expect(told([read("/", 200)])).toEqual(["proxy certain"]);
    expect(told([read("/", 200), UNREAD])).toEqual([]);
    expect(told([read("/", 401, [BASIC]), UNREAD])).toEqual([]);
  });
});

describe("a request that is on no leg, while others are", () => {
  it("was not sent, where all that is on the legs was asked for by the client, too", () => {
    expect(told([read("/style.css", 200)], OWN, [asked("/style.css")])).toEqual(["proxy certain"]);
    expect(told([read("/style.css", 200), UNREAD], OWN, [asked("/style.css")])).toEqual([]);
  });

  it("may have been sent as what nobody asked for: a proxy may write another path", () => {
    expect(told([read("/rewritten", 200)], OWN, [asked("/style.css")])).toEqual([]);
  });

  it("may be any of two with the same path", () => {
    const twice = { ...read("/", 200), exchanges: [{ ...read("/", 200).exchanges[0]!, response: null }] };
    expect(told([twice], OWN, [asked("/")])).toEqual([]);
  });

  it("says nothing where records of the leg stayed closed", () => {
    const closed = read("/style.css", 200);
    const partly = { ...closed, tls: { ...UNREAD.tls!, opened: 4, closed: 1 } };
    expect(told([partly], OWN, [asked("/style.css")])).toEqual([]);
  });
});

describe("bytes that came from the origin, unread", () => {
  it.each([
    [500, "origin likely"],
    [1_000, "origin likely"],
    [300, null],
    [1_100, null],
  ])("%d of them, where the answer has 900", (bytes, said) => {
    const answered = leg(HOST, [
      ["client", 300, 200.2],
      ["server", bytes, 200.6],
    ]);
    expect(told([answered])).toEqual(said === null ? [] : [said]);
  });

  it("settings and acknowledgements of HTTP/2 are no answer", () => {
    const { exchange, context } = staged([]);
    const acknowledged = leg(HOST, [
      ["client", 60, 200.2],
      ["server", 26, 200.6],
    ]);
    const found = evidenceOf({ ...exchange, responseBytes: 120 }, { ...context, legs: [acknowledged] });
    expect(found).toEqual([]);
  });
});

describe("a leg that was opened, and on which nothing was asked", () => {
  /** SETTINGS go out while the client waits, and come back; as many bytes as its answer has. */
  const begun = (change: Partial<TlsFacts>): ServerLeg => {
    const one = leg(HOST, [
      ["client", 97, 200.2],
      ["server", 900, 200.6],
    ]);
    const clientHello = { ...one.tls!.clientHello!, alpn: ["h2", "http/1.1"] };
    return { ...one, tls: { ...one.tls!, clientHello, opened: 4, closed: 0, damaged: 0, alpn: "h2", ...change } };
  };

  it.each<[string, Partial<TlsFacts>, readonly string[]]>([
    ["HTTP/2 begins so, whatever is asked", {}, ["proxy certain"]],
    ["another protocol may ask in its own way", { alpn: null }, ["origin likely"]],
    ["a record that was not opened may ask", { closed: 1 }, ["origin likely"]],
    ["and so may one that is damaged", { damaged: 1 }, ["origin likely"]],
  ])("%s", (_name, change, said) => {
    expect(told([begun(change)])).toEqual(said);
  });

  it("is what HTTP/2 begins with also beside the Finished, where clocks may differ", () => {
    const one = begun({});
    const [finished] = one.tls!.marks;
    const now = { ...finished!, firstTime: atMs(199), time: atMs(199) };
    const marks = [now, { ...one.tls!.marks[1]!, firstTime: atMs(199.5), time: atMs(199.5) }];
    expect(told([{ ...one, tls: { ...one.tls!, marks } }])).toEqual(["proxy certain"]);
  });
});

describe("a leg of which only the first records were remembered", () => {
  const records = (length: number) => Array.from({ length }, (_, i) => ["client", 100, i / 10] as const);

  it("says nothing of what came behind them", () => {
    expect(told([leg(HOST, records(MAX_MARKS))])).toEqual([]);
    expect(told([leg(HOST, records(MAX_MARKS - 20))])).toEqual(["proxy certain"]);
  });
});

describe("a request for something else on the leg", () => {
  const beside = (path: string, startMs: number): Timeline => {
    const one = tunnelOf({ stream: 3, startMs, records: [] });
    return { ...one, end: atMs(startMs + 5_000), tunnel: { ...one.tunnel!, exchanges: [asked(path)] } };
  };

  it("is that of another connection, as a browser has several: then the proxy sent nothing on for this one", () => {
    expect(told([read("/other", 200)], OWN, [], [beside("/other", 100)])).toEqual(["proxy certain"]);
  });

  it.each([
    ["nobody else asked", []],
    ["another path was asked for", [beside("/another", 100)]],
    ["the other connection was over before", [beside("/other", -6_000)]],
    ["the other connection came later", [beside("/other", 300)]],
  ])("may be this one where %s", (_name, others) => {
    expect(told([read("/other", 200)], OWN, [], others)).toEqual([]);
  });

  it("for the same path may be this one, whoever else asked for it", () => {
    expect(told([read("/", 401)], OWN, [], [beside("/", 100)])).toEqual(["origin certain"]);
  });
});
