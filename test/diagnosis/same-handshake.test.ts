// One handshake on both sides of a proxy: it does not read inside, and what was said there is another's.
import { describe, expect, it } from "vitest";
import { Collector, type Diagnosis } from "../../src/diagnosis/index.ts";
import type { ServerLeg, Timeline } from "../../src/proxy/index.ts";
import type { Certificate, TlsFacts } from "../../src/tls-parse/index.ts";
import { ACCEPTED, BASIC, CHALLENGED, GATEWAY, read } from "./asked.ts";
import { QUALITY } from "./diagnose.ts";
import { leg } from "./evidence-talk.ts";
import { tunnelOf, where } from "./record-talk.ts";
import { challenged, FAR } from "./sign-talk.ts";

const PARENT = { ip: "203.0.113.9", port: 3128 };
const OUTSIDE = { ip: "203.0.113.80", port: 40_000 };
const BESIDE = { ...GATEWAY, status: 401 };

/** The handshake `number`: its randoms, and when its two first messages were seen, in milliseconds. */
function handshake(tls: TlsFacts, number: number, atMs: number, toMs: number, server = number): TlsFacts {
  const [asks, gives] = [where(atMs, atMs), where(toMs, toMs)];
  return {
    ...tls,
    clientHello: { ...tls.clientHello!, where: asks, random: new Uint8Array(32).fill(number) },
    serverHello: { ...tls.serverHello!, where: gives, random: new Uint8Array(32).fill(100 + server) },
  };
}

type Hello = readonly [number: number, atMs: number, toMs: number, server?: number];

function withHello(one: Timeline, hello: Hello): Timeline {
  return { ...one, tunnel: { ...one.tunnel!, tls: handshake(one.tunnel!.tls!, ...hello) } };
}

/** The tunnel at the nearer proxy, which asked for credentials for it; nothing in it but the 401 itself speaks for a proxy. */
const near = (hello: Hello = [1, 50, 90], status = 401): Timeline =>
  withHello(read(0, [CHALLENGED, ACCEPTED], [{ status, challenges: [BASIC], names: ["www-authenticate"] }]), hello);
/** The same at the further one, which the nearer one asked by its other address. */
const far = (hello: Hello = [1, 51, 89], change: Partial<Timeline> = {}): Timeline =>
  withHello(read(1, [{ status: 200 }], [BESIDE], { client: OUTSIDE, proxy: PARENT, ...change }), hello);

function diagnosed(timelines: readonly Timeline[], legs: readonly ServerLeg[] = []): Diagnosis {
  const collector = new Collector({ connections: 9 });
  for (const one of timelines) collector.add(one);
  for (const one of legs) collector.addLeg(one);
  return collector.finish(QUALITY, { sources: [], sessions: 0, decrypted: 0, tlsConnections: 1 });
}

const ofNear = ({ facts }: Diagnosis) => facts.connections.find(({ timeline }) => timeline.stream === 0)!;
const isFurther = (diagnosis: Diagnosis): boolean => ofNear(diagnosis).goesOnTo !== null;

describe("a tunnel that goes on to a further proxy", () => {
  it("is told of as it is there, and blames that one", () => {
    const diagnosis = diagnosed([near(), far()]);
    const { summary, verdict, attributions } = ofNear(diagnosis);
    expect(verdict).toBe("tunnel-401-proxy");
    expect(summary).toMatch(
      /possibly by the further proxy 203\.0\.113\.9:3128 \(stream 1\), to which this one passes the tunnel unread/,
    );
    const [attribution] = [...attributions.values()];
    expect(attribution?.evidence).toEqual([
      "the tunnel goes on unread to 203.0.113.9:3128 (stream 1)",
      expect.stringMatching(/^the header proxy-connection stands beside the 401 \(frame 1201\)/),
    ]);
    const [own] = diagnosis.findings.filter(({ id, stream }) => id === "tunnel-401-proxy" && stream === 0);
    expect(own?.title).toMatch(/may be a further proxy's/);
    expect(own?.advice.helpdesk).toMatch(/203\.0\.113\.9:3128 is the one to look at \(stream 1\)/);
  });

  it("says of the nearer proxy neither that it asked at two stages nor that it reads inside", () => {
    const { findings, facts } = diagnosed([near(), far()]);
    expect(findings.map(({ id, stream }) => `${id} ${stream}`)).not.toContainEqual(
      expect.stringMatching(/^(?:mixed-auth-context|challenge-after-success) (?:0|null)/),
    );
    expect(facts.proxies.map(({ ip, intercepts }) => [ip, intercepts])).toContainEqual(["192.0.2.80", "no"]);
  });

  it("is not the nearer proxy's where something else was asked there", () => {
    const other = far();
    const [exchange] = other.tunnel!.exchanges;
    const exchanges = [{ ...exchange!, url: "https://www.example.com/other" }];
    const { attributions, verdict } = ofNear(
      diagnosed([near(), { ...other, tunnel: { ...other.tunnel!, exchanges } }]),
    );
    expect(verdict).toBe("tunnel-401-unattributed");
    expect([...attributions.values()].map(({ evidence }) => evidence)).toEqual([
      ["the tunnel goes on unread to 203.0.113.9:3128 (stream 1)"],
    ]);
  });

  it("has its 407 inside from behind the nearer proxy", () => {
    const asks = { status: 407, proxyChallenges: [BASIC] };
    const one = withHello(read(0, [CHALLENGED, ACCEPTED], [asks]), [1, 50, 90]);
    const two = withHello(read(1, [{ status: 200 }], [asks], { client: OUTSIDE, proxy: PARENT }), [1, 51, 89]);
    const titles = diagnosed([one, two]).findings.filter(({ id }) => id === "tunnel-407");
    expect(titles.map(({ stream, title }) => `${stream} ${title}`)).toEqual([
      expect.stringMatching(/^0 A 407 inside the tunnel that came from behind the proxy$/),
      expect.stringMatching(/^1 A 407 inside the tunnel, too late for the client, that may be the proxy's$/),
    ]);
  });

  it("is the site's where that is told there", () => {
    const bearer = { scheme: "Bearer", realm: "api", parameters: [], stale: false, ntlm: null, negotiate: null };
    const site = withHello(
      read(1, [{ status: 200 }], [{ status: 401, challenges: [bearer] }], { client: OUTSIDE, proxy: PARENT }),
      [1, 51, 89],
    );
    const { verdict } = ofNear(diagnosed([near(), site]));
    expect(verdict).toBe("tunnel-401-origin");
  });

  it.each<[string, Timeline, boolean]>([
    ["by its listening address, whatever the order", far([1, 1, 2], { client: { ...near().proxy, port: 4 } }), true],
    ["whose part lies between", far(), true],
    ["but the handshake is another", far([2, 51, 89]), false],
    ["but only the ClientHello is the same, as of a proxy that peeks", far([1, 51, 89, 2]), false],
    ["but it was there before", far([1, 49, 89]), false],
    ["but it was answered there later", far([1, 51, 91]), false],
    ["but it is the same proxy, behind an address translation", far([1, 51, 89], { proxy: near().proxy }), false],
  ])("is known by that: %s", (_name, other, further) => {
    const unrelated = { ...far([9, 500, 501]), stream: 2 };
    expect(isFurther(diagnosed([near(), other, unrelated]))).toBe(further);
  });

  it("is that of the furthest of several", () => {
    const last = far([1, 52, 88], { proxy: { ...PARENT, ip: "203.0.113.7" } });
    expect(ofNear(diagnosed([near(), { ...far(), stream: 2 }, last])).goesOnTo?.proxy.ip).toBe("203.0.113.7");
    expect(ofNear(diagnosed([near(), far(), { ...last, stream: 2 }])).goesOnTo?.proxy.ip).toBe("203.0.113.7");
  });

  it("is not suspected at the nearer proxy, as far as its records go", () => {
    const talk = { ...FAR, records: challenged() };
    const [first, second] = [tunnelOf(talk), tunnelOf({ ...talk, stream: 1 })];
    const suspected = (number: number) =>
      diagnosed([
        withHello(first, [1, 50, 90]),
        withHello({ ...second, client: OUTSIDE, proxy: PARENT }, [number, 51, 89]),
      ]).facts.connections.map(({ verdict }) => verdict);
    expect(suspected(2)).toEqual(["tunnel-401-suspected", "tunnel-401-suspected"]);
    expect(suspected(1)).toEqual(["encrypted", "tunnel-401-suspected"]);
  });

  it("has the certificate of the further proxy, which is no mark of the nearer one", () => {
    const issued = (one: Timeline): Timeline => {
      const issuer = "CN=mitmproxy,O=mitmproxy";
      const leaf = { ...EMPTY, issuer };
      const tls = { ...one.tunnel!.tls!, certificates: [leaf] };
      return { ...one, tunnel: { ...one.tunnel!, tls } };
    };
    const { facts } = diagnosed([issued(near()), issued(far())]);
    expect(facts.proxies.map(({ ip, product, intercepts }) => [ip, product?.name, intercepts])).toEqual([
      ["192.0.2.80", undefined, "no"],
      [PARENT.ip, "mitmproxy", "yes"],
    ]);
  });
});

/** A certificate of which only the issuer matters. */
const EMPTY: Certificate = {
  der: new Uint8Array([1]),
  subject: "CN=www.example.com",
  issuer: "",
  subjectCommonName: "www.example.com",
  issuerCommonName: null,
  issuerOrganization: null,
  notBefore: null,
  notAfter: null,
  names: ["www.example.com"],
  isCa: false,
  publicKey: new Uint8Array([2]),
  signatureAlgorithm: new Uint8Array(0),
  serial: "1",
  malformed: false,
};

describe("a tunnel that goes on to the origin", () => {
  const onLeg = (number: number, server = number): ServerLeg => {
    const one = leg("www.example.com", []);
    return { ...one, tls: handshake(one.tls!, number, 51, 89, server) };
  };

  it("is not read inside, and the 401 is the site's", () => {
    const { verdict, interception } = ofNear(diagnosed([near()], [onLeg(1)]));
    expect(verdict).toBe("tunnel-401-origin");
    expect(interception).toEqual({
      state: "no",
      why: "the handshake of frame 50 goes on to 198.51.100.7:443 as it is (stream 70, frame 51): the proxy does not read inside",
    });
  });

  it.each([
    ["another handshake", onLeg(2)],
    ["another answer to the same ClientHello", onLeg(1, 2)],
  ])("is not that of %s", (_name, other) => {
    expect(ofNear(diagnosed([near()], [other])).interception.state).toBe("unknown");
  });
});
