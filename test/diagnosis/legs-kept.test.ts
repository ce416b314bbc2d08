// Server legs in the collector: what they do not show is evidence only where all of them are known.
import { describe, expect, it } from "vitest";
import { Collector, type Diagnosis } from "../../src/diagnosis/index.ts";
import type { ServerLeg } from "../../src/proxy/index.ts";
import { QUALITY } from "./diagnose.ts";
import { HOST, leg, REQUEST_MS, staged } from "./evidence-talk.ts";
import { atMs } from "./record-talk.ts";

/** As many legs as are kept. */
const MANY = 5_000;
const ELSEWHERE = leg("news.example.net", []);

function diagnosed(before: readonly ServerLeg[], after: readonly ServerLeg[]): Diagnosis {
  const collector = new Collector({ connections: 10 });
  for (const one of before) collector.addLeg(one);
  collector.add(staged([]).context.timeline);
  for (const one of after) collector.addLeg(one);
  return collector.finish(QUALITY, { sources: [], sessions: 0, decrypted: 1, tlsConnections: 1 });
}

const many = (one: ServerLeg): readonly ServerLeg[] => Array.from({ length: MANY }, () => one);

describe("a request that is on no leg", () => {
  it("was answered by the proxy, where the legs are all there", () => {
    expect(diagnosed([leg(HOST, [])], []).verdict).toBe("tunnel-401-proxy");
    expect(diagnosed([], [leg(HOST, [])]).verdict).toBe("tunnel-401-proxy");
    expect(diagnosed(many(ELSEWHERE), []).verdict).toBe("tunnel-401-proxy");
  });

  it("may be on one that was not kept", () => {
    expect(diagnosed(many(ELSEWHERE), [leg(HOST, [])]).verdict).toBe("tunnel-401-unattributed");
  });

  it("may be on one of which bytes are missing", () => {
    expect(diagnosed([{ ...leg(HOST, []), whole: false }], []).verdict).toBe("tunnel-401-unattributed");
    expect(diagnosed([leg(HOST, []), { ...ELSEWHERE, whole: false }], []).verdict).toBe("tunnel-401-unattributed");
  });

  // From the request on, and as long behind it as a lost packet is repeated.
  it.each([
    ["while it was answered", 0.2, 0.2, "tunnel-401-unattributed"],
    ["before and behind it", -150, 9_000, "tunnel-401-unattributed"],
    ["a second behind it", 1_000, 1_000, "tunnel-401-unattributed"],
    ["just before it", -50, -50, "tunnel-401-unattributed"],
    ["long before it", -150, -150, "tunnel-401-proxy"],
    ["long behind it", 4_000, 9_000, "tunnel-401-proxy"],
  ] as const)("may be on one on which packets that came late let others wait %s", (_when, from, to, verdict) => {
    const filled = { from: atMs(REQUEST_MS + from), to: atMs(REQUEST_MS + to) };
    expect(diagnosed([{ ...leg(HOST, []), filled }], []).verdict).toBe(verdict);
    expect(diagnosed([leg(HOST, []), { ...ELSEWHERE, filled }], []).verdict).toBe(verdict);
  });

  it.each(["fromClient", "fromProxy"] as const)(
    "is told by its time only where nothing waited meanwhile for what the capture has late: %s",
    (side) => {
      const of = (from: number, to: number): string => {
        const { timeline } = staged([]).context;
        const filled = { from: atMs(REQUEST_MS + from), to: atMs(REQUEST_MS + to) };
        const collector = new Collector({ connections: 10 });
        collector.addLeg(leg(HOST, []));
        collector.add({ ...timeline, [side]: { ...timeline[side], filled } });
        return `${collector.finish(QUALITY, { sources: [], sessions: 0, decrypted: 1, tlsConnections: 1 }).verdict}`;
      };
      expect(of(0.2, 0.2)).toBe("tunnel-401-unattributed");
      expect(of(-150, 9_000)).toBe("tunnel-401-unattributed");
      expect(of(-190, -150)).toBe("tunnel-401-proxy");
      expect(of(4_000, 9_000)).toBe("tunnel-401-proxy");
    },
  );

  it("may be on one that was joined behind it", () => {
    const joined = { ...leg(HOST, []), lateStart: true };
    expect(diagnosed([joined], []).verdict).toBe("tunnel-401-proxy");
    const behind = { ...joined, start: atMs(REQUEST_MS + 0.1) };
    expect(diagnosed([leg(HOST, []), behind], []).verdict).toBe("tunnel-401-unattributed");
  });

  it("is not on one that began behind it", () => {
    const later = { ...ELSEWHERE, start: atMs(30_000), end: atMs(31_000) };
    expect(diagnosed(many(ELSEWHERE), [later]).verdict).toBe("tunnel-401-proxy");
  });

  it("may be on one that is not over yet, where connections are summed up early", () => {
    const collector = new Collector({ connections: 0 });
    collector.addLeg(ELSEWHERE);
    collector.add(staged([]).context.timeline);
    collector.addLeg(leg(HOST, [["client", 300, 200.4]]));
    const { verdicts } = collector.finish(QUALITY, { sources: [], sessions: 0, decrypted: 1, tlsConnections: 1 });
    expect([...verdicts]).toEqual([["tunnel-401-unattributed", 1]]);
  });
});
