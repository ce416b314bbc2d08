// Whole conversations from recorded captures (CONNECT, TLS and HTTP inside, HTTPS proxies, CONNECT over HTTP/2), cut and damaged.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ExchangeFact, Timeline } from "../../src/proxy/index.ts";
import { times } from "../harness/times.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";
import { client, lost, type PlayOptions, play, proxy, type Turn, turnsOf } from "./play.ts";

const recorded = new Map(loadTruth().map((capture) => [capture.name, capture]));

/** With what the inside holds by the truth: "STATUS STATUS" of CONNECTs, then of exchanges. */
const NAMES = [
  "squid-basic",
  "mitm-401-basic-answered",
  "mitm-h2-origin-401",
  "https-proxy",
  "h2-proxy-chromium",
  "early-client-hello",
  "tls-13-key-update",
  "tls-12-cbc-sha256",
  "tunnel-http-proxy-401",
  "forward-post-chunked",
] as const;

interface Case {
  readonly turns: readonly Turn[];
  readonly keys: Uint8Array | null;
  readonly capture: RecordedCapture;
}

const cases = new Map<string, Case>();

function caseOf(name: string): Case {
  let known = cases.get(name);
  if (known === undefined) {
    const capture = recorded.get(name)!;
    const keys = capture.keysPath === null ? null : readFileSync(capture.keysPath);
    known = { turns: turnsOf(capture, 0), keys, capture };
    cases.set(name, known);
  }
  return known;
}

const optionsOf = ({ keys }: Case, more: PlayOptions = {}): PlayOptions => (keys === null ? more : { ...more, keys });

/** All that was found, without what the way of cutting decides. */
function factsOf(timelines: readonly Timeline[]): unknown {
  return timelines.map(({ connects, tunnel, forwards, secure }) => ({
    connects: connects.map(({ request, response }) => [
      request.target,
      response?.status ?? null,
      response?.where.frame,
    ]),
    tunnel: tunnel && {
      protocol: tunnel.protocol,
      opened: tunnel.opened?.frame,
      bytes: [tunnel.clientBytes, tunnel.serverBytes],
      inside: tunnel.inside,
      sni: tunnel.tls?.clientHello?.sni,
      exchanges: tunnel.exchanges.map(short),
    },
    forwards: forwards.map(short),
    secure: secure?.clientHello?.sni,
  }));
}

const short = ({ request, response, url, requestBytes, responseBytes }: ExchangeFact) => [
  `${request?.method} ${url} in ${request?.where.frame}, ${requestBytes} bytes`,
  `${response?.status} in ${response?.where.frame}, ${responseBytes} bytes`,
];

/**
 * Requests and statuses inside TLS, which only whole and authentic records may show; a URL that is not known says nothing, be
 * it that the CONNECT was damaged, which names the host.
 */
const inside = (timelines: readonly Timeline[]): string[] =>
  timelines
    .flatMap(({ tunnel }) => (tunnel?.tls == null || tunnel.plaintextAnswer ? [] : tunnel.exchanges))
    .flatMap(({ request, url, response }) => [
      ...(request === null || url === null ? [] : [`${request.method} ${url.replace(/^[a-z]+:\/\/[^/]*/, "")}`]),
      ...(response === null ? [] : [`${response.status}`]),
    ]);

describe.each(NAMES)("%s", (name) => {
  it("shows what the recording logged", () => {
    const one = caseOf(name);
    const { timelines } = play(one.turns, optionsOf(one));
    const [truth] = one.capture.truth.connections;
    const statuses = timelines.flatMap(({ connects }) => connects.map(({ response }) => response?.status ?? null));
    expect(statuses).toEqual(truth!.connects.map(({ status }) => status));
    const exchanges = timelines.flatMap(({ tunnel, forwards }) => [...(tunnel?.exchanges ?? []), ...forwards]);
    expect(exchanges.map(({ response }) => response?.status ?? null)).toEqual(
      [...truth!.exchanges, ...truth!.forwards].map(({ status }) => status),
    );
  });

  it("says the same however it is cut, and with bytes passed over", () => {
    const one = caseOf(name);
    const whole = factsOf(play(one.turns, optionsOf(one)).timelines);
    const same = (how: string, more: PlayOptions): void =>
      expect(factsOf(play(one.turns, optionsOf(one, more)).timelines), how).toEqual(whole);
    same("skip", { skip: true });
    same("byte by byte", { cuts: (bytes) => Array.from(bytes, (_, i) => i) });
    for (const step of [2, 3, 5, 7, 16, 61]) {
      const cuts = (bytes: Uint8Array) => Array.from({ length: Math.ceil(bytes.length / step) }, (_, i) => i * step);
      same(`pieces of ${step}`, { cuts });
      same(`pieces of ${step}, skip`, { cuts, skip: true });
    }
  });

  it("says the same where the proxy's answer to the SYN is the first that was captured", () => {
    const one = caseOf(name);
    const [told, swapped] = [false, true].map((swapped) => play(one.turns, optionsOf(one, { swapped })));
    expect(swapped).toEqual(told);
  });

  it("says nothing false however it is cut short", () => {
    const one = caseOf(name);
    const truth = new Set(inside(play(one.turns, optionsOf(one)).timelines));
    for (let turns = 0; turns < one.turns.length; turns++) {
      const { timelines } = play(one.turns.slice(0, turns), optionsOf(one));
      expect(inside(timelines).filter((text) => !truth.has(text))).toEqual([]);
    }
  });

  it("says nothing false of damage and gaps", () => {
    const one = caseOf(name);
    const truth = new Set(inside(play(one.turns, optionsOf(one)).timelines));
    const wound = fc.tuple(fc.noBias(fc.nat(9_999)), fc.noBias(fc.nat(9_999)), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(wound, { minLength: 1, maxLength: 4 }), (wounds) => {
        const turns = wounds.reduce<readonly Turn[]>((before, [at, inTurn, mask]) => {
          const hit = Math.floor((at / 10_000) * before.length);
          return before.map((turn, i) => (i === hit ? hurt(turn, inTurn / 10_000, mask) : turn));
        }, one.turns);
        const { timelines } = play(turns, optionsOf(one));
        for (const { tunnel } of timelines) {
          expect(tunnel?.clientBytes ?? 0).toBeGreaterThanOrEqual(0);
          expect(tunnel?.serverBytes ?? 0).toBeGreaterThanOrEqual(0);
        }
        expect(inside(timelines).filter((text) => !truth.has(text))).toEqual([]);
      }),
      { numRuns: times(60) },
    );
  });

  it("says nothing of the inside with keys of another session, half a key log or wrong secrets", () => {
    const { turns, keys } = caseOf(name);
    if (keys === null) return;
    const lines = Buffer.from(keys).toString("latin1").split("\n").filter(Boolean);
    const truth = new Set(inside(play(turns, { keys }).timelines));
    const other = readFileSync(recorded.get("tls-12-gcm")!.keysPath!);
    expect(inside(play(turns, { keys: other }).timelines)).toEqual([]);
    const wrong = lines.map((line) =>
      line.replace(/ ([0-9a-f])([0-9a-f]*)$/, (_, a, rest) => ` ${a === "0" ? "1" : "0"}${rest}`),
    );
    expect(inside(play(turns, { keys: wrong.join("\n") }).timelines)).toEqual([]);
    for (const half of [0, 1]) {
      const kept = lines.filter((_, i) => i % 2 === half).join("\n");
      expect(inside(play(turns, { keys: kept }).timelines).filter((text) => !truth.has(text))).toEqual([]);
    }
  });
});

/** A flipped byte; with mask 0 the turn is lost. */
function hurt(turn: Turn, where: number, mask: number): Turn {
  if (!("bytes" in turn)) return turn;
  const { from, bytes } = turn;
  const frame = turn.frame === undefined ? {} : { frame: turn.frame };
  if (mask === 0) return { from, gap: bytes.length, ...frame };
  const copy = bytes.slice();
  const at = Math.floor(where * copy.length);
  copy[at] = copy[at]! ^ mask;
  return { from, bytes: copy, ...frame };
}

describe("finds", () => {
  it("counts no bytes twice where a tunnel begins while a body of the proxy is passed over", () => {
    const hello = Uint8Array.from([22, 3, 1, 0, 45, 1, 0, 0, 41, 3, 3, ...Array(32).fill(7), 0, 0, 2, 0x13, 1, 1, 0]);
    const connect = "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n";
    const { timelines } = play([
      client(connect),
      proxy("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 5000\r\n\r\nsome of it"),
      client(connect),
      lost("proxy", 6_000),
      client(hello),
      proxy("0123456789"),
    ]);
    expect(timelines[0]?.tunnel).toMatchObject({ clientBytes: hello.length, serverBytes: 10 });
  });
});
