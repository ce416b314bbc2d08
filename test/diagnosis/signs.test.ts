// What records tell without keys: which timelines are suspected, and which innocent habits must not be.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SignsFound, signsOf } from "../../src/diagnosis/signs/index.ts";
import type { ServerLeg } from "../../src/proxy/index.ts";
import { atMs, type Said, type Talk, tunnelOf } from "./record-talk.ts";

function judged(talks: readonly Talk[], ruledOut = false, legs: readonly ServerLeg[] = []): readonly SignsFound[] {
  const timelines = talks.map((talk, stream) => tunnelOf({ stream, ...talk }));
  const found = signsOf(timelines, { ruledOut: () => ruledOut, legs: () => legs });
  return timelines.map((timeline) => found.get(timeline) ?? { signs: [], suspected: false });
}

function ids(found: SignsFound | undefined): string {
  return found?.signs.map(({ id }) => id).join(" ") ?? "";
}

const FAR = { connectMs: 42, helloMs: 60 } as const;
/** "Authorization: Basic " with 16 bytes of base64, and the line end. */
const BASIC = 39;
const REQUEST = 420;

function client(bytes: number, ms: number): Said {
  return { from: "client", bytes, ms };
}
function server(bytes: number, ms: number): Said {
  return { from: "server", bytes, ms };
}

/** Two tickets, as OpenSSL and BoringSSL send them, 0.3 ms behind the handshake. */
const TICKETS = [server(233, 0.3), server(233, 0.3)];

/** Challenged at once, answered with Basic credentials, let through on the way to the origin. */
function challenged(answerMs = 2, growth = BASIC, finalMs = 45): readonly Said[] {
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
function legOf(host: string, records: readonly Said[]): ServerLeg {
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
  };
}

const SUSPECTED: readonly (readonly [name: string, talks: readonly Talk[]])[] = [
  ["Basic credentials after a near answer", [{ ...FAR, records: challenged() }]],
  [
    "refused again with the same answer",
    [
      {
        ...FAR,
        records: challenged(2, BASIC, 2).map((said, i, all) => (i === all.length - 1 ? server(450, said.ms) : said)),
      },
    ],
  ],
  [
    "NTLM in two steps",
    [
      {
        ...FAR,
        records: [
          client(REQUEST, 0.1),
          ...TICKETS,
          server(450, 2),
          client(REQUEST + 78, 2.5),
          server(780, 4),
          client(REQUEST + 78 + 612, 4.5),
          server(9_000, 50),
        ],
      },
    ],
  ],
  ["a Kerberos ticket", [{ ...FAR, records: challenged(2, 27 + 4 * 700) }]],
  [
    "asked again on a tunnel of its own, where the first one was closed",
    [
      { ...FAR, startMs: 0, records: [client(REQUEST, 0.1), ...TICKETS, server(450, 2)] },
      { ...FAR, startMs: 500, records: [client(REQUEST + BASIC, 0.1), server(233, 0.3), server(2_000, 45)] },
    ],
  ],
  ["TLS 1.2", [{ ...FAR, version: 0x0303, records: challenged().filter((said) => said.bytes !== 233) }]],
  [
    "a second answer at the tenth request",
    [
      {
        ...FAR,
        records: [
          ...later(9),
          ...challenged()
            .filter(({ bytes }) => bytes !== 233)
            .map((said) => ({ ...said, ms: said.ms + 2_000 })),
        ],
      },
    ],
  ],
];

/** So many requests that the origin answers from afar. */
function later(times: number): readonly Said[] {
  return Array.from({ length: times }, (_, i) => [client(REQUEST, i * 100), server(3_000 + i, i * 100 + 44)]).flat();
}

const SITES = ["www.example.com", "shop.example.net", "docs.example.org", "news.example.edu"];

/** The same answer at once from every site. */
function everywhere(answerMs = 2): Talk[] {
  return SITES.map((host) => ({
    host,
    ...FAR,
    records: [client(400 + host.length, 0.1), ...TICKETS, server(450 + host.length, answerMs)],
  }));
}

const INNOCENT: readonly (readonly [name: string, talks: readonly Talk[], signs: string])[] = [
  ["the origin's own challenge, answered", [{ ...FAR, records: challenged(44) }], ""],
  ["the origin's own challenge, the origin near", [{ records: challenged(2, BASIC, 2) }], "credentials-repeat"],
  [
    "an origin that is near behind a slow set-up: the page comes at once, too",
    [{ ...FAR, records: challenged(2, BASIC, 3) }],
    "near-answer credentials-repeat near-answer",
  ],
  [
    "a set-up that was slow once only",
    [{ ...FAR, records: challenged() }, { records: later(2) }],
    "credentials-repeat",
  ],
  [
    "one measure alone is slow: a certificate was made",
    [{ connectMs: 2, helloMs: 60, records: challenged() }],
    "credentials-repeat",
  ],
  [
    "a refusal by the proxy: small, at once, and over",
    [{ ...FAR, records: [client(REQUEST, 0.1), ...TICKETS, server(450, 2)] }],
    "near-answer",
  ],
  [
    "a redirect by the proxy, then a request that is larger by anything",
    [{ ...FAR, records: challenged(2, 40) }],
    "near-answer",
  ],
  ["tickets alone, then a slow answer", [{ ...FAR, records: [client(REQUEST, 0.1), ...TICKETS, server(450, 60)] }], ""],
  [
    "one ticket, then a slow answer",
    [{ ...FAR, records: [client(REQUEST, 0.1), server(233, 0.3), server(450, 60)] }],
    "",
  ],
  [
    "one ticket, and a long poll that is given up",
    [
      {
        ...FAR,
        records: [client(REQUEST, 0.1), server(233, 0.3), client(REQUEST + BASIC, 30_000), server(450, 30_050)],
      },
    ],
    "",
  ],
  [
    "100 Continue, then a body",
    [
      {
        ...FAR,
        records: [client(REQUEST, 0.1), ...TICKETS, server(25, 1), client(REQUEST + BASIC, 1.2), server(450, 60)],
      },
    ],
    "",
  ],
  [
    "a preflight that the site answers, then a larger request",
    [
      {
        ...FAR,
        records: [
          client(REQUEST, 0.1),
          ...TICKETS,
          server(190, 44),
          client(REQUEST + 27 + 4 * 500, 45),
          server(900, 90),
        ],
      },
    ],
    "",
  ],
  [
    "answers of several sizes from the proxy's cache",
    [
      {
        ...FAR,
        records: [
          ...challenged(),
          client(REQUEST, 300),
          server(1_900, 301),
          client(REQUEST, 400),
          server(700, 401),
          client(REQUEST, 500),
          server(3_000, 501),
        ],
      },
    ],
    "credentials-repeat",
  ],
  [
    "SETTINGS of HTTP/2 come first, and answers from afar",
    [
      {
        ...FAR,
        alpnOffered: ["h2", "http/1.1"],
        records: [
          client(64, 0.1),
          client(150, 0.1),
          ...TICKETS,
          server(51, 0.4),
          client(9, 0.5),
          server(9, 0.6),
          server(300, 44),
          client(51 + BASIC, 45),
          server(900, 90),
        ],
      },
    ],
    "",
  ],
  ["early data", [{ ...FAR, earlyData: true, records: challenged() }], ""],
  [
    "a server that speaks first",
    [{ ...FAR, version: 0x0303, records: [server(90, 1), client(30, 2), ...challenged(4)] }],
    "",
  ],
  ["no HTTP inside", [{ ...FAR, alpnOffered: ["imap"], records: challenged() }], ""],
  ["a tunnel that was read", [{ ...FAR, inside: "full", records: challenged() }], ""],
  ["unrelated sites that answer alike from afar", everywhere(44), ""],
  [
    "some sites refused, others not",
    [...everywhere(), { host: "www.example.com", ...FAR, records: later(3) }],
    "near-answer same-answer",
  ],
  [
    "one site's hosts only",
    ["a", "b", "c"].map((name) => ({ ...everywhere()[0]!, host: `${name}.example.com` })),
    "near-answer",
  ],
  [
    "names of an internal zone",
    ["a.corp", "b.lan", "c.internal"].map((host) => ({
      host,
      ...FAR,
      records: [client(400, 0.1), ...TICKETS, server(450, 2)],
    })),
    "near-answer",
  ],
  [
    "a program that comes back after a refusal",
    [0, 1, 2, 3].map((i) => ({
      ...FAR,
      startMs: i * 500,
      records: [client(REQUEST, 0.1), ...TICKETS, server(450, 2)],
    })),
    "near-answer quick-succession",
  ],
  [
    "a block cipher: sizes are not known to the byte",
    [{ ...FAR, version: 0x0303, cipherSuite: 0xc013, records: challenged() }],
    "near-answer",
  ],
  [
    "padded records",
    [{ ...FAR, records: [client(512, 0.1), ...TICKETS, server(512, 2), client(768, 2.5), server(4_096, 50)] }],
    "near-answer",
  ],
];

describe("signs", () => {
  it.each(SUSPECTED)("suspects: %s", (_name, talks) => {
    const [found] = judged(talks);
    expect(ids(found)).toContain("near-answer");
    expect(found?.suspected).toBe(true);
  });

  it("suspects the same answer at once from every site", () => {
    for (const found of judged(everywhere())) {
      expect(ids(found)).toBe("near-answer same-answer");
      expect(found.suspected).toBe(true);
    }
  });

  it("suspects the same answer at once from every site, to page and icon", () => {
    const talks = everywhere().map((talk) => ({
      ...talk,
      records: [...talk.records, client(360, 30), server((talk.host ?? "").length + 462, 32)],
    }));
    expect(judged(talks).map(({ suspected }) => suspected)).toEqual(SITES.map(() => true));
    const another = talks.map((talk) => ({ ...talk, records: [...talk.records, client(360, 60), server(900, 100)] }));
    expect(judged(another).map(({ suspected }) => suspected)).toEqual(SITES.map(() => false));
  });

  it.each(INNOCENT)("does not suspect: %s", (_name, talks, signs) => {
    const found = judged(talks);
    expect(found.map(({ suspected }) => suspected)).toEqual(talks.map(() => false));
    expect(ids(found[0])).toBe(signs);
  });

  it("lists nothing and suspects nothing where interception is ruled out", () => {
    for (const [, talks] of SUSPECTED)
      expect(judged(talks, true).every(({ signs, suspected }) => signs.length === 0 && !suspected)).toBe(true);
  });

  describe("where the proxy's connections to origins are in the capture", () => {
    const near: Talk = { records: challenged() };

    it("suspects an answered challenge that no origin was asked for, however near the origin is", () => {
      const [found] = judged([near], false, [legOf("www.example.com", [client(500, 300), server(2_000, 310)])]);
      expect(ids(found)).toBe("never-forwarded credentials-repeat never-forwarded");
      expect(found?.suspected).toBe(true);
    });

    it("suspects nothing that was sent on", () => {
      const leg = legOf("www.example.com", [client(500, 1), server(460, 1.5)]);
      const [found] = judged([near], false, [leg]);
      expect(ids(found)).not.toContain("credentials-repeat");
      expect(found?.suspected).toBe(false);
    });

    it("says nothing where the legs are those of another time", () => {
      const leg = { ...legOf("www.example.com", []), start: atMs(500_000), end: atMs(501_000) };
      expect(ids(judged([near], false, [leg])[0])).toBe("credentials-repeat");
    });
  });

  it("cites frames that the tunnel has, with figures", () => {
    for (const [, talks] of SUSPECTED) {
      for (const { signs } of judged(talks)) {
        for (const sign of signs) {
          expect(sign.frames).toContain(sign.frame);
          expect(sign.text).toMatch(/\d+ bytes.*frame \d+/);
        }
      }
    }
  });
});

// --- properties

const smallAnswers = fc.integer({ min: 40, max: 9_000 });

/** An origin's answers: never sooner than the way takes; requests grow by whatever they like. */
const innocentTurns = fc.array(
  fc.record({
    request: fc.integer({ min: 60, max: 2_000 }),
    growth: fc.constantFrom(BASIC, 78, 27 + 4 * 600, 5),
    answer: fc.array(smallAnswers, { minLength: 1, maxLength: 3 }),
    tookMs: fc.integer({ min: 40, max: 5_000 }),
  }),
  { minLength: 1, maxLength: 8 },
);

function recordsOf(turns: typeof innocentTurns extends fc.Arbitrary<infer T> ? T : never): Said[] {
  let ms = 0.1;
  return turns.flatMap(({ request, growth, answer, tookMs }) => {
    const asked = ms;
    ms += 2 * tookMs + 3;
    return [
      client(request, asked),
      ...answer.map((bytes, i) => server(bytes, asked + tookMs + i)),
      client(request + growth, asked + tookMs + 3),
      server(answer[0]!, asked + 2 * tookMs + 3),
    ];
  });
}

/** What implementations put between. */
const extras = fc.record({
  tickets: fc
    .array(fc.integer({ min: 80, max: 1_500 }), { maxLength: 1 })
    .chain((sizes) =>
      fc
        .integer({ min: 1, max: 4 })
        .map((times) => sizes.flatMap((bytes) => Array.from({ length: times }, () => server(bytes, 0.3)))),
    ),
  padding: fc.constantFrom(1, 16, 64, 256, 512),
  h2: fc.boolean(),
  roundTripMs: fc.integer({ min: 0, max: 30 }),
});

describe("properties of signs", () => {
  it("never suspects answers that took the way, whatever tickets, SETTINGS, padding and sizes there are", () => {
    fc.assert(
      fc.property(innocentTurns, extras, (turns, { tickets, padding, h2, roundTripMs }) => {
        const pad = (said: Said): Said => ({ ...said, bytes: Math.ceil(said.bytes / padding) * padding });
        const settings = h2 ? [client(64, 0.1), server(51, 0.5), client(9, 0.6), server(9, 0.7)] : [];
        const records = [...settings, ...tickets, ...recordsOf(turns)]
          .map(padding === 1 ? (said) => said : pad)
          .map((said) => ({ ...said, ms: said.ms + (said.from === "server" ? roundTripMs : 0) }))
          .sort((a, b) => a.ms - b.ms);
        const talk = {
          connectMs: 42 + roundTripMs,
          helloMs: 60 + roundTripMs,
          roundTripMs,
          alpnOffered: h2 ? ["h2", "http/1.1"] : ["http/1.1"],
          records,
        };
        expect(judged([talk]).some(({ suspected }) => suspected)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("a sign that is taken away takes the suspicion away", () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 4_000 }), fc.constantFrom(0, 1, 2, 5, 22, 40, 41), (tookMs, growth) => {
        expect(judged([{ ...FAR, records: challenged() }])[0]?.suspected).toBe(true);
        expect(judged([{ ...FAR, records: challenged(tookMs) }])[0]?.suspected).toBe(false);
        expect(judged([{ ...FAR, records: challenged(2, growth) }])[0]?.suspected).toBe(false);
      }),
    );
  });

  it("tickets, SETTINGS and padding of the answer do not hide a suspicion's signs", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 90, max: 900 }), (times, bytes) => {
        const tickets = Array.from({ length: times }, () => server(bytes, 0.4));
        const [request, ...rest] = challenged().filter((said) => said.bytes !== 233);
        const [found] = judged([{ ...FAR, records: [request!, ...tickets, ...rest] }]);
        expect(found?.suspected).toBe(true);
      }),
    );
  });
});
