// TLS to the proxy itself of which nothing could be read, or not all.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { EndCause } from "../../src/tcp/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { clientHello, record } from "../tls-parse/play.ts";
import { client, play, proxy, type Turn, turnsOf } from "./play.ts";

const PLAIN = proxy("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");

function ending(...ends: readonly (readonly [from: 0 | 1, end: EndCause])[]) {
  const { timelines } = play(
    [client(record(22, clientHello())), PLAIN, ...ends.map(([from, end]) => ({ from, end }))],
    {
      known: true,
    },
  );
  return timelines.map(({ closedBy, secure }) => [closedBy, secure?.notTls.server?.frame]);
}

describe("TLS to a proxy that answers otherwise", () => {
  it("ends as its connection ended", () => {
    expect(ending([1, "fin"], [0, "reset"])).toEqual([["reset-by-client", 2]]);
    expect(ending([1, "reset"])).toEqual([["reset-by-proxy", 2]]);
    expect(ending([1, "fin"], [0, "fin"])).toEqual([["fin", 2]]);
    expect(ending([1, "capture-end"], [0, "capture-end"])).toEqual([["open", 2]]);
  });
});

describe("what answers TLS to the proxy in the clear", () => {
  const HELLO = client(record(22, clientHello()));
  const told = (...answer: readonly Turn[]) =>
    play([HELLO, ...answer], { known: true }).timelines.map(({ clearAnswer }) => clearAnswer);

  it("is told with its status and frame, however it is cut", () => {
    expect(told(PLAIN)).toEqual([{ status: 400, frame: 2 }]);
    const line = "\r\nHTTP/1.0 503 Unavailable\r\n\r\n";
    expect(told(proxy(line))).toEqual([{ status: 503, frame: 2 }]);
    expect(told(...[...line].map((byte) => proxy(byte)))).toEqual([{ status: 503, frame: 15 }]);
  });

  it.each([
    ["TLS", proxy(record(21, Uint8Array.of(2, 70)))],
    ["no HTTP", proxy("SSH-2.0-OpenSSH_9.2\r\n")],
    ["no status", proxy("HTTP/1.1 4x0 Bad\r\n\r\n")],
    ["a line that is cut", proxy("HTTP/1.1 40")],
  ])("is nothing where it is %s", (_what, answer) => expect(told(answer)).toEqual([null]));

  it("is nothing where its beginning is missing, or may be", () => {
    expect(told({ from: 1, gap: 20, frame: 2 }, PLAIN)).toEqual([null]);
  });
});

describe("TLS to the proxy of which a segment is lost", () => {
  const recorded = new Map(loadTruth().map((capture) => [capture.name, capture]));

  /** Each CONNECT and exchange with its answer, "?" for what is not there, and the gaps, without the segment of turn `at`. */
  function without(name: string, at: number): readonly string[] {
    const capture = recorded.get(name)!;
    const turns = turnsOf(capture, 0).map((turn, i): Turn => {
      if (i !== at || !("bytes" in turn)) return turn;
      return { from: turn.from, gap: turn.bytes.length, frame: turn.frame! };
    });
    const { timelines } = play(turns, { keys: readFileSync(capture.keysPath!) });
    return timelines.flatMap(({ connects, forwards, tunnel, gaps }) => [
      ...connects.map(({ response, unanswered }) => `CONNECT ${response?.status ?? unanswered}`),
      ...[...forwards, ...(tunnel?.exchanges ?? [])].map(
        ({ request, response }) => `${request?.method ?? "?"} ${response?.status ?? "?"}`,
      ),
      ...gaps.map(({ from, length, where }) => `${from} lacks ${length} before ${where.frame}`),
    ]);
  }

  // How long what TLS carried was is not known of a record that is lost: the length is 0.
  it.each<[string, number, readonly string[]]>([
    ["nothing", -1, ["CONNECT 407", "CONNECT 200", "GET 200"]],
    ["the client's Finished", 2, ["CONNECT 407", "CONNECT 200", "GET 200", "client lacks 0 before 8"]],
    ["a ticket", 3, ["CONNECT 407", "CONNECT 200", "GET 200", "proxy lacks 0 before 9"]],
    ["the first CONNECT", 5, ["CONNECT 200", "? 407", "GET 200", "client lacks 0 before 11"]],
    ["its answer", 6, ["CONNECT not-captured", "CONNECT 200", "GET 200", "proxy lacks 0 before 12"]],
    ["the second CONNECT", 7, ["CONNECT 407", "GET 200", "client lacks 0 before 14"]],
    ["the 200 of it", 8, ["CONNECT 407", "CONNECT not-captured", "GET 200", "proxy lacks 0 before 15"]],
    ["the response in the tunnel", 14, ["CONNECT 407", "CONNECT 200", "GET ?", "proxy lacks 0 before 23"]],
  ])("tells of HTTP/1.1 that goes on, without %s", (_what, at, expected) => {
    expect(without("https-proxy", at)).toEqual(expected);
  });

  const both = (...first: readonly string[]) => [...first, "CONNECT 200", "GET 200", "GET 200"];
  const lacks = (text: string) => [...both("CONNECT 200", "GET 200", "GET 200", text), text];
  it.each<[string, number, readonly string[]]>([
    ["nothing", -1, both("CONNECT 200", "GET 200", "GET 200")],
    ["the client's Finished", 2, lacks("client lacks 0 before 8")],
    ["a ticket", 3, lacks("proxy lacks 0 before 9")],
    ["the client's preface", 6, lacks("client lacks 0 before 13")],
  ])("tells of HTTP/2 that goes on, without %s", (_what, at, expected) => {
    expect(without("h2-proxy-chromium", at)).toEqual(expected);
  });
});
