// HTTP/1.x messages (RFC 9112): whatever real programs send, cut at every place, damaged and with holes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Note } from "../../src/bytes/index.ts";
import { createHttp1Parser, type HttpHead, type RequestHead, type ResponseHead } from "../../src/http/index.ts";
import { expectSameHoweverCut, piecesOf } from "../harness/split.ts";
import { times } from "../harness/times.ts";
import { bytesOf, contextOf, listen, listenTo, live, plain, textOf } from "./talk.ts";

/** Each part is one message, with what is tolerated before it. */
type Row = readonly [name: string, parts: readonly string[], events: readonly string[]];

const REQUESTS: readonly Row[] = [
  ["accepts a GET", ["GET / HTTP/1.1\r\nHost: a\r\n\r\n"], ["head GET", "whole"]],
  [
    "accepts pipelined requests",
    ["GET /1 HTTP/1.1\r\n\r\n", "POST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "GET /3 HTTP/1.1\r\n\r\n"],
    ["head GET", "whole", "head POST", "whole", "head GET", "whole"],
  ],
  [
    "accepts a chunked POST with extensions and trailers",
    [
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0A\r\n0123456789\r\n0\r\nX: y\r\n\r\n',
      "GET / HTTP/1.1\r\n\r\n",
    ],
    ["head POST", "whole", "head GET", "whole"],
  ],
  ["accepts bare LF", ["GET / HTTP/1.1\nHost: a\n\n"], ["head GET", "whole"]],
  ["accepts LF and CRLF mixed", ["GET / HTTP/1.1\r\nHost: a\n\r\n"], ["head GET", "whole"]],
  [
    "passes over empty lines between messages",
    ["\r\n\nGET / HTTP/1.1\r\n\r\n", "\r\n\nGET / HTTP/1.1\r\n\r\n"],
    ["head GET", "whole", "head GET", "whole"],
  ],
  ["accepts an HTTP/0.9 request", ["GET /old\r\n"], ["head GET", "whole"]],
  ["accepts a method of small letters", ["get / HTTP/1.1\r\n\r\n"], ["head get", "whole"]],
  ["accepts an unknown method", ["M-SEARCH * HTTP/1.1\r\n\r\n"], ["head M-SEARCH", "whole"]],
  ["stops behind a CONNECT", ["CONNECT a:443 HTTP/1.1\r\n\r\n", "\x16\x03\x01"], ["head CONNECT"]],
  [
    "counts a body whose length is said twice alike",
    ["POST / HTTP/1.1\r\nContent-Length: 2, 2\r\nContent-Length: 2\r\n\r\nab"],
    ["head POST", "whole"],
  ],
  [
    "takes chunked over Content-Length",
    ["POST / HTTP/1.1\r\nContent-Length: 100\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"],
    ["head POST", "whole"],
  ],
];

const RESPONSES: readonly Row[] = [
  [
    "accepts responses with a length",
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.0 404\r\nContent-Length: 0\r\n\r\n"],
    ["head 200", "body hello", "whole", "head 404", "whole"],
  ],
  ["reads a body until the connection closes", ["HTTP/1.1 200\r\n\r\nabc"], ["head 200", "body abc", "whole"]],
  [
    "accepts interim responses",
    [
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
      "HTTP/1.1 204 No\r\nContent-Length: 9\r\n\r\n",
    ],
    ["head 100", "whole", "head 103", "whole", "head 204", "whole"],
  ],
  [
    "undoes chunks",
    ["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n2 ;x\r\nde\r\n000\r\n\r\n"],
    ["head 200", "body abcde", "whole"],
  ],
  [
    "reads any unknown coding until close",
    ["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\nabc"],
    ["head 200", "body abc", "whole"],
  ],
  ["accepts versions of small letters", ["http/1.1 200 ok\r\n\r\n"], ["head 200", "whole"]],
  ["accepts a status without reason", ["HTTP/1.1 407\r\nContent-Length: 0\r\n\r\n"], ["head 407", "whole"]],
];

describe("messages", () => {
  for (const [role, rows] of [
    ["request", REQUESTS],
    ["response", RESPONSES],
  ] as const) {
    describe(role, () => {
      it.each(rows)("%s", (_name, parts, events) => {
        const wire = bytesOf(parts.join(""));
        const whole = expectSameHoweverCut(wire, (pieces) => listen(role, pieces));
        expect(whole.events).toEqual(events);
        expect(whole.notes).toEqual([]);
        const sizes = parts.map((part) => part.replace(/^[\r\n]+/, "").length);
        expect(whole.sizes).toEqual(sizes.slice(0, whole.sizes.length));
        expect(whole.position + whole.rest.length).toBe(wire.length);
        const skipped = expectSameHoweverCut(wire, (pieces) => listen(role, pieces, { skip: true, rule: plain }));
        expect(skipped.events).toEqual(events.filter((event) => !event.startsWith("body ")));
        expect(skipped.sizes).toEqual(whole.sizes);
        // What is looked at is never passed over.
        expect(expectSameHoweverCut(wire, (pieces) => listen(role, pieces, { skip: true }))).toEqual(whole);
      });
    });
  }

  it("gives back what is behind a CONNECT", () => {
    expect(listenTo("request", "CONNECT a:443 HTTP/1.1\r\n\r\nrest").rest).toBe("rest");
  });
});

describe("heads", () => {
  it("reads a request's fields", () => {
    const head = request(
      "POST http://user:secret@www.example.com/p?q=1 HTTP/1.0\r\nHost : www.example.com\r\nUser-Agent:  curl/8\t\r\n" +
        "content-LENGTH: 0\r\nProxy-Connection: Keep-Alive\r\nUpgrade: WebSocket\r\nCookie: a=b\r\n\r\n",
    );
    expect(head).toMatchObject({
      method: "POST",
      target: "http://www.example.com/p?q=1",
      form: "absolute",
      version: "HTTP/1.0",
      host: "www.example.com",
      userAgent: "curl/8",
      contentLength: 0,
      connection: "keep-alive",
      upgrade: "websocket",
      cut: false,
      where: { frame: 1, firstFrame: 1, at: 0, time: 7n },
      names: [],
    });
    expect(JSON.stringify(head, big)).not.toContain("secret");
  });

  it("reads a reason in UTF-8, as some proxies send it, or in Latin-1", () => {
    for (const reason of ["Zugriff f\xc3\xbcr G\xc3\xa4ste", "Zugriff f\xfcr G\xe4ste"])
      expect(response(`HTTP/1.1 403 ${reason}\r\nContent-Length: 0\r\n\r\n`).reason).toBe("Zugriff für Gäste");
  });

  it("reads a response's fields and the names of all", () => {
    const head = response(
      "HTTP/1.1 407 Proxy Authentication Required\r\nServer: squid\r\nX-Odd-One: 1\r\nVia: 1.1 a,\r\n\t1.1 b\r\n" +
        'Proxy-Authenticate: Basic realm="x"\r\nproxy-authenticate: NTLM\r\nSet-Cookie: sid=hush; Path=/\r\nSet-Cookie: hush\r\n' +
        "Location: https://u:hush@a/b?token=hush#hush\r\nno colon here\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
    );
    expect(head).toMatchObject({ status: 407, reason: "Proxy Authentication Required", connection: "close" });
    expect(head.names).toEqual(
      "server x-odd-one via proxy-authenticate proxy-authenticate set-cookie set-cookie location connection content-length".split(
        " ",
      ),
    );
    expect(head.fields).toEqual([
      { name: "server", value: "squid" },
      { name: "via", value: "1.1 a,  \t1.1 b" },
      { name: "set-cookie", value: "sid" },
      { name: "set-cookie", value: "" },
      { name: "location", value: "https://a/b" },
    ]);
    expect(head.proxyChallenges.map(({ scheme, realm }) => [scheme, realm])).toEqual([
      ["Basic", "x"],
      ["NTLM", null],
    ]);
    expect(JSON.stringify(head, big)).not.toContain("hush");
  });

  it("keeps the names of 64 fields of a response, none of them of more than 64 characters", () => {
    const names = Array.from({ length: 70 }, (_, i) => `x-${i}`);
    const fields = [`y-${"y".repeat(62)}`, `z-${"z".repeat(63)}`, ...names].map((name) => `${name}: 1\r\n`);
    const head = response(`HTTP/1.1 204 No\r\n${fields.join("")}\r\n`);
    expect(head.names).toEqual([`y-${"y".repeat(62)}`, ...names.slice(0, 63)]);
  });

  it("keeps a target of 3,000 characters as a versioned request, cut", () => {
    const head = request(`GET http://a/${"x".repeat(3_000)} HTTP/1.1\r\n\r\n`);
    expect(head.version).toBe("HTTP/1.1");
    expect(head.target).toHaveLength(2_048);
  });

  it("tells where the head was over several frames", () => {
    const heads: HttpHead[] = [];
    let time = 0n;
    const parser = createHttp1Parser(
      "request",
      {
        head(head) {
          heads.push(head);
          return "framed";
        },
        message: () => undefined,
      },
      { ...contextOf([]), now: () => time },
    );
    const wire = bytesOf("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let at = 0; at < wire.length; at++) {
      time = BigInt(at);
      parser.push(wire, at, at + 1, at + 1);
    }
    expect(heads[0]?.where).toEqual({ frame: 29, firstFrame: 3, at: 2, time: 28n });
    expect(heads[0]?.end).toBe(29);
  });

  it("notes a head beyond the limit and gives what is there", () => {
    const wire = `GET /long HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(300_000)}\r\n\r\n`;
    const heard = listen("request", piecesOf(bytesOf(wire), [100_000, 200_000, 280_000]));
    expect(heard.heads[0]).toMatchObject({ cut: true, host: "a" });
    expect(heard.notes.map(({ id }) => id)).toEqual(["http-head-too-long"]);
    const whole = listenTo("request", wire);
    expect(whole.notes.map(({ id }) => id)).toEqual(["http-head-too-long"]);
  });
});

describe("what is no message", () => {
  it.each([
    ["request", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(6)],
    ["response", "\x16\x03\x03\x00\x7a\x02".repeat(4)],
    ["response", "\x16\x03\x03\x00\x7a\x02".repeat(20)],
    ["response", "HTTQ/1.1 200 OK\r\n\r\n"],
    ["response", "HTTP/1.1 abc\r\n\r\n"],
    ["response", "GET / HTTP/1.1\r\n\r\n"],
    ["request", "HTTP/1.1 200 OK\r\n\r\n"],
    ["request", "HTTP/1.1\r\n\r\n"],
    ["request", "G\x01T / HTTP/1.1\r\n\r\n"],
    ["request", `just some words\r\n${"x".repeat(60)}`],
  ] as const)("notes it in a %s: %j", (role, wire) => {
    for (const cuts of [[], [1], [3], [5, 8], Array.from({ length: wire.length }, (_, at) => at)]) {
      const heard = listen(role, piecesOf(bytesOf(wire), cuts));
      expect(heard.heads).toEqual([]);
      expect(heard.notes.map(({ id, at }) => `${id} ${at}`)).toEqual(["http-malformed 0"]);
    }
  });

  it("goes on at the next push that begins with a message", () => {
    const wire = "garbage that is long enough to be told from a request\r\nGET /good HTTP/1.1\r\n\r\n";
    const heard = listen("request", piecesOf(bytesOf(wire), [55]));
    expect(heard.events).toEqual(["head GET", "whole"]);
    const slowly = listen("request", piecesOf(bytesOf(wire), [55, 57, 60]));
    expect(slowly.events).toEqual(heard.events);
  });

  it("notes a chunk size that is none", () => {
    const heard = listenTo("response", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
    expect(heard.notes.map(({ id, at }) => `${id} ${at}`)).toEqual(["http-chunk-malformed 47"]);
    expect(heard.events).toEqual(["head 200", "cut"]);
  });

  it("notes a body that ends before its length", () => {
    const heard = listenTo("response", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    expect(heard.notes.map(({ id }) => id)).toEqual(["http-body-cut"]);
    expect(heard.events.at(-1)).toBe("cut");
  });
});

describe("gaps", () => {
  it("counts missing bytes of a body of known length", () => {
    const { parser, heard, push } = live("response");
    push("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    parser.gap(5, "lost", 2);
    push("hijHTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    expect(heard.events).toEqual(["49 whole", "38 whole"]);
    // Its end is known where all the rest is missing.
    push("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    parser.gap(8, "lost", 2);
    expect(heard.events.slice(2)).toEqual(["49 whole"]);
    expect(heard.notes).toEqual([]);
  });

  it.each([
    ["Content-Length: 10\r\n\r\nab", "hij"],
    ["Transfer-Encoding: chunked\r\n\r\nA\r\nab", "hij\r\n1\r\nk"],
    ["Connection: close\r\n\r\nab", "hij"],
  ])("shows nothing of a body behind missing bytes: %j", (before, behind) => {
    const shown: string[] = [];
    const body = (...part: [Uint8Array, number, number]): void => void shown.push(textOf(...part));
    const parser = createHttp1Parser("response", { head: () => "look", body, message() {} }, contextOf([]));
    const push = (text: string): number => parser.push(bytesOf(text), 0, text.length, 1);
    push(`HTTP/1.1 401 No\r\n${before}`);
    parser.gap(5, "lost", 2);
    push(behind);
    expect(shown).toEqual(["ab"]);
  });

  it("counts missing bytes of a chunk", () => {
    const { parser, heard, push } = live("response");
    push("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nA\r\nab");
    parser.gap(8, "lost", 2);
    push("\r\n0\r\n\r\n");
    expect(heard.events).toEqual(["67 whole"]);
  });

  it("waits for the next message where more is missing than the body", () => {
    const { parser, heard, push } = live("response");
    push("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    parser.gap(500, "lost", 2);
    push("tail of something else\r\nHTTP/1.1 500 not at the start of a push\r\n\r\n");
    push("HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n");
    expect(heard.heads.map((head) => (head as ResponseHead).status)).toEqual([200, 401]);
    expect(heard.heads[1]?.where.at).toBe(39 + 2 + 500 + 67);
    expect(heard.notes.map(({ id }) => id)).toEqual(["http-gap"]);
  });

  it("gives the part of a head that is there", () => {
    const { parser, heard, push } = live("response");
    push("HTTP/1.1 407 Proxy Authenticati");
    parser.gap(300, "snapped", 1);
    push("HTTP/1.1 200 Connection established\r\nVia: squ");
    parser.gap(20, "snapped", 2);
    expect(heard.heads).toMatchObject([
      { status: 407, cut: true, reason: "Proxy Authenticati" },
      { status: 200, cut: true, names: [] },
    ]);
    expect(heard.events).toEqual(["31 cut", "45 cut"]);
  });

  it("gives a CONNECT of which the target is there", () => {
    const { parser, heard, push } = live("request");
    push("CONNECT www.example.com:443 HT");
    parser.gap(300, "snapped", 1);
    expect(heard.heads).toMatchObject([{ method: "CONNECT", target: "www.example.com:443", cut: true }]);
    expect(push("\x16\x03\x01")).toBe(0);
    parser.resume();
    expect(push("GET / HTTP/1.1\r\n\r\n")).toBe(18);
    expect(heard.heads).toHaveLength(2);
  });

  it.each(["CONNECT www.exam", "CONN", "GET /x", "HTTP/1."])("gives nothing of %j", (text) => {
    const { parser, heard, push } = live(text.startsWith("H") ? "response" : "request");
    push(text);
    parser.gap(10, "lost", 1);
    expect(heard.heads).toEqual([]);
  });

  it("leaves out a field that is cut", () => {
    const { parser, heard, push } = live("request");
    push("GET http://a/ HTTP/1.1\r\nHost: a\r\nUser-Agent: cu");
    parser.end("capture-end", 1);
    expect(heard.heads).toMatchObject([{ cut: true, host: "a", userAgent: null }]);
  });

  it("waits for a message behind a late start", () => {
    const { parser, heard, push } = live("response");
    parser.gap(0, "late-start", 1);
    push("the middle of a body");
    push("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    expect(heard.heads).toHaveLength(1);
    expect(heard.notes).toEqual([]);
  });

  it("reads a body until close across a gap", () => {
    const { parser, heard, push } = live("response");
    push("HTTP/1.1 200 OK\r\n\r\nabc");
    parser.gap(7, "lost", 2);
    push("def");
    parser.end("fin", 3);
    expect(heard.events).toEqual(["32 whole"]);
  });
});

describe("resume", () => {
  it("reads the body of a head that did not switch after all", () => {
    const { parser, heard, push } = live("response", () => "switch" as never);
    expect(push("HTTP/1.1 200 OK\r\n\r\nabc")).toBe(19);
    parser.resume("framed");
    expect(parser.skippable).toBeGreaterThan(1_000);
    push("abc");
    parser.end("fin", 1);
    expect(heard.events).toEqual(["22 whole"]);
  });

  it("does nothing where nothing switched, or all is over", () => {
    const { parser, heard, push } = live("request");
    parser.resume();
    push("CONNECT a:1 HTTP/1.1\r\n\r\n");
    parser.end("fin", 1);
    parser.resume();
    push("GET / HTTP/1.1\r\n\r\n");
    expect(heard.heads).toHaveLength(1);
  });
});

describe("damage", () => {
  const wires = [...REQUESTS, ...RESPONSES].map(([, parts]) => parts.join(""));
  it("never throws, whatever byte is flipped, cut off or missing", () => {
    const damage = fc.record({
      wire: fc.constantFrom(...wires),
      at: fc.nat(),
      byte: fc.nat({ max: 255 }),
      keep: fc.nat(),
      gap: fc.nat({ max: 40 }),
      cuts: fc.array(fc.nat({ max: 120 }), { maxLength: 5 }),
      role: fc.constantFrom("request" as const, "response" as const),
    });
    fc.assert(
      fc.property(damage, ({ wire, at, byte, keep, gap, cuts, role }) => {
        const bytes = bytesOf(wire);
        bytes[at % bytes.length] = byte;
        const { parser, heard } = live(role);
        const pieces = [
          ...piecesOf(
            bytes.subarray(0, keep % (bytes.length + 1)),
            cuts.map((cut) => Math.min(cut, keep % (bytes.length + 1))),
          ),
        ];
        for (const piece of pieces) {
          parser.push(piece.bytes, piece.start, piece.end, 1);
          if (gap > 20) parser.gap(gap, "lost", 1);
        }
        parser.end("capture-end", 2);
        for (const head of heard.heads) expect(head.kind).toBe(role);
      }),
      { numRuns: times(2_000) },
    );
  });

  it("holds no more than its limit", () => {
    const { parser, heard } = live("request");
    const line = bytesOf(`X: ${"y".repeat(9_997)}`);
    parser.push(bytesOf("GET / HTTP/1.1\r\n"), 0, 16, 1);
    for (let i = 0; i < 100; i++) parser.push(line, 0, line.length, 1);
    const notes: Note[] = heard.notes;
    expect(notes.map(({ id }) => id)).toEqual(["http-head-too-long"]);
  });
});

function request(wire: string): RequestHead {
  return listenTo("request", wire).heads[0] as RequestHead;
}

function response(wire: string): ResponseHead {
  return listenTo("response", wire).heads[0] as ResponseHead;
}

function big(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
