// Proxies in a row, helpers in front of them, and clients that leave: what is said of whom.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Challenge, RequestHead, ResponseHead } from "../../src/http/index.ts";
import type { ConnectFact, Timeline, TunnelFact } from "../../src/proxy/index.ts";
import { buildConnection } from "../../src/report/connection.ts";
import { httpsCell } from "../../src/report/outputs/cells.ts";
import { loadTruth } from "../harness/truth.ts";
import { ACCEPTED, type Asked, asked, BASIC, CHALLENGED, NTLM, read, SENT, TYPE_1 } from "./asked.ts";
import { diagnosisOf, found } from "./diagnose.ts";
import { connectFact, exchangeFact, requestHead, responseHead, timeline, tunnelOf, where } from "./record-talk.ts";

async function recorded(name: string) {
  const capture = loadTruth().find((one) => one.name === name);
  const report = await checkCapture(capture!.path, {});
  if ("kind" in report) throw new Error(report.message);
  return report;
}

const factsOf = (timelines: readonly Timeline[]) => diagnosisOf(timelines).facts;

const OTHER: Challenge = { ...BASIC, realm: "Example upstream" };

/** A closed connection whose sides sent their FIN in these frames. */
function closed(of: Timeline, client: number | null, proxy: number | null): Timeline {
  return {
    ...of,
    fromClient: { ...of.fromClient, finFrame: client },
    fromProxy: { ...of.fromProxy, finFrame: proxy },
  };
}

const closing = (connect: ConnectFact): ConnectFact => ({ ...connect, unanswered: "closed" });

describe("who closed the connection", () => {
  const silent = timeline({ connects: [closing(connectFact("www.example.com:443", where(10, 10), null))] });
  it.each([
    ["the client", closed(silent, 20, 21), "before the client closed the connection."],
    ["the proxy", closed(silent, 22, 21), "before the proxy closed the connection."],
    ["it is not in the capture", silent, "before the connection was closed."],
  ])("%s", (_name, one, text) => {
    expect(found("no-response", [one])[0]!.detail).toContain(text);
  });

  it.each(["ssh", "unknown", "tls"] as const)(
    "is told with what %s in it may mean to a proxy that intercepts",
    (protocol) => {
      const bare = asked(0, [ACCEPTED]);
      const shell = read(0, [ACCEPTED], []).tunnel!;
      const tunnel = { ...shell, protocol, clientBytes: 20, serverBytes: 0, firstClient: where(15, 10), exchanges: [] };
      const one = { ...bare, tunnel: protocol === "tls" ? tunnel : { ...tunnel, tls: null } };
      const { helpdesk, proxyAdmin } = found("no-response", [one])[0]!.advice;
      expect(helpdesk).toMatch(protocol === "tls" ? /^Try again/ : /^The program does not speak TLS in this tunnel/);
      expect(proxyAdmin).toMatch(protocol === "tls" ? /name in the ClientHello/ : /on_unsupported_protocol/);
    },
  );
});

describe("a tunnel in which nothing came back", () => {
  it("may have been closed by the name in the ClientHello", async () => {
    const { findings } = await recorded("squid-terminate");
    expect(findings[0]!.detail).toMatch(
      /within \d+(\.\d)? ms of the ClientHello: so does a proxy that refuses the site/,
    );
  });

  it.each([
    ["at once by the client", 20, 21, 12, "its first bytes: too early to say that nobody would have answered)."],
    [
      "at once by the proxy",
      22,
      21,
      12,
      "(the proxy closed the connection within 2.0 ms of the client's first bytes).",
    ],
    ["after a while", 20, 21, 5_000, "(the client closed the connection)."],
  ])("closed %s", (_name, client, proxy, endMs, text) => {
    const bare = tunnelOf({ records: [] });
    const tunnel: TunnelFact = {
      ...bare.tunnel!,
      protocol: "unknown",
      tls: null,
      clientBytes: 20,
      serverBytes: 0,
      firstClient: where(15, 10),
      exchanges: [],
    };
    const { time } = where(20, endMs);
    const one = closed({ ...bare, tunnel, closedBy: "fin", clientEnd: "fin", end: time }, client, proxy);
    expect(found("no-response", [one])[0]!.detail).toContain(text);
  });
});

describe("a tunnel in which nothing was asked", () => {
  it("was not used, and nothing in it was read", async () => {
    const { connections } = await recorded("w3m-refuses-certificate");
    expect(connections[0]!.summary).toMatch(
      /^The tunnel to .* nothing was asked in it before the client closed the connection: so does/,
    );
    expect(connections[0]!.tunnel!.stages.https).toBe("nothing was asked");
    expect(httpsCell(connections[0]!)).toBe("-");
  });
});

describe("what asks inside a tunnel", () => {
  it.each([
    ["far-context-lost", /In Squid that is .* In mitmproxy that is /],
    ["mitm-401-basic", /^An authentication rule matches .* In mitmproxy that is /],
  ])("is told in the words of the proxy: %s", async (name, words) => {
    const finding = (await recorded(name)).findings.find(({ id }) => id === "tunnel-401-proxy");
    expect(finding!.advice.proxyAdmin).toMatch(words);
  });

  it("is told in general of a proxy that is not known", async () => {
    const finding = (await recorded("squid-deny-info-401")).findings.find(({ id }) => id === "tunnel-401-proxy");
    expect(finding!.advice.proxyAdmin).not.toMatch(/Squid|mitmproxy/);
  });
});

describe("credentials for another realm", () => {
  const twice = (challenge: Challenge, sent = SENT): Timeline =>
    asked(0, [CHALLENGED, { with: sent, status: 407, challenges: [challenge] }]);

  it("were not refused: somebody else asks", () => {
    const [finding] = found("auth-abandoned", [twice(OTHER)]);
    expect(finding!.title).toBe("The proxy took the credentials, and the client was then asked for others");
    expect(finding!.detail).toContain("(frame 14), and was asked for credentials for another realm (407, frame 16)");
    expect(finding!.advice.proxyAdmin).toContain("cache_peer");
  });

  it("are so whatever case a scheme is written in", () => {
    const capitals = { ...BASIC, scheme: "BASIC" };
    const steps = (before: Challenge, after: Challenge) =>
      found("auth-abandoned", [
        asked(0, [
          { status: 407, challenges: [before] },
          { with: SENT, status: 407, challenges: [after] },
        ]),
      ])[0]!.detail;
    expect(steps(capitals, { ...OTHER, scheme: "BASIC" })).toContain("asked for credentials for another realm");
    expect(steps(BASIC, { ...OTHER, scheme: "BASIC" })).toContain("asked for credentials for another realm");
    expect(steps(BASIC, capitals)).toMatch(/^The proxy refused the client's credentials/);
  });

  it.each([
    ["the same realm", twice(BASIC)],
    ["a realm that is not named", twice({ ...BASIC, realm: null })],
    ["nothing was asked before", asked(0, [{ with: SENT, status: 407, challenges: [OTHER] }])],
  ])("are refused: %s", (_name, one) => {
    expect(found("auth-abandoned", [one])[0]!.title).toContain("The proxy refused the credentials");
  });

  it("nor are those of a scheme that nobody offers any more, where none of what was offered before is among the new ones", () => {
    const digest: Challenge = { ...BASIC, scheme: "Digest" };
    const negotiate: Challenge = { ...NTLM, scheme: "Negotiate" };
    const answered = (before: readonly Challenge[], sent: string, after: readonly Challenge[]): Timeline =>
      asked(0, [
        { status: 407, challenges: before },
        { with: { ...SENT, scheme: sent }, status: 407, challenges: after },
      ]);
    const [finding] = found("auth-abandoned", [answered([digest], "Digest", [BASIC])]);
    expect(finding!.detail).toContain("asked for credentials of other schemes (407 with Basic, frame 16)");
    // What failed is left out, and the rest is offered again.
    const fallback = answered([negotiate, NTLM, BASIC], "Negotiate", [NTLM, BASIC]);
    expect(found("auth-abandoned", [fallback])[0]!.title).toContain("The proxy refused the credentials");
    // Either way the client had sent what it was asked for.
    expect(found("scheme-mismatch", [answered([digest], "Digest", [BASIC]), fallback])).toEqual([]);
  });

  it("as Squid and its parent do it with schemes", async () => {
    const { findings } = await recorded("squid-parent-other-scheme");
    expect(findings.map(({ id }) => id)).toEqual(["auth-abandoned"]);
    expect(findings[0]!.title).toBe("The proxy took the credentials, and the client was then asked for others");
  });

  it("as Squid and its parent do it", async () => {
    const { findings } = await recorded("two-realms");
    expect(findings[0]!.detail).toContain("for another realm (407, frame 10)");
  });
});

describe("a request that the client breaks off", () => {
  const broken = (
    change: Partial<Timeline> = {},
    before: readonly Asked[] = [{ with: TYPE_1, status: 407, challenges: [NTLM] }],
  ) => {
    const one = asked(0, before, change);
    const next = closing(connectFact("www.example.com:443", where(30, 30), null, { cut: true }));
    return { ...one, connects: [...one.connects, next] };
  };

  it("is not the proxy's silence", () => {
    expect(found("no-response", [broken()])).toEqual([]);
    const [finding] = found("auth-abandoned", [broken()]);
    expect(finding!.detail).toContain(
      "nothing but the beginning of a request (frame 30) followed the proxy's next 407",
    );
  });

  it("is told also where no credentials came before", () => {
    const [finding] = found("auth-abandoned", [broken({}, [CHALLENGED])]);
    expect(finding!.detail).toContain("and nothing but the beginning of a request (frame 30) followed");
  });

  it("alone is told as what it is", () => {
    const [finding] = found("no-response", [broken({}, [])]);
    expect(finding!.detail).toContain("The client closed the connection in the middle of its request CONNECT");
    expect(finding!.title).toBe("The client closed the connection before its request was whole");
    expect(finding!.advice.proxyAdmin).toContain("had nothing to answer yet");
  });

  it("is that also where bytes of the client are missing in front of it", () => {
    const lost = (frame: number) => ({
      fromClient: { ...timeline().fromClient, gaps: 1 },
      gaps: [{ from: "client" as const, where: where(frame, frame), length: 30 }],
    });
    expect(found("no-response", [broken(lost(14))])).toEqual([]);
    expect(found("no-response", [broken(lost(31))])).toHaveLength(1);
  });

  it.each([
    ["bytes of the client are missing", { fromClient: { ...timeline().fromClient, gaps: 1 } }],
    ["the capture ends there", { clientEnd: "capture-end" as const }],
  ])("may not have been: %s", (_name, change) => {
    expect(found("no-response", [broken(change)])).toHaveLength(1);
  });

  it("as stunnel does it", async () => {
    const { verdict, findings } = await recorded("client-breaks-off");
    expect(verdict).toBe("auth-abandoned");
    expect(findings[0]).toMatchObject({ id: "auth-abandoned", certainty: "likely" });
  });
});

it("a 407 that the proxy itself cuts short is told", () => {
  const note = { id: "http-body-cut", frame: 20, at: 0 } as const;
  const cut = { ...asked(0, [CHALLENGED]), notes: [note] };
  const detail = (one: Timeline): string => found("auth-abandoned", [one])[0]!.detail;
  expect(detail(closed(cut, 22, 20))).toContain("The proxy closed the connection (frame 20) before the end of that");
  expect(detail(closed(cut, 22, 21))).not.toContain("before the end of that");
  expect(detail(closed(asked(0, [CHALLENGED]), 22, 20))).not.toContain("before the end of that");
});

it("who came back elsewhere and was not answered there was not missed by the capture", () => {
  const back = asked(1, [{ with: SENT, status: null }]);
  const { connections } = factsOf([asked(0, [CHALLENGED]), { ...back, connects: back.connects.map(closing) }]);
  expect(connections.map(({ verdict }) => verdict)).toEqual(["ok", "no-response"]);
});

describe("advice", () => {
  it("for a redirect in place of a tunnel", () => {
    const [finding] = found("tunnel-refused", [asked(0, [{ status: 302 }])]);
    expect(finding!.advice.helpdesk).toContain("browsers do not show such a page");
    const behindChallenge = found("tunnel-refused", [asked(0, [CHALLENGED, { with: SENT, status: 302 }])]);
    expect(behindChallenge.map(({ advice }) => advice)).toEqual([finding?.advice]);
    const [refused] = found("tunnel-refused", [asked(0, [{ status: 403 }])]);
    expect(refused!.advice.helpdesk).toContain("blocked by policy");
    const [network] = found("tunnel-refused", [asked(0, [{ status: 511 }])]);
    expect(network!.advice.helpdesk).toMatch(/sign in first.*plain http:\/\/ page/);
    expect(network!.advice.proxyAdmin).toContain("ask with 407 on the CONNECT");
  });

  const shell = tunnelOf({ records: [] });
  const hello = { ...shell.tunnel!.tls!, serverHello: null, handshakeComplete: false, handshakeCompleteWhere: null };
  const plain = (change: Partial<TunnelFact>): Timeline => ({
    ...shell,
    tunnel: { ...shell.tunnel!, tls: hello, inside: "none", ...change },
  });

  it("for a ClientHello that is answered in plain HTTP says nothing of certificates", () => {
    const exchanges = [exchangeFact(null, responseHead(where(50, 50), 400))];
    const [finding] = found("tls-failed", [plain({ plaintextAnswer: true, exchanges })]);
    expect(finding!.detail).toContain("was answered with plain HTTP (400, frame 50)");
    expect(finding!.advice.helpdesk).toContain("it stands where the site's certificate should be");
    const notTls = { client: null, server: where(51, 51) };
    const [other] = found("tls-failed", [plain({ tls: { ...hello, notTls } })]);
    expect(other!.advice.helpdesk).toBe(finding!.advice.helpdesk);
    const [alert] = found("tls-failed", [plain({})]);
    expect(alert!.advice.helpdesk).toContain("unknown_ca");
  });

  it.each(["text/html", "text/plain; charset=utf-8", "application/json"])("for a page of %s", (value) => {
    const answer: Partial<ResponseHead> = { contentLength: 5, fields: [{ name: "content-type", value }] };
    const opening = connectFact("www.example.com:443", where(1, 1), responseHead(where(2, 2), 200, answer));
    const notTls = { client: null, server: where(51, 51) };
    const [finding] = found("tls-failed", [{ ...plain({ tls: { ...hello, notTls } }), connects: [opening] }]);
    expect(finding!.detail).toContain("with a page and not with a tunnel");
  });
});

describe("the product of a proxy", () => {
  const SQUID: Partial<ResponseHead> = {
    proxyChallenges: [BASIC],
    names: ["server", "x-squid-error"],
    fields: [{ name: "server", value: "squid/5.7" }],
  };
  const at = (ip: string, port: number, client: string, head: Partial<ResponseHead>, stream: number): Timeline => {
    const connects = [connectFact("www.example.com:443", where(10, 10), responseHead(where(11, 11), 407, head))];
    return timeline({ stream, proxy: { ip, port }, client: { ip: client, port: 50_000 + stream }, connects });
  };
  const products = (...timelines: Timeline[]) =>
    Object.fromEntries(
      factsOf(timelines).proxies.map(({ port, product }) => [port, product && [product.name, product.certainty]]),
    );

  it("is not that of a further proxy whose answers it passes on", () => {
    const nearer = at("192.0.2.80", 8080, "192.0.2.17", SQUID, 0);
    expect(products(nearer, at("192.0.2.90", 3128, "192.0.2.80", SQUID, 1))).toEqual({
      8080: null,
      3128: ["Squid", "certain"],
    });
    // Asked by somebody else it has nothing to do with the other one.
    expect(products(nearer, at("192.0.2.90", 3128, "192.0.2.18", SQUID, 1))).toMatchObject({
      8080: ["Squid", "certain"],
    });
  });

  it("is its own where two of a kind stand in a row", () => {
    const named = { ...SQUID, fields: [...SQUID.fields!, { name: "via", value: "1.1 near.example (squid/5.7)" }] };
    const nearer = at("192.0.2.80", 8080, "192.0.2.17", named, 0);
    expect(products(nearer, at("192.0.2.90", 3128, "192.0.2.80", SQUID, 1))[8080]).toEqual(["Squid", "certain"]);
  });

  it("are two where both sign, the one that passes on first", () => {
    const realm = { ...SQUID, proxyChallenges: [{ ...BASIC, realm: "Cntlm for parent" }] };
    expect(products(at("192.0.2.80", 8080, "192.0.2.17", realm, 0))).toEqual({ 8080: ["Cntlm and Squid", "certain"] });
  });

  it.each([
    ["cntlm-parent", { 3129: "Cntlm", 3128: "Squid" }],
    [
      "other-proxies-refuse",
      { 8080: "Apache Traffic Server", 3142: "Apt-Cacher NG", 8082: "e2guardian", 8888: "Ncat" },
    ],
  ])("in %s", async (name, expected) => {
    const { proxies } = await recorded(name);
    expect(Object.fromEntries(proxies.map(({ port, product }) => [port, product?.name]))).toEqual(expected);
  });
});

describe("the challenge of a 401 to a CONNECT", () => {
  const FIELDS = { challenges: [{ ...BASIC, realm: "restricted" }], fields: [{ name: "server", value: "Caddy" }] };
  const forward = (change: Partial<ResponseHead> = {}): Timeline => {
    const url = "http://news.example.com/";
    const request = requestHead(where(40, 40), { method: "GET", target: url, form: "absolute" });
    return timeline({
      stream: 1,
      forwards: [exchangeFact(request, responseHead(where(42, 42), 401, { ...FIELDS, ...change }), { url })],
    });
  };
  const sender = (one: Timeline) => {
    const opening = connectFact("www.example.com:443", where(10, 10), responseHead(where(11, 11), 401, FIELDS));
    const { connections } = factsOf([timeline({ connects: [opening] }), one]);
    return [...connections[1]!.attributions.values()][0]!;
  };

  it("is the proxy's own, and not the site's login", () => {
    expect(sender(forward())).toMatchObject({ sentBy: "proxy" });
    expect(sender(forward()).evidence[0]).toContain("the same as in this proxy's 401 to a CONNECT of frame 11");
  });

  it("with another Server, or another realm, it may be the site's", () => {
    expect(sender(forward({ fields: [{ name: "server", value: "nginx" }] })).sentBy).not.toBe("proxy");
    expect(sender(forward({ challenges: [BASIC] })).sentBy).not.toBe("proxy");
  });
});

it("a leg that begins TLS only behind the client's is the proxy's", async () => {
  const { connections, verdict } = await recorded("e2guardian-both-legs");
  expect(verdict).toBe("tunnel-401-origin");
  expect(connections[0]!.tunnel!.exchanges[0]).toMatchObject({ sentBy: "origin", certainty: "certain" });
});

it("credentials for the site do not stand beside a 407, as if the proxy had refused them", () => {
  const url = "http://news.example.com/";
  const sent = (status: number, change: Partial<RequestHead>) => {
    const request = requestHead(where(40, 40), { method: "GET", target: url, form: "absolute", ...change });
    const answer = responseHead(where(42, 42), status, { proxyChallenges: [BASIC] });
    const { connections } = factsOf([timeline({ forwards: [exchangeFact(request, answer, { url })] })]);
    return buildConnection(connections[0]!, { digests: null }).forwards[0]!.credentials?.scheme;
  };
  expect(sent(407, { authorization: SENT })).toBeUndefined();
  expect(sent(407, { authorization: SENT, proxyAuthorization: TYPE_1 })).toBe("NTLM");
  expect(sent(200, { authorization: SENT })).toBe("Basic");
});

describe("a CONNECT that is answered 400", () => {
  const refused = (status: number, change: Partial<RequestHead>) => {
    const one = asked(0, [{ status }]);
    const connects = one.connects.map((connect) => ({ ...connect, request: { ...connect.request, ...change } }));
    return found("tunnel-refused", [{ ...one, connects }])[0]!;
  };

  it("has no Host field, as RFC 9112 wants it: the program is what is wrong", () => {
    const { evidence, advice } = refused(400, { host: null });
    expect(evidence).toEqual([
      "the CONNECT of frame 10 is of HTTP/1.1 and has no Host field, which has to be answered with 400 (RFC 9112 §3.2)",
    ]);
    expect(advice.helpdesk).toMatch(/^The program's request is not valid/);
  });

  it.each([
    ["it has one", 400, { host: "www.example.com" }],
    ["it is of HTTP/1.0", 400, { host: null, version: "HTTP/1.0" }],
    ["its head is cut", 400, { host: null, cut: true }],
    ["it is answered otherwise", 403, { host: null }],
  ] as const)("is not told so where %s", (_name, status, change) => {
    const { evidence, advice } = refused(status, change);
    expect(evidence).toEqual([]);
    expect(advice.helpdesk).toMatch(/^With 403/);
  });
});
