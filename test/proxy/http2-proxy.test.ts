// HTTP/2 to a proxy behind TLS (RFC 9113 §8.5): whether it is one, and CONNECTs that nobody answers.
import { describe, expect, it } from "vitest";
import { createKeyedHash } from "../../src/bytes/index.ts";
import { Http2ProxySession } from "../../src/proxy/http2-proxy.ts";
import { KnownProxies, type ProxyContext, type Timeline } from "../../src/proxy/index.ts";
import type { EndCause, TcpConnection } from "../../src/tcp/index.ts";
import { frame, literals, PREFACE } from "../http/h2-talk.ts";
import { DIRECTION } from "./play.ts";

const [HEADERS, SETTINGS] = [1, 4];
const [END_HEADERS, END] = [0x4, 0x5];
const PROXY = { ip: "192.0.2.80", port: 8443 };
const CONNECT = literals(":method: CONNECT", ":authority: www.example.com:443");
const get = (scheme: string): Uint8Array =>
  literals(":method: GET", `:scheme: ${scheme}`, ":path: /", ":authority: www.example.com");

/** What is made of a client that says `headers`, and a proxy that answers `status`, or nothing. */
function session(
  known: ConstructorParameters<typeof KnownProxies>[0],
  headers: Uint8Array,
  status: number | null,
  ends: EndCause = "fin",
) {
  const timelines: Timeline[] = [];
  const context: ProxyContext = {
    ...{ known: new KnownProxies(known), note() {}, now: () => 1_000_000n, tag: createKeyedHash(new Uint8Array(8)) },
    ...{ bodyMarks: () => [], opener: () => null, anyKeys: () => false, hasKeys: () => false, leg() {} },
    timeline: (timeline) => void timelines.push(timeline),
  };
  const connection: TcpConnection = {
    ...{ stream: 0, endpoints: [{ ip: "192.0.2.1", port: 50_000 }, PROXY], initiator: 0, firstFrame: 1, lastFrame: 9 },
    ...{ startTime: 0n, endTime: 9n, directions: [DIRECTION, DIRECTION], synToSynAckMs: 1, synAckToAckMs: 1 },
  };
  const http2 = new Http2ProxySession(connection, 0, context, null, []);
  const say = (side: "client" | "server", bytes: Uint8Array) => http2[side].push(bytes, 0, bytes.length, 5);
  say("client", Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
  say("client", frame(HEADERS, headers === CONNECT ? END_HEADERS : END, 1, headers));
  if (status !== null) {
    say("server", Buffer.concat([frame(SETTINGS, 0, 0), frame(HEADERS, END, 1, literals(`:status: ${status}`))]));
  }
  if (!http2.abandoned) http2.closed(ends, ends);
  return { abandoned: http2.abandoned, timelines };
}

describe("a connection over HTTP/2", () => {
  it("to nobody that is known, which asks for a page of TLS, is left alone", () => {
    expect(session([], get("https"), 200)).toEqual({ abandoned: true, timelines: [] });
  });

  it("to a proxy that was named is followed whatever it asks for", () => {
    expect(session([{ host: PROXY.ip, port: PROXY.port }], get("https"), 200).abandoned).toBe(false);
  });

  it("that asks for a page in the clear can only be meant for a proxy", () => {
    const { timelines } = session([], get("http"), 401);
    expect(timelines).toMatchObject([{ detectedBy: "absolute-form", forwards: [{ response: { status: 401 } }] }]);
  });

  it.each([
    [407, "fin", null],
    [null, "fin", "closed"],
    [null, "reset", "reset"],
    [null, "capture-end", "still-open"],
  ] as const)("with a CONNECT that is answered %s, and ends with %s", (status, ends, unanswered) => {
    const { timelines } = session([], CONNECT, status, ends);
    expect(timelines).toMatchObject([{ detectedBy: "connect", tunnel: null, connects: [{ unanswered }] }]);
    expect(timelines[0]?.connects[0]?.response?.status ?? null).toBe(status);
  });
});
