// Every recorded capture beside tshark with the same keys: frames, streams, targets, statuses, SNI, JA3, and all HTTP inside TLS.
import { beforeAll, describe, expect, it } from "vitest";
import type { Report, ReportConnection, ReportExchange } from "../../src/report/index.ts";
import { dresses, journalled } from "../harness/dresses.ts";
import { optionsOf, recordedReport } from "../harness/recorded-reports.ts";
import { secretsOf } from "../harness/secrets.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";
import { hasTshark, TSHARK_SKIP, type TsharkFrame, tshark } from "../harness/tshark.ts";
import { RECORDED_DIFFERENCES, RENUMBERED, type RecordedFacts } from "./recorded-differences.ts";

const recorded = loadTruth();
const rows = recorded.map((capture) => [capture.name, capture] as const);
const AT_ONCE = 2;

interface Seen {
  readonly frames: readonly TsharkFrame[];
  readonly report: Report;
}

const seen = new Map<string, Seen>();

function ofTshark(frames: readonly TsharkFrame[], stream: number): RecordedFacts {
  const mine = frames.filter((frame) => Number(frame.stream.at(-1) ?? -1) === stream);
  const requests = mine.flatMap((frame) => [
    ...frame.method.map((method, i) => ({ method, target: frame.uri[i] ?? "" })),
    ...frame.h2Method.map((method, i) => ({
      method,
      target: method === "CONNECT" ? (frame.h2Authority[i] ?? "") : (frame.h2Path[i] ?? ""),
    })),
  ]);
  const statuses = mine.flatMap((frame) => [...frame.status, ...frame.h2Status]).filter((status) => !isInterim(status));
  return {
    connects: requests.flatMap(({ method, target }) => (method === "CONNECT" ? [target] : [])).join(" "),
    requests: requests
      .flatMap(({ method, target }) => (method === "CONNECT" ? [] : [`${method} ${pathOf(target)}`]))
      .join(", "),
    statuses: statuses.join(" "),
    sni: mine.flatMap((frame) => frame.sni)[0] ?? "",
    ja3: mine.flatMap((frame) => frame.ja3)[0] ?? "",
  };
}

/** A connection that carries several tunnels has several entries with one stream number. */
function ofOurs(connections: readonly ReportConnection[]): RecordedFacts {
  const connects = connections.flatMap((connection) => connection.connects);
  const exchanges = connections.flatMap(({ tunnel, forwards }) => [...forwards, ...(tunnel?.exchanges ?? [])]);
  const answers = [...connects, ...exchanges].flatMap(({ response }) => response ?? []);
  const tls = connections[0]?.tunnel?.tls ?? null;
  return {
    connects: connects.map(({ target }) => target).join(" "),
    requests: byFrame(exchanges.filter(({ method }) => method !== null))
      .map(({ method, url }: ReportExchange) => `${method} ${pathOf(url ?? "")}`)
      .join(", "),
    statuses: byFrame(answers)
      .map(({ status }) => status)
      .filter((status) => !isInterim(String(status)))
      .join(" "),
    sni: tls?.sni ?? "",
    ja3: tls?.ja3 ?? "",
  };
}

/** tshark's frames, with the stream numbers that it gives them without keys where those with keys are wrong. */
async function framesOf(capture: RecordedCapture): Promise<readonly TsharkFrame[]> {
  const frames = await tshark(capture);
  if (!RENUMBERED.has(capture.name)) return frames;
  const plain = await tshark({ ...capture, keysPath: null });
  return frames.map((frame, i) => ({ ...frame, stream: plain[i]!.stream }));
}

const isInterim = (status: string): boolean => status.startsWith("1") && status !== "101";

/** Without scheme, host, query and fragment: only requests in absolute form have them all on the wire. */
function pathOf(target: string): string {
  return target.replace(/^[a-z]+:\/\/[^/]*/, "").replace(/[?#].*$/s, "") || "/";
}

function byFrame<T extends { readonly frame: number }>(items: readonly T[]): readonly T[] {
  return [...items].sort((a, b) => a.frame - b.frame);
}

describe.skipIf(!hasTshark)(`recorded captures beside tshark${TSHARK_SKIP}`, () => {
  beforeAll(async () => {
    const waiting = [...recorded];
    const work = async (): Promise<void> => {
      for (let capture = waiting.shift(); capture !== undefined; capture = waiting.shift()) {
        const [frames, report] = [await framesOf(capture), await recordedReport(capture)];
        seen.set(capture.name, { frames, report });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }, 600_000);

  it.each(rows)("%s: frames and streams", (name, { truth }) => {
    const { frames, report } = seen.get(name)!;
    expect(report.capture.packets).toBe(frames.length);
    for (const { client } of truth.connections) {
      const streams = new Set(
        frames
          .filter(({ ip, ip6, port }) => `${ip.at(-1) ?? ip6.at(-1)}:${port.at(-1)}` === client)
          .map(({ stream }) => Number(stream.at(-1))),
      );
      const ours = report.connections.filter((one) => `${one.client.ip}:${one.client.port}` === client);
      // A capture of the proxy's direction alone holds no frame of the client.
      if (streams.size > 0) expect([...streams]).toEqual([...new Set(ours.map(({ stream }) => stream))]);
    }
  });

  it.each(rows)("%s: CONNECT, HTTP, SNI and JA3", (name) => {
    const { frames, report } = seen.get(name)!;
    const streams = new Set(report.connections.map((connection) => connection.stream));
    for (const stream of streams) {
      const ours = ofOurs(report.connections.filter((connection) => connection.stream === stream));
      // What is listed was logged by the recording: it has to be there whatever tshark makes of it.
      const difference = RECORDED_DIFFERENCES[name];
      const logged = (difference?.stream ?? stream) === stream ? difference?.logged : {};
      expect(ours, `stream ${stream}`).toEqual({ ...ofTshark(frames, stream), ...logged });
    }
  });

  it("lists no capture that is not there", () => {
    for (const name of [...Object.keys(RECORDED_DIFFERENCES), ...RENUMBERED]) expect(seen.has(name), name).toBe(true);
  });

  it.each(rows)("%s: no secret in any output", async (name, capture) => {
    const { frames, report } = seen.get(name)!;
    const secrets = secretsOf(capture, frames);
    const journal = await journalled(capture.path, optionsOf(capture));
    for (const [dress, text] of [...(await dresses(report)), ["audit and journal", journal] as const]) {
      const lower = text.toLowerCase();
      const shown = secrets.filter((secret) => lower.includes(secret.text.toLowerCase()));
      expect(shown, dress).toEqual([]);
    }
  });

  it("knows secrets of every kind", () => {
    const all = recorded.flatMap((capture) => secretsOf(capture, seen.get(capture.name)!.frames));
    for (const what of ["password", "credentials", "cookie", "query", "field", "page", "key log"])
      expect(new Set(all.filter((secret) => secret.what === what).map(({ text }) => text)).size, what).toBeGreaterThan(
        0,
      );
  });
});
