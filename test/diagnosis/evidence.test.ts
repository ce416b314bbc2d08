// Every row of the table "Who sent the 401": alone, together, and each piece taken away again.
import { describe, expect, it } from "vitest";
import { type Evidence, evidenceOf, type SenderContext } from "../../src/diagnosis/evidence/index.ts";
import { attribute } from "../../src/diagnosis/sender.ts";
import type { Attribution, Certainty } from "../../src/diagnosis/types.ts";
import type { ResponseHead } from "../../src/http/index.ts";
import type { ExchangeFact } from "../../src/proxy/index.ts";
import { asked, BASIC, NEGOTIATE, NTLM, ntlm } from "./asked.ts";
import {
  evidenceFor,
  HOST,
  KINDS,
  type Kind,
  leg,
  ordinary,
  readLeg,
  sameElsewhere,
  sender,
  staged,
} from "./evidence-talk.ts";
import { atMs, exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

const RANK: Readonly<Record<Certainty, number>> = { possible: 1, likely: 2, certain: 3 };

function rank({ sentBy, certainty }: Attribution, side: "proxy" | "origin"): number {
  return sentBy === side && certainty !== null ? RANK[certainty] : 0;
}

function kind(id: string): Kind {
  const found = KINDS.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no kind of evidence is called "${id}"`);
  return found;
}

describe("each row alone", () => {
  it("nothing is there to begin with", () => {
    expect(evidenceFor([])).toEqual([]);
    expect(sender([])).toEqual({ sentBy: "unknown", certainty: null, evidence: [] });
  });

  it.each(KINDS.map((one) => [one.id, one] as const))("%s", (_id, one) => {
    const [found, ...more] = evidenceFor([one]);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ says: one.says, weight: one.weight, source: one.source });
    // One sign is possible; what is certain is so alone.
    expect(sender([one])).toEqual({
      sentBy: one.says,
      certainty: one.weight === "certain" ? "certain" : "possible",
      evidence: [found!.text],
    });
  });

  it("texts cite frames, but for what others say", () => {
    for (const one of KINDS.filter(({ source }) => source !== "policy-trace" && source !== "interception")) {
      expect(evidenceFor([one])[0]?.text, one.id).toMatch(/\bframes? \d+/);
    }
  });
});

describe("the list of reasons", () => {
  const texts = (...ids: string[]): readonly string[] => sender(ids.map(kind)).evidence;
  it("marks what speaks for somebody else than who is named", () => {
    const [own, cookie] = texts("never sent on the leg to the host", "a cookie");
    expect(own).toMatch(/^the proxy's connection to/);
    expect(cookie).toMatch(/^speaks for the site: /);
  });

  it("says of each piece for whom it speaks where nobody is named", () => {
    const [mark, bearer] = texts("a product's name", "Bearer");
    expect([mark, bearer].sort()).toEqual([
      expect.stringMatching(/^speaks for the proxy: /),
      expect.stringMatching(/^speaks for the site: /),
    ]);
  });
});

/** All sets of up to three kinds that can be true of one answer. */
function sets(): readonly (readonly Kind[])[] {
  const ones = KINDS.map((one): readonly Kind[] => [one]);
  const grow = (some: readonly (readonly Kind[])[]) =>
    some.flatMap((set) =>
      KINDS.slice(KINDS.indexOf(set.at(-1)!) + 1)
        .filter((more) => set.every(({ slot }) => slot !== more.slot))
        .map((more) => [...set, more]),
    );
  const twos = grow(ones);
  return [...ones, ...twos, ...grow(twos)];
}

/** The certainty that the table gives to one side's kinds, where nothing is against it. */
function byTable(kinds: readonly Kind[]): Certainty {
  if (kinds.some(({ weight }) => weight === "certain")) return "certain";
  return new Set(kinds.filter(({ weight }) => weight === "likely").map(({ source }) => source)).size >= 2
    ? "likely"
    : "possible";
}

describe("rows together, and each taken away", () => {
  const known = new Map<string, Attribution>();
  const senderOf = (set: readonly Kind[]): Attribution => {
    const key = set.map(({ id }) => id).join(" + ");
    const found = known.get(key) ?? sender(set);
    known.set(key, found);
    return found;
  };
  const all = sets();
  const oneSided = all.filter((set) => new Set(set.map(({ says }) => says)).size === 1);
  const mixed = all.filter((set) => !oneSided.includes(set));

  it("there are some hundred sets of each kind", () => {
    expect(oneSided.length).toBeGreaterThan(200);
    expect(mixed.length).toBeGreaterThan(500);
  });

  it("of one side: as certain as the table says, with and without each of them", () => {
    for (const set of oneSided) {
      const names = set.map(({ id }) => id).join(" + ");
      const whole = senderOf(set);
      expect([names, whole.sentBy, whole.certainty]).toEqual([names, set[0]!.says, byTable(set)]);
      expect(whole.evidence.length, names).toBe(set.length);
      for (const gone of set) {
        const rest = set.filter((one) => one !== gone);
        const less = senderOf(rest);
        expect(rank(less, gone.says), `${names} without ${gone.id}`).toBe(rest.length === 0 ? 0 : RANK[byTable(rest)]);
      }
    }
  });

  it("of both sides: nothing taken away makes its own side more certain", () => {
    for (const set of mixed) {
      const whole = senderOf(set);
      for (const gone of set) {
        const less = senderOf(set.filter((one) => one !== gone));
        const names = `${set.map(({ id }) => id).join(" + ")} without ${gone.id}`;
        expect(rank(less, gone.says), names).toBeLessThanOrEqual(rank(whole, gone.says));
        const other = gone.says === "proxy" ? "origin" : "proxy";
        expect(rank(less, other), names).toBeGreaterThanOrEqual(rank(whole, other));
      }
    }
  });

  it("of both sides: where interception is ruled out, it was the origin, whatever speaks for the proxy", () => {
    for (const set of mixed.filter((some) => some.some(({ source }) => source === "interception"))) {
      expect(senderOf(set)).toMatchObject({ sentBy: "origin", certainty: "certain" });
    }
  });

  const AGAINST: readonly (readonly [sets: readonly string[], sentBy: string, certainty: Certainty | null])[] = [
    // A product's name against a sign of the site: sites stand behind the same software.
    [["a product's name", "Bearer"], "unknown", null],
    [["a product's name", "Proxy-Connection", "Bearer"], "unknown", null],
    [["a product's name", "as late as an origin"], "proxy", "likely"],
    // What happened outweighs what things look like.
    [["the proxy's own record", "Bearer", "an API's error"], "proxy", "certain"],
    [["never sent on the leg to the host", "a cookie"], "proxy", "certain"],
    [["the leg gave the same answer", "a product's name"], "origin", "certain"],
    [["the leg gave the same answer", "the proxy's own record"], "unknown", null],
    [["interception ruled out", "the proxy's own record"], "origin", "certain"],
    [["plain HTTP to a ClientHello", "Proxy-Connection", "as late as an origin"], "proxy", "possible"],
    [["plain HTTP to a ClientHello", "Proxy-Connection", "Bearer"], "unknown", null],
    [["plain HTTP to a ClientHello", "as late as an origin"], "unknown", null],
    [["Bearer", "a cookie", "none of the site's headers"], "origin", "possible"],
    [["Bearer", "a cookie", "Proxy-Connection"], "unknown", null],
  ];
  it.each(AGAINST)("against each other: %j: %s %s", (ids, sentBy, certainty) => {
    expect(sender(ids.map(kind))).toMatchObject({ sentBy, certainty });
  });

  it("of both sides: a likely sign each, and neither is named", () => {
    const likely = mixed.filter((set) => set.length === 2 && set.every(({ weight }) => weight === "likely"));
    expect(likely.length).toBeGreaterThan(20);
    for (const set of likely) {
      const found = senderOf(set);
      expect([set.map(({ id }) => id), found.sentBy]).toEqual([set.map(({ id }) => id), "unknown"]);
      expect(found.evidence.length).toBe(2);
    }
  });
});

/** Evidence of an answer that differs from the usual one. */
function changed(
  kinds: readonly Kind[],
  head: Partial<ResponseHead>,
  context: Partial<SenderContext> = {},
  exchange: Partial<ExchangeFact> = {},
): readonly Evidence[] {
  const scene = staged(kinds);
  const response = { ...scene.exchange.response!, ...head };
  return evidenceOf({ ...scene.exchange, ...exchange, response }, { ...scene.context, ...context });
}

const request = requestHead(where(201, 200), { method: "GET", target: "/", host: HOST });

describe("what looks like a row and is none", () => {
  const rows: readonly (readonly [string, () => readonly Evidence[]])[] = [
    ["Proxy-Connection on what a proxy forwarded", () => changed([kind("Proxy-Connection")], {}, { inTunnel: false })],
    [
      "a product's header that the site sends with everything",
      () => {
        const { context } = staged([]);
        context.answers.learn(ordinary(["server", "content-type"], "squid/5.7"));
        return changed(
          [],
          { names: ["server"], fields: [{ name: "server", value: "squid/5.7" }] },
          { answers: context.answers },
        );
      },
    ],
    [
      "what a product puts on all that passes",
      () => changed([], { names: ["via"], fields: [{ name: "via", value: "1.1 gateway (squid/5.7)" }] }),
    ],
    [
      "default pages of web servers, alike on unrelated sites",
      () =>
        evidenceFor([kind("a web server's name"), kind("the page elsewhere")]).filter(({ says }) => says === "proxy"),
    ],
    [
      "session tickets on the server leg",
      () =>
        evidenceFor([])
          .concat(changed([], {}, { legs: [leg(HOST, [["server", 940, 200.5]])] }))
          .filter(({ says }) => says === "origin"),
    ],
    [
      "the leg gave something of another size",
      () =>
        changed(
          [],
          {},
          {
            legs: [
              leg(HOST, [
                ["client", 300, 200.2],
                ["server", 9_000, 200.6],
              ]),
            ],
          },
        ),
    ],
    ["HTML that is no error of an API", () => changed([], { fields: [{ name: "content-type", value: "text/html" }] })],
    [
      "a 401 whose request was not seen",
      () => changed([kind("sooner than the origin can be reached")], {}, {}, { request: null }),
    ],
  ];

  it.each(rows)("%s", (_name, found) => expect(found()).toEqual([]));

  it("a bare scheme is no likeness, a realm or a domain a good one", () => {
    const weightOf = (challenges: ResponseHead["challenges"]) => {
      const { context } = staged([]);
      context.answers.learn(asked(3, [{ status: 407, challenges }]));
      return changed([], { challenges }, { answers: context.answers }).map(({ weight }) => weight);
    };
    expect(weightOf([NEGOTIATE])).toEqual([]);
    expect(weightOf([BASIC])).toEqual(["likely"]);
    expect(weightOf([NEGOTIATE, { ...NEGOTIATE, scheme: "NTLM", ntlm: ntlm(2) }])).toEqual(["likely"]);
  });

  it.each([
    ["a realm: two signs", [BASIC], "likely"],
    ["an NTLM target, as all servers of a domain name it: one", [{ ...NTLM, ntlm: ntlm(2) }], "possible"],
  ])("like the proxy's 407 and like an unrelated site, with %s", (_name, challenges, certainty) => {
    const { exchange, context } = staged([kind("the page elsewhere")]);
    const response = { ...exchange.response!, challenges };
    const other = sameElsewhere({ ...exchange, response }, {});
    for (const one of [asked(3, [{ status: 407, challenges }]), other]) context.answers.learn(one);
    expect(attribute({ ...exchange, response }, context)).toMatchObject({ sentBy: "proxy", certainty });
  });

  it.each([
    ["the same Server, and a realm of its own", "Apache", "Example staff", ["proxy possible"]],
    ["another Server", "nginx", "Example staff", []],
    ["a realm that many have", "Apache", "Restricted", []],
  ])("outside of tunnels one unrelated site that asks alike is a weak sign, with %s", (_name, server, realm, says) => {
    const { exchange, context } = staged([]);
    const challenges = [{ ...BASIC, realm }];
    const named = (value: string) => ({ ...exchange.response!, challenges, fields: [{ name: "server", value }] });
    context.answers.learn(sameElsewhere({ ...exchange, response: named(server) }, {}));
    const response = named("Apache");
    const found = (inTunnel: boolean) =>
      evidenceOf({ ...exchange, response }, { ...context, inTunnel }).filter(({ source }) => source === "elsewhere");
    expect(found(false).map((one) => `${one.says} ${one.weight}`)).toEqual(says);
    expect(found(true)).toEqual([]);
  });

  it("the same page for an unrelated site is a sign, whether a challenge comes with it or not", () => {
    const weights = (challenges: ResponseHead["challenges"]) => {
      const found = changed([kind("the page elsewhere")], { challenges });
      return found.filter(({ text }) => text.startsWith("the same page")).map(({ weight }) => weight);
    };
    expect(weights([BASIC])).toEqual(["likely"]);
    expect(weights([])).toEqual(["likely"]);
    expect(weights([{ ...BASIC, realm: "Restricted" }])).toEqual(["possible"]);
  });

  it.each([
    ["Example gateway", 1],
    ["traefik", 0],
    ["Restricted", 0],
    ["Restricted by Example", 1],
  ])("the realm %j on unrelated sites is %d sign", (realm, signs) => {
    const { exchange, context } = staged([]);
    const response = { ...exchange.response!, challenges: [{ ...BASIC, realm }] };
    context.answers.learn(sameElsewhere({ ...exchange, response }, {}));
    const found = evidenceOf({ ...exchange, response }, context).filter(({ source }) => source === "elsewhere");
    expect(found).toHaveLength(signs);
  });

  it.each([
    ["realm", { ...BASIC, realm: "Another" }],
    ["scheme", { ...BASIC, scheme: "Digest" }],
    ["parameters", { ...BASIC, parameters: ["charset"] }],
    ["NTLM target", { ...BASIC, ntlm: ntlm(2) }],
  ])("another %s is another challenge", (_name, challenge) => {
    const { context } = staged([]);
    context.answers.learn(asked(3, [{ status: 407, challenges: [BASIC] }]));
    expect(changed([], { challenges: [challenge] }, { answers: context.answers })).toEqual([]);
  });

  it.each([
    [0.5, "proxy"],
    [13, "proxy"],
    [16, null],
    [25, null],
    [28, "origin"],
  ])("with an origin 40 ms away, an answer after %d ms more than the way to the proxy speaks for %s", (ms, says) => {
    const { exchange } = staged([]);
    const response = { ...exchange.response!, where: where(203, 200 + 1 + ms) };
    const found = changed([kind("sooner than the origin can be reached")], response);
    expect(found[0]?.says ?? null).toBe(says);
  });

  it.each([
    [null, "likely"],
    [41, "likely"],
    [2, "possible"],
  ])("a CONNECT of 41 ms shows the way less well where the handshake with the same proxy took %d ms", (ms, weight) => {
    const { context } = staged([kind("sooner than the origin can be reached")]);
    const { timeline } = context;
    const tls = tunnelOf({ host: HOST, records: [] }).tunnel!.tls!;
    const shake =
      ms === null
        ? null
        : {
            ...tls,
            clientHello: { ...tls.clientHello!, where: where(10, 100) },
            serverHello: { ...tls.serverHello!, where: where(12, 101 + ms) },
          };
    const found = changed(
      [],
      {},
      {
        timeline: { ...timeline, tunnel: { ...timeline.tunnel!, tls: shake } },
        interception: { state: "yes", why: "one issuer for unrelated sites" },
      },
    );
    expect(found).toMatchObject([{ says: "proxy", source: "timing", weight }]);
  });

  const YES = { state: "yes", why: "one key for unrelated sites" } as const;
  const UNKNOWN = { state: "unknown", why: null } as const;
  it.each([
    ["x-squid-error", "ERR_CACHE_ACCESS_DENIED 0", true, YES, "likely"],
    ["x-squid-error", "ERR_CACHE_ACCESS_DENIED 0", false, YES, null],
    ["x-squid-error", "ERR_CACHE_ACCESS_DENIED 0", true, UNKNOWN, null],
    ["server", "BlueCoat-Security-Appliance", true, UNKNOWN, "certain"],
    ["server", "BlueCoat-Security-Appliance", false, YES, "likely"],
  ] as const)(
    "%s: %s, of a proxy known as that product: %s, that reads inside: %j, is %s: sites stand behind it as well",
    (name, value, known, interception, weight) => {
      const head = { names: ["www-authenticate", name], fields: [{ name, value }] };
      const [found] = changed([], head, { isKnownAs: () => known, interception });
      if (weight === null) expect(found).toBeUndefined();
      else expect(found).toMatchObject({ says: "proxy", source: "product", weight });
      if (weight === "likely") expect(found?.text).toMatch(/sites stand behind/);
    },
  );

  it("an application that is slower than the way does not make an edge server's answer the proxy's", () => {
    const { context } = staged([]);
    const slow = ordinary();
    const [usual] = slow.tunnel!.exchanges;
    const request = requestHead(where(950, 752), { method: "GET", target: "/app", host: HOST });
    context.answers.learn({ ...slow, tunnel: { ...slow.tunnel!, exchanges: [{ ...usual!, request }] } });
    const found = (ms: number) => {
      const { timeline } = staged(ms > 5 ? [kind("sooner than the origin can be reached")] : []).context;
      const said = changed([], {}, { timeline, answers: context.answers, interception: YES });
      return said.filter(({ source }) => source === "timing").map(({ says }) => says);
    };
    expect(found(2)).toEqual([]);
    expect(found(41)).toEqual(["proxy"]);
  });

  it("a Finished on the server leg asks for nothing, early data may", () => {
    const one = leg(HOST, [
      ["client", 53, 200.2],
      ["server", 940, 200.5],
    ]);
    const marks = one.tls!.marks.slice(1);
    const said = (earlyData: boolean) => {
      const clientHello = { ...one.tls!.clientHello!, earlyData };
      return changed([], {}, { legs: [{ ...one, tls: { ...one.tls!, marks, clientHello } }] }).map(({ says }) => says);
    };
    expect(said(false)).toEqual([]);
    expect(said(true)).toEqual(["origin"]);
  });

  it("the Server of a site alone does not make an answer the site's, where its other headers are missing", () => {
    const { context } = staged([]);
    context.answers.learn(ordinary());
    const [found, ...more] = changed([], { fields: [{ name: "server", value: "shop" }] }, { answers: context.answers });
    expect([found?.says, found?.weight, more]).toEqual(["proxy", "possible", []]);
    const names = ["www-authenticate", "server", "x-shop", "strict-transport-security"];
    const own = changed([], { names, fields: [{ name: "server", value: "shop" }] }, { answers: context.answers });
    expect(own).toMatchObject([{ says: "origin", weight: "likely", source: "site-headers" }]);
  });

  it("the headers of a site with another Server are not the site's, and what proxies add to them says nothing", () => {
    const said = (usual: readonly string[], names: readonly string[], server: string) => {
      const { context } = staged([]);
      context.answers.learn(ordinary(usual));
      const change = { names: ["www-authenticate", ...names], fields: [{ name: "server", value: server }] };
      return changed([], change, { answers: context.answers }).map(({ says, weight }) => `${says} ${weight}`);
    };
    const shop = ["content-type", "server", "x-shop", "strict-transport-security"];
    expect(said(shop, shop, "another")).toEqual([]);
    expect(said([...shop, "via", "x-cache"], shop, "shop")).toEqual(["origin likely"]);
  });

  it("a redirect is no ordinary answer of the site: the proxy may have made it", () => {
    const { context } = staged([]);
    const portal = ordinary();
    const [exchange] = portal.tunnel!.exchanges;
    const redirected = { ...exchange!, response: { ...exchange!.response!, status: 302 } };
    context.answers.learn({ ...portal, tunnel: { ...portal.tunnel!, exchanges: [redirected] } });
    expect(changed([], {}, { answers: context.answers })).toEqual([]);
  });

  it("a 407 in the tunnel is a proxy's by its status, which is one sign: servers behind this one send what they like", () => {
    const proxied = changed([], { status: 407, names: ["proxy-authenticate"] });
    expect(proxied).toMatchObject([{ says: "proxy", weight: "likely", source: "status" }]);
  });

  it.each([
    ["opened for this client", 0, "certain"],
    ["older than the connection, beside which others may stand", -5_000, "likely"],
  ])("the leg gave another answer to the same request, and was %s: the proxy wrote this one", (_name, ms, weight) => {
    const one = { ...readLeg(200), start: atMs(ms) };
    const found = changed([], {}, { legs: [one] });
    expect(found).toMatchObject([{ says: "proxy", weight, source: "legs" }]);
    expect(found[0]?.text).toMatch(/answered the proxy 200, not 401, to the same request/);
    // It went to another service of that host.
    expect(changed([], {}, { legs: [{ ...one, origin: { ...one.origin, port: 8443 } }] })).toEqual([]);
  });

  it.each([
    ["by its listening address, to that port", { ip: "192.0.2.80", port: 40_000 }, 80, ["likely"]],
    ["by its listening address, to other ports only", { ip: "192.0.2.80", port: 40_000 }, 443, []],
    ["by another address, where not all may be recognised", { ip: "198.51.100.80", port: 40_000 }, 80, []],
  ])("a forward that is on none of the proxy's connections, which it opens %s", (_name, proxy, port, weights) => {
    const { context } = staged([]);
    const other = { ...readLeg(200), tls: null, proxy, origin: { ip: "198.51.100.7", port } };
    const away = other.exchanges.map((one) => ({
      ...one,
      url: "http://news.example.net/",
      request: { ...one.request!, where: where(720, 900) },
      response: { ...one.response!, where: where(721, 901) },
    }));
    const forward = exchangeFact(request, responseHead(where(203, 201), 401), { url: `http://${HOST}/` });
    const forwarded = { ...context, inTunnel: false, legs: [{ ...other, exchanges: away }] };
    expect(evidenceOf(forward, forwarded).map(({ says, weight }) => [says, weight])).toEqual(
      weights.map((weight) => ["proxy", weight]),
    );
  });
});
