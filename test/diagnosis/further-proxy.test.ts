// Two proxies in a row, and who is no proxy at all: whose refusal it was.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { Collector } from "../../src/diagnosis/index.ts";
import type { Challenge, ResponseHead } from "../../src/http/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { ACCEPTED, asked, BASIC, CHALLENGED, GATEWAY, read, SENT } from "./asked.ts";
import { diagnosisOf, found, QUALITY } from "./diagnose.ts";
import { REQUEST_MS, readLeg } from "./evidence-talk.ts";
import { exchangeFact, requestHead, responseHead, where } from "./record-talk.ts";

const OUTSIDE = { ip: "203.0.113.80", port: 40_000 };
const PARENT = { ip: "203.0.113.9", port: 3128 };

/** A connection whose CONNECT came at this time and was answered 401 as long afterwards. */
function refused(
  stream: number,
  fromMs: number,
  tookMs: number,
  change: Partial<Timeline> = {},
  realm = "Parent",
): Timeline {
  const one = asked(stream, [{ status: 401 }], change);
  const [connect] = one.connects;
  const request = { ...connect!.request, where: where(10 + stream, fromMs) };
  const challenges = [{ ...BASIC, realm }];
  const response = { ...connect!.response!, challenges, where: where(12 - stream, fromMs + tookMs) };
  return { ...one, connects: [{ ...connect!, request, response }] };
}

describe("a 401 to a CONNECT that was passed on", () => {
  const child = refused(0, 10, 8);

  it.each([
    [
      "from another address of the proxy, between request and answer",
      refused(1, 12, 4, { client: OUTSIDE, proxy: PARENT }),
      "possible",
    ],
    ["by its listening address", refused(1, 12, 4, { client: { ...child.proxy, port: 1 }, proxy: PARENT }), "possible"],
    ["but the other was asked before", refused(1, 5, 11, { client: OUTSIDE, proxy: PARENT }), "likely"],
    ["but the other answered later", refused(1, 12, 9, { client: OUTSIDE, proxy: PARENT }), "likely"],
    ["but with another challenge", refused(1, 12, 4, { client: OUTSIDE, proxy: PARENT }, "Another"), "likely"],
    ["but by the same proxy, to somebody else", refused(1, 12, 4, { client: OUTSIDE }), "likely"],
  ])("%s", (_name, other, certainty) => {
    const own = found("connect-401", [child, other]).find(({ stream }) => stream === 0);
    expect(own?.certainty).toBe(certainty);
    if (certainty === "possible") expect(own?.detail).toMatch(/401 just before by 203\.0\.113\.9:3128 \(stream 1\)/);
  });

  it.each<[string, Partial<ResponseHead>, Partial<ResponseHead>]>([
    ["lacks a challenge, which no proxy takes off a 401", { challenges: [] }, {}],
    ["was a 407 there", {}, { status: 407, proxyChallenges: [{ ...BASIC, realm: "Parent" }] }],
  ])("is not meant where it %s", (_name, ours, theirs) => {
    const change = (one: Timeline, head: Partial<ResponseHead>): Timeline => {
      const [connect] = one.connects;
      return { ...one, connects: [{ ...connect!, response: { ...connect!.response!, ...head } }] };
    };
    const other = refused(1, 12, 4, { client: OUTSIDE, proxy: PARENT });
    const own = found("connect-401", [change(child, ours), change(other, theirs)]).find(({ stream }) => stream === 0);
    expect(own?.detail).not.toMatch(/just before/);
  });

  it("is not meant where who asked the other proxy asks it for more than this one was asked for", () => {
    const other = refused(1, 12, 4, { client: OUTSIDE, proxy: PARENT });
    const own = asked(2, [ACCEPTED], { client: OUTSIDE, proxy: PARENT });
    const [told] = found("connect-401", [child, other, own]).filter(({ stream }) => stream === child.stream);
    expect(told?.detail).not.toMatch(/just before/);
  });

  it("is not meant where another program asked the other proxy", () => {
    const named = (one: Timeline, userAgent: string | null): Timeline => {
      const [connect] = one.connects;
      return { ...one, connects: [{ ...connect!, request: { ...connect!.request, userAgent } }] };
    };
    const toldOf = (program: string | null): string | undefined => {
      const other = named(refused(1, 12, 4, { client: OUTSIDE, proxy: PARENT }), program);
      return found("connect-401", [named(child, "curl/7.88.1"), other]).find(({ stream }) => stream === 0)?.detail;
    };
    expect(toldOf("Java/17.0.15")).not.toMatch(/just before/);
    for (const program of ["curl/7.88.1", null]) expect(toldOf(program)).toMatch(/just before/);
  });

  it("is not meant where who was refused there has come back with credentials before this answer", () => {
    const other = refused(1, 12, 2, { client: OUTSIDE, proxy: PARENT });
    const [first] = other.connects;
    const again = { ...first!, request: { ...first!.request, proxyAuthorization: SENT, where: where(13, 16) } };
    const [told] = found("connect-401", [child, { ...other, connects: [first!, again] }]);
    expect(told?.stream).toBe(child.stream);
    expect(told?.detail).not.toMatch(/just before/);
  });

  it("names the address by which the further proxy was asked, if it is another one", () => {
    const other = refused(1, 12, 4, { client: OUTSIDE, proxy: PARENT });
    const [own] = found("connect-401", [child, other]).filter(({ stream }) => stream === child.stream);
    expect(own?.detail).toMatch(/whom 203\.0\.113\.80 had asked, by the times/);
  });
});

describe("recorded", () => {
  const reportOf = async (name: string) => {
    const { path } = loadTruth().find((one) => one.name === name)!;
    const report = await checkCapture(path);
    if ("kind" in report) throw new Error(report.message);
    return report;
  };

  it("a Squid that has the 401 of its parent, which it asked by its other address", async () => {
    const { findings } = await reportOf("connect-401-parent");
    const own = findings.filter(({ id }) => id === "connect-401");
    expect(own.map(({ certainty }) => certainty)).toEqual(["likely", "possible"]);
    expect(own[1]?.detail).toMatch(/just before by 10\.44\.2\.17:3130 \(stream \d\), whom 10\.44\.2\.80 had asked/);
  });

  it("an nginx that is the proxy: its name is no site's, where it asks alike for three", async () => {
    const { verdict, connections } = await reportOf("forward-401-nginx");
    expect(verdict).toBe("forward-401-proxy");
    expect(connections[0]?.forwards.map(({ sentBy, certainty }) => `${sentBy} ${certainty}`)).toEqual(
      Array(3).fill("proxy possible"),
    );
  });
});

describe("a 401 to a forwarded request that was passed on", () => {
  const forwarded = (stream: number, fromMs: number, tookMs: number, change: Partial<Timeline> = {}): Timeline => {
    const url = "http://www.example.com/";
    const request = requestHead(where(20 + stream, fromMs), { method: "GET", target: url, form: "absolute" });
    const response = responseHead(where(22, fromMs + tookMs), 401, {
      ...GATEWAY,
      names: ["proxy-authenticate"],
      challenges: [BASIC],
    });
    return { ...asked(stream, [], change), forwards: [exchangeFact(request, response, { url })] };
  };

  it("is the further proxy's, perhaps", () => {
    const parent = forwarded(1, 12, 4, { client: OUTSIDE, proxy: PARENT });
    const [own] = found("forward-401-proxy", [forwarded(0, 10, 8), parent]);
    expect(own).toMatchObject({ stream: 0, certainty: "possible" });
    expect(own?.detail).toMatch(
      /401 just before by 203\.0\.113\.9:3128 \(stream 1\).*then that one is to be looked at/,
    );
    const [alone] = found("forward-401-proxy", [forwarded(0, 10, 8)]);
    expect(alone?.detail).not.toMatch(/just before/);
    expect(alone?.title).toMatch(/may be the proxy's/);
    expect(alone?.advice.helpdesk).toMatch(/^One sign speaks for the proxy/);
  });
});

describe("a 407 that was passed on", () => {
  const URL = "http://www.example.com/";
  const UPSTREAM = { ...BASIC, realm: "Upstream" };
  const forwarded = (
    stream: number,
    fromMs: number,
    toMs: number,
    head: Partial<ResponseHead>,
    change = {},
  ): Timeline => {
    const request = requestHead(where(20 + stream, fromMs), { method: "GET", target: URL, form: "absolute" });
    const response = responseHead(where(40 - stream, toMs), 407, head);
    return { ...asked(stream, [], change), forwards: [exchangeFact(request, response, { url: URL })] };
  };
  const parent = (toMs = 16, challenge: Challenge = UPSTREAM): Timeline =>
    forwarded(1, 12, toMs, { proxyChallenges: [challenge] }, { client: OUTSIDE, proxy: PARENT });
  const child = (...proxyChallenges: readonly Challenge[]): Timeline => forwarded(0, 10, 18, { proxyChallenges });

  it("lost the challenge of the further proxy, which is for one hop only", () => {
    const [own] = found("auth-no-scheme", [child(), parent()]);
    expect(own).toMatchObject({ stream: 0, certainty: "likely", title: expect.stringMatching(/^A 407 from behind/) });
    expect(own?.detail).toMatch(
      /answered 407 \(Basic, frame 39\) just before by 203\.0\.113\.9:3128 \(stream 1\).* and lost what it asks for/,
    );
    expect(own?.evidence).toEqual(["frame 40: the same answer came to the proxy in stream 1"]);
    expect(own?.advice.proxyAdmin).toMatch(/a further proxy, let this one sign in to it/);
  });

  it.each([
    ["with nobody behind the proxy", []],
    ["with a further proxy that answered later", [parent(19)]],
  ])("%s it is the proxy's own", (_name, others) => {
    const [own] = found("auth-no-scheme", [child(), ...others]);
    expect(own).toMatchObject({ stream: 0, certainty: "certain", title: "A 407 that names no authentication scheme" });
  });

  it("keeps its challenge where the proxy passes that on, too", () => {
    const title = (challenge: Challenge): string | undefined =>
      found("auth-abandoned", [child(UPSTREAM), parent(16, challenge)]).find(({ stream }) => stream === 0)?.title;
    expect(title(UPSTREAM)).toMatch(/^A 407 from behind the proxy/);
    expect(title(BASIC)).toMatch(/^The proxy asked for credentials/);
  });

  it("is a server's that the server leg shows", () => {
    const collector = new Collector({ connections: 9 });
    collector.add(forwarded(0, REQUEST_MS, REQUEST_MS + 4, {}));
    collector.addLeg({ ...readLeg(407), tls: null, origin: { ip: "198.51.100.7", port: 80 } });
    const { findings } = collector.finish(QUALITY, { sources: [], sessions: 0, decrypted: 0, tlsConnections: 0 });
    const [own] = findings.filter(({ id }) => id === "auth-no-scheme");
    expect(own?.title).toMatch(/^A 407 from behind the proxy/);
    expect(own?.evidence).toContainEqual(
      expect.stringMatching(/^the origin 198\.51\.100\.7:80 answered the proxy 407/),
    );
  });
});

describe("a 407 that names no scheme, on the connection behind another one that got such a 407", () => {
  it("is told by its own frame, and of whom it came from", () => {
    const parent = (stream: number): Timeline =>
      asked(stream, [CHALLENGED], { client: { ...asked(0, []).proxy, port: stream }, proxy: PARENT });
    const bare = (stream: number, credentials: typeof SENT | null): Timeline => {
      const one = asked(stream, [{ status: 407, with: credentials }]);
      const [connect] = one.connects;
      const response = { ...connect!.response!, where: where(1_000 * stream + 30, 1_000 * stream + 30) };
      return { ...one, connects: [{ ...connect!, response }] };
    };
    const findings = found("auth-no-scheme", [bare(0, null), parent(0), bare(1, SENT), parent(1)]);
    expect(findings.map(({ detail }) => detail.slice(0, 23))).toEqual([
      "The 407 of frame 30 nam",
      "The 407 of frame 1030 n",
    ]);
    expect(findings.map(({ title }) => title)).toEqual(
      Array(2).fill("A 407 from behind the proxy, which passed it on"),
    );
  });
});

describe("a client that is a proxy", () => {
  const near = asked(0, [{ status: 502 }]);
  const far = (change: Partial<Timeline> = {}): Timeline => ({
    ...asked(1, [{ ...CHALLENGED, target: "www.example.com:443" }], {
      client: { ...near.proxy, port: 4_000 },
      proxy: PARENT,
    }),
    ...change,
  });
  const ofFar = (...timelines: readonly Timeline[]) =>
    found("auth-abandoned", timelines).find(({ stream }) => stream === 1)!;
  const open = { ...near, end: far().end };
  const [refusal] = near.connects;
  const late = { ...refusal!.response!, where: { ...refusal!.response!.where, time: far().end } };
  const waiting = { ...open, connects: [{ ...refusal!, response: late }] };

  it("has to sign in by itself, and no user for it", () => {
    const own = ofFar(waiting, far());
    expect(own.detail).toMatch(
      /The client seems to be a proxy: 192\.0\.2\.17 had asked 192\.0\.2\.80:\d+ for the same \(stream 0, frame 10\)\.$/,
    );
    expect(own.advice.helpdesk).toMatch(/^The user can do nothing about it/);
  });

  it.each<[string, readonly Timeline[]]>([
    ["nobody waits any more", [near, far()]],
    ["who asked has the answer already", [open, far()]],
    [
      "somebody asked for something else",
      [{ ...waiting, ...asked(0, [{ status: 502, target: "other.example:443" }], { end: far().end }) }, far()],
    ],
    ["it has another address", [waiting, far({ client: OUTSIDE })]],
    ["it asks the same proxy", [waiting, far({ proxy: near.proxy })]],
    ["somebody asked later", [asked(2, [{ status: 502 }]), far()]],
  ])("is not taken for one where %s", (_name, timelines) => {
    const own = ofFar(...timelines);
    expect(own.detail).not.toContain("seems to be a proxy");
    expect(own.advice.helpdesk).toMatch(/^Find out which program/);
  });

  it("is Cntlm in front of a Squid, as recorded", async () => {
    const { path } = loadTruth().find(({ name }) => name === "cntlm-parent")!;
    const report = await checkCapture(path);
    if ("kind" in report) throw new Error(report.message);
    const own = report.findings.find(({ id, stream }) => id === "auth-abandoned" && stream === 1);
    expect(own?.detail).toContain("10.44.1.2 had asked 10.44.1.80:3129 for the same (stream 0, frame 4)");
  });
});

describe("a CONNECT that is refused by whom nothing shows to be a proxy", () => {
  const detail = (status: number, ...others: readonly Timeline[]): string | undefined =>
    found("tunnel-refused", [asked(0, [{ status }]), ...others])[0]?.detail;

  it.each([400, 404, 405, 501])("with %d, as a web server does", (status) => {
    expect(detail(status)).toMatch(
      /: the tunnel was not opened\. Nothing else in this capture shows that .* is a proxy/,
    );
    expect(detail(status, asked(1, [{ status: 200 }]))).toMatch(/: the tunnel was not opened\.$/);
  });

  it.each([403, 503])("with %d, as proxies do", (status) => {
    expect(detail(status)).toMatch(/: the proxy did not open the tunnel\.$/);
  });
});

describe("what is asked inside, possibly by the proxy", () => {
  const asks = { ...GATEWAY, challenges: [{ ...BASIC, realm: "Another" }] };
  const inside = read(1, [{ target: "news.example.com:443", status: 200 }], [{ status: 401, ...asks }]);
  const others = [read(0, [CHALLENGED, { status: 200 }], [{}])];

  it("is not called a fact by what follows from it", () => {
    const [mixed] = found("mixed-auth-context", [...others, inside]);
    expect(mixed).toMatchObject({ certainty: "possible" });
    expect(mixed?.detail).toMatch(/^news\.example\.com seems to be challenged by the proxy at GET https:\/\//);
    expect(mixed?.title).toBe("Some hosts are challenged on the CONNECT, others perhaps inside the tunnel");
    expect(mixed?.advice.helpdesk).toMatch(/^What is asked inside the tunnels may be the sites' own login/);
    expect(found("tunnel-401-proxy", [inside])[0]?.title).toMatch(/may be the proxy's/);
  });

  it("has no two kinds of hosts where all are challenged inside: what is said is that the client had signed in", () => {
    const again = (response: Partial<ResponseHead>) =>
      found("mixed-auth-context", [read(0, [CHALLENGED, ACCEPTED], [{ status: 401, ...response }])])[0];
    expect(again(asks)?.title).toMatch(/^The client was authenticated on the CONNECT, and perhaps challenged again/);
    expect(again(GATEWAY)?.title).toMatch(/^The client was authenticated on the CONNECT, and challenged again/);
    for (const one of [asks, GATEWAY])
      expect(again(one)?.advice.helpdesk).toMatch(/^(?!.*two lists).*it names the hosts/);
  });

  it("makes nothing doubtful of hosts of which more signs say it, and stands behind them", () => {
    const sure = read(2, [{ target: "mail.example.net:443", status: 200 }], [{ status: 401, ...GATEWAY }]);
    const [mixed] = found("mixed-auth-context", [...others, inside, sure]);
    expect(mixed).toMatchObject({ certainty: "likely" });
    expect(mixed?.title).toBe("Some hosts are challenged on the CONNECT, others inside the tunnel");
    expect(mixed?.detail).toBe(
      "mail.example.net is challenged at GET https://; news.example.com seems to be challenged by the proxy there, too; www.example.com is challenged at CONNECT tcp:// only.",
    );
    expect(
      found("tunnel-401-proxy", [...others, inside, sure]).map(({ stream, certainty }) => [stream, certainty]),
    ).toEqual([
      [2, "likely"],
      [1, "possible"],
    ]);
    // Whatever comes first of one host: what is surer of it is said.
    const later = read(3, [{ target: "news.example.com:443", status: 200 }], [{ status: 401, ...GATEWAY }]);
    for (const both of [
      [inside, later],
      [
        { ...later, stream: 1 },
        { ...inside, stream: 3 },
      ],
    ])
      expect(found("mixed-auth-context", [...others, ...both])[0]?.detail).toMatch(
        /^news\.example\.com is challenged at GET https:\/\/; www/,
      );
  });

  it("is not asked at GET https:// where the tunnel carries plain HTTP", () => {
    const plain = { ...inside, tunnel: { ...inside.tunnel!, protocol: "http" as const, tls: null } };
    expect(found("mixed-auth-context", [...others, plain])[0]?.detail).toMatch(/ by the proxy inside the tunnel; www/);
  });
});

describe("a forwarded request's 401 of which signs speak for both", () => {
  it("is not called the site's own login", () => {
    const request = requestHead(where(20, 20), { method: "GET", target: "http://www.example.com/", form: "absolute" });
    const response = responseHead(where(22, 22), 401, {
      names: ["proxy-authenticate"],
      fields: [{ name: "server", value: "nginx" }],
      challenges: [BASIC, { ...BASIC, scheme: "Bearer" }],
    });
    const one = { ...asked(0, []), forwards: [exchangeFact(request, response, { url: "http://www.example.com/" })] };
    const { verdict, facts, findings } = diagnosisOf([one]);
    expect(verdict).toBe("forward-401-origin");
    expect(facts.connections[0]?.summary).toMatch(/signs speak for both, the site and the proxy\.$/);
    expect(findings.find(({ id }) => id === verdict)?.advice.helpdesk).toMatch(/^The login box seems to belong/);
  });
});
