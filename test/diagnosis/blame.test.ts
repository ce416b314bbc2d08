// Who is not to be blamed: further proxies, web servers that are asked for a tunnel, a proxy that is itself the site, lost answers.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import { frame, literals, PREFACE } from "../http/h2-talk.ts";
import { client, lost, play, proxy } from "../proxy/play.ts";
import { asked, BASIC, GATEWAY, read, SENT } from "./asked.ts";
import { diagnosisOf, found } from "./diagnose.ts";

const CONNECT = "CONNECT parent.example:3128 HTTP/1.1\r\nHost: parent.example:3128\r\n\r\n";
const OPENED = "HTTP/1.1 200 Connection established\r\n\r\n";
const answer = (status: number, field: string): string =>
  `HTTP/1.1 ${status} X\r\n${field}: Basic realm="x"\r\nContent-Length: 0\r\n\r\n`;
const only = (...turns: Parameters<typeof play>[0]): Timeline => play(turns).timelines[0]!;

describe("a tunnel to a further proxy", () => {
  it.each([
    ["CONNECT www.example.com:443 HTTP/1.1\r\n\r\n", answer(401, "WWW-Authenticate")],
    ["CONNECT www.example.com:443 HTTP/1.1\r\n\r\n", answer(407, "Proxy-Authenticate")],
    ["GET http://www.example.com/ HTTP/1.1\r\n\r\n", answer(407, "Proxy-Authenticate")],
  ])("in which %s is answered by it says nothing of this one", (request, refused) => {
    const { verdict, findings, facts } = diagnosisOf([
      only(client(CONNECT), proxy(OPENED), client(request), proxy(refused)),
    ]);
    expect(verdict).toBe("not-tls");
    expect(facts.connections[0]?.summary).toMatch(/requests to a further proxy, which asks for credentials itself/);
    expect([...facts.connections[0]!.attributions]).toEqual([]);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("a tunnel in a tunnel", () => {
  const inner = "CONNECT www.example.com:443 HTTP/1.1\r\n\r\n";

  it("was not looked at, whatever its own proxy said before", () => {
    const { verdict, facts } = diagnosisOf([
      only(
        ...[client(CONNECT), proxy(OPENED), client(inner), proxy(answer(407, "Proxy-Authenticate"))],
        ...[client(inner), proxy(OPENED), client("\x16\x03\x01\x00\x05hello"), proxy("\x16\x03\x03\x00\x05hello")],
      ),
    ]);
    expect(verdict).toBe("incomplete");
    expect(facts.connections[0]?.summary).toMatch(
      /^The tunnel to parent\.example:3128 leads to a further proxy, which opened another one in it \(CONNECT www\.example\.com:443 \(frame \d+\) was answered 200 \(frame \d+\)\): what that carries was not looked at\.$/,
    );
  });

  it.each([
    [407, "ok", "it carries requests to a further proxy, which asks for credentials itself"],
    [503, "ok", "nothing wrong"],
    [200, "incomplete", "what that carries was not looked at"],
    [299, "incomplete", "what that carries was not looked at"],
    [300, "ok", "nothing wrong"],
  ])("inside TLS, where the further proxy answers %d", (status, verdict, words) => {
    const one = read(0, [{ status: 200 }], [{ status }]);
    const [exchange] = one.tunnel!.exchanges;
    const request = {
      ...exchange!.request!,
      method: "CONNECT",
      form: "authority" as const,
      target: "www.example.com:443",
    };
    const { connections } = diagnosisOf([
      { ...one, tunnel: { ...one.tunnel!, exchanges: [{ ...exchange!, request, url: null }] } },
    ]).facts;
    expect(connections[0]).toMatchObject({ verdict, summary: expect.stringContaining(words) });
  });
});

describe("a request in absolute form in a tunnel", () => {
  const asks = (host: string): Timeline =>
    only(
      ...[client("CONNECT www.example.com:80 HTTP/1.1\r\n\r\n"), proxy(OPENED)],
      client(`GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`),
      proxy(
        'HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm="x"\r\nProxy-Connection: close\r\nContent-Length: 0\r\n\r\n',
      ),
    );

  it("that names the tunnel's own host asks that one, as every server has to accept", () => {
    expect(diagnosisOf([asks("www.example.com")]).verdict).toBe("tunnel-401-proxy");
    expect(diagnosisOf([asks("WWW.example.com")]).verdict).toBe("tunnel-401-proxy");
  });

  it("that names another host asks a further proxy", () => {
    expect(diagnosisOf([asks("news.example.com")]).verdict).toBe("not-tls");
  });

  it("that names the host of the tunnel's TLS asks that one", () => {
    const one = read(0, [{ target: "192.0.2.7:443", status: 200 }], [{ ...GATEWAY, status: 401 }]);
    const [exchange] = one.tunnel!.exchanges;
    const said = (host: string) => {
      const request = { ...exchange!.request!, form: "absolute" as const, target: `https://${host}/` };
      const tls = one.tunnel!.tls!;
      const clientHello = { ...tls.clientHello!, sni: "shop.example.net" };
      const exchanges = [{ ...exchange!, request, url: `https://${host}/` }];
      return diagnosisOf([{ ...one, tunnel: { ...one.tunnel!, tls: { ...tls, clientHello }, exchanges } }]).verdict;
    };
    expect([said("shop.example.net"), said("www.example.org")]).toEqual(["tunnel-401-proxy", "ok"]);
  });
});

describe("an extended CONNECT (RFC 8441) in a tunnel", () => {
  it("that is answered 401 asks the site, not a further proxy", () => {
    const [HEADERS, SETTINGS] = [1, 4];
    const asks = literals(
      ...[":method: CONNECT", ":protocol: websocket", ":scheme: https", ":path: /chat"],
      ":authority: www.example.com",
    );
    const preface = Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0), frame(HEADERS, 0x4, 1, asks)]);
    const refused = frame(HEADERS, 0x5, 1, literals(":status: 401", 'www-authenticate: Basic realm="x"'));
    const { verdict } = diagnosisOf([
      only(client(CONNECT), proxy(OPENED), client(preface), proxy(Buffer.concat([frame(SETTINGS, 0, 0), refused]))),
    ]);
    expect(verdict).toBe("tunnel-401-unattributed");
  });
});

describe("a CONNECT whose answer was lost", () => {
  it("opened a tunnel if what follows speaks to an origin", () => {
    const timeline = only(
      client("CONNECT intra.example:80 HTTP/1.1\r\n\r\n"),
      client("GET / HTTP/1.1\r\nHost: intra.example\r\n\r\n"),
      lost("proxy", 39),
      proxy(answer(401, "WWW-Authenticate")),
    );
    expect(timeline.connects[0]).toMatchObject({ response: null, unanswered: "not-captured" });
    expect(timeline.tunnel?.exchanges[0]?.response?.status).toBe(401);
    expect(diagnosisOf([timeline]).verdict).not.toBe("connect-401");
  });

  it("is not meant where bytes of the page of the 407 before were lost", () => {
    const page = `HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 3000\r\n\r\n${"x".repeat(1000)}`;
    const timeline = only(
      client("CONNECT intra.example:443 HTTP/1.1\r\n\r\n"),
      proxy(page),
      client("CONNECT intra.example:443 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n\r\n"),
      lost("proxy", 1000),
      proxy("x".repeat(1000)),
      client("GET / HTTP/1.1\r\n\r\n"),
      proxy(OPENED),
    );
    expect(timeline.connects.map(({ response }) => response?.status)).toEqual([407, 200]);
  });

  it("did not if the client asks again", () => {
    const timeline = only(
      client("CONNECT intra.example:80 HTTP/1.1\r\n\r\n"),
      client("CONNECT intra.example:80 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n\r\n"),
      lost("proxy", 39),
      proxy(OPENED),
    );
    expect(timeline.connects).toHaveLength(2);
  });
});

describe("people behind one address", () => {
  const refused = (user: string) => ({ status: 407, with: { ...SENT, user, tag: user }, challenges: [BASIC] });

  it.each([
    ["one, who is refused twice, is in a loop", ["ann", "ann"], "auth-loop"],
    ["two, who are refused once each, are not", ["ann", "bob"], "auth-abandoned"],
  ])("%s", (_name, users, verdict) => {
    const asking = users.map((user, i) => asked(i + 1, [refused(user)]));
    expect(diagnosisOf(asking).verdict).toBe(verdict);
  });
});

describe("a tunnel of which the beginning was lost", () => {
  const opened = [client("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n"), proxy(OPENED)];
  const verdictOf = (...turns: Parameters<typeof play>[0]) => diagnosisOf([only(...opened, ...turns)]).verdict;

  it("may have carried TLS, if that of both sides is missing", () => {
    expect(verdictOf(lost("client", 517), client("\x42\x99"), lost("proxy", 1448), proxy("\x9a\x07"))).toBe(
      "incomplete",
    );
  });

  it("carried none, if either side began with something else, or bytes are missing later only", () => {
    expect(verdictOf(client("FOO 1"), lost("proxy", 20), proxy("BAR 2"))).toBe("not-tls");
    expect(verdictOf(lost("client", 20), client("FOO 1"), proxy("BAR 2"))).toBe("not-tls");
    expect(verdictOf(client("FOO 1"), proxy("BAR 2"), lost("client", 20), client("BAZ"), lost("proxy", 9))).toBe(
      "not-tls",
    );
  });
});

describe("an answer that was recorded just before its request", () => {
  const AGAIN = "CONNECT www.example.com:443 HTTP/1.1\r\nProxy-Authorization: Basic eDp5\r\n\r\n";

  it("is the answer to that CONNECT", () => {
    const timeline = only(
      proxy(answer(407, "Proxy-Authenticate")),
      client("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n"),
      client(AGAIN),
      proxy(OPENED),
    );
    expect(timeline.connects.map(({ response }) => response?.status)).toEqual([407, 200]);
    expect(timeline.forwards).toEqual([]);
    expect(diagnosisOf([timeline]).verdict).toBe("auth-ok");
  });

  it("opens the tunnel of that CONNECT", () => {
    const timeline = only(proxy(OPENED), client(AGAIN), client("GET / HTTP/1.1\r\n\r\n"), proxy(answer(200, "X")));
    expect(timeline.connects.map(({ response }) => response?.status)).toEqual([200]);
    expect(timeline.tunnel?.exchanges).toMatchObject([{ request: { method: "GET" }, response: { status: 200 } }]);
  });

  it.each([
    [
      "whole",
      [],
      [
        ["/1", 200],
        ["/2", 401],
      ],
    ],
    [
      "with bytes of the client missing, it may answer what was lost",
      [lost("client", 80)],
      [
        ["/1", 200],
        [undefined, 401],
        ["/2", undefined],
      ],
    ],
  ] as const)("is the answer to that request inside the tunnel, %s", (_name, between, pairs) => {
    const timeline = only(
      client(AGAIN),
      proxy(OPENED),
      client("GET /1 HTTP/1.1\r\n\r\n"),
      proxy(answer(200, "X")),
      ...between,
      proxy(answer(401, "WWW-Authenticate")),
      client("GET /2 HTTP/1.1\r\n\r\n"),
    );
    expect(timeline.tunnel?.exchanges.map(({ request, response }) => [request?.target, response?.status])).toEqual(
      pairs,
    );
  });

  it("is the answer to that forwarded request", () => {
    const timeline = only(
      client("GET http://a.example/1 HTTP/1.1\r\n\r\n"),
      proxy(answer(200, "X")),
      proxy(answer(404, "X")),
      client("GET http://a.example/2 HTTP/1.1\r\n\r\n"),
    );
    expect(timeline.forwards.map(({ url, response }) => [url, response?.status])).toEqual([
      ["http://a.example/1", 200],
      ["http://a.example/2", 404],
    ]);
  });
});

describe("a CONNECT that is answered 401", () => {
  const certainty = (...timelines: readonly Timeline[]): unknown => found("connect-401", timelines)[0]?.certainty;

  it("is a proxy's for certain only where something else shows that it is one", () => {
    const refused = asked(0, [{ status: 401 }]);
    expect(certainty(refused)).toBe("likely");
    expect(found("connect-401", [refused])[0]?.detail).toMatch(/A web server that is asked for a tunnel answers like/);
    expect(certainty(refused, asked(1, [{ status: 200 }]))).toBe("certain");
    expect(certainty(refused, asked(1, [{ status: 407, challenges: [BASIC] }]))).toBe("certain");
  });

  it("may be the answer of a further proxy", () => {
    const { proxy: own, client: user } = asked(0, []);
    const parent = asked(0, [{ status: 401 }], {
      stream: 1,
      client: { ip: own.ip, port: 40_000 },
      proxy: { ip: "203.0.113.9", port: 3128 },
    });
    const passedOn = asked(0.001, [{ status: 401 }], { stream: 0, client: user });
    // The further one's own answer is surer, and stands first.
    const [its, passed] = found("connect-401", [passedOn, parent]);
    expect(its).toMatchObject({ stream: 1, certainty: "likely" });
    expect(passed).toMatchObject({ stream: 0, certainty: "possible" });
    expect(passed?.detail).toMatch(/by 203\.0\.113\.9:3128 \(stream 1\)/);
  });
});

describe("a proxy that is asked for a page of its own", () => {
  it("is the site, and may ask as one", () => {
    const { proxy: own } = only(client(CONNECT), proxy(OPENED));
    const at = own.ip.includes(":") ? `[${own.ip}]` : own.ip;
    const timeline = only(
      client(`GET http://${at}:${own.port}/admin HTTP/1.1\r\n\r\n`),
      proxy(`HTTP/1.1 401 X\r\nServer: squid/5.7\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n`),
    );
    expect(diagnosisOf([timeline]).verdict).toBe("forward-401-origin");
  });
});
