// Connections beyond those that are kept: what is counted of them is what would have been said, or less.
import { describe, expect, it } from "vitest";
import { Collector, type Diagnosis, type Verdict } from "../../src/diagnosis/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { ACCEPTED, asked, BASIC, CHALLENGED, read, SENT } from "./asked.ts";
import { QUALITY } from "./diagnose.ts";
import { atMs, tunnelOf } from "./record-talk.ts";
import { BASIC as BASIC_BYTES, challenged, client, FAR, REQUEST, server, TICKETS } from "./sign-talk.ts";

const KEYS = { sources: [], sessions: 0, decrypted: 0, tlsConnections: 1 };
const REFUSED = { with: SENT, ...CHALLENGED };
const letThrough = (stream: number): Timeline => read(stream, [ACCEPTED], [{ status: 200 }]);

/** `connections`: how many are kept. */
function diagnosed(timelines: readonly Timeline[], connections: number, endMs = 600_000): Diagnosis {
  const collector = new Collector({ connections });
  for (const one of timelines) collector.add(one);
  return collector.finish({ ...QUALITY, end: atMs(endMs) }, KEYS);
}

function counts(timelines: readonly Timeline[], connections: number, endMs?: number): Readonly<Record<string, number>> {
  return Object.fromEntries(diagnosed(timelines, connections, endMs).verdicts);
}

/** One after the other summed up, from all to none. */
const LIMITS = [0, 1, 2, 3, 4];

describe("the answer to a challenge", () => {
  const rows: readonly [name: string, timelines: readonly Timeline[], expected: Partial<Record<Verdict, number>>][] = [
    ["on the next connection", [asked(0, [CHALLENGED]), letThrough(1)], { "auth-ok": 2 }],
    ["through a refusal", [asked(0, [CHALLENGED]), asked(1, [REFUSED]), letThrough(2)], { "auth-ok": 3 }],
    [
      "which is refused, and refused again",
      [asked(0, [CHALLENGED]), asked(1, [REFUSED]), asked(2, [REFUSED])],
      { "auth-loop": 3 },
    ],
    ["which is refused once", [asked(0, [CHALLENGED]), asked(1, [REFUSED])], { "auth-abandoned": 2 }],
    [
      "to the younger one of two",
      [asked(0, [CHALLENGED]), asked(5, [CHALLENGED]), letThrough(6)],
      { "auth-ok": 2, "auth-abandoned": 1 },
    ],
    ["that came too late", [asked(0, [CHALLENGED]), letThrough(125)], { "auth-ok": 0, "auth-abandoned": 1, ok: 1 }],
    [
      "of somebody else behind the same address",
      [asked(0, [REFUSED]), read(1, [{ with: { ...SENT, user: "lee" }, status: 200 }], [{ status: 200 }])],
      { "auth-abandoned": 1, ok: 1 },
    ],
    [
      "to another target",
      [asked(0, [CHALLENGED]), read(1, [{ ...ACCEPTED, target: "other.example.com:443" }], [{ status: 200 }])],
      { "auth-abandoned": 1, ok: 1 },
    ],
    [
      "and a refusal of another kind",
      [asked(0, [CHALLENGED]), asked(1, [{ with: SENT, status: 503 }])],
      { ok: 1, "tunnel-refused": 1 },
    ],
    ["that never came", [asked(0, [CHALLENGED])], { "auth-abandoned": 1 }],
  ];

  it.each(rows)("%s counts the same wherever the limit is", (_name, timelines, expected) => {
    const told = Object.fromEntries(Object.entries(expected).filter(([, count]) => count > 0));
    for (const limit of LIMITS) expect(counts(timelines, limit), `${limit} kept`).toEqual(told);
  });

  it("is found where it was over before the challenged connection was, and leaves nothing wrong", () => {
    for (const limit of LIMITS) {
      expect(counts([letThrough(1), asked(0, [CHALLENGED])], limit)["auth-ok"], `${limit} kept`).toBeGreaterThan(0);
      expect(diagnosed([letThrough(1), asked(0, [CHALLENGED])], limit).verdict).toBe("auth-ok");
    }
  });

  it.each<[name: string, timelines: readonly Timeline[]]>([
    [
      "of somebody else",
      [read(1, [{ with: { ...SENT, user: "lee" }, status: 200 }], [{ status: 200 }]), asked(0, [REFUSED])],
    ],
    [
      "for another target",
      [read(1, [{ ...ACCEPTED, target: "other.example.com:443" }], [{ status: 200 }]), asked(0, [CHALLENGED])],
    ],
    ["that came too late", [letThrough(125), asked(0, [CHALLENGED])]],
    ["that came before", [letThrough(0), asked(1, [CHALLENGED])]],
  ])("%s is none where it was over first", (_name, timelines) => {
    expect(counts(timelines, 0)).toMatchObject({ "auth-abandoned": 1 });
    expect(counts(timelines, 1)).toMatchObject({ "auth-abandoned": 1 });
  });

  it("of who was refused is found where it was over first", () => {
    expect(diagnosed([letThrough(1), asked(0, [REFUSED])], 0).verdict).toBe("auth-ok");
  });

  it("is found among those of ten thousand other clients", () => {
    const others = Array.from({ length: 10_000 }, (_, i) => letThrough(i + 2)).map((one, i) => ({
      ...one,
      client: { ...one.client, ip: `10.9.${i >> 8}.${i & 255}` },
    }));
    const timelines = [...others.slice(0, 5_000), letThrough(1), ...others.slice(5_000, 7_000), asked(0, [CHALLENGED])];
    expect(diagnosed(timelines, 0).verdicts.get("auth-abandoned")).toBeUndefined();
  });

  it("leaves open how it ended where the capture does", () => {
    const answer = { with: SENT, status: null };
    for (const limit of LIMITS) {
      expect(counts([asked(0, [CHALLENGED]), asked(1, [answer])], limit, 2_000)).toEqual({ incomplete: 2 });
    }
    expect(counts([asked(1, [answer]), asked(0, [CHALLENGED])], 0, 2_000)).toEqual({ incomplete: 2 });
  });
});

describe("a challenge that nobody answered", () => {
  const open = asked(0, [CHALLENGED], { clientEnd: "capture-end", closedBy: "open" });

  it("is not given up where the capture ends with it, kept or not", () => {
    for (const limit of LIMITS) {
      expect(counts([open], limit, 500)).toEqual({ incomplete: 1 });
      expect(counts([open], limit, 60_000)).toEqual({ "auth-abandoned": 1 });
    }
  });

  it("may have been answered where the beginning of a later connection is missing, kept or not", () => {
    const headless = asked(1, [], {
      lateStart: true,
      firstFrame: 1_000,
      tunnel: read(1, [], [{ status: 200 }]).tunnel,
    });
    for (const limit of LIMITS) {
      const { verdicts } = diagnosed([asked(0, [CHALLENGED]), headless], limit);
      expect(verdicts.get("auth-abandoned"), `${limit} kept`).toBeUndefined();
    }
  });
});

describe("the sums", () => {
  it("are told apart by verdict, client, proxy and target, and cite the first of each", () => {
    const timelines = [
      asked(3, [{ status: 503 }]),
      asked(2, [{ status: 503 }]),
      asked(4, [{ status: 503, target: "other.example.com:443" }]),
      asked(5, [{ status: 503 }], { client: { ip: "192.0.2.99", port: 50_005 } }),
      asked(6, [{ status: 503 }], { proxy: { ip: "2001:db8::80", port: 3128 } }),
      asked(7, [CHALLENGED]),
    ];
    const { facts } = diagnosed(timelines, 0);
    expect(
      facts.folded.map(({ firstStream, count, client, proxy, target, verdict }) =>
        [firstStream, count, client, proxy, target, verdict].join(" "),
      ),
    ).toEqual([
      "2 2 192.0.2.17 192.0.2.80:8080 www.example.com:443 tunnel-refused",
      "4 1 192.0.2.17 192.0.2.80:8080 other.example.com:443 tunnel-refused",
      "5 1 192.0.2.99 192.0.2.80:8080 www.example.com:443 tunnel-refused",
      "6 1 192.0.2.17 [2001:db8::80]:3128 www.example.com:443 tunnel-refused",
      "7 1 192.0.2.17 192.0.2.80:8080 www.example.com:443 auth-abandoned",
    ]);
  });

  it("are told apart by verdict and proxy only where there are very many", () => {
    const timelines = Array.from({ length: 2_010 }, (_, n) =>
      asked(n, [{ status: 503 }], { client: { ip: `10.1.${n >> 8}.${n & 255}`, port: 50_000 } }),
    );
    const { facts } = diagnosed([...timelines, asked(0, [{ status: 503, challenges: [BASIC] }])], 0);
    expect(facts.folded.length).toBe(2_001);
    const rest = facts.folded.filter(({ client }) => client === "several");
    expect(rest.map(({ count, firstStream, target }) => ({ count, firstStream, target }))).toEqual([
      { count: 11, firstStream: 0, target: null },
    ]);
    expect(facts.folded.reduce((sum, { count }) => sum + count, 0)).toBe(2_011);
  });

  it("are told apart by verdict and proxy there in whatever order they come", () => {
    const from = (n: number, status: number, proxy: Timeline["proxy"]): Timeline =>
      asked(n, [{ status }], { client: { ip: `10.1.${n >> 8}.${n & 255}`, port: 50_000 }, proxy });
    const [one, other, third] = ["192.0.2.80", "192.0.2.81", "192.0.2.80"].map((ip, i) => ({
      ip,
      port: 8080 + (i >> 1),
    }));
    const first = Array.from({ length: 2_000 }, (_, n) => from(n, 503, one!));
    const beyond = [
      ...[from(2_000, 503, one!), from(2_001, 503, other!), from(2_002, 503, third!), from(2_003, 401, third!)],
      ...[from(2_004, 503, third!), from(2_005, 503, one!)],
    ];
    const { facts } = diagnosed([...first, ...beyond], 0);
    const rest = facts.folded.filter(({ client }) => client === "several");
    expect(rest.map(({ verdict, proxy, count }) => `${verdict} ${proxy} ${count}`)).toEqual([
      "tunnel-refused 192.0.2.80:8080 2",
      "tunnel-refused 192.0.2.81:8080 1",
      "tunnel-refused 192.0.2.80:8081 2",
      "connect-401 192.0.2.80:8081 1",
    ]);
  });
});

describe("signs without keys", () => {
  const SITES = ["www.example.com", "shop.example.net", "docs.example.org", "news.example.edu"];
  const alike = (host: string, stream: number): Timeline =>
    tunnelOf({
      stream,
      host,
      ...FAR,
      records: [client(400 + host.length, 0.1), ...TICKETS, server(450 + host.length, 2)],
    });
  /** With a page and much else: nobody asks this client everywhere. */
  const other = tunnelOf({
    stream: 9,
    host: "wiki.example.info",
    connectMs: 2,
    helloMs: 3,
    records: [client(400, 0.1), ...TICKETS, server(60_000, 80)],
  });
  const suspected = (timelines: readonly Timeline[], connections: number): number =>
    diagnosed(timelines, connections).verdicts.get("tunnel-401-suspected") ?? 0;

  it("of all tunnels of a client are none where some are only counted", () => {
    const everywhere = SITES.map(alike);
    expect(suspected(everywhere, 4)).toBe(4);
    expect(suspected([...everywhere, other], 5)).toBe(0);
    expect(suspected([...everywhere, other], 4)).toBe(0);
  });

  it("are none of an answer that another tunnel to the target shows to be far, though it is only counted", () => {
    const slow = tunnelOf({ stream: 0, ...FAR, records: challenged() });
    const quick = tunnelOf({ stream: 1, connectMs: 2, helloMs: 3, records: [client(400, 0.1), server(900, 2)] });
    expect(suspected([slow], 1)).toBe(1);
    expect(suspected([slow, quick], 2)).toBe(0);
    expect(suspected([slow, quick], 1)).toBe(0);
  });

  it("are found on tunnels that come behind the limit, with what follows them", () => {
    const before = [20, 21, 22, 23].map((stream) =>
      tunnelOf({ stream, ...FAR, host: `h${stream}.example.com`, records: [] }),
    );
    const refused = tunnelOf({ stream: 30, ...FAR, records: [client(REQUEST, 0.1), ...TICKETS, server(450, 2)] });
    const again = tunnelOf({
      stream: 31,
      ...FAR,
      records: [client(REQUEST + BASIC_BYTES, 0.1), ...TICKETS, server(2_400, 45)],
    });
    expect(suspected([...before, refused, again], 9)).toBe(1);
    expect(suspected([...before, refused, again], 4)).toBe(1);
    // Each is counted once, whether it was kept or not.
    const { verdicts, tunnels } = diagnosed([...before, asked(1, [CHALLENGED]), refused, again], 4);
    expect([...verdicts.values()].reduce((sum, count) => sum + count, 0)).toBe(7);
    expect(tunnels).toBe(6);
  });
});

describe("a verdict that rests on a part of the connections", () => {
  const told = (connections: number, quality = {}) => {
    const collector = new Collector({ connections });
    for (const one of [asked(0, [CHALLENGED]), letThrough(1), asked(2, [{ status: 503 }])]) collector.add(one);
    const { findings } = collector.finish({ ...QUALITY, ...quality }, KEYS);
    return findings.filter(({ id }) => id === "capture-quality");
  };

  it("says so, and how all are judged together", () => {
    expect(told(3)).toEqual([]);
    expect(told(0)).toEqual([
      expect.objectContaining({
        title: "Not all connections of this capture were judged together",
        detail: expect.stringMatching(/^3 of 3 connections were judged each by itself/),
        advice: expect.objectContaining({ helpdesk: expect.stringContaining("--max-connections 3.") }),
      }),
    ]);
    expect(told(0, { cutShort: true })).toEqual([
      expect.objectContaining({
        title: "The capture is not whole",
        evidence: [expect.stringContaining("ends in the middle"), expect.stringContaining("3 of 3 connections")],
      }),
    ]);
  });
});
