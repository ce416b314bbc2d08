// Talks for the tests of signs: who says how much when, and what is made of it.

import { type SignsFound, signsOf, TunnelsBeyond } from "../../src/diagnosis/signs/index.ts";
import type { ServerLeg } from "../../src/proxy/index.ts";
import { type Said, type Talk, tunnelOf } from "./record-talk.ts";

export function judged(
  talks: readonly Talk[],
  ruledOut = false,
  legs: readonly ServerLeg[] = [],
): readonly SignsFound[] {
  const timelines = talks.map((talk, stream) => tunnelOf({ stream, ...talk }));
  const beyond = new TunnelsBeyond();
  const found = signsOf(timelines, { ruledOut: () => ruledOut, legs: () => legs, beyond });
  return timelines.map((timeline) => found.get(timeline) ?? { signs: [], suspected: false, orRefusal: false });
}

export function ids(found: SignsFound | undefined): string {
  return found?.signs.map(({ id }) => id).join(" ") ?? "";
}

export const FAR = { connectMs: 42, helloMs: 60 } as const;
/** "Authorization: Basic " with 16 bytes of base64, and the line end. */
export const BASIC = 39;
export const REQUEST = 420;

export function client(bytes: number, ms: number): Said {
  return { from: "client", bytes, ms };
}
export function server(bytes: number, ms: number): Said {
  return { from: "server", bytes, ms };
}

/** Two tickets, as OpenSSL and BoringSSL send them, 0.3 ms behind the handshake. */
export const TICKETS = [server(233, 0.3), server(233, 0.3)];

/** Challenged at once, answered with Basic credentials, let through on the way to the origin. */
export function challenged(answerMs = 2, growth = BASIC, finalMs = 45): readonly Said[] {
  return [
    client(REQUEST, 0.1),
    ...TICKETS,
    server(140, answerMs),
    server(310, answerMs + 0.1),
    client(REQUEST + growth, answerMs + 3),
    server(2_400, answerMs + 3 + finalMs),
  ];
}

/** The proxy's own connection to a host, with records that passed so long behind a tunnel's handshake. */
export function legOf(host: string, records: readonly Said[]): ServerLeg {
  const { tunnel, start, end } = tunnelOf({ host, records });
  return {
    stream: 90,
    proxy: { ip: "192.0.2.80", port: 40_000 },
    origin: { ip: "198.51.100.7", port: 443 },
    firstFrame: 1,
    start,
    end,
    tls: tunnel!.tls,
    exchanges: [],
    whole: true,
    filled: null,
    lateStart: false,
  };
}
