// Whether the proxy ends the TLS of a tunnel: by chain, by the other leg, by key, age and issuer; and what follows from it.
import { describe, expect, it } from "vitest";
import { Collector } from "../../src/diagnosis/index.ts";
import { CertificateRegister, type Interception } from "../../src/diagnosis/interception.ts";
import type { ChainEnd, Trust } from "../../src/diagnosis/trust.ts";
import type { ServerLeg, Timeline } from "../../src/proxy/index.ts";
import type { Certificate } from "../../src/tls-parse/index.ts";
import { asked, BASIC } from "./asked.ts";
import { QUALITY } from "./diagnose.ts";
import { leg } from "./evidence-talk.ts";
import { atMs, exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

const HOST = "www.example.com";
const DAY_MS = 24 * 3_600_000;
let serial = 0;

/** A certificate that was made a month ago by an unknown authority, with a key of its own. */
function certificate(change: Partial<Certificate> = {}): Certificate {
  serial++;
  return {
    der: new TextEncoder().encode(`certificate ${serial}`),
    subject: `CN=${HOST}`,
    issuer: "CN=Some Authority,O=Somebody",
    subjectCommonName: HOST,
    issuerCommonName: "Some Authority",
    issuerOrganization: "Somebody",
    notBefore: atMs(-30 * DAY_MS),
    notAfter: atMs(300 * DAY_MS),
    names: [HOST],
    isCa: false,
    publicKey: new TextEncoder().encode(`key ${serial}`),
    signatureAlgorithm: new Uint8Array(0),
    serial: String(serial),
    malformed: false,
    ...change,
  };
}

interface Shown {
  readonly host?: string;
  readonly leaf?: Certificate | null;
  readonly resumed?: boolean;
  readonly stream?: number;
  readonly plaintextAnswer?: boolean;
}

function showing({ host = HOST, leaf = null, resumed = false, stream = 0, plaintextAnswer = false }: Shown): Timeline {
  const one = tunnelOf({ host, stream, startMs: stream, inside: "full", records: [] });
  const tls = one.tunnel!.tls!;
  const certificates = leaf === null ? [] : [leaf];
  const place = where(one.firstFrame + 9, stream + 5);
  return {
    ...one,
    tunnel: {
      ...one.tunnel!,
      plaintextAnswer,
      tls: {
        ...tls,
        certificates,
        certificateWhere: leaf === null ? null : place,
        serverHello: { ...tls.serverHello!, resumed },
      },
    },
  };
}

function legTo(host: string, leaf: Certificate): ServerLeg {
  const one = leg(host, []);
  return { ...one, tls: { ...one.tls!, certificates: [leaf], certificateWhere: where(64, 1) } };
}

const ending = (end: ChainEnd): Trust => ({ chainEnd: () => end });

/** What is concluded of the last tunnel, all of them known. */
function judged(shown: readonly Shown[], end: ChainEnd = "unknown", legs: readonly ServerLeg[] = []): Interception {
  const register = new CertificateRegister(ending(end));
  const timelines = shown.map((one, stream) => showing({ stream, ...one }));
  for (const one of timelines) register.learn(one);
  return timelines.map((one) => register.of(one, legs)).at(-1)!;
}

type Row = readonly [
  name: string,
  shown: readonly Shown[],
  state: Interception["state"],
  why: RegExp | null,
  end?: ChainEnd,
  legs?: readonly ServerLeg[],
];

const own = certificate();
const SCT = new Uint8Array([0x30, 0x06, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02, 0x04]);
const KEY = new TextEncoder().encode("one key for all");
const NEWS = { names: ["news.example.net"], subjectCommonName: "news.example.net" };

const ROWS: readonly Row[] = [
  ["an unknown authority, nothing else", [{ leaf: certificate() }], "unknown", null],
  ["no certificate", [{}], "unknown", null],
  ["a public root", [{ leaf: certificate() }], "no", /frame 10 .*public root/, "public-root"],
  ["a root given as trusted", [{ leaf: certificate() }], "no", /--trust/, "trusted"],
  ["a wildcard's site", [{ leaf: certificate({ names: ["*.example.com"] }) }], "no", /public root/, "public-root"],
  [
    "a wildcard is for one label",
    [{ host: "a.b.example.com", leaf: certificate({ names: ["*.example.com"] }) }],
    "unknown",
    null,
    "public-root",
  ],
  ["a common name where no names are", [{ leaf: certificate({ names: [] }) }], "no", /--trust/, "trusted"],
  [
    "a public root, but in another's name: the proxy's own",
    [{ leaf: certificate(NEWS) }],
    "unknown",
    null,
    "public-root",
  ],
  ["the authority given as the proxy's", [{ leaf: certificate(NEWS) }], "yes", /--proxy-ca/, "proxy-ca"],
  ["a product's authority", [{ leaf: certificate({ issuer: "CN=mitmproxy,O=mitmproxy" }) }], "yes", /mitmproxy/],
  [
    "a product's name, but a public root",
    [{ leaf: certificate({ issuer: "CN=Fortinet,O=Fortinet" }) }],
    "no",
    /public/,
    "public-root",
  ],
  ["the same certificate on the other leg", [{ leaf: own }], "no", /the same as/, "unknown", [legTo(HOST, own)]],
  [
    "the same on the other leg, whose server is named in capitals",
    [{ leaf: own }],
    "no",
    /the same as/,
    "unknown",
    [legTo("WWW.Example.COM", own)],
  ],
  [
    "another certificate on the other leg",
    [{ leaf: certificate() }],
    "yes",
    /another one than the origin showed.*frame 64/,
    "unknown",
    [legTo(HOST, certificate({ issuer: "CN=Another Authority" }))],
  ],
  [
    "another certificate of the same authority: sites have several",
    [{ leaf: certificate() }],
    "unknown",
    null,
    "unknown",
    [legTo(HOST, certificate())],
  ],
  [
    "one of several legs shows the same",
    [{ leaf: own }],
    "no",
    /the same as/,
    "unknown",
    [legTo(HOST, certificate({ issuer: "CN=Another Authority" })), legTo(HOST, own)],
  ],
  [
    "a leg to another host says nothing",
    [{ leaf: certificate() }],
    "unknown",
    null,
    "unknown",
    [legTo("news.example.net", certificate({ issuer: "CN=Another Authority" }))],
  ],
  ["made minutes ago", [{ leaf: certificate({ notBefore: atMs(-3 * 60_000) }) }], "yes", /only .* before/],
  ["made an hour ago", [{ leaf: certificate({ notBefore: atMs(-60 * 60_000) }) }], "unknown", null],
  ["valid from tomorrow on", [{ leaf: certificate({ notBefore: atMs(DAY_MS) }) }], "unknown", null],
  [
    "made minutes ago and in the public logs",
    [{ leaf: certificate({ notBefore: atMs(-60_000), der: SCT }) }],
    "unknown",
    null,
  ],
  [
    "one key for unrelated sites",
    [{ host: "news.example.net", leaf: certificate({ publicKey: KEY }) }, { leaf: certificate({ publicKey: KEY }) }],
    "yes",
    /same public key.*news\.example\.net/,
  ],
  [
    "one key for names of one site",
    [{ host: "shop.example.com", leaf: certificate({ publicKey: KEY }) }, { leaf: certificate({ publicKey: KEY }) }],
    "unknown",
    null,
  ],
  ["one certificate for unrelated sites", [{ host: "news.example.net", leaf: own }, { leaf: own }], "unknown", null],
  [
    "one issuer for five unrelated sites",
    ["a.example.net", "b.example.org", "a.test.net", "b.test.org", HOST].map((host) => ({ host, leaf: certificate() })),
    "yes",
    /same unknown issuer.*example\.net, example\.org, test\.net/,
  ],
  [
    "one issuer for four of them: a company with domains",
    ["a.example.net", "b.example.org", "a.test.net", HOST].map((host) => ({ host, leaf: certificate() })),
    "unknown",
    null,
  ],
  [
    "one issuer for names of one site",
    ["a.example.com", "b.example.com", "c.example.com", "d.example.com", HOST].map((host) => ({
      host,
      leaf: certificate(),
    })),
    "unknown",
    null,
  ],
  [
    "owners below one public suffix are sites of their own",
    ["a.co.uk", "b.co.uk", "c.co.uk", "d.co.uk", "e.co.uk"].map((host) => ({ host, leaf: certificate() })),
    "yes",
    /a\.co\.uk, b\.co\.uk, c\.co\.uk/,
  ],
  [
    "a session goes on",
    [{ leaf: certificate() }, { resumed: true }],
    "no",
    /goes on from an earlier one/,
    "public-root",
  ],
  ["a session goes on from one that is not known", [{ resumed: true }], "unknown", null, "public-root"],
  [
    "another host's session does not",
    [{ leaf: certificate() }, { host: "shop.example.com", resumed: true }],
    "unknown",
    null,
    "public-root",
  ],
  ["a new session whose certificate cannot be read", [{ leaf: certificate() }, {}], "unknown", null, "public-root"],
  ["plain HTTP to the ClientHello", [{ leaf: certificate(), plaintextAnswer: true }], "unknown", null, "public-root"],
];

describe("whether the proxy reads inside", () => {
  it.each(ROWS.map((row) => [row[0], row] as const))("%s", (_name, [, shown, state, why, end, legs]) => {
    const found = judged(shown, end, legs);
    expect(found.state).toBe(state);
    if (why === null) expect(found.why).toBeNull();
    else expect(found.why).toMatch(why);
  });

  it("knows the site by the server name in any case, where the CONNECT names an address", () => {
    const one = showing({ host: "WWW.Example.COM", leaf: certificate() });
    const target = { ...one.tunnel!.target, host: "198.51.100.7", text: "198.51.100.7:443" };
    const toAddress = { ...one, tunnel: { ...one.tunnel!, target } };
    expect(new CertificateRegister(ending("public-root")).of(toAddress, []).state).toBe("no");
  });

  it("asks for the end of a chain once per certificate, and not without one", () => {
    let asks = 0;
    const register = new CertificateRegister({
      chainEnd: () => {
        asks++;
        return "public-root";
      },
    });
    register.of(showing({}), []);
    expect(asks).toBe(0);
    for (let stream = 0; stream < 5; stream++) register.of(showing({ leaf: own, stream }), []);
    expect(asks).toBe(1);
  });
});

/** Three signs of a proxy: its 407's challenge, a header of proxies, a product's name. */
function accused(status = 401): Timeline {
  const one = showing({ leaf: certificate() });
  const request = requestHead(where(30, 30), { method: "GET", target: "/", form: "origin", host: HOST });
  const response = responseHead(where(31, 31), status, {
    challenges: status === 401 ? [BASIC] : [],
    names: ["proxy-connection", "server"],
    fields: [{ name: "server", value: "tinyproxy/1.11.1" }],
  });
  return { ...one, tunnel: { ...one.tunnel!, exchanges: [exchangeFact(request, response)] } };
}

describe("what follows", () => {
  const diagnosed = (end: ChainEnd, status?: number) => {
    const collector = new Collector({ connections: 10 }, ending(end));
    for (const one of [accused(status), asked(3, [{ status: 407, challenges: [BASIC] }])]) collector.add(one);
    return collector.finish(QUALITY, { sources: [], sessions: 0, decrypted: 1, tlsConnections: 1 });
  };

  it("a proxy that may read inside is named by its signs", () => {
    expect(diagnosed("unknown").verdict).toBe("tunnel-401-proxy");
    expect(diagnosed("unknown").facts.proxies[0]?.intercepts).toBe("unknown");
    expect(diagnosed("proxy-ca").verdict).toBe("tunnel-401-proxy");
    expect(diagnosed("proxy-ca").facts.proxies[0]?.intercepts).toBe("yes");
  });

  it("a proxy that does not cannot have written it, whatever points there", () => {
    const { facts } = diagnosed("public-root");
    expect(facts.connections[0]?.verdict).toBe("tunnel-401-origin");
    expect(facts.proxies[0]?.intercepts).toBe("no");
    const [attribution] = facts.connections[0]!.attributions.values();
    expect(attribution).toMatchObject({ sentBy: "origin", certainty: "certain" });
    expect(attribution!.evidence.length).toBeGreaterThan(3);
  });

  it("an error with such signs is its own, unless it does not read inside", () => {
    const told = (end: ChainEnd) => diagnosed(end, 403).facts.connections[0]?.ownAnswer?.kind ?? null;
    expect([told("unknown"), told("proxy-ca"), told("public-root")]).toEqual(["error", "error", null]);
  });
});
