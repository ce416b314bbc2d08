// Clients behind a load balancer: who asks is told by the PROXY header, whose word nothing proves.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import { ACCEPTED, asked, CHALLENGED, GATEWAY, read, SENT } from "./asked.ts";
import { diagnosisOf, found } from "./diagnose.ts";

const BALANCER = "192.0.2.9";

/** The same connection, passed on for somebody. */
function passedOn(timeline: Timeline, ip: string | null): Timeline {
  const namedClient = ip === null ? null : { ip, port: 40_000, frame: timeline.firstFrame, time: timeline.start };
  return { ...timeline, client: { ...timeline.client, ip: BALANCER }, namedClient };
}

function verdicts(timelines: readonly Timeline[]): readonly (string | null)[] {
  const { connections } = diagnosisOf(timelines).facts;
  return timelines.map((one) => connections.find(({ timeline }) => timeline === one)?.verdict ?? null);
}

describe("a challenge that came through a load balancer", () => {
  const challenged = (ip: string | null) => passedOn(asked(0, [CHALLENGED]), ip);
  const answer = read(1, [ACCEPTED], [{ status: 200 }]);

  it("is answered by the client that the header names, not by another one of the balancer's", () => {
    expect(verdicts([challenged("198.51.100.1"), passedOn(answer, "198.51.100.1")])).toEqual(["auth-ok", "auth-ok"]);
    expect(verdicts([challenged("198.51.100.1"), passedOn(answer, "198.51.100.2")])).toEqual(["auth-abandoned", "ok"]);
  });

  it("is answered by whoever comes through the balancer where no header names anybody", () => {
    expect(verdicts([challenged(null), passedOn(answer, null)])).toEqual(["auth-ok", "auth-ok"]);
  });

  it("is not answered by a connection without such a header, which anybody may write", () => {
    const direct = { ...answer, client: { ip: "198.51.100.1", port: 50_001 } };
    expect(verdicts([challenged("198.51.100.1"), direct])).toEqual(["auth-abandoned", "ok"]);
    expect(verdicts([{ ...asked(0, [CHALLENGED]), client: direct.client }, passedOn(answer, "198.51.100.1")])).toEqual([
      "auth-abandoned",
      "ok",
    ]);
  });

  it("may be answered by a connection of the balancer whose header is not in the capture, and by none of another client", () => {
    const late = asked(2, [], { lateStart: true, firstFrame: 2_000 });
    expect(verdicts([challenged("198.51.100.1"), passedOn(late, null)])[0]).toBe("incomplete");
    expect(verdicts([challenged("198.51.100.1"), passedOn(late, "198.51.100.1")])[0]).toBe("incomplete");
    expect(verdicts([challenged("198.51.100.1"), passedOn(late, "198.51.100.2")])[0]).toBe("auth-abandoned");
  });
});

describe("what clients behind a load balancer are told to have in common", () => {
  const inside = read(1, [{ ...ACCEPTED, with: SENT, target: "news.example.com:443" }], [{ status: 401, ...GATEWAY }]);
  const onConnect = read(0, [CHALLENGED, ACCEPTED], [{ status: 200 }]);

  it("is mixed for one of them only if it is the same one, who is named with the balancer that says so", () => {
    const mixed = (ip: string) =>
      found("mixed-auth-context", [passedOn(onConnect, "198.51.100.1"), passedOn(inside, ip)]).map(
        ({ detail }) => detail,
      );
    expect(mixed("198.51.100.1")).toEqual([
      expect.stringContaining("this client (198.51.100.1, as the PROXY header of 192.0.2.9 says) was authenticated"),
    ]);
    expect(mixed("198.51.100.1").join()).toContain("www.example.com is challenged at CONNECT tcp:// only");
    expect(mixed("198.51.100.2").join()).not.toContain("www.example.com");
  });
});
