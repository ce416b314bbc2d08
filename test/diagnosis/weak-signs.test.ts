// Signs that mislead: default realms and pages, software that sites stand behind, names in pages, devices. None may name the proxy alone.
import { describe, expect, it } from "vitest";
import { AnswerRegister, type Evidence, evidenceOf, type SenderContext } from "../../src/diagnosis/evidence/index.ts";
import { pageMarks } from "../../src/diagnosis/products/index.ts";
import { weigh } from "../../src/diagnosis/sender.ts";
import type { ResponseHead } from "../../src/http/index.ts";
import type { ExchangeFact, Timeline } from "../../src/proxy/index.ts";
import { BASIC, ntlm } from "./asked.ts";
import { KINDS, type Kind, ordinary, staged } from "./evidence-talk.ts";
import { exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

interface Case {
  readonly hosts: readonly string[];
  readonly realm?: string | null;
  readonly server?: string | null;
  readonly page?: number;
  readonly forward?: boolean;
}

/** The same 401 for each of the hosts; the first of them is asked about. */
function alike({ hosts, realm = "Corp", server = null, page = 0, forward = false }: Case): readonly Evidence[] {
  const scheme = forward ? "http" : "https";
  const exchanges = hosts.map((host, i): ExchangeFact => {
    const at = 300 + 10 * i;
    const challenges = realm === null ? [{ ...BASIC, scheme: "NTLM", realm, ntlm: ntlm(2) }] : [{ ...BASIC, realm }];
    const fields = server === null ? [] : [{ name: "server", value: server }];
    const body = page === 0 ? null : { marks: [], bytes: page, tag: "page" };
    const request = requestHead(where(at, at), { method: "GET", target: "/", host });
    const response = responseHead(where(at + 1, at + 1), 401, { challenges, fields });
    return exchangeFact(request, response, { url: `${scheme}://${host}/`, body });
  });
  const timelines = exchanges.map((exchange, i): Timeline => {
    const one = tunnelOf({ host: hosts[i]!, stream: i, inside: "full", records: [] });
    if (forward) return { ...one, connects: [], tunnel: null, forwards: [exchange] };
    return { ...one, tunnel: { ...one.tunnel!, exchanges: [exchange] } };
  });
  const answers = new AnswerRegister();
  for (const one of timelines) answers.learn(one);
  const context = { ...staged([]).context, timeline: timelines[0]!, inTunnel: !forward, answers };
  return evidenceOf(exchanges[0]!, context).filter(({ source }) => source !== "timing");
}

const WWW = "www.example.com";
const THREE = [WWW, "shop.example.net", "docs.example.org"];

describe("the same challenge for several sites", () => {
  it.each<readonly [string, Case, readonly (readonly [string, string])[]]>([
    ["of unrelated sites", { hosts: THREE }, [["proxy", "likely"]]],
    ["of a laboratory's sites", { hosts: ["www.shop.test", "www.news.test"] }, [["proxy", "likely"]]],
    ["of forwarded requests to them", { hosts: THREE, forward: true }, [["proxy", "likely"]]],
    ["of one site", { hosts: [WWW, "shop.example.com", "docs.example.com"] }, []],
    ["of two web servers", { hosts: THREE.slice(0, 2), server: "nginx" }, [["origin", "possible"]]],
    // A gateway that is built on a web server: its name names nobody.
    ["of three sites with one web server's name", { hosts: THREE, server: "nginx" }, [["proxy", "possible"]]],
    ["of three sites, forwarded", { hosts: THREE, server: "nginx", forward: true }, [["proxy", "possible"]]],
    ["of two with a common realm", { hosts: THREE.slice(0, 2), realm: "Staging" }, []],
    [
      "of two with their software's realm",
      { hosts: THREE.slice(0, 2), realm: "Sonatype Nexus Repository Manager" },
      [],
    ],
    ["of three with a common realm", { hosts: THREE, realm: "Restricted" }, [["proxy", "possible"]]],
    // All servers of a Windows domain name one target.
    [
      "of three IIS of one domain",
      { hosts: THREE, realm: null, server: "Microsoft-IIS/10.0" },
      [["origin", "possible"]],
    ],
    // Printers and cameras, each by its address.
    ["of devices by address", { hosts: ["10.1.1.1", "10.1.1.2", "10.1.1.3"], realm: "Camera" }, []],
    ["of devices by address, forwarded", { hosts: ["10.1.1.1", "10.1.1.2"], realm: "Camera", forward: true }, []],
    ["of an internal zone's names", { hosts: ["printer.corp", "cam.lan"], realm: "Camera" }, []],
  ])("%s", (_name, one, said) => {
    expect(alike(one).map(({ says, weight }) => [says, weight])).toEqual(said);
  });

  it.each([
    [17, 0],
    [400, 1],
  ])("a page of %d bytes that two sites share is %d sign", (page, signs) => {
    expect(alike({ hosts: THREE.slice(0, 2), realm: "traefik", page })).toHaveLength(signs);
  });

  it.each([
    ["of the software that it comes with", "Restricted", "possible"],
    ["of their own", "Corp", "likely"],
  ])("a page that two sites share beside a realm %s", (_name, realm, weight) => {
    const found = alike({ hosts: THREE.slice(0, 2), realm, page: 400 });
    expect(found.filter(({ text }) => text.startsWith("the same page")).map((one) => one.weight)).toEqual([weight]);
  });
});

function kind(id: string): Kind {
  return KINDS.find((one) => one.id === id)!;
}

function said(
  kinds: readonly Kind[],
  head: Partial<ResponseHead>,
  marks: readonly string[] = [],
  context: Partial<SenderContext> = {},
  exchange: Partial<ExchangeFact> = {},
): readonly Evidence[] {
  const scene = staged(kinds);
  const response = { ...scene.exchange.response!, ...head };
  const body = marks.length === 0 ? null : { marks, bytes: 400, tag: "page" };
  return evidenceOf({ ...scene.exchange, ...exchange, response, body }, { ...scene.context, ...context });
}

const UNKNOWN = { isKnownAs: () => false };
const HAPROXY = "<html><body><h1>401 Unauthorized</h1>\nYou need a valid user and password to access this content.\n";
const SG =
  '<big>Access Denied (authentication_failed)</big> Your credentials could not be authenticated: "Credentials are missing.". You will not be permitted access until your credentials can be verified.';

describe("a product in a page", () => {
  it.each([
    ["its own name in the title", "<title>Zscaler: sign in</title>", "likely"],
    ["somebody's word about it", "<p>Away from the office? Start Zscaler first.</p>", "possible"],
    ["a ProxySG's phrase", SG, "likely"],
    ["a Web Gateway's own path", '<script src="/mwg-internal/de5fs23hu73ds/files/javascript/sw.js">', "likely"],
  ])("%s", (_name, page, weight) => {
    const found = said([], {}, pageMarks(page), UNKNOWN);
    expect(found.map((one) => [one.says, one.weight, one.source])).toEqual([["proxy", weight, "product"]]);
  });

  it("says nothing on a site of its maker: a console, a portal", () => {
    const { exchange } = staged([]);
    const url = "https://admin.zscaler.example/";
    const body = { marks: pageMarks("<title>Zscaler: sign in</title>"), bytes: 400, tag: "page" };
    const found = evidenceOf({ ...exchange, url, body }, { ...staged([]).context, ...UNKNOWN });
    expect(found.filter(({ source }) => source === "product")).toEqual([]);
  });

  it("mentioned, and in time: one sign, unless the proxy is known as that product", () => {
    const page = pageMarks("<p>Start Zscaler first.</p>");
    const soon = [kind("sooner than the origin can be reached")];
    expect(weigh(said(soon, {}, page, UNKNOWN))).toMatchObject({ sentBy: "proxy", certainty: "possible" });
    expect(weigh(said(soon, {}, page))).toMatchObject({ sentBy: "proxy", certainty: "likely" });
  });

  it("of HAProxy speaks for the site inside a tunnel, which HAProxy does not read, and for the proxy outside", () => {
    const page = pageMarks(HAPROXY);
    expect(said([], {}, page)).toMatchObject([{ says: "origin", weight: "likely", source: "product" }]);
    expect(said([], {}, page, { inTunnel: false })).toMatchObject([{ says: "proxy", weight: "possible" }]);
  });
});

describe("a site's own software", () => {
  it.each(["x-jenkins", "x-gitlab-meta", "docker-distribution-api-version", "sprequestguid", "dav"])("%s", (name) => {
    expect(said([], { names: [name] })).toMatchObject([{ says: "origin", weight: "likely", source: "software" }]);
  });

  it.each(["GoAhead-Webs", "Nexus/3.70.1-02 (OSS)", "Apache-Coyote/1.1", "TwistedWeb/22.4.0"])(
    "Server: %s",
    (value) => {
      const fields = [{ name: "server", value }];
      expect(said([], { fields })).toMatchObject([{ says: "origin", weight: "possible", source: "site-headers" }]);
    },
  );

  it("an iPlanet proxy's name is no web server's", () => {
    expect(said([], { fields: [{ name: "server", value: "Oracle-iPlanet-Proxy-Server/4.0" }] })).toEqual([]);
  });

  it("one header of the application that an answer lacks is no sign, several are", () => {
    const lacking = (names: readonly string[]) => {
      const { context } = staged([]);
      context.answers.learn(ordinary(names));
      return said([], {}, [], { answers: context.answers }).map(({ says, weight }) => [says, weight]);
    };
    expect(lacking(["content-type", "x-powered-by"])).toEqual([]);
    expect(lacking(["content-type", "x-powered-by", "x-frame-options"])).toEqual([["proxy", "possible"]]);
  });

  it.each([
    ...[200, 206, 304, 404].map((status) => [status, true] as const),
    ...[302, 400, 403, 500, 503].map((status) => [status, false] as const),
  ])("is known from an answer with %i: %s", (status, isKnown) => {
    const { context } = staged([]);
    const one = ordinary(["x-powered-by", "x-frame-options"]);
    const { tunnel } = one;
    const exchanges = tunnel!.exchanges.map((exchange) => ({
      ...exchange,
      response: { ...exchange.response!, status },
    }));
    context.answers.learn({ ...one, tunnel: { ...tunnel!, exchanges } });
    expect(said([], {}, [], { answers: context.answers }).length > 0).toBe(isKnown);
  });
});

describe("what a Squid that reads inside says of its cache", () => {
  const squid = (...values: readonly string[]): Partial<ResponseHead> => ({
    fields: values.map((value) => ({ name: "x-cache-lookup", value })),
  });
  const { port } = staged([]).context.timeline.proxy;

  it.each([
    ["it looked, and passed on what the site answered", [`MISS from proxy.example:${port}`], "likely"],
    ["so did another one before it", ["NONE from edge.example:443", `MISS from proxy.example:${port}`], "likely"],
    ["both in one field", [`NONE from edge.example:443, HIT from proxy.example:${port}`], "likely"],
    ["another one did, in front of the site", ["MISS from edge.example:443"], null],
  ])("%s", (_name, values, weight) => {
    expect(said([], squid(...values))).toMatchObject(
      weight === null ? [] : [{ says: "origin", weight, source: "passed" }],
    );
    expect(said([], squid(...values), [], { inTunnel: false })).toEqual([]);
  });

  it.each([
    ["it did not look: it, or its content filter, made the answer", [`NONE from proxy.example:${port}`], {}, true],
    [
      "a further proxy made it: this one looked",
      [`NONE from far.example:${port}`, `MISS from near.example:${port}`],
      {},
      false,
    ],
    ["a Squid in front of the site made it", ["NONE from edge.example:443"], {}, false],
    [
      "a Squid is the site, at the proxy's port",
      [`NONE from x.example:${port}`],
      { url: `http://x.example:${port}/` },
      false,
    ],
  ])("of an answer that nobody else made: %s", (_name, values, exchange, isMade) => {
    for (const inTunnel of [true, false]) {
      const found = said([], squid(...values), [], { inTunnel }, exchange).filter(
        ({ source }) => source === "cache-lookup",
      );
      expect(found).toMatchObject(isMade ? [{ says: "proxy", weight: "likely" }] : []);
    }
  });

  it("it may have fetched what it then refuses: its own marks beside that say nothing of the site", () => {
    const looked = squid(`MISS from proxy.example:${port}`).fields!;
    const refused = { names: ["x-squid-error"], fields: [...looked, { name: "server", value: "squid/5.7" }] };
    expect(said([], refused, [], UNKNOWN)).toEqual([]);
    expect(said([], { names: ["x-squid-error"], fields: looked }, [], UNKNOWN)).toEqual([]);
  });

  it("a cookie or JSON beside it is no second sign: a proxy behind it may have written all of it", () => {
    const passed = squid(`MISS from proxy.example:${port}`);
    const certaintyWith = (id: string): string | null => weigh(said([kind(id)], {}).concat(said([], passed))).certainty;
    expect(certaintyWith("a cookie")).toBe("possible");
    expect(certaintyWith("an API's error")).toBe("possible");
    expect(certaintyWith("Bearer")).toBe("likely");
  });

  it("one realm at the proxy and at sites of the company is not the proxy's then", () => {
    const same = [kind("the challenge of this proxy's 407"), kind("the challenge elsewhere")];
    expect(weigh(said(same, {}))).toMatchObject({ sentBy: "proxy", certainty: "likely" });
    expect(weigh(said(same, squid(`MISS from proxy.example:${port}`))).sentBy).toBe("unknown");
  });
});

describe("plain HTTP in answer to a ClientHello", () => {
  const answered = (host: string, port: number, server: string | null): string => {
    const { exchange, context } = staged([kind("plain HTTP to a ClientHello")]);
    const tunnel = {
      ...context.timeline.tunnel!,
      target: { host, port, kind: "name" as const, text: `${host}:${port}` },
    };
    const fields = server === null ? [] : [{ name: "server", value: server }];
    const response = { ...exchange.response!, fields };
    const plain = { ...exchange, request: null, url: null, response };
    const { sentBy, certainty } = weigh(evidenceOf(plain, { ...context, timeline: { ...context.timeline, tunnel } }));
    return `${sentBy} ${certainty}`;
  };

  it.each([
    ["a public site's place, without a name", WWW, 443, null, "proxy possible"],
    ["a product's name", WWW, 443, "BlueCoat-Security-Appliance", "proxy certain"],
    ["a device's name", WWW, 443, "GoAhead-Webs", "unknown null"],
    ["any other name", WWW, 443, "Device Manager", "unknown null"],
    ["an address", "10.1.1.1", 443, null, "proxy possible"],
    ["an address, and a device's name", "10.1.1.1", 443, "Device Manager", "unknown null"],
    ["a name of an internal zone", "camera.corp", 443, null, "proxy possible"],
    ["another port", WWW, 8443, null, "proxy possible"],
  ])("%s", (_name, host, port, server, verdict) => expect(answered(host, port, server)).toBe(verdict));
});
