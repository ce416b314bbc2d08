// The table of tunnel states: every state with every input, the impossible ones too (RFC 9110 §9.3.6).
import { describe, expect, it } from "vitest";
import { answerOf, NEXT, next, type TunnelInput, type TunnelState } from "../../src/proxy/tunnel-states.ts";
import { client, lost, type Played, play, proxy, type Turn } from "./play.ts";

/** What stands for itself is left as it is. Written from the RFC, not from the table. */
const EXPECTED: Readonly<Record<TunnelState, Readonly<Record<TunnelInput, TunnelState>>>> = {
  idle: { connect: "asked", interim: "idle", success: "idle", challenge: "idle", refusal: "idle", inferred: "open" },
  asked: {
    connect: "asked",
    interim: "asked",
    success: "open",
    challenge: "challenged",
    refusal: "refused",
    inferred: "open",
  },
  challenged: {
    connect: "asked",
    interim: "challenged",
    success: "challenged",
    challenge: "challenged",
    refusal: "challenged",
    inferred: "challenged",
  },
  refused: {
    connect: "asked",
    interim: "refused",
    success: "refused",
    challenge: "refused",
    refusal: "refused",
    inferred: "refused",
  },
  open: { connect: "open", interim: "open", success: "open", challenge: "open", refusal: "open", inferred: "open" },
};

const STATES = Object.keys(EXPECTED) as TunnelState[];
const INPUTS = Object.keys(EXPECTED.idle) as TunnelInput[];

describe("the table", () => {
  it("has these states and no others", () => expect(Object.keys(NEXT).sort()).toEqual([...STATES].sort()));

  it.each(STATES.flatMap((state) => INPUTS.map((input) => [state, input] as const)))("%s, then %s", (state, input) => {
    expect(next(state, input)).toBe(EXPECTED[state][input]);
  });

  it.each([
    ...[100, 101, 102, 103, 199].map((status) => [status, "interim"] as const),
    ...[200, 201, 204, 206, 299].map((status) => [status, "success"] as const),
    ...[300, 302, 400, 401, 403, 406, 408, 500, 502, 503, 599].map((status) => [status, "refusal"] as const),
    [407, "challenge"] as const,
  ])("%i answers a CONNECT as %s", (status, answer) => expect(answerOf(status)).toBe(answer));
});

const CONNECT = client("CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n");
const OPENED = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
const ASKED = proxy(
  'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 5\r\n\r\nhello',
);
const REFUSED = proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
const HELLO = client(hello());
const INTERIM = proxy("HTTP/1.1 100 Continue\r\n\r\n");
const GET = client("GET http://www.example.com/ HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
const PAGE = proxy("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage");

/** A record with a ClientHello of TLS 1.2 and nothing in it but its random, a suite and the null compression. */
function hello(): Uint8Array {
  const body = [3, 3, ...Array.from({ length: 32 }, (_, i) => i), 0, 0, 2, 0x13, 0x01, 1, 0];
  return Uint8Array.from([22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length, ...body]);
}

/** "status status | tunnel protocol or -" */
function shape({ timelines }: Played): string {
  const [timeline] = timelines;
  if (timeline === undefined) return "nothing";
  const answers = timeline.connects.map(({ response, unanswered }) => response?.status ?? unanswered);
  const forwards = timeline.forwards.map(({ response }) => `forward ${response?.status ?? "none"}`);
  return [[...answers, ...forwards].join(" "), timeline.tunnel?.protocol ?? "-"].join(" | ");
}

/** Each state, reached by talk, then each thing that can be said in it. */
const REACHED: readonly (readonly [name: string, turns: readonly Turn[]])[] = [
  ["idle", []],
  ["asked", [CONNECT]],
  ["challenged", [CONNECT, ASKED]],
  ["refused", [CONNECT, REFUSED]],
  ["open", [CONNECT, OPENED]],
];

const THEN: readonly (readonly [name: string, turns: readonly Turn[], shapes: readonly string[]])[] = [
  // In order of the states above. What was sent behind an unanswered CONNECT belongs to its tunnel once a 2xx comes.
  ["nothing", [], ["nothing", "closed | -", "407 | -", "403 | -", "200 | none"]],
  ["a CONNECT", [CONNECT], ["closed | -", "closed closed | -", "407 closed | -", "403 closed | -", "200 | http"]],
  [
    "a CONNECT and 200",
    [CONNECT, OPENED],
    ["200 | none", "200 | http", "407 200 | none", "403 200 | none", "200 | http"],
  ],
  ["a CONNECT and 407", [CONNECT, ASKED], ["407 | -", "407 closed | -", "407 407 | -", "403 407 | -", "200 | http"]],
  ["a CONNECT and 403", [CONNECT, REFUSED], ["403 | -", "403 closed | -", "407 403 | -", "403 403 | -", "200 | http"]],
  [
    "a CONNECT, 100 and 200",
    [CONNECT, INTERIM, OPENED],
    ["200 | none", "200 | http", "407 200 | none", "403 200 | none", "200 | http"],
  ],
  [
    "a page asked for",
    [GET, PAGE],
    ["forward 200 | -", "200 | http", "407 forward 200 | -", "403 forward 200 | -", "200 | http"],
  ],
  ["a ClientHello", [HELLO], ["nothing", "closed | -", "407 | -", "403 | -", "200 | tls"]],
  ["a 407", [ASKED], ["forward 407 | -", "407 | -", "407 forward 407 | -", "403 forward 407 | -", "200 | http"]],
  [
    "the answer lost, a ClientHello",
    [lost("proxy"), HELLO],
    ["nothing", "not-captured | tls", "407 | -", "403 | -", "200 | tls"],
  ],
];

describe("a conversation", () => {
  for (const [what, turns, shapes] of THEN) {
    it.each(REACHED.map(([state, before], i) => [state, before, shapes[i]!] as const))(
      `%s, then ${what}`,
      (_state, before, expected) => {
        expect(shape(play([...before, ...turns]))).toBe(expected);
      },
    );
  }
});
