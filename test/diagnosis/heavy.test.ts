// Connections that say very much: what is kept of them has a limit by weight, too, and what is not kept is summed up.
import { describe, expect, it } from "vitest";
import { Collector, type Diagnosis } from "../../src/diagnosis/index.ts";
import type { ServerLeg, Timeline } from "../../src/proxy/index.ts";
import { client, play, proxy, type Turn } from "../proxy/play.ts";
import { QUALITY } from "./diagnose.ts";
import { HOST, leg, staged } from "./evidence-talk.ts";

const KEYS = { sources: [], sessions: 0, decrypted: 1, tlsConnections: 1 };
const LONG = "a".repeat(2_000);

/** A connection on which 200 requests were challenged, each with much to say; 900 KB, or so. */
function heavy(status: 200 | 407): Timeline {
  const names = Array.from({ length: 60 }, (_, i) => `X-${i}-${"n".repeat(50)}: 1\r\n`).join("");
  const ask = client(`GET http://a.example/${LONG} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
  const answer = proxy(
    `HTTP/1.1 ${status} So\r\nProxy-Authenticate: Basic realm="${"r".repeat(200)}"\r\n${names}Content-Length: 0\r\n\r\n`,
  );
  const turns = Array.from({ length: 200 }, (): readonly Turn[] => [ask, answer]).flat();
  const [timeline] = play(turns).timelines;
  if (timeline === undefined) throw new Error("no timeline");
  return timeline;
}

function diagnosed(timelines: readonly Timeline[], connections: number, bytes?: number): Diagnosis {
  const collector = new Collector({ connections, ...(bytes === undefined ? {} : { bytes }) });
  for (const [stream, one] of timelines.entries()) collector.add({ ...one, stream });
  return collector.finish(QUALITY, KEYS);
}

const times = <T>(count: number, one: T): readonly T[] => Array.from({ length: count }, () => one);

describe("connections that say very much", () => {
  it("are summed up where those that are kept would take too much memory", () => {
    const { facts, verdicts } = diagnosed(times(400, heavy(200)), 2_000);
    const kept = facts.connections.length;
    expect(kept).toBeGreaterThan(50);
    expect(kept).toBeLessThan(250);
    expect(kept + facts.folded.reduce((sum, { count }) => sum + count, 0)).toBe(400);
    expect([...verdicts.values()].reduce((sum, count) => sum + count, 0)).toBe(400);
  });

  it("are kept where more is allowed", () => {
    expect(diagnosed(times(400, heavy(200)), 20_000).facts.connections.length).toBe(400);
  });

  it("are summed up beyond the bytes that are named, however many are allowed", () => {
    const kept = diagnosed(times(400, heavy(200)), 20_000, 32 * 1024 * 1024).facts.connections.length;
    expect(kept).toBeGreaterThan(15);
    expect(kept).toBeLessThan(80);
  });

  it("leave room for one that is wrong", () => {
    const wrong = staged([]).context.timeline;
    const { facts, verdict } = diagnosed([...times(400, heavy(200)), wrong], 2_000);
    expect(facts.connections.at(-1)?.timeline.tunnel).not.toBe(null);
    expect(verdict).toMatch(/^tunnel-401/);
  });
});

describe("server legs that say very much", () => {
  it("are not kept beyond a limit, and then no leg is evidence for what is on none", () => {
    const talkative: ServerLeg = { ...leg("news.example.net", []), exchanges: heavy(200).forwards };
    const verdictBehind = (legs: readonly ServerLeg[]): string => {
      const collector = new Collector({ connections: 10 });
      for (const one of legs) collector.addLeg(one);
      collector.add(staged([]).context.timeline);
      return collector.finish(QUALITY, KEYS).verdict;
    };
    expect(verdictBehind([talkative])).toBe("tunnel-401-proxy");
    expect(verdictBehind(times(300, talkative))).toBe("tunnel-401-unattributed");
    expect(verdictBehind(times(300, leg(HOST, [])))).toBe("tunnel-401-proxy");
  });
});

describe("very many proxies", () => {
  /** `one` at its own proxy, `n`; `looked` is called whenever it is asked which. */
  const at = (one: Timeline, n: number, looked: () => void): Timeline => {
    const address = { ip: `10.${n >> 8}.${n & 255}.1`, port: 8080 };
    return Object.defineProperty({ ...one, stream: n }, "proxy", {
      enumerable: true,
      get: () => {
        looked();
        return address;
      },
    });
  };

  it("are each compared with their own connections only", () => {
    const perTimeline = [50, 500].map((count) => {
      let looks = 0;
      const one = staged([]).context.timeline;
      const all = Array.from({ length: count }, (_, n) => at(one, n, () => looks++));
      const collector = new Collector({ connections: 1_000 });
      for (const timeline of all) collector.add(timeline);
      expect(collector.finish(QUALITY, KEYS).facts.connections.length).toBe(count);
      return Math.round(looks / count);
    });
    expect(perTimeline[1]).toBe(perTimeline[0]);
  });
});
