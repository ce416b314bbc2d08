// Which answer belongs to which request where one of them is lost, or came late behind a hole of the other side.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { whyUnanswered } from "../../src/proxy/connection-facts.ts";
import type { DirectionFacts } from "../../src/tcp/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { client, DIRECTION, lost, play, proxy, type Turn, turnsOf } from "./play.ts";

const get = (path: string): string => `GET http://www.example.com${path} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`;
const answer = (status: number, body = ""): string =>
  `HTTP/1.1 ${status} Answer\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const CONNECT = "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n";
const HELLO = Uint8Array.from([22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, ...Array(32).fill(7), 0, 0, 2, 0x13, 1, 1, 0]);

const recorded = new Map(loadTruth().map((capture) => [capture.name, capture]));

/** `turn` as it was captured in `frame`: what lay behind a hole is given later than what the other side said meanwhile. */
const at = (frame: number, turn: Turn): Turn => ({ ...turn, frame });

/** "GET /path 200" of each exchange and CONNECT, "?" for a request and "-" for an answer that is not there. */
function pairsOf(turns: readonly Turn[], keys?: Uint8Array): readonly string[] {
  const { timelines } = play(turns, keys === undefined ? {} : { keys });
  return timelines.flatMap(({ connects, forwards, tunnel }) => [
    ...connects.map(({ response }) => `CONNECT ${response?.status ?? "-"}`),
    ...[...forwards, ...(tunnel?.exchanges ?? [])].map(
      ({ request, url, response }) =>
        `${request?.method ?? "?"} ${url?.replace(/^[a-z]+:\/\/[^/]*/, "") ?? "?"} ${response?.status ?? "-"}`,
    ),
  ]);
}

it.each([
  ["behind all that was asked", [client(get("/a")), proxy(answer(200)), lost("proxy")], 1],
  ["where something is asked, whose answer it may be", [client(get("/a")), lost("proxy")], 0],
  ["in a body", [client(get("/a")), proxy(answer(200, "b".repeat(200)).slice(0, -150)), lost("proxy")], 0],
  ["that may be a 100 only", [client(get("/a")), proxy(answer(200)), lost("proxy", 25)], 0],
])("an exchange is missing where bytes of the proxy are lost %s", (_where, turns, count) => {
  const { notes } = play(turns as readonly Turn[]);
  expect(notes.filter(({ id }) => id === "proxy-exchange-missing")).toHaveLength(count);
});

describe("pairs what is there", () => {
  it("gives the answer to a lost request to no later one", () => {
    const turns = [
      at(1, client(get("/a"))),
      at(2, proxy(answer(200))),
      at(4, proxy(answer(401))),
      at(6, proxy(answer(204))),
      at(5, lost("client")),
      at(5, client(get("/c"))),
    ];
    expect(pairsOf(turns)).toEqual(["GET /a 200", "? ? 401", "GET /c 204"]);
  });

  it("gives no request a later one's answer where its own is lost", () => {
    const turns = [
      at(1, client(get("/a"))),
      at(4, client(get("/b"))),
      at(7, client(get("/c"))),
      at(3, lost("proxy")),
      at(5, proxy(answer(401))),
      at(8, proxy(answer(200))),
    ];
    expect(pairsOf(turns)).toEqual(["GET /a -", "GET /b 401", "GET /c 200"]);
  });

  it("takes the answer to a CONNECT for none of those lost before it, where the hole in a refusal is told late", () => {
    const refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n";
    const turns = [
      at(1, client(CONNECT)),
      at(2, proxy(refusal)),
      at(5, client(CONNECT)),
      at(7, client("GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n")),
      at(4, lost("proxy")),
      at(4, proxy("the rest of its page")),
      at(6, proxy("HTTP/1.1 200 Connection established\r\n\r\n")),
      at(8, proxy(answer(401))),
    ];
    expect(pairsOf(turns)).toEqual(["CONNECT 407", "CONNECT 200", "GET /a 401"]);
  });

  it("takes no answer for lost where nothing was asked before the hole", () => {
    const turns = [
      client(get("/a")),
      proxy(answer(200)),
      lost("proxy"),
      client(get("/b")),
      client(get("/c")),
      proxy(answer(401)),
      proxy(answer(200)),
    ];
    expect(pairsOf(turns)).toEqual(["GET /a 200", "GET /b 401", "GET /c 200"]);
  });

  it("gives no request the answer to a lost one where its own is lost just before", () => {
    const established = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    const forward = [client(get("/a")), proxy(answer(200)), client(get("/b")), lost("proxy"), proxy(answer(401))];
    expect(pairsOf(forward)).toEqual(["GET /a 200", "GET /b -", "? ? 401"]);
    const inTunnel = [client(CONNECT), lost("proxy", 39), proxy(answer(401))];
    expect(pairsOf(inTunnel)).toEqual(["CONNECT -", "? ? 401"]);
    const asked = [client(CONNECT), lost("proxy", 400), established, client(HELLO)];
    expect(play(asked).timelines[0]).toMatchObject({ tunnel: { target: { text: "" }, protocol: "tls" } });
    const held = [
      at(4, client(CONNECT)),
      at(7, lost("client")),
      at(7, client(CONNECT)),
      at(9, client(HELLO)),
      at(5, lost("proxy", 3_537)),
      at(5, proxy(answer(407))),
      at(8, established),
    ];
    expect(pairsOf(held)).toEqual(["CONNECT -", "CONNECT 200", "? ? 407"]);
    // An interim response may be all that is missing.
    const interim = [client(get("/a")), lost("proxy", 49), proxy(answer(401))];
    expect(pairsOf(interim)).toEqual(["GET /a 401"]);
    // The end of a page that was still on its way is no answer.
    const page = proxy("HTTP/1.1 407 Asked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello");
    const behind = [client(CONNECT), page, client(CONNECT), lost("proxy", 30), proxy(answer(403))];
    expect(pairsOf(behind)).toEqual(["CONNECT 407", "CONNECT 403"]);
  });

  it.each<[string, readonly Turn[], readonly string[]]>([
    [
      "told of behind the answer that came next",
      [at(3, lost("proxy", 0)), at(5, proxy(answer(401))), at(6, lost("client")), at(6, client(get("/c")))],
      ["GET /a -", "? ? 401", "GET /c 204"],
    ],
    [
      "told of in front of it",
      [at(6, lost("client")), at(6, client(get("/c"))), at(3, lost("proxy", 0)), at(5, proxy(answer(401)))],
      ["GET /a -", "? ? 401", "GET /c 204"],
    ],
    [
      "told of in front of it, where the next request is not there yet",
      [at(6, lost("client")), at(3, lost("proxy", 0)), at(5, proxy(answer(401))), at(6, client(get("/c")))],
      ["GET /a -", "? ? 401", "GET /c 204"],
    ],
    [
      "behind the next request only",
      [at(3, lost("proxy", 0)), at(4, proxy(answer(401))), at(6, client(get("/c"))), at(7, lost("client"))],
      ["GET /a 401", "GET /c 204"],
    ],
  ])("claims no answer behind lost bytes of both sides: those of the client are %s", (_name, turns, expected) => {
    expect(pairsOf([at(1, client(get("/a"))), ...turns, at(9, proxy(answer(204)))])).toEqual(expected);
  });

  it("gives a request its answer where a piece of its own body is lost, and bytes of the proxy", () => {
    const put = "PUT http://www.example.com/a HTTP/1.1\r\nContent-Length: 20\r\n\r\n";
    const turns = [
      client(`${put}12345`),
      lost("proxy", 0),
      lost("client", 10),
      client("67890"),
      proxy(answer(200)),
      client(get("/b")),
      proxy(answer(401)),
    ];
    expect(pairsOf(turns)).toEqual(["PUT /a 200", "GET /b 401"]);
  });

  it("finds the next answer behind that to a HEAD which came late", () => {
    const turns = [
      at(1, client(get("/a"))),
      at(2, proxy(answer(200))),
      at(4, proxy("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n")),
      at(6, proxy(answer(401, "0123456789".repeat(7)))),
      at(3, lost("client")),
      at(3, client(get("/b").replace("GET", "HEAD"))),
      at(5, client(get("/c"))),
    ];
    expect(pairsOf(turns)).toEqual(["GET /a 200", "HEAD /b 200", "GET /c 401"]);
  });

  it("gives each CONNECT behind a lost one its own answer", () => {
    const turns = [
      at(2, proxy(answer(407))),
      at(4, proxy(answer(407))),
      at(3, lost("client")),
      at(3, client(CONNECT)),
      at(5, client(CONNECT)),
      at(6, proxy(answer(403))),
    ];
    expect(pairsOf(turns)).toEqual(["CONNECT 407", "CONNECT 403", "? ? 407"]);
  });

  it("finds the tunnel whose CONNECT is lost by what is said in it", () => {
    const established = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    const origin = "GET /x HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
    const turns = [lost("client"), at(2, established), at(4, proxy(answer(401))), at(3, client(origin))];
    const { timelines } = play(turns);
    expect(timelines[0]).toMatchObject({ connects: [], forwards: [], tunnel: { protocol: "http" } });
    expect(timelines[0]?.tunnel?.opened?.frame).toBe(2);
    expect(pairsOf(turns)).toEqual(["GET /x 401"]);
  });

  it("gives the tunnel its CONNECT that comes late, and each CONNECT before it its own answer", () => {
    const established = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    const records = Uint8Array.from([22, 3, 3, 0, 4, 2, 0, 0, 0]);
    const turns = (...late: readonly Turn[]) => [
      at(2, proxy(answer(407))),
      at(4, proxy(answer(403))),
      at(6, established),
      at(8, proxy(records)),
      ...late,
    ];
    const held = [at(3, lost("client")), at(3, client(CONNECT)), at(5, client(CONNECT)), at(7, client(HELLO))];
    expect(pairsOf(turns(...held))).toEqual(["CONNECT 403", "CONNECT 200", "? ? 407"]);
    const { timelines } = play(turns(...held));
    expect(timelines[0]?.tunnel).toMatchObject({ protocol: "tls", target: { text: "www.example.com:443" } });
    expect(timelines[0]?.tunnel?.clientBytes).toBe(HELLO.length);
    expect(timelines[0]?.tunnel?.tls?.clientHello?.where.frame).toBe(7);
    // Sent at once, without waiting for the answer.
    const early = client(Uint8Array.from([...Buffer.from(CONNECT, "latin1"), ...HELLO]));
    const both = play(turns(at(5, lost("client")), at(5, early))).timelines[0];
    expect(both?.tunnel).toMatchObject({ clientBytes: HELLO.length, target: { text: "www.example.com:443" } });
    // Lost with its CONNECT, the handshake is the tunnel's all the same.
    const without = play(turns(at(5, lost("client")), at(5, client(HELLO)))).timelines[0];
    expect(without?.tunnel).toMatchObject({ clientBytes: HELLO.length, target: { text: "" } });
  });

  it("reads on behind a 2xx that answered no CONNECT", () => {
    const turns = [
      at(1, client(get("/a"))),
      at(2, proxy(answer(200))),
      at(3, lost("client")),
      at(4, proxy("HTTP/1.1 204 No Content\r\n\r\n")),
      at(5, client(get("/c"))),
      at(6, proxy(answer(401))),
    ];
    const { timelines } = play(turns);
    expect(timelines[0]?.tunnel).toBeNull();
    expect(pairsOf(turns)).toEqual(["GET /a 200", "? ? 204", "GET /c 401"]);
  });

  it("takes a request to an origin on a connection that was joined late for one inside of a tunnel", () => {
    const turns = [client("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"), proxy(answer(401))];
    const { timelines } = play(turns, { late: true });
    expect(timelines[0]).toMatchObject({ forwards: [], tunnel: { opened: null, protocol: "http" } });
    const hello = play([client(HELLO)], { late: true }).timelines;
    expect(hello[0]?.tunnel?.protocol).toBe("tls");
  });
});

describe("what a tunnel carries", () => {
  const established = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
  const carried = (...turns: readonly Turn[]) => play([client(CONNECT), established, ...turns]).timelines[0]!.tunnel!;
  const records = (...lengths: readonly number[]): number[] =>
    lengths.flatMap((n) => [23, 3, 3, 0, n, ...Array(n).fill(7)]);
  const tail = Array(30).fill(9);

  it("is told behind a loss by whole records only", () => {
    const gone = [lost("client"), lost("proxy")];
    expect(carried(...gone, proxy(Uint8Array.from(records(20, 30)))).protocol).toBe("tls");
    expect(carried(...gone, client(Uint8Array.from([...records(20, 30), 23, 3, 3, 1, 0, 7]))).protocol).toBe("tls");
    expect(carried(...gone, proxy(Uint8Array.from([23, 3, 3, 1, 0, ...tail]))).protocol).toBe("unknown");
    expect(carried(...gone, proxy(Uint8Array.from([...records(20), ...tail]))).protocol).toBe("unknown");
    expect(carried(...gone, proxy("HTTP/1.1 401 Unauthorized\r\n\r\n")).protocol).toBe("unknown");
  });

  it("has its losses, of either side", () => {
    const hello = [client(HELLO), proxy(Uint8Array.from(records(20)))];
    expect(carried(...hello).tls?.gaps).toBe(0);
    expect(carried(...hello, lost("client"), lost("proxy")).tls?.gaps).toBe(2);
  });

  it("is not told by a response as long as what it answers may come", () => {
    const early = carried(proxy(answer(401)), client(HELLO));
    expect(early).toMatchObject({ protocol: "tls", plaintextAnswer: true });
    expect(carried(lost("client"), proxy(answer(401)))).toMatchObject({ protocol: "http", plaintextAnswer: false });
    expect(carried(proxy(answer(401)))).toMatchObject({ protocol: "http" });
    expect(
      carried(proxy(answer(401)), client("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")).exchanges,
    ).toHaveLength(1);
  });

  it("has no answer in the clear that does not begin what the server says", () => {
    const words = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
    expect(carried(client(HELLO), proxy(words)).plaintextAnswer).toBe(true);
    expect(carried(client(HELLO), lost("proxy"), proxy(words)).plaintextAnswer).toBe(false);
    expect(carried(client(HELLO), proxy(Uint8Array.from(records(20))), proxy(words)).plaintextAnswer).toBe(false);
    for (let cut = 1; cut < words.length; cut++) {
      const { plaintextAnswer, exchanges, serverBytes } = carried(
        client(HELLO),
        proxy(words.slice(0, cut)),
        proxy(words.slice(cut)),
      );
      expect([plaintextAnswer, exchanges.length, serverBytes], `cut at ${cut}`).toEqual([true, 1, words.length]);
    }
    expect(carried(client(HELLO), proxy("HT")).plaintextAnswer).toBe(false);
  });
});

describe("an answer that was recorded before its request", () => {
  const refusal = proxy("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n");

  it("finds the proxy all the same", () => {
    expect(pairsOf([refusal, client(CONNECT)])).toEqual(["CONNECT 401"]);
  });

  it("makes no proxy of a server whose request is lost or was recorded too late", () => {
    const request = client("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    const page = proxy("HTTP/1.1 200 OK\r\n\r\n<html>");
    for (const turns of [
      [refusal, request],
      [refusal, lost("client")],
      [page, lost("client")],
      [page, request],
    ]) {
      expect(play(turns)).toEqual({ timelines: [], notes: [] });
    }
  });
});

it("knows of no silence of a proxy of which the SYN, some bytes or all are not in the capture: there it may have answered", () => {
  const why = (proxy: Partial<DirectionFacts>, initiator: 0 | null = 0) =>
    whyUnanswered({ directions: [DIRECTION, { ...DIRECTION, ...proxy }], initiator }, 1, "fin", "fin");
  expect([why({}), why({ synSeen: false }, null)]).toEqual(["closed", "closed"]);
  expect([why({ synSeen: false }), why({ gaps: 1 }), why({ segments: 0 }), why({ segments: 0 }, null)]).toEqual(
    Array(4).fill("not-captured"),
  );
});

it("takes what is missing of a proxy that was joined late for an answer, if it was sent since", () => {
  const turns: readonly Turn[] = [client(CONNECT), { from: 1, gap: 40, cause: "late-start" }];
  expect(play(turns, { late: true }).timelines[0]?.connects[0]?.unanswered).toBe("not-captured");
  const before: readonly Turn[] = [client(CONNECT), { from: 1, gap: 0, cause: "late-start" }];
  expect(play(before, { late: true }).timelines[0]?.connects[0]?.unanswered).toBe("closed");
});

describe("HTTP/2", () => {
  /** Without the pairs of a ClientHello and its ServerHello: what TLS makes of those is its own affair. */
  it.each([
    { name: "h2-proxy-chromium", hellos: [0, 11, 23] },
    { name: "git-clone", hellos: [4] },
    { name: "far-401-h2", hellos: [2] },
    { name: "mitm-h2-origin-401", hellos: [2] },
  ])("pairs the same in $name where two neighbours were recorded in the other order", ({ name, hellos }) => {
    const capture = recorded.get(name)!;
    const keys = readFileSync(capture.keysPath!);
    const turns = turnsOf(capture, 0);
    const whole = [...pairsOf(turns, keys)].sort();
    let swapped = 0;
    for (let i = 0; i + 1 < turns.length; i++) {
      const [first, second] = [turns[i]!, turns[i + 1]!];
      if (first.from === second.from || hellos.includes(i) || !("bytes" in first && "bytes" in second)) continue;
      swapped++;
      const other = turns.map((turn, j) =>
        j === i ? { ...second, frame: first.frame! } : j === i + 1 ? { ...first, frame: second.frame! } : turn,
      );
      expect([...pairsOf(other, keys)].sort(), `turns ${i} and ${i + 1}`).toEqual(whole);
    }
    expect(swapped).toBeGreaterThan(5);
  });
});
