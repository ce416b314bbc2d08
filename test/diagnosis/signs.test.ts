// What records tell without keys: which timelines are suspected, and which innocent habits must not be.
import { describe, expect, it } from "vitest";
import { signsOf, TunnelsBeyond } from "../../src/diagnosis/signs/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { type Said, type Talk, tunnelOf } from "./record-talk.ts";
import { BASIC, challenged, client, FAR, ids, judged, REQUEST, server, TICKETS } from "./sign-talk.ts";

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
  ["a long way to the proxy", [{ connectMs: 72, helloMs: 92, roundTripMs: 30, records: challenged(33, BASIC, 75) }]],
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

/** Preface and SETTINGS, the request, tickets, SETTINGS, acknowledgements. */
const H2_START = [client(64, 0.1), client(150, 0.1), ...TICKETS, server(51, 0.4), client(9, 0.5), server(9, 0.6)];

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
  [
    "padded requests and answers",
    [
      {
        ...FAR,
        records: [
          client(512, 0.1),
          server(512, 2),
          client(512, 50),
          server(512, 52),
          client(768, 53),
          server(4_096, 99),
        ],
      },
    ],
    "",
  ],
  [
    "HTTP/2: a near answer behind SETTINGS, and a larger request whose size says nothing",
    [
      {
        ...FAR,
        alpnOffered: ["h2", "http/1.1"],
        records: [...H2_START, server(300, 2), client(64 + 150 + BASIC, 3), server(900, 48)],
      },
    ],
    "near-answer",
  ],
  [
    "a request as large as a ticket, seconds later",
    [
      {
        ...FAR,
        records: [
          client(REQUEST, 0.1),
          ...TICKETS,
          server(450, 2),
          client(REQUEST + 27 + 4 * 700, 5_000),
          server(900, 5_050),
        ],
      },
    ],
    "near-answer",
  ],
  ["the same answer at once from two sites", everywhere().slice(0, 2), "near-answer"],
  [
    "the same answer from every site, one of them not at once",
    [...everywhere(), { ...everywhere(44)[0]!, host: "wiki.example.com" }],
    "near-answer same-answer",
  ],
  [
    "a program that comes back every minute",
    [0, 1, 2, 3].map((i) => ({
      ...FAR,
      startMs: i * 60_000,
      records: [client(REQUEST, 0.1), ...TICKETS, server(450, 2)],
    })),
    "near-answer",
  ],
  [
    "HTTP/2 whose acknowledgements are hidden in other records: an early answer comes behind a late request",
    [
      {
        ...FAR,
        alpnOffered: ["h2", "http/1.1"],
        records: [
          client(64, 0.1),
          client(150, 0.2),
          ...TICKETS,
          server(70, 0.4),
          client(50, 1),
          server(3_000, 44),
          client(60, 60),
          server(450, 62),
          client(60 + BASIC, 63),
          server(900, 108),
        ],
      },
    ],
    "",
  ],
  [
    "a request that is sent while the first one waits",
    [
      {
        ...FAR,
        records: [
          client(REQUEST, 0.1),
          ...TICKETS,
          client(REQUEST, 42),
          server(450, 44),
          client(REQUEST + BASIC, 45),
          server(450, 90),
        ],
      },
    ],
    "",
  ],
  [
    "a body that is sent when the ticket has come already",
    [
      {
        ...FAR,
        records: [client(REQUEST, 0.1), server(233, 0.5), client(REQUEST + 27 + 4 * 700, 0.8), server(900, 45)],
      },
    ],
    "",
  ],
  [
    "the same answer from every site, most of them near",
    [
      ...everywhere(),
      ...[0, 1, 2, 3, 4].map((i) => ({ ...everywhere()[0]!, host: `www${i}.example.com`, connectMs: 2, helloMs: 3 })),
    ],
    "near-answer same-answer",
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
      expect(found).toMatchObject({ suspected: true, orRefusal: true });
    }
  });

  it("suspects the same answer at once from every site, to page and icon", () => {
    const talks = everywhere().map((talk) => ({
      ...talk,
      records: [...talk.records, client(360, 30), server((talk.host ?? "").length + 462, 32)],
    }));
    expect(judged(talks).map(({ suspected }) => suspected)).toEqual(SITES.map(() => true));
    const another = talks.map((talk) => ({ ...talk, records: [...talk.records, client(360, 60), server(900, 62)] }));
    expect(judged(another).map(({ suspected }) => suspected)).toEqual(SITES.map(() => false));
  });

  it("suspects the same answer from every site though one is near, and though the client is let through then", () => {
    const near = { ...everywhere()[0]!, connectMs: 2, helloMs: 3 };
    const talks = [near, ...everywhere().slice(1)].map((talk) => ({
      ...talk,
      alpnOffered: ["h2", "http/1.1"],
      records: [...H2_START, server(450 + (talk.host ?? "").length, 2), client(50, 2.2), server(9_000, 48)],
    }));
    const through = judged(talks.slice(1));
    expect(through.map(({ suspected, orRefusal }) => [suspected, orRefusal])).toEqual(
      SITES.slice(1).map(() => [true, false]),
    );
    const brief = [near, ...everywhere().slice(1)];
    expect(judged(brief).map(({ suspected }) => suspected)).toEqual(brief.map(() => true));
  });

  it("does not suspect by likeness where another tunnel of the client brought much", () => {
    const read = tunnelOf({ stream: 9, inside: "full", records: [] });
    const much = { ...read, tunnel: { ...read.tunnel!, serverBytes: 90_000 } };
    const suspected = (others: readonly Timeline[]): number =>
      [
        ...signsOf([...everywhere().map((talk, stream) => tunnelOf({ stream, ...talk })), ...others], {
          ruledOut: () => false,
          beyond: new TunnelsBeyond(),
          legs: () => [],
        }).values(),
      ].filter((one) => one.suspected).length;
    expect(suspected([])).toBe(SITES.length);
    expect(suspected([read])).toBe(SITES.length);
    expect(suspected([much])).toBe(0);
    expect(suspected([much, tunnelOf({ stream: 10, inside: "full", records: [] })])).toBe(0);
    expect(suspected([{ ...much, client: { ip: "192.0.2.99", port: 1 } }])).toBe(SITES.length);
  });

  it.each(INNOCENT)("does not suspect: %s", (_name, talks, signs) => {
    const found = judged(talks);
    expect(found.map(({ suspected }) => suspected)).toEqual(talks.map(() => false));
    expect(ids(found[0])).toBe(signs);
  });

  it("leaves SETTINGS and tickets out of an answer's size", () => {
    const [found] = judged([{ ...FAR, alpnOffered: ["h2", "http/1.1"], records: [...H2_START, server(300, 2)] }]);
    expect(found?.signs[0]?.text).toContain("the answer of 300 bytes");
    expect(judged([{ ...FAR, records: challenged() }])[0]?.signs[0]?.text).toContain("the answer of 450 bytes");
  });

  it("takes no page for a challenge, however near it is", () => {
    const page = (bytes: number): readonly Said[] => [
      ...[client(REQUEST, 0.1), ...TICKETS, server(bytes, 2)],
      ...[client(REQUEST + BASIC, 5), server(2_400, 50)],
    ];
    const near = (bytes: number): boolean => ids(judged([{ ...FAR, records: page(bytes) }])[0]).includes("near-answer");
    expect([80, 8_192].map(near)).toEqual([true, true]);
    expect([79, 8_193].map(near)).toEqual([false, false]);
  });

  it("lists nothing and suspects nothing where interception is ruled out", () => {
    for (const [, talks] of SUSPECTED)
      expect(judged(talks, true).every(({ signs, suspected }) => signs.length === 0 && !suspected)).toBe(true);
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
