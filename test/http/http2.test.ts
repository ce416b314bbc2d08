// HTTP/2 connections (RFC 9113): frames by hand, real conversations of nghttp2, cuts, losses, late joins, damage.
import { once } from "node:events";
import { constants } from "node:http2";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createHttp2Connection,
  type Http2Role,
  looksLikeHttp2,
  type RequestHead,
  type ResponseHead,
} from "../../src/http/index.ts";
import { expectSameHoweverCut, piecesOf } from "../harness/split.ts";
import { times } from "../harness/times.ts";
import { frame, h2Listen, h2Listener, literals, PREFACE, recordHttp2 } from "./h2-talk.ts";
import { bytesOf, contextOf } from "./talk.ts";

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;

const GET = literals(":method: GET", ":scheme: https", ":path: /", ":authority: a");
const OK = literals(":status: 200");

function client(...frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([bytesOf(PREFACE), frame(SETTINGS, 0, 0), ...frames]);
}

function server(...frames: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([frame(SETTINGS, 0, 0, "\0\x03\0\0\0d"), ...frames]);
}

/** Feeds the client's bytes, then the server's, both cut in every way; the same comes out each time. */
function talk(fromClient: Uint8Array, fromServer: Uint8Array = server()) {
  const cutClient = expectSameHoweverCut(fromClient, (pieces) =>
    h2Listen([
      ["client", pieces],
      ["server", piecesOf(fromServer)],
    ]),
  );
  const cutServer = expectSameHoweverCut(fromServer, (pieces) =>
    h2Listen([
      ["client", piecesOf(fromClient)],
      ["server", pieces],
    ]),
  );
  expect(cutServer).toEqual(cutClient);
  const skipped = expectSameHoweverCut(fromClient, (pieces) =>
    h2Listen(
      [
        ["client", pieces],
        ["server", piecesOf(fromServer)],
      ],
      { skip: true },
    ),
  );
  expect(skipped).toEqual(cutClient);
  return cutClient;
}

describe("streams", () => {
  it("pairs a request and its response, whatever lies between", () => {
    const { events, notes, heads } = talk(
      client(
        frame(HEADERS, END_STREAM | END_HEADERS, 1, GET),
        frame(PING, 0, 0, "12345678"),
        frame(0xee, 0xff, 7, "?"),
      ),
      server(
        frame(HEADERS, END_HEADERS, 1, literals(":status: 100")),
        frame(
          HEADERS,
          END_HEADERS,
          1,
          literals(":status: 401", "www-authenticate: NTLM", "x-y: z", "content-length: 5"),
        ),
        frame(DATA, 0, 1, "he"),
        frame(DATA, 0, 1, ""),
        frame(DATA, END_STREAM, 1, "llo"),
      ),
    );
    expect(events).toEqual(["1 GET /", "1 client whole", "1 100", "1 401", "1 server body hello", "1 server whole"]);
    expect(notes).toEqual([]);
    expect(heads[0]?.[1]).toMatchObject({
      version: "HTTP/2",
      form: "origin",
      host: "a",
      scheme: "https",
      cut: false,
      where: { at: 33, frame: 1, firstFrame: 1 },
    });
    expect(heads[2]?.[1]).toMatchObject({
      status: 401,
      names: ["www-authenticate", "x-y", "content-length"],
      contentLength: 5,
      challenges: [{ scheme: "NTLM" }],
    });
  });

  it("keeps several at once apart, with padding, priority, CONTINUATION and trailers", () => {
    const priority = "\x80\0\0\0\x10";
    const { events, notes, sizes } = talk(
      client(
        frame(
          HEADERS,
          PADDED | PRIORITY,
          1,
          Buffer.concat([bytesOf(`\x03${priority}`), GET.subarray(0, 9), bytesOf("\0\0\0")]),
        ),
        frame(CONTINUATION, 0, 1, GET.subarray(9, 20)),
        frame(CONTINUATION, 0, 1, ""),
        frame(CONTINUATION, END_HEADERS, 1, GET.subarray(20)),
        frame(HEADERS, END_HEADERS | PRIORITY | END_STREAM, 3, Buffer.concat([bytesOf(priority), GET])),
        frame(DATA, PADDED, 1, "\x02body\0\0"),
        frame(HEADERS, END_HEADERS | END_STREAM, 1, literals("x-checksum: 1")),
      ),
      server(
        frame(HEADERS, END_HEADERS, 3, literals(":status: 403")),
        frame(HEADERS, END_HEADERS, 1, OK),
        frame(DATA, PADDED, 3, "\x04three\0\0\0\0"),
        frame(DATA, END_STREAM | PADDED, 1, "\x01one\0"),
        frame(DATA, END_STREAM | PADDED, 3, "\0!"),
      ),
    );
    expect(events).toEqual([
      "1 GET /",
      "3 GET /",
      "3 client whole",
      "1 client whole",
      "3 403",
      "1 200",
      "3 server body three",
      "1 server whole",
      "3 server body !",
      "3 server whole",
    ]);
    expect(notes).toEqual([]);
    // With the headers of frames, padding and trailers.
    const [block, header] = [GET.length, 9];
    expect(sizes).toEqual([
      `3 client ${header + 5 + block}`,
      `1 client ${4 * header + 6 + block + 3 + header + 7 + header + literals("x-checksum: 1").length}`,
      `1 server ${header + OK.length + header + 5}`,
      `3 server ${header + OK.length + header + 10 + header + 2}`,
    ]);
  });

  it("gives what a CONNECT carries, from before its answer on (RFC 9113 §8.5)", () => {
    const connect = literals(
      ":method: CONNECT",
      ":authority: u:secret/x@www.example.com:443",
      "proxy-authorization: Basic YTpi",
    );
    const { events, heads } = talk(
      client(
        frame(HEADERS, END_HEADERS, 1, connect),
        frame(DATA, 0, 1, "hello "),
        frame(DATA, PADDED | END_STREAM, 1, "\x01there!\0"),
      ),
      server(frame(HEADERS, END_HEADERS, 1, literals(":status: 201")), frame(DATA, END_STREAM, 1, "hi")),
    );
    expect(events).toEqual([
      "1 CONNECT www.example.com:443",
      "1 client data hello there!",
      "1 client whole",
      "1 201",
      "1 server data hi",
      "1 server whole",
    ]);
    expect(heads[0]?.[1]).toMatchObject({ form: "authority", scheme: null, proxyAuthorization: { user: "a" } });
  });

  it("knows an extended CONNECT by its protocol (RFC 8441)", () => {
    const fields = literals(
      ":method: CONNECT",
      ":protocol: websocket",
      ":scheme: https",
      ":path: /chat",
      ":authority: a",
    );
    const { heads } = talk(client(frame(HEADERS, END_HEADERS, 1, fields)));
    expect(heads[0]?.[1]).toMatchObject({ method: "CONNECT", target: "/chat", form: "origin", upgrade: "websocket" });
  });

  it("reads promises, resets and farewells", () => {
    const promise = Buffer.concat([
      bytesOf("\0\0\0\x02"),
      literals(":method: GET", ":path: /style.css", ":authority: a"),
    ]);
    const { events } = talk(
      client(
        frame(HEADERS, END_STREAM | END_HEADERS, 1, GET),
        frame(HEADERS, END_HEADERS, 3, GET),
        frame(RST_STREAM, 0, 3, "\0\0\0\x08"),
      ),
      server(
        frame(PUSH_PROMISE, 0, 1, promise.subarray(0, 10)),
        frame(CONTINUATION, END_HEADERS, 1, promise.subarray(10)),
        frame(HEADERS, END_HEADERS | END_STREAM, 2, OK),
        frame(GOAWAY, 0, 0, "\0\0\0\x01\0\0\0\x0bdebug text"),
      ),
    );
    expect(events).toEqual([
      "1 GET /",
      "1 client whole",
      "3 GET /",
      "3 client reset 8",
      "3 client cut",
      "2 pushed GET /style.css",
      "2 client whole",
      "2 200",
      "2 server whole",
      "server goaway 1 11",
    ]);
  });

  it("looks at 64 KiB of a body and no further", () => {
    const pages = Array.from({ length: 6 }, () => frame(DATA, 0, 1, new Uint8Array(16_000)));
    const { sink, notes, events } = h2Listener();
    const connection = createHttp2Connection(sink, contextOf(notes));
    const wire = server(frame(HEADERS, END_HEADERS, 1, literals(":status: 407")), ...pages);
    connection.server.push(wire, 0, wire.length - 100, 1);
    expect(events.at(-1)).toHaveLength("1 server body ".length + 65_536);
    expect(connection.server.skippable).toBe(100);
  });

  it("gives up the oldest of too many", () => {
    const many = Array.from({ length: 1_001 }, (_, i) => frame(HEADERS, END_HEADERS, 2 * i + 1, GET));
    const { events } = h2Listen([["client", piecesOf(client(...many))]]);
    expect(events.filter((event) => event.endsWith("cut"))[0]).toBe("1 client cut");
    expect(events.indexOf("1 client cut")).toBeLessThan(events.indexOf("2001 GET /"));
  });
});

describe("what contradicts the specification", () => {
  const tail = frame(HEADERS, END_STREAM | END_HEADERS, 9, GET);
  it.each<[string, readonly Uint8Array[]]>([
    ["a frame between those of a block", [frame(HEADERS, 0, 1, GET), frame(PING, 0, 0, "12345678"), tail]],
    ["CONTINUATION of nothing", [frame(CONTINUATION, END_HEADERS, 1, GET), tail]],
    ["more padding than payload", [frame(HEADERS, END_HEADERS | PADDED, 1, `\xff${"x".repeat(20)}`), tail]],
    ["padding without a length", [frame(HEADERS, END_HEADERS | PADDED, 1, ""), tail]],
    ["too little for a priority", [frame(HEADERS, END_HEADERS | PRIORITY, 1, "abc"), tail]],
    ["a broken block", [frame(HEADERS, END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff\xff"), tail]],
    ["a promise without a stream", [frame(PUSH_PROMISE, END_HEADERS, 1, "\0\0\0\0"), tail]],
  ])("notes %s, and goes on", (_name, frames) => {
    const { events, notes } = talk(client(...frames));
    expect(notes[0]?.id).toBe("http2-malformed");
    expect(events).toContain("9 GET /");
  });

  it.each<[string, Uint8Array]>([
    ["HEADERS on stream 0", frame(HEADERS, END_HEADERS, 0, GET)],
    ["SETTINGS on a stream", frame(SETTINGS, 0, 1)],
    ["PING of 7 bytes", frame(PING, 0, 0, "1234567")],
    ["text", bytesOf("HTTP/1.1 200 OK\r\n\r\n")],
  ])("notes %s, and waits for the next frame", (_name, wrong) => {
    const { sink, notes, events } = h2Listener();
    const connection = createHttp2Connection(sink, contextOf(notes));
    for (const part of [client(), wrong, tail]) connection.client.push(part, 0, part.length, 1);
    expect(notes.map(({ id, at }) => `${id} ${at}`)).toEqual(["http2-malformed 33"]);
    expect(events).toEqual(["9 GET /", "9 client whole"]);
  });

  it("notes a block beyond the limit", () => {
    const parts = Array.from({ length: 20 }, () => frame(CONTINUATION, 0, 1, new Uint8Array(16_000)));
    const wire = client(frame(HEADERS, 0, 1, GET), ...parts, frame(CONTINUATION, END_HEADERS, 1, ""), tail);
    const { events, notes } = h2Listen([["client", piecesOf(wire, [100_000, 290_000])]]);
    expect(notes.map(({ id }) => id)).toContain("http-head-too-long");
    expect(events).toContain("9 GET /");
  });

  it("knows a head without status as unreadable", () => {
    const { events } = talk(client(), server(frame(HEADERS, END_HEADERS, 1, literals(":status: abc", "server: x"))));
    expect(events).toEqual(["1 server unreadable", "1 server cut"]);
  });
});

describe("losses", () => {
  function live() {
    const { sink, notes, events, heads } = h2Listener();
    const connection = createHttp2Connection(sink, contextOf(notes));
    const push = (from: Http2Role, ...parts: readonly Uint8Array[]): void => {
      for (const part of parts) connection[from].push(part, 0, part.length, 1);
    };
    return { connection, notes, events, heads, push };
  }

  it("counts missing DATA, and says what a tunnel lacks", () => {
    const { connection, notes, events, push } = live();
    push("client", client(frame(HEADERS, END_HEADERS, 1, literals(":method: CONNECT", ":authority: a:1"))));
    push(
      "server",
      server(frame(HEADERS, END_HEADERS, 1, literals(":status: 201")), frame(DATA, 0, 1, "0123456789").subarray(0, 12)),
    );
    connection.server.gap(5, "lost", 1);
    push("server", bytesOf("89"), frame(DATA, END_STREAM, 1, "end"));
    expect(events.slice(1)).toEqual([
      "1 201",
      "1 server data 012",
      "1 server gap 5",
      "1 server data 89end",
      "1 server whole",
    ]);
    expect(notes).toEqual([]);
  });

  it("are counted in the places of what comes behind them", () => {
    const { connection, heads, push } = live();
    const before = server(frame(HEADERS, END_HEADERS, 1, OK), frame(DATA, 0, 1, "0123456789").subarray(0, 12));
    const [rest, next, last] = [bytesOf("89"), ...[3, 5].map((stream) => frame(HEADERS, END_HEADERS, stream, OK))];
    push("server", before);
    // Inside of a frame, and over its end.
    connection.server.gap(5, "lost", 1);
    push("server", rest!, next!);
    connection.server.gap(100, "lost", 1);
    push("server", last!);
    const third = before.length + 5 + rest!.length;
    expect(heads.map(([, head]) => head.where.at)).toEqual([15, third, third + next!.length + 100]);
  });

  it("goes on at a push that begins with a frame, with a table that is not known", () => {
    const { connection, notes, events, heads, push } = live();
    // server: squid becomes entry 62.
    const indexed = Buffer.concat([literals(":status: 200"), bytesOf("\x40\x06server\x05squid")]);
    push("client", client(frame(HEADERS, END_HEADERS, 1, literals(":method: CONNECT", ":authority: a:1"))));
    push(
      "server",
      server(
        frame(HEADERS, END_HEADERS, 3, indexed),
        frame(HEADERS, END_HEADERS, 5, Buffer.concat([OK, bytesOf("\xbe")])),
      ),
    );
    expect(heads.at(-1)?.[1].fields).toEqual([{ name: "server", value: "squid" }]);
    connection.server.gap(1_000, "lost", 1);
    push("server", bytesOf("rest of some frame, and it is long"));
    push(
      "server",
      frame(HEADERS, END_HEADERS | END_STREAM, 5, Buffer.concat([literals(":status: 401"), bytesOf("\xbe")])),
    );
    push("server", frame(HEADERS, END_HEADERS, 7, Buffer.concat([literals(":status: 401"), bytesOf("\xbe")])));
    push("server", frame(HEADERS, END_HEADERS, 9, bytesOf("\xbf")));
    expect(heads.at(-1)?.[1]).toMatchObject({ status: 401, cut: true, fields: [] });
    expect(events).toContain("9 server unreadable");
    expect(events).toContain("5 server whole");
    expect(notes.map(({ id }) => id)).toEqual(["http-gap", "http2-hpack-unknown"]);
  });

  it("tells tunnels that bytes are missing where it is not known how many", () => {
    const { connection, events, push } = live();
    push("client", client(frame(HEADERS, END_HEADERS, 1, literals(":method: CONNECT", ":authority: a:1"))));
    connection.client.gap(50, "lost", 1);
    push("client", frame(DATA, 0, 1, "again"));
    expect(events.slice(1)).toEqual(["1 client gap 0", "1 client data again"]);
  });

  it("tells a stream of a loss once, however many follow in which nothing of it comes", () => {
    const { connection, events, push } = live();
    const connect = literals(":method: CONNECT", ":authority: a:1");
    push("client", client(...[1, 3].map((stream) => frame(HEADERS, END_HEADERS, stream, connect))));
    for (let i = 0; i < 100; i++) {
      connection.client.gap(50, "lost", 1);
      push("client", frame(SETTINGS, 1, 0));
    }
    push("client", frame(DATA, 0, 1, "again"));
    connection.client.gap(50, "lost", 1);
    const [both, one] = [["1 client gap 0", "3 client gap 0"], "1 client gap 0"];
    expect(events.slice(2)).toEqual([...both, "1 client data again", one]);
  });

  it("joins late", () => {
    const { connection, notes, events, push } = live();
    connection.client.gap(0, "late-start", 1);
    connection.server.gap(0, "late-start", 1);
    push(
      "client",
      frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        31,
        Buffer.concat([literals(":method: GET", ":path: /x"), bytesOf("\xc5")]),
      ),
    );
    push("server", frame(DATA, END_STREAM, 29, "of another"), frame(HEADERS, END_HEADERS | END_STREAM, 31, OK));
    expect(events).toEqual(["31 GET /x", "31 client whole", "31 200", "31 server whole"]);
    expect(notes.map(({ id }) => id)).toEqual(["http2-hpack-unknown"]);
  });

  it("reads a long value of the table a hundred times, not a million times", () => {
    const { connection, heads, notes, push } = live();
    connection.client.push(bytesOf(PREFACE), 0, PREFACE.length, 1);
    // A literal with indexing: :path, 2,000 characters long.
    const path = Buffer.concat([bytesOf("\x44\x7f\xd1\x0e"), Buffer.alloc(2_000, "/x")]);
    const head = bytesOf("\x82\x87");
    push("client", frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS | END_STREAM, 1, Buffer.concat([head, path])));
    for (let stream = 3; stream < 2_003; stream += 2)
      push("client", frame(HEADERS, END_HEADERS | END_STREAM, stream, Buffer.concat([head, bytesOf("\xbe")])));
    const read = heads.filter(([, head]) => !head.cut);
    expect(heads).toHaveLength(1_001);
    expect(read.length).toBeGreaterThan(128);
    // What is behind the limit has its method, and is read where it has earned enough.
    expect(read.length).toBeLessThan(950);
    expect(notes.map(({ id }) => id)).toEqual(["http2-hpack-repeated"]);
  });

  it("reads no long challenge of the table again and again", () => {
    const { heads, notes, push } = live();
    const challenge = Buffer.concat([bytesOf("\x7d\x7f\x51"), Buffer.alloc(208, ",")]);
    const first = Buffer.concat([bytesOf("\x48\x03401"), challenge]);
    push("server", frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS | END_STREAM, 1, first));
    push("server", frame(HEADERS, END_HEADERS | END_STREAM, 3, Buffer.concat([OK, Buffer.alloc(10_000, 0xbe)])));
    expect(heads.map(([, head]) => head.cut)).toEqual([false, true]);
    expect(notes.map(({ id }) => id)).toEqual(["http2-hpack-repeated"]);
  });

  it("joins late without being told", () => {
    const { notes, events, push } = live();
    push("client", frame(HEADERS, END_HEADERS | END_STREAM, 31, Buffer.concat([GET, bytesOf("\xc5")])));
    push("server", frame(HEADERS, END_HEADERS | END_STREAM, 31, Buffer.concat([OK, bytesOf("\xc5")])));
    expect(events).toEqual(["31 GET /", "31 client whole", "31 200", "31 server whole"]);
    expect(notes.map(({ id }) => id)).toEqual(["http2-hpack-unknown", "http2-hpack-unknown"]);
  });
});

describe("looksLikeHttp2", () => {
  it("knows the preface and the server's SETTINGS", () => {
    const preface = bytesOf(PREFACE);
    expect(looksLikeHttp2("client", preface, 0, 24)).toBe("yes");
    for (let end = 0; end < 24; end++) expect(looksLikeHttp2("client", preface, 0, end)).toBe("more");
    expect(looksLikeHttp2("client", bytesOf("PRI * HTTP/1.1\r\n\r\n"), 0, 18)).toBe("no");
    expect(looksLikeHttp2("server", server(), 0, 9)).toBe("yes");
    expect(looksLikeHttp2("server", server(), 0, 8)).toBe("more");
    expect(looksLikeHttp2("server", bytesOf("HTTP/1.1 200 OK"), 0, 15)).toBe("no");
  });
});

/** Conversations of nghttp2 as Node has it: Huffman code, indexed fields, size updates, real frames. */
describe("real conversations", () => {
  async function record() {
    const talk = recordHttp2(
      { paddingStrategy: constants.PADDING_STRATEGY_MAX, settings: { headerTableSize: 8_192 } },
      { settings: { headerTableSize: 16_384 } },
    );
    talk.server.on("stream", (stream, headers) => {
      const path = headers[":path"];
      if (headers[":method"] === "CONNECT") {
        stream.respond({ ":status": 201 });
        stream.on("data", (chunk: Buffer) => stream.write(String(chunk).toUpperCase()));
        stream.on("end", () => stream.end());
      } else if (path === "/challenge") {
        stream.respond({ ":status": 401, "www-authenticate": ["Negotiate", 'Basic realm="x"'], server: "odd" });
        stream.end("please log in");
      } else if (path === "/trailers") {
        stream.respond({ ":status": 200, "content-type": "text/plain" }, { waitForTrailers: true });
        stream.on("wantTrailers", () => stream.sendTrailers({ "x-checksum": "1" }));
        stream.end("x".repeat(40_000));
      } else {
        stream.additionalHeaders({ ":status": 103, link: "</a>" });
        stream.respond({ ":status": 200, "x-n": path, "x-large": "l".repeat(Number(headers["x-want"] ?? 0)) });
        stream.end("fine");
      }
    });
    for (let i = 0; i < 6; i++) {
      const path = i % 3 === 0 ? "/challenge" : i % 3 === 1 ? "/trailers" : `/page${i}?q=${i}`;
      const request = talk.session.request({
        ":path": path,
        "user-agent": "agent/1",
        authorization: `Bearer hush${i}`,
        "x-want": i === 5 ? "40000" : "0",
        ...(i === 4 ? { "x-much": "m".repeat(30_000) } : {}),
      });
      request.resume();
      await once(request, "close");
    }
    const tunnel = talk.session.request({ ":method": "CONNECT", ":authority": "www.example.com:443" });
    await once(tunnel, "response");
    tunnel.end("quiet");
    tunnel.resume();
    await once(tunnel, "close");
    await talk.close();
    return talk.sent;
  }

  function feed(sent: Awaited<ReturnType<typeof record>>, cut: (bytes: Uint8Array) => number[]) {
    return h2Listen(sent.map(([from, bytes]) => [from, piecesOf(bytes, cut(bytes))] as const));
  }

  it("are read like their ends saw them", async () => {
    const sent = await record();
    const whole = feed(sent, () => []);
    expect(whole.notes).toEqual([]);
    const requests = whole.heads.flatMap(([, head]) => (head.kind === "request" ? [head] : []));
    expect(requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      "GET /challenge",
      "GET /trailers",
      "GET /page2?q=2",
      "GET /challenge",
      "GET /trailers",
      "GET /page5?q=5",
      "CONNECT www.example.com:443",
    ]);
    for (const head of requests.slice(0, 6)) {
      expect(head).toMatchObject({ host: "proxy.example:80", scheme: "http", userAgent: "agent/1", cut: false });
      expect(head.authorization).toMatchObject({ scheme: "Bearer", length: 12 });
    }
    const responses = whole.heads.flatMap(([, head]) => (head.kind === "response" ? [head] : []));
    expect(responses.map(({ status }) => status)).toEqual([401, 200, 103, 200, 401, 200, 103, 200, 201]);
    expect(responses[4]).toMatchObject({
      challenges: [{ scheme: "Negotiate" }, { scheme: "Basic", realm: "x" }],
      fields: expect.arrayContaining([{ name: "server", value: "odd" }]),
    });
    expect(whole.events).toContain("1 server body please log in");
    expect(whole.events).toContain("13 client data quiet");
    expect(whole.events).toContain("13 server data QUIET");
    expect(whole.events.filter((event) => event.endsWith(" cut"))).toEqual([]);
    expect(JSON.stringify(whole, big)).not.toContain("hush");
    const all = (bytes: Uint8Array) => Array.from({ length: bytes.length }, (_, at) => at);
    expect(feed(sent, (bytes) => (bytes.length < 3_000 ? all(bytes) : [1, 5, 9, 10, 100, bytes.length - 1]))).toEqual(
      whole,
    );
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40_000 }), { maxLength: 12 }), (cuts) => {
        const placed = (bytes: Uint8Array) => cuts.map((cut) => cut % (bytes.length + 1));
        expect(feed(sent, placed)).toEqual(whole);
      }),
      { numRuns: times(20) },
    );
  });

  it("never make it throw, whatever is flipped, cut off or missing, and what came before stays right", async () => {
    const sent = await record();
    const whole = feed(sent, () => []);
    const damage = fc.record({
      which: fc.nat({ max: sent.length - 1 }),
      at: fc.nat(),
      flip: fc.integer({ min: 1, max: 255 }),
      kind: fc.constantFrom("flip", "drop", "gap", "stop"),
      long: fc.boolean(),
    });
    fc.assert(
      fc.property(damage, ({ which, at, flip, kind, long }) => {
        const { sink, ...heard } = h2Listener();
        const connection = createHttp2Connection(sink, contextOf(heard.notes));
        let before = 0;
        for (const [i, [from, bytes]] of sent.entries()) {
          if (i === which) before = heard.events.length;
          if (i !== which) connection[from].push(bytes, 0, bytes.length, 1);
          else if (kind === "flip") {
            const copy = bytes.slice();
            copy[at % copy.length]! ^= flip;
            connection[from].push(copy, 0, copy.length, 1);
          } else if (kind === "gap") {
            const middle = at % bytes.length;
            connection[from].push(bytes, 0, middle, 1);
            connection[from].gap(long ? bytes.length - middle : 0, "lost", 1);
          } else if (kind === "stop") break;
        }
        connection.client.end("capture-end", 2);
        connection.server.end("capture-end", 2);
        expect(heard.events.slice(0, Math.max(0, before - 1))).toEqual(whole.events.slice(0, Math.max(0, before - 1)));
      }),
      { numRuns: times(300) },
    );
  });
});

describe("damage", () => {
  it("never throws on garbage", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }), fc.boolean(), (parts, preface) => {
        const { sink, notes } = h2Listener();
        const connection = createHttp2Connection(sink, contextOf(notes));
        if (preface) connection.client.push(client(), 0, client().length, 1);
        for (const [i, part] of parts.entries()) {
          if (i % 4 === 3) connection.client.gap(i, "lost", 1);
          connection.client.push(part, 0, part.length, 1);
          connection.server.push(part, 0, part.length, 1);
        }
        connection.client.end("reset", 1);
        connection.server.end("reset", 1);
      }),
      { numRuns: times(1_000) },
    );
  });

  it("never throws on frames with garbage in them", () => {
    const anyFrame = fc
      .tuple(fc.nat({ max: 17 }), fc.nat({ max: 255 }), fc.nat({ max: 5 }), fc.uint8Array({ maxLength: 40 }))
      .map(([type, flags, stream, payload]) => frame(type, flags, stream, payload));
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 20 }), fc.array(anyFrame, { maxLength: 20 }), (one, two) => {
        h2Listen([
          ["client", piecesOf(client(...one))],
          ["server", piecesOf(server(...two))],
        ]);
      }),
      { numRuns: times(1_500) },
    );
  });
});

describe("secrets", () => {
  it("lets none out", () => {
    const hush = "s3cr3tABCDEF0123";
    const fields = [
      `:authority: u:${hush}@a:443`,
      `authorization: Bearer ${hush}`,
      `proxy-authorization: ${hush}`,
      `cookie: ${hush}=${hush}`,
      `x-api-key: ${hush}`,
    ];
    const heard = talk(
      client(
        frame(HEADERS, END_HEADERS, 1, literals(":method: CONNECT", ...fields)),
        frame(HEADERS, END_HEADERS, 3, literals(":method: GET", `:path: http://u:${hush}@b/`, ...fields)),
      ),
      server(
        frame(
          HEADERS,
          END_HEADERS,
          3,
          literals(":status: 401", `set-cookie: a=${hush}`, `location: //u:${hush}@h/?${hush}`),
        ),
      ),
    );
    expect(heard.heads).toHaveLength(3);
    expect(JSON.stringify(heard, big)).not.toContain(hush);
    expect((heard.heads[0]![1] as RequestHead).target).toBe("a:443");
    expect((heard.heads[2]![1] as ResponseHead).fields).toEqual([
      { name: "set-cookie", value: "a" },
      { name: "location", value: "//h/" },
    ]);
  });
});

function big(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
