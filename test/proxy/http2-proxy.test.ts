// HTTP/2 to a proxy behind TLS (RFC 9113 §8.5): whether it is one, and CONNECTs that nobody answers.
import { describe, expect, it } from "vitest";
import type { Note, Side } from "../../src/bytes/index.ts";
import type { Verdict } from "../../src/diagnosis/index.ts";
import { Http2ProxySession } from "../../src/proxy/http2-proxy.ts";
import { KnownProxies, type Timeline, type Unanswered } from "../../src/proxy/index.ts";
import type { EndCause, TcpConnection } from "../../src/tcp/index.ts";
import { diagnosisOf } from "../diagnosis/diagnose.ts";
import { frame, literals, PREFACE } from "../http/h2-talk.ts";
import { clientHello, record } from "../tls-parse/play.ts";
import { contextWith, DIRECTION } from "./play.ts";

const [DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY] = [0, 1, 3, 4, 7];
const [END_HEADERS, END] = [0x4, 0x5];
const PROXY = { ip: "192.0.2.80", port: 8443 };
const CONNECT = literals(":method: CONNECT", ":authority: www.example.com:443");
const get = (scheme: string): Uint8Array =>
  literals(":method: GET", `:scheme: ${scheme}`, ":path: /", ":authority: www.example.com");

const CONNECTION: TcpConnection = {
  ...{ stream: 0, endpoints: [{ ip: "192.0.2.1", port: 50_000 }, PROXY], initiator: 0, firstFrame: 1, lastFrame: 9 },
  ...{ startTime: 0n, endTime: 9n, directions: [DIRECTION, DIRECTION], synToSynAckMs: 1, synAckToAckMs: 1 },
};

/** What one side says besides. */
type Said = readonly [side: "client" | "server", bytes: Uint8Array];

/** What is made of a client that says `headers`, and a proxy that answers `status`, or nothing. */
function session(
  known: ConstructorParameters<typeof KnownProxies>[0],
  headers: Uint8Array,
  status: number | null,
  ends: EndCause = "fin",
  besides: readonly Said[] = [],
  connection = CONNECTION,
) {
  const timelines: Timeline[] = [];
  const timeline = (one: Timeline) => void timelines.push(one);
  const context = contextWith({ known: new KnownProxies(known), timeline });
  const http2 = new Http2ProxySession(connection, connection.initiator ?? 0, context, null, []);
  const say = (...[side, bytes]: Said) => http2[side].push(bytes, 0, bytes.length, 5);
  say("client", Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
  say("client", frame(HEADERS, headers === CONNECT ? END_HEADERS : END, 1, headers));
  if (status !== null) {
    say("server", Buffer.concat([frame(SETTINGS, 0, 0), frame(HEADERS, END, 1, literals(`:status: ${status}`))]));
  }
  for (const one of besides) say(...one);
  if (!http2.abandoned) http2.closed(ends, ends);
  return { abandoned: http2.abandoned, timelines };
}

/** Bytes that are kept behind the answers to `streams` CONNECTs, or behind as many answers that came before what they answer. */
function keptBehind(streams: number, asked: boolean): number {
  const http2 = new Http2ProxySession(CONNECTION, 0, contextWith(), null, []);
  const say = (side: "client" | "server", ...frames: readonly Uint8Array[]) => {
    const bytes = Buffer.concat(frames);
    http2[side].push(bytes, 0, bytes.length, 5);
  };
  say("client", Buffer.from(PREFACE), frame(SETTINGS, 0, 0));
  say("server", frame(SETTINGS, 0, 0));
  for (let number = 1; number < 2 * streams; number += 2) {
    if (asked) say("client", frame(HEADERS, END_HEADERS, number, CONNECT));
    say("server", frame(HEADERS, END_HEADERS, number, literals(":status: 200")));
    if (asked) say("client", frame(DATA, 0, number, record(22, clientHello())));
    else say("server", frame(DATA, 0, number, "x".repeat(10_000)));
  }
  return http2.kept;
}

describe("more tunnels on one connection than are looked at", () => {
  it.each([1, 30])("are counted, each with a note, and told with the connection: %i", (more) => {
    const [timelines, notes]: [Timeline[], Note[]] = [[], []];
    const context = contextWith({
      timeline: (timeline) => void timelines.push(timeline),
      note: (note) => void notes.push(note),
    });
    const http2 = new Http2ProxySession(CONNECTION, 0, context, null, []);
    const say = (bytes: Uint8Array) => http2.client.push(bytes, 0, bytes.length, 5);
    say(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0)]));
    for (let i = 0; i < 2_000 + more; i++) say(frame(HEADERS, END_HEADERS, 2 * i + 1, CONNECT));
    http2.closed("fin", "fin");
    expect(notes.map(({ id }) => id)).toEqual(Array.from({ length: more }, () => "proxy-streams-full"));
    expect(timelines).toHaveLength(2_001);
    const { facts } = diagnosisOf(timelines.slice(0, 1));
    const summary = expect.stringContaining(`: ${more} of`);
    expect(facts.connections[0]).toMatchObject({ verdict: "incomplete", summary });
  });
});

describe("what is kept of HTTP/2 to a proxy", () => {
  it("is told of a thousand tunnels, and of few is nothing unusual", () => {
    expect(keptBehind(2, true)).toBeLessThan(8_000);
    expect(keptBehind(1_000, true)).toBeGreaterThan(5_000_000);
  });

  it("is told of answers, and of what came behind them, that wait for what they answer", () => {
    expect(keptBehind(16, false)).toBeGreaterThan(160_000);
  });
});

describe("a connection over HTTP/2", () => {
  it("to nobody that is known, which asks for a page of TLS, is left alone", () => {
    expect(session([], get("https"), 200)).toEqual({ abandoned: true, timelines: [] });
  });

  it("that asks for a WebSocket (RFC 8441) is one to an origin", () => {
    const asked = literals(
      ...[":method: CONNECT", ":protocol: websocket", ":scheme: https", ":path: /chat"],
      ":authority: www.example.com",
    );
    expect(session([], asked, 401)).toEqual({ abandoned: true, timelines: [] });
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

it("joins nothing across bytes that are lost of what a client sends ahead of the answer", () => {
  const timelines: Timeline[] = [];
  const context = contextWith({ timeline: (timeline) => void timelines.push(timeline) });
  const http2 = new Http2ProxySession(CONNECTION, 0, context, null, []);
  const say = (side: "client" | "server", ...frames: readonly Uint8Array[]) => {
    const bytes = Buffer.concat(frames);
    http2[side].push(bytes, 0, bytes.length, 5);
  };
  const hello = record(22, clientHello());
  const lost = 30;
  const data = frame(DATA, 0, 1, Buffer.concat([hello, hello]));
  say("client", Buffer.from(PREFACE), frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 1, CONNECT));
  say("client", data.subarray(0, -hello.length - lost));
  http2.client.gap(lost, "lost", 5);
  say("client", data.subarray(-hello.length));
  say("server", frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 1, literals(":status: 200")));
  http2.closed("fin", "fin");
  expect(timelines).toMatchObject([{ tunnel: { tls: { gaps: 1, clientHellos: 1 } } }]);
});

it.each<[what: string, bytes: string | Uint8Array]>([
  ["of which all the rest may be passed over", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["of which the rest of a record may be passed over", record(23, new Uint8Array(900)).subarray(0, 300)],
])("counts what a stream carries, and not what may still come: %s", (_what, bytes) => {
  const data: Said = ["client", frame(DATA, 0, 1, bytes)];
  const opened: Said = ["server", frame(HEADERS, END_HEADERS, 1, literals(":status: 200"))];
  const { timelines } = session([], CONNECT, null, "fin", [["server", frame(SETTINGS, 0, 0)], opened, data, data]);
  expect(timelines).toMatchObject([{ tunnel: { clientBytes: 2 * bytes.length, serverBytes: 0 } }]);
});

describe("what is not answered on a connection that goes on", () => {
  const settings: Said = ["server", frame(SETTINGS, 0, 0)];
  /** Error codes of RFC 9113 §7. */
  const reset = (code: number) => frame(RST_STREAM, 0, 1, Uint8Array.of(0, 0, 0, code));
  const goAway = (last: number) => frame(GOAWAY, 0, 0, Uint8Array.of(0, 0, 0, last, 0, 0, 0, 0));

  it.each<[what: string, said: Said, connect: Unanswered, verdict: Verdict, forward: Unanswered]>([
    ["was refused by a reset (CONNECT_ERROR)", ["server", reset(0xa)], "reset", "no-response", "reset"],
    ["is asked again (REFUSED_STREAM)", ["server", reset(0x7)], "cancelled", "ok", "cancelled"],
    ["is asked again over HTTP/1.1 (HTTP_1_1_REQUIRED)", ["server", reset(0xd)], "cancelled", "ok", "cancelled"],
    ["was taken back (CANCEL)", ["client", reset(0x8)], "closed", "no-response", "cancelled"],
    ["is asked again elsewhere (GOAWAY in front of it)", ["server", goAway(0)], "cancelled", "ok", "cancelled"],
    ["is still worked on (GOAWAY behind it)", ["server", goAway(1)], "still-open", "no-response", "still-open"],
    ["is still worked on (GOAWAY of the client)", ["client", goAway(0)], "still-open", "no-response", "still-open"],
    [
      "was answered by what cannot be read",
      ["server", frame(HEADERS, END, 1, literals(":status: abc"))],
      ...(["not-captured", "incomplete", "not-captured"] as const),
    ],
  ])("%s", (_what, said, connect, verdict, forward) => {
    const { timelines } = session([], CONNECT, null, "capture-end", [settings, said]);
    expect(timelines).toMatchObject([{ connects: [{ response: null, unanswered: connect }] }]);
    expect(diagnosisOf(timelines).facts.connections[0]).toMatchObject({ verdict });
    const forwarded = session([], get("http"), null, "capture-end", [settings, said]).timelines;
    expect(forwarded).toMatchObject([{ forwards: [{ response: null, unanswered: forward }] }]);
  });

  it("is told in the words of what happened to its stream", () => {
    const summaryOf = (said: Said) =>
      diagnosisOf(session([], CONNECT, null, "capture-end", [settings, said]).timelines).facts.connections[0]?.summary;
    expect(summaryOf(["server", reset(0xa)])).toContain("was not answered; the proxy reset its stream.");
    expect(summaryOf(["client", reset(0x8)])).toContain("was not answered before the client took it back.");
  });

  it("may have been, where bytes of the proxy are lost", () => {
    const unanswered = (gaps: readonly [number, number], clientSide: Side) => {
      const directions = [
        { ...DIRECTION, gaps: gaps[0] },
        { ...DIRECTION, gaps: gaps[1] },
      ] as const;
      const lossy: TcpConnection = { ...CONNECTION, directions, initiator: clientSide };
      const said: readonly Said[] = [settings, ["server", reset(0xa)]];
      return session([], CONNECT, null, "capture-end", said, lossy).timelines[0]?.connects[0]?.unanswered;
    };
    expect([unanswered([0, 1], 0), unanswered([1, 0], 0)]).toEqual(["not-captured", "reset"]);
    expect([unanswered([0, 1], 1), unanswered([1, 0], 1)]).toEqual(["reset", "not-captured"]);
  });
});
