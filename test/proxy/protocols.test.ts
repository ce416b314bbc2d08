// What a tunnel carries, told by the first bytes of its sides; what is read of a connection that changes its protocol.
import { describe, expect, it } from "vitest";
import { interestOf } from "../../src/proxy/detect.ts";
import { KnownProxies, type ProxyContext } from "../../src/proxy/index.ts";
import { frame, literals, PREFACE } from "../http/h2-talk.ts";
import { client, lost, play, proxy, type Turn } from "./play.ts";

const OPENED: readonly Turn[] = [
  client("CONNECT mx.example.com:25 HTTP/1.1\r\nHost: mx.example.com:25\r\n\r\n"),
  proxy("HTTP/1.1 200 Connection established\r\n\r\n"),
];

describe("a tunnel", () => {
  it.each([
    ["smtp", "a greeting", [proxy("220 mx.example.com ESMTP ready\r\n")]],
    ["smtp", "a greeting without a name", [proxy("220 SMTP")]],
    ["smtp", "a greeting of LMTP", [proxy("220 mx.example.com LMTP ready\r\n")]],
    ["smtp", "a client that greets first", [client("EHLO client.example.com\r\n")]],
    ["smtp", "an old client that greets first", [client("HELO client.example.com\r\n")]],
    ["unknown", "the greeting of FTP", [proxy("220 ftp.example.com FTP server ready\r\n"), client("USER kim\r\n")]],
    ["ssh", "a banner of SSH", [proxy("SSH-2.0-OpenSSH_9.2\r\n")]],
    ["ssh", "a word of the server, and a client's banner", [proxy("welcome\r\n"), client("SSH-2.0-OpenSSH_9.2\r\n")]],
    ["unknown", "a word of the server alone", [proxy("welcome\r\n")]],
    ["unknown", "a word of the client, whatever follows", [client("hello\r\n"), proxy("SSH-2.0-OpenSSH_9.2\r\n")]],
    ["http", "a request", [client("GET / HTTP/1.1\r\nHost: mx.example.com\r\n\r\n")]],
    ["none", "nothing", []],
  ] as const)("carries %s: %s", (protocol, _name, turns) => {
    const { timelines } = play([...OPENED, ...turns]);
    // Of what is no HTTP nothing is read.
    const inside = protocol === "http" ? "full" : "none";
    expect(timelines.map(({ tunnel }) => [tunnel?.protocol, tunnel?.inside])).toEqual([[protocol, inside]]);
  });
});

describe("HTTP/2 in a tunnel in the clear (RFC 9113 §3.3)", () => {
  const [HEADERS, SETTINGS, END] = [1, 4, 0x5];
  const asked = literals(":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com:25");

  it("is read as what it is", () => {
    const { timelines } = play([
      ...OPENED,
      client(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0), frame(HEADERS, END, 1, asked)])),
      proxy(Buffer.concat([frame(SETTINGS, 0, 0), frame(HEADERS, END, 1, literals(":status: 401"))])),
    ]);
    expect(timelines).toMatchObject([{ tunnel: { protocol: "http2", inside: "full" } }]);
    expect(timelines[0]?.tunnel?.exchanges.map(({ url, response }) => [url, response?.status])).toEqual([
      ["http://www.example.com:25/", 401],
    ]);
  });
});

describe("a CONNECT without an answer", () => {
  it.each([
    ["closed", []],
    ["reset", [{ from: 0, end: "reset" }]],
    ["reset", [{ from: 1, end: "reset" }]],
    [
      "still-open",
      [
        { from: 0, end: "capture-end" },
        { from: 1, end: "capture-end" },
      ],
    ],
    ["closed", [{ from: 1, end: "capture-end" }]],
    ["not-captured", [lost("proxy")]],
    ["not-captured", [{ from: 1, end: "evicted" }]],
  ] as const)("was %s", (why, turns) => {
    const { timelines } = play([OPENED[0]!, ...turns]);
    expect(timelines.map(({ connects }) => connects.map(({ unanswered }) => unanswered))).toEqual([[why]]);
  });
});

describe("the first payload of a connection", () => {
  const known = new KnownProxies([]);
  const context: Pick<ProxyContext, "known" | "anyKeys" | "hasKeys"> = {
    ...{ known, anyKeys: () => false, hasKeys: () => false },
  };

  it.each([
    ["CONNECT www.example.com:443 HTTP/1.1", "proxy"],
    ["GET http://www.example.com/ HTTP/1.1", "proxy"],
    ["GET / HTTP/1.1", null],
    ["HTTP/1.1 407 Proxy Authentication Required", "proxy"],
    ["HTTP/1.0 200 Connection established", "proxy"],
    ["HTTP/1.1 200 connection established", "proxy"],
    ["HTTP/1.1 200 OK", null],
    ["RTSP/1.0 407 Proxy Authentication Required", null],
    ["RTSP/1.0 200 Connection established", null],
  ])("%s: %s", (words, role) => {
    const bytes = Buffer.from(`${words}\r\n\r\n`);
    const peek = {
      ...{ bytes, start: 0, end: bytes.length, addressBytes: Uint8Array.of(192, 0, 2, 1, 192, 0, 2, 80) },
      ...{ addressLength: 4 as const, source: 0, destination: 4, sourcePort: 50_000, destinationPort: 8080 },
      senderIsInitiator: null,
      frame: 1,
    };
    expect(interestOf(peek, context as ProxyContext)).toBe(role);
  });
});

describe("behind 101 (Switching Protocols)", () => {
  const get = "GET http://www.example.com/ws HTTP/1.1\r\nHost: www.example.com\r\n";
  const switched: readonly Turn[] = [
    client(`${get}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
    proxy("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
  ];

  it.each([
    ["nothing", []],
    ["what HTTP/2 begins with (h2c)", [client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]],
    [
      "what looks like messages",
      [client(`${get}\r\n`), proxy("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")],
    ],
  ] as const)("%s is no exchange", (_name, turns) => {
    const { timelines } = play([...switched, ...turns]);
    expect(timelines.flatMap(({ forwards }) => forwards.map(({ response }) => response?.status))).toEqual([101]);
  });
});

describe("inside a tunnel", () => {
  const [DATA, HEADERS, SETTINGS, END_HEADERS, END] = [0, 1, 4, 0x4, 0x5];
  const upgrade = [
    client(
      "GET /up HTTP/1.1\r\nHost: www.example.com\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    ),
  ];
  const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
  const answers = Buffer.concat([
    frame(SETTINGS, 0, 0),
    frame(HEADERS, END_HEADERS, 1, literals(":status: 401", 'www-authenticate: Basic realm="site"')),
    frame(DATA, 1, 1, "no"),
  ]);
  const preface = Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]);
  const again = frame(
    HEADERS,
    END,
    3,
    literals(":method: GET", ":scheme: http", ":path: /two", ":authority: www.example.com"),
  );
  const twoHundred = frame(HEADERS, END, 3, literals(":status: 200"));
  const exchangesOf = (turns: readonly Turn[]) =>
    play([...OPENED, ...turns]).timelines[0]?.tunnel?.exchanges.map(({ protocol, url, response }) => [
      protocol,
      url,
      response?.status,
    ]);

  it.each([
    ["in one piece", [proxy(Buffer.concat([Buffer.from(SWITCHED), answers])), client(preface)]],
    ["behind it", [proxy(SWITCHED), client(preface), proxy(answers)]],
  ])("an upgrade to h2c (RFC 7540 §3.2) is answered on stream 1, %s", (_name, turns) => {
    expect(exchangesOf([...upgrade, ...turns, client(again), proxy(twoHundred)])).toEqual([
      ["http/1.1", "http://www.example.com/up", 401],
      ["h2", "http://www.example.com/two", 200],
    ]);
  });

  it("an upgrade to h2c goes on behind a loss", () => {
    const turns = [proxy(SWITCHED), client(preface), lost("proxy", 9), proxy(answers.subarray(9)), client(again)];
    expect(exchangesOf([...upgrade, ...turns, proxy(twoHundred)])).toEqual([
      ["http/1.1", "http://www.example.com/up", 401],
      ["h2", "http://www.example.com/two", 200],
    ]);
  });

  it("an upgrade to h2c that nobody answers has no answer", () => {
    const { timelines } = play([...OPENED, ...upgrade, proxy(SWITCHED), client(preface)]);
    expect(timelines[0]?.tunnel?.exchanges).toMatchObject([
      { url: "http://www.example.com/up", response: null, unanswered: "closed" },
    ]);
  });

  it("what a further CONNECT opened is no exchange of this tunnel", () => {
    const turns = [
      client("CONNECT inner.example.com:80 HTTP/1.1\r\nHost: inner.example.com:80\r\n\r\n"),
      proxy("HTTP/1.1 200 OK\r\n\r\n"),
      client("GET /in HTTP/1.1\r\nHost: inner.example.com\r\n\r\n"),
      proxy("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"),
    ];
    expect(exchangesOf(turns)).toEqual([["http/1.1", null, 200]]);
  });
});
