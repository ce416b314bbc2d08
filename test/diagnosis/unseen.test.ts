// What did not happen, as far as the capture could have shown it: no verdict is made of what is only missing.
import { describe, expect, it } from "vitest";
import type { ExchangeFact, Timeline } from "../../src/proxy/index.ts";
import { ACCEPTED, asked, CHALLENGED, read, refusing, SENT } from "./asked.ts";
import { diagnosisOf } from "./diagnose.ts";
import { atMs, exchangeFact, requestHead, timeline, where } from "./record-talk.ts";

/** The verdict of the first connection, in a capture that ends then. */
function verdictOf(timelines: readonly Timeline[], endMs = 60_000): string {
  return first(timelines, endMs).verdict;
}

function first(timelines: readonly Timeline[], endMs = 60_000): { verdict: string; summary: string } {
  return diagnosisOf(timelines, { quality: { end: atMs(endMs) } }).facts.connections[0]!;
}

const OPEN = { closedBy: "open", clientEnd: "capture-end", proxyEnd: "capture-end" } as const;
const gap = (from: "client" | "proxy", frame: number): Pick<Timeline, "gaps"> => ({
  gaps: [{ from, where: where(frame, frame), length: 100 }],
});

describe("a request in a tunnel that was not answered", () => {
  /** It is sent in frame 300, 300 ms behind the start; before it there are as many that were answered with this status. */
  function waiting(
    unanswered: ExchangeFact["unanswered"],
    change: Partial<Timeline> = {},
    answered: readonly number[] = [],
  ): Timeline {
    const one = read(
      0,
      [{ status: 200 }],
      answered.map((status) => ({ status })),
    );
    const request = requestHead(where(300, 300), { method: "GET", target: "/x", form: "origin" });
    const exchanges = [...one.tunnel!.exchanges, exchangeFact(request, null, { unanswered })];
    return { ...one, end: atMs(5_000), tunnel: { ...one.tunnel!, exchanges }, ...change };
  }

  const finned = (finFrame: number): Partial<Timeline> => ({ fromProxy: { ...timeline({}).fromProxy, finFrame } });

  it.each<[string, Timeline, number, string]>([
    ["was closed on: never answered", waiting("closed"), 60_000, "no-response"],
    ["was reset on: never answered", waiting("reset", { closedBy: "reset-by-proxy" }), 60_000, "no-response"],
    ["waits at the capture's end", waiting("still-open", OPEN), 1_000, "incomplete"],
    ["waits for very long at the capture's end", waiting("still-open", OPEN), 60_000, "no-response"],
    ["is behind a hole", waiting("not-captured"), 60_000, "incomplete"],
    ["was taken back by the client, or is sent again", waiting("cancelled"), 60_000, "ok"],
    ["crosses the server's close, after others", waiting("closed", { end: atMs(310) }, [200]), 60_000, "ok"],
    ["crosses the server's close, and is closed on later", waiting("closed", finned(299), [200]), 60_000, "ok"],
    ["is in front of the server's close, and waited", waiting("closed", finned(301), [200]), 60_000, "no-response"],
    ["is closed on at once, and the only one", waiting("closed", { end: atMs(310) }), 60_000, "no-response"],
    [
      "is behind a site's own 401: that says more",
      waiting("still-open", OPEN, [401]),
      1_000,
      "tunnel-401-unattributed",
    ],
  ])("%s", (_name, one, endMs, verdict) => {
    expect(verdictOf([one], endMs)).toBe(verdict);
  });

  it("comes of a handshake that failed", () => {
    const failed = refusing("certificate_required", "server");
    const { exchanges } = waiting("closed").tunnel!;
    expect(verdictOf([{ ...failed, tunnel: { ...failed.tunnel!, exchanges } }])).toBe("tls-failed");
  });

  it("is not missed where nothing was asked yet: browsers open connections that they may need", () => {
    const idle = read(0, [{ status: 200 }], [], OPEN);
    expect(verdictOf([idle], 500)).toBe("ok");
    expect(first([idle], 500).summary).toMatch(/up to the capture's end nothing was asked in it\.$/);
    expect(verdictOf([read(0, [{ status: 200 }], [])], 500)).toBe("ok");
  });
});

describe("a tunnel that was let through", () => {
  it("is judged by its inside, also where bytes of the client are missing in it", () => {
    const one = read(0, [CHALLENGED, ACCEPTED], [{ status: 200 }], gap("client", 300));
    expect(first([one]).verdict).toBe("auth-ok");
    const shut = { ...one, tunnel: { ...one.tunnel!, inside: "none" as const, exchanges: [] } };
    expect(first([shut]).verdict).toBe("encrypted");
  });
});

describe("a 407 that nobody came back to", () => {
  const bare = (change: Partial<Timeline> = {}) => asked(0, [CHALLENGED], change);
  /** A tunnel of the same client whose CONNECT is lost, opened in this frame. */
  const headless = (frame: number): Timeline => {
    const one = read(3, [{ status: 200 }], [{}]);
    return { ...one, connects: [], tunnel: { ...one.tunnel!, opened: where(frame, frame) }, ...gap("client", frame) };
  };

  it.each<[string, readonly Timeline[], number, string]>([
    ["was closed on", [bare()], 60_000, "auth-abandoned"],
    ["waits at the capture's end", [bare(OPEN)], 100, "incomplete"],
    ["waits longer than any program", [bare(OPEN)], 4_000, "auth-abandoned"],
    ["waits for very long", [bare(OPEN)], 60_000, "auth-abandoned"],
    ["has a hole behind it", [bare(gap("client", 13))], 60_000, "incomplete"],
    ["has a hole before it only", [bare(gap("client", 9))], 60_000, "auth-abandoned"],
    ["may be answered on a connection whose CONNECT is lost", [bare(), headless(3_000)], 60_000, "incomplete"],
    ["is none of a tunnel that was there before", [bare(), headless(5)], 60_000, "auth-abandoned"],
    ["was refused once, at the capture's end", [asked(0, [{ ...CHALLENGED, with: SENT }], OPEN)], 100, "incomplete"],
    ["was come back to, and how is missing", [bare(), asked(1, [{ with: SENT, status: null }])], 60_000, "incomplete"],
    ["was come back to, and refused by the site", [bare(), asked(1, [{ with: SENT, status: 503 }])], 60_000, "ok"],
  ])("%s", (_name, timelines, endMs, verdict) => {
    expect(verdictOf(timelines, endMs)).toBe(verdict);
  });

  it("joins by frames what a clock that was set back tears apart", () => {
    const answer = asked(1, [ACCEPTED]);
    const early = answer.connects.map((one) => ({
      ...one,
      request: { ...one.request, where: { ...one.request.where, time: atMs(5) } },
    }));
    expect(verdictOf([bare(), { ...answer, connects: early }])).toBe("auth-ok");
  });

  it("is certain only after a while", () => {
    const certainty = (endMs: number) =>
      diagnosisOf([bare()], { quality: { end: atMs(endMs) } }).findings.find(({ id }) => id === "auth-abandoned")
        ?.certainty;
    expect([certainty(100), certainty(60_000)]).toEqual(["likely", "certain"]);
  });

  it("says how long it could have been answered, and of a loop whether its end was seen", () => {
    expect(first([bare()], 100).summary).toMatch(/never came back with any, up to the capture's end 88 ms later\.$/);
    const refused = { ...CHALLENGED, with: SENT };
    expect(first([asked(0, [refused, refused])]).summary).toMatch(/until the client gave up\.$/);
    const open = first([asked(0, [refused, refused], OPEN)], 100);
    expect(open).toMatchObject({ verdict: "auth-loop" });
    expect(open.summary).toMatch(/; the capture ends 84 ms later, with the connection open\.$/);
  });
});

describe("what is missing", () => {
  it("is not taken for nothing in a tunnel", () => {
    const one = read(0, [{ status: 200 }], []);
    const empty: Timeline = { ...one, tunnel: { ...one.tunnel!, protocol: "none", tls: null } };
    expect(verdictOf([empty])).toBe("ok");
    expect(verdictOf([{ ...empty, ...gap("client", 40) }])).toBe("incomplete");
  });

  it("is not taken for plain HTTP without a 401 where the requests are not there", () => {
    const one = read(0, [{ status: 200 }], [{}]);
    const exchanges = one.tunnel!.exchanges.map((exchange) => ({ ...exchange, request: null, url: null }));
    const http = { ...one.tunnel!, protocol: "http", tls: null } as const;
    expect(verdictOf([{ ...one, tunnel: http }])).toBe("not-tls");
    expect(verdictOf([{ ...one, tunnel: { ...http, exchanges } }])).toBe("incomplete");
  });

  it("is not taken for requests that were all answered", () => {
    const forwards = read(0, [{ status: 200 }], [{}]).tunnel!.exchanges;
    expect(verdictOf([timeline({ forwards })])).toBe("ok");
    expect(verdictOf([timeline({ forwards, ...gap("proxy", 205) })])).toBe("ok");
    expect(verdictOf([timeline({ forwards, ...gap("client", 205) })])).toBe("incomplete");
  });

  it("is no question where the client speaks TLS to the proxy and has not asked anything", () => {
    const secure = { ...read(0, [{ status: 200 }], []).tunnel!.tls!, opened: 2, closed: 0 };
    expect(verdictOf([timeline({ secure, ...OPEN })], 500)).toBe("ok");
  });
});

describe("a 401 outside of a tunnel", () => {
  it("is blamed on nobody where what was asked is not there, as long as little tells who sent it", () => {
    const [one] = read(0, [{ status: 200 }], [{ status: 401 }]).tunnel!.exchanges;
    expect(verdictOf([timeline({ forwards: [{ ...one!, request: null, url: null }] })])).toBe("incomplete");
  });
});

describe("a 401 to a forwarded request whose head is cut", () => {
  it("is blamed on nobody", () => {
    const [one] = read(0, [{ status: 200 }], [{ status: 401 }]).tunnel!.exchanges;
    const forward = (cut: boolean) => timeline({ forwards: [{ ...one!, response: { ...one!.response!, cut } }] });
    expect(verdictOf([forward(false)])).toBe("forward-401-origin");
    expect(verdictOf([forward(true)])).toBe("incomplete");
  });
});

describe("who did not open the tunnel", () => {
  it("may be no proxy where the method is not known there", () => {
    expect(first([asked(0, [{ status: 405 }])]).summary).toMatch(/: the tunnel was not opened\.$/);
    expect(first([asked(0, [{ status: 403 }])]).summary).toMatch(/: the proxy did not open the tunnel\.$/);
  });

  it("may have been asked for another target", () => {
    const one = asked(0, [{ status: 403 }]);
    const twice = { ...one, fromClient: { ...one.fromClient, overlapsDiffering: 1 } };
    expect(first([twice]).summary).toMatch(/in two versions: another target may have been asked for\.$/);
  });
});
