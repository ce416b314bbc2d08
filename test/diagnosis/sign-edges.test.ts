// Signs at their edges: each condition that keeps an innocent tunnel out of a suspicion, and each that says how sure one is, by itself.
import { describe, expect, it } from "vitest";
import { firstOfClient } from "../../src/diagnosis/legs.ts";
import { signsOf, TunnelsBeyond } from "../../src/diagnosis/signs/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { TYPE_3 } from "./asked.ts";
import { type Said, type Talk, tunnelOf } from "./record-talk.ts";
import { BASIC, challenged, client, FAR, ids, judged, legOf, REQUEST, server, TICKETS } from "./sign-talk.ts";

/** NTLM's last message in place of its first: four bytes at a time. */
const NTLM_LAST = 612;
const CBC = 0xc013;

function found(timelines: readonly Timeline[]): readonly string[] {
  const all = signsOf(timelines, { ruledOut: () => false, beyond: new TunnelsBeyond(), legs: () => [] });
  return timelines.map((one) => `${ids(all.get(one))} ${all.get(one)?.suspected === true}`);
}

describe("NTLM's last message in place of its first", () => {
  const turns = (...sizes: readonly (readonly [asked: number, answered: number, tookMs: number])[]): readonly Said[] =>
    sizes.flatMap(([asked, answered, tookMs], i) => [
      client(asked, 0.1 + 100 * i),
      ...(i === 0 ? TICKETS : []),
      server(answered, 0.1 + 100 * i + tookMs),
    ]);

  it("counts at the first turn, where a client begins with its first message", () => {
    const records = turns([REQUEST, 450, 2], [REQUEST + NTLM_LAST, 9_000, 50]);
    expect(judged([{ ...FAR, records }]).map((one) => [ids(one), one.suspected])).toEqual([
      ["near-answer credentials-repeat", true],
    ]);
  });

  it("counts behind its first message, and nowhere else: a request may be larger by as much for any reason", () => {
    const steps = turns([REQUEST, 450, 2], [REQUEST + 78, 460, 2], [REQUEST + 78 + NTLM_LAST, 9_000, 50]);
    expect(ids(judged([{ ...FAR, records: steps }])[0])).toBe(
      "near-answer credentials-repeat near-answer credentials-repeat",
    );
    const later = turns([REQUEST, 450, 2], [REQUEST, 460, 2], [REQUEST + NTLM_LAST, 9_000, 50]);
    expect(judged([{ ...FAR, records: later }]).map((one) => [ids(one), one.suspected])).toEqual([
      ["near-answer near-answer", false],
    ]);
    const apart = turns(
      ...([
        [REQUEST, 450, 2],
        [REQUEST + 78, 3_000, 50],
        [REQUEST, 460, 2],
        [REQUEST + NTLM_LAST, 9_000, 50],
      ] as const),
    );
    expect(ids(judged([{ ...FAR, records: apart }])[0])).toBe("near-answer credentials-repeat near-answer");
  });

  it("follows no answer that is too short for NTLM's challenge", () => {
    const records = (answer: number) => turns([REQUEST, answer, 2], [REQUEST + NTLM_LAST, 9_000, 50]);
    expect(judged([{ ...FAR, records: records(180) }])[0]?.suspected).toBe(true);
    expect(judged([{ ...FAR, records: records(179) }])[0]?.suspected).toBe(false);
  });
});

describe("a draft of TLS 1.3", () => {
  const DRAFT_28 = 0x7f1c;

  it("shows the signs that TLS 1.3 shows", () => {
    const talk = { ...FAR, records: challenged() };
    expect(judged([{ ...talk, version: DRAFT_28, cipherSuite: 0x1301 }])).toEqual(judged([talk]));
  });

  it("has a Finished in front of what a proxy asks on a leg", () => {
    const { tls } = tunnelOf({ version: DRAFT_28, records: challenged() }).tunnel!;
    const leg = { ...legOf("www.example.com", []), tls };
    expect(firstOfClient(leg)).toMatchObject({ kind: "applicationData", from: "client" });
  });
});

describe("the way to the origin", () => {
  const BY_CONNECT = "CONNECT to its answer";
  const BY_HELLO = "ClientHello to ServerHello";

  it.each<readonly [connectMs: number, helloMs: number, told: string]>([
    [42, 60, `42 ms (${BY_CONNECT}`],
    [60, 42, `42 ms (${BY_HELLO}`],
    [42, 3, `42 ms (${BY_CONNECT}`],
    [3, 60, `60 ms (${BY_HELLO}`],
  ])("is told with what shows it, where the CONNECT takes %d ms and the handshake %d", (connectMs, helloMs, told) => {
    const talk: Talk = { connectMs, helloMs, roundTripMs: 0, records: challenged(1) };
    expect(judged([talk, { ...talk, startMs: 5_000 }])[0]?.signs[0]?.text).toContain(told);
  });
});

describe("tunnels that are only counted", () => {
  it("are those of one proxy: another port of the same address is another one", () => {
    const beyond = new TunnelsBeyond();
    const own = tunnelOf({ ...FAR, records: [] });
    const other = { ...own, proxy: { ...own.proxy, port: own.proxy.port + 1 } };
    beyond.add(own);
    expect([beyond.mayHave(own), beyond.mayHave(other)]).toEqual([true, false]);
    expect([beyond.shortestTo(own), beyond.shortestTo(other)]).toEqual([expect.objectContaining({ lesser: 41 }), null]);
  });

  it("show no way where one of them was set up at once, whenever that was", () => {
    const [slow, quick] = [tunnelOf({ ...FAR, records: [] }), tunnelOf({ connectMs: 2, helloMs: 3, records: [] })];
    for (const order of [
      [slow, quick],
      [quick, slow],
    ]) {
      const beyond = new TunnelsBeyond();
      for (const one of order) beyond.add(one);
      expect(beyond.shortestTo(slow)).toBe("short");
    }
  });
});

describe("HTTP/2", () => {
  /** A record that carries nothing, whatever is spoken. */
  const EMPTY = 0;
  const talk = (more: readonly Said[]): Talk => ({
    ...FAR,
    alpnOffered: ["h2", "http/1.1"],
    records: [client(64, 0.1), client(150, 0.1), ...TICKETS, server(51, 0.4), client(9, 0.5), ...more, server(300, 2)],
  });

  it.each([
    ["an acknowledgement of SETTINGS", 9],
    ["a WINDOW_UPDATE or RST_STREAM", 13],
    ["a PING", 17],
    ["an acknowledgement and a WINDOW_UPDATE in one record", 22],
    ["two WINDOW_UPDATEs in one record", 26],
  ])("says nothing with %s", (_name, bytes) => {
    expect(judged([talk([client(bytes, 0.6)])])).toEqual(judged([talk([client(EMPTY, 0.6)])]));
  });
});

describe("a request that comes again on the next tunnel", () => {
  const first: Talk = { ...FAR, startMs: 0, records: [client(REQUEST, 0.1), ...TICKETS, server(450, 2)] };
  const next: Talk = {
    ...FAR,
    startMs: 500,
    records: [client(REQUEST + BASIC, 0.1), server(233, 0.3), server(2_000, 45)],
  };
  const pair = (one: Partial<Talk>, other: Partial<Talk> = {}): readonly [Timeline, Timeline] => [
    tunnelOf({ stream: 0, ...first, ...one }),
    tunnelOf({ stream: 1, ...next, ...other }),
  ];

  it("is one where the first tunnel was over, in whatever order they come", () => {
    expect(found(pair({}))).toEqual(["near-answer credentials-repeat true", " false"]);
    expect(found([...pair({})].reverse())).toEqual([" false", "near-answer credentials-repeat true"]);
  });

  it.each<readonly [string, readonly [Timeline, Timeline]]>([
    ["the first tunnel is open still", pair({ closedBy: "open" })],
    ["the next one asked before the answer", pair({}, { startMs: 1 })],
    ["the next one goes elsewhere", pair({}, { host: "news.example.com" })],
    ["somebody else asks", pair({}, { client: "192.0.2.18" })],
    [
      "the next one speaks HTTP/2",
      pair({}, { alpnOffered: ["h2", "http/1.1"], records: [...next.records, client(9, 46)] }),
    ],
    ["the next one's sizes are known to a block only", pair({}, { version: 0x0303, cipherSuite: CBC })],
    [
      "the next one's sizes only seem to fit, as a block cipher's do",
      pair({}, { version: 0x0303, cipherSuite: CBC, records: [client(REQUEST + BASIC + 16, 0.1), server(2_000, 45)] }),
    ],
    [
      "the first one's sizes only seem to fit",
      pair({ version: 0x0303, cipherSuite: CBC, records: [client(REQUEST + 16, 0.1), server(466, 2)] }),
    ],
    ["nothing was answered", pair({ records: [client(REQUEST, 0.1)] })],
    ["the answer is a page", pair({ records: [client(REQUEST, 0.1), ...TICKETS, server(9_000, 2)] })],
  ])("is none where %s", (_name, timelines) => {
    expect(found(timelines).join()).not.toContain("credentials-repeat");
    expect(found(timelines).join()).not.toContain("true");
  });
});

describe("the same answer at once from every site", () => {
  const SITES = ["www.example.com", "shop.example.net", "docs.example.org", "news.example.edu"];
  const everywhere = (more: (i: number) => readonly Said[] = () => []): Talk[] =>
    SITES.map((host, i) => ({
      host,
      ...FAR,
      records: [client(400 + host.length, 0.1), ...TICKETS, server(450 + host.length, 2), ...more(i)],
    }));
  const sure = (talks: readonly Talk[]) => judged(talks).map(({ suspected, orRefusal }) => [suspected, orRefusal]);

  it("may be a refusal of everything as long as nobody is let through, on any tunnel", () => {
    // Not by credentials that could be recognised by their size.
    const through = (i: number): readonly Said[] => (i === 2 ? [client(610, 3), server(9_000, 50)] : []);
    expect(sure(everywhere())).toEqual(SITES.map(() => [true, true]));
    expect(sure(everywhere(through))).toEqual(SITES.map(() => [true, false]));
    const again = (): readonly Said[] => [client(610, 30), server(455, 32)];
    expect(sure(everywhere(again))).toEqual(SITES.map(() => [true, true]));
  });

  it("is no mere refusal on the tunnel whose request came again with credentials", () => {
    const repeated = (i: number): readonly Said[] =>
      i === 2 ? [client(400 + SITES[2]!.length + BASIC, 30), server(450 + SITES[2]!.length, 32)] : [];
    expect(sure(everywhere(repeated))).toEqual([
      [true, true],
      [true, true],
      [true, false],
      [true, true],
    ]);
  });

  it("stays one where what came then is much", () => {
    const timelines = everywhere((i) => (i === 2 ? [client(610, 3), server(40_000, 50)] : [])).map((talk, stream) => {
      const one = tunnelOf({ stream, ...talk });
      return { ...one, tunnel: { ...one.tunnel!, serverBytes: stream === 2 ? 40_600 : 600 } };
    });
    expect(found(timelines).map((one) => one.endsWith("true"))).toEqual(SITES.map(() => true));
  });
});

describe("an answer that came at once although its request was sent on", () => {
  it("is no sign: the origin gave it, however long the way was when the tunnel was set up", () => {
    const timeline = tunnelOf({ ...FAR, records: challenged() });
    const signs = (at: number): string =>
      ids(
        signsOf([timeline], {
          ruledOut: () => false,
          beyond: new TunnelsBeyond(),
          legs: () => [legOf("www.example.com", [client(500, at), server(600, at + 0.5)])],
        }).get(timeline),
      );
    expect(signs(300)).toBe("near-answer never-forwarded credentials-repeat never-forwarded");
    // While the first request waited: nothing went out for the second.
    expect(signs(98)).toBe("never-forwarded");
  });
});

describe("near answers of other sizes", () => {
  const near = (...sizes: readonly (readonly [asked: number, answered: number, tookMs: number])[]): boolean => {
    const records = sizes.flatMap(([asked, answered, tookMs], i) => [
      client(asked, 0.1 + 100 * i),
      ...(i === 0 ? TICKETS : []),
      server(answered, 0.1 + 100 * i + tookMs),
    ]);
    const frame = tunnelOf({ records }).firstFrame + 13 + 2 * 3;
    const [found] = judged([{ ...FAR, records }]);
    return found?.signs.some(({ id, frames }) => id === "near-answer" && frames.includes(frame)) === true;
  };
  const CHALLENGE = [REQUEST, 450, 2] as const;
  const STEP = [REQUEST + 78, 780, 2] as const;
  const PASSED = [REQUEST, 9_000, 50] as const;

  it("say that the proxy answers from its cache, if there are two", () => {
    expect(near(CHALLENGE, PASSED, [REQUEST, 1_900, 2])).toBe(true);
    expect(near(CHALLENGE, PASSED, [REQUEST, 1_900, 2], [REQUEST, 700, 2])).toBe(false);
    // As large as the challenge itself: the same again.
    expect(near(CHALLENGE, PASSED, [REQUEST, 482, 2], [REQUEST, 418, 2])).toBe(true);
    expect(near(CHALLENGE, PASSED, [REQUEST, 483, 2], [REQUEST, 417, 2])).toBe(false);
  });

  it("are not counted where they answer the next step of NTLM", () => {
    expect(near(CHALLENGE, STEP, PASSED, [REQUEST, 1_900, 2])).toBe(true);
    expect(near(CHALLENGE, [REQUEST + 78, 300, 2], PASSED, [REQUEST, 1_900, 2])).toBe(true);
    expect(near(CHALLENGE, STEP, PASSED, [REQUEST, 1_900, 2], [REQUEST, 700, 2])).toBe(false);
    expect(near(CHALLENGE, PASSED, STEP, [REQUEST, 1_900, 2])).toBe(false);
    // A step that is as long as the challenge is none of the others anyway.
    expect(near(CHALLENGE, [REQUEST + 78, 470, 2], PASSED, [REQUEST, 1_900, 2], [REQUEST, 700, 2])).toBe(false);
  });

  it("say so as well if one is too large for any challenge", () => {
    expect(near(CHALLENGE, PASSED, [REQUEST, 9_000, 2])).toBe(false);
  });
});

describe("the way to the site, by which an answer is near", () => {
  /** Answered at once and let through; then so many more answers from afar. */
  const talk = (connectMs: number, helloMs: number, answerMs = 2, more = 1, finalMs = 60): Talk => ({
    connectMs,
    helloMs,
    records: [
      ...challenged(answerMs, BASIC, finalMs),
      ...Array.from({ length: more }, (_, i): readonly Said[] => [
        client(REQUEST, 200 + 100 * i),
        server(9_000, 260 + 100 * i),
      ]).flat(),
    ],
  });
  const near = (...timelines: readonly Timeline[]): boolean => found(timelines)[0]!.includes("near-answer");
  const one = (talked: Talk, change: (timeline: Timeline) => Timeline = (timeline) => timeline): boolean =>
    near(change(tunnelOf(talked)));

  it("is the shorter one of CONNECT and handshake where both show one", () => {
    expect(one(talk(60, 60, 8))).toBe(true);
    expect(one(talk(200, 30, 8))).toBe(false);
    expect(one(talk(30, 200, 8))).toBe(false);
  });

  it("has to be six times as long as the answer took", () => {
    expect([8, 12].map((ms) => one(talk(61, 61, ms)))).toEqual([true, false]);
  });

  it("has to be longer by more than round trips vary", () => {
    const far = (ms: number): Talk => ({ ...talk(154, 154, ms, 0, 160), roundTripMs: 100 });
    expect([102, 107].map((ms) => one(far(ms)))).toEqual([true, false]);
  });

  it("is shown by one measure alone if two answers took as long", () => {
    expect(one(talk(2, 61, 2, 0))).toBe(false);
    expect(one(talk(2, 61, 2, 1))).toBe(true);
    expect(one(talk(61, 2, 2, 0))).toBe(false);
    expect(one(talk(61, 2, 2, 1))).toBe(true);
  });

  it("or if a later tunnel shows it, too, but none at the same time", () => {
    // Answers that are neither near nor far.
    const first = tunnelOf({ ...talk(2, 61, 2, 0, 18), stream: 0, startMs: 0 });
    const other = (startMs: number) => tunnelOf({ ...talk(2, 61, 2, 0, 18), stream: 1, startMs });
    expect(near(first, other(5_000))).toBe(true);
    expect(near(first, other(10))).toBe(false);
  });

  it("is not shown by a CONNECT whose last step of NTLM somebody else may have checked", () => {
    const checked = (timeline: Timeline): Timeline => ({
      ...timeline,
      connects: timeline.connects.map((connect) => ({
        ...connect,
        request: { ...connect.request, proxyAuthorization: TYPE_3 },
      })),
    });
    expect(one(talk(61, 2), checked)).toBe(false);
    expect(one(talk(2, 61), checked)).toBe(true);
  });

  it("is not shown by a handshake in which the client was asked once more", () => {
    const retried = (timeline: Timeline): Timeline => {
      const tunnel = timeline.tunnel!;
      const tls = tunnel.tls!;
      return { ...timeline, tunnel: { ...tunnel, tls: { ...tls, helloRetryRequest: tls.serverHello } } };
    };
    expect(one(talk(2, 61), retried)).toBe(false);
    expect(one(talk(61, 2), retried)).toBe(true);
  });

  it("is not known where the CONNECT is not in the capture", () => {
    expect(one(talk(61, 61))).toBe(true);
    expect(one(talk(61, 61), (timeline) => ({ ...timeline, connects: [] }))).toBe(false);
  });
});

describe("a client that is answered alike everywhere", () => {
  const SITES = ["www.example.com", "shop.example.net", "docs.example.org", "news.example.edu"];
  const at = (host: string, ...more: readonly Said[]): Talk => ({
    host,
    ...FAR,
    records: [client(400 + host.length, 0.1), ...TICKETS, server(450 + host.length, 2), ...more],
  });
  const suspected = (...talks: readonly Talk[]): number =>
    judged(talks).filter((one) => one.suspected && one.orRefusal).length;
  const others = SITES.slice(1).map((host) => at(host));

  it("is not where one site was answered otherwise, at once as well", () => {
    const fifth: Talk = {
      host: "wiki.example.info",
      ...FAR,
      records: [client(400, 0.1), ...TICKETS, server(900, 2)],
    };
    expect(suspected(at(SITES[0]!), ...others)).toBe(4);
    expect(suspected(at(SITES[0]!), ...others, fifth)).toBe(0);
  });

  it("is not where the first answer was followed by another one without a request", () => {
    const later = [client(30, 5), server(9_000, 60)];
    expect(judged([at(SITES[0]!, ...later), ...others]).filter((one) => one.suspected)).toEqual([]);
    expect(
      judged([at(SITES[0]!, client(40, 5), server(9_000, 60)), ...others]).filter((one) => one.suspected),
    ).toHaveLength(4);
  });

  it("is where the last request was not answered any more", () => {
    expect(suspected(at(SITES[0]!, client(400, 30)), ...others)).toBe(4);
  });

  it("is not where the proxy's own answers are too few: two sites, or less than half of the tunnels", () => {
    /** Of these nobody knows who answered: the site is near. */
    const unknown = (host: string): Talk => ({ ...at(host), connectMs: 2, helloMs: 3 });
    const [first = "", second = "", third = "", fourth = ""] = SITES;
    expect(suspected(at(first), at(second), at(third), unknown(fourth))).toBe(4);
    expect(suspected(at(first), at(second), unknown(third))).toBe(0);
    const more = ["wiki.example.info", "mail.example.biz", "maps.example.name"].map(unknown);
    expect(suspected(at(first), at(second), at(third), ...more)).toBe(6);
    expect(suspected(at(first), at(second), at(third), ...more, unknown(fourth))).toBe(0);
  });
});
