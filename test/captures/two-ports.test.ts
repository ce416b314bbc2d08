// Captures put together from the recordings of a tap's two ports, one for each direction, by clocks that differ, or without regard to
// their times: nothing wrong is told that was not wrong.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Verdict } from "../../src/diagnosis/index.ts";
import { isWrong } from "../../src/report/index.ts";
import { optionsOf } from "../harness/recorded-reports.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";

const LITTLE_ENDIAN_MICROSECONDS = 0xa1b2c3d4;
const ETHERNET = 1;
const IPV4 = 0x0800;
const ETHERNET_HEADER = 14;
const RECORD_HEADER = 16;
const SHIFTS_MS = [-1000, -20, 3, 10, 30, 200];
const MISPLACED_MS = [3, 30, 200];

/** `clock`: times are told so, too; `place`: the packets only stand there, with their own times. */
type Moved = "clock" | "place";

/** The packets with what is sent to the proxies so many milliseconds later; null of other formats. */
function shifted(file: Uint8Array, ports: ReadonlySet<number>, ms: number, moved: Moved): Uint8Array | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (view.getUint32(0, true) !== LITTLE_ENDIAN_MICROSECONDS || view.getUint32(20, true) !== ETHERNET) return null;
  const records: { readonly bytes: Uint8Array; readonly micros: number }[] = [];
  for (let at = 24; at + RECORD_HEADER <= file.length; ) {
    const length = view.getUint32(at + 8, true);
    const bytes = Uint8Array.from(file.subarray(at, at + RECORD_HEADER + length));
    const own = new DataView(bytes.buffer);
    const ip = RECORD_HEADER + ETHERNET_HEADER;
    if (own.getUint16(ip - 2) !== IPV4) return null;
    const toProxy = ports.has(own.getUint16(ip + (own.getUint8(ip) & 15) * 4 + 2));
    const micros = own.getUint32(0, true) * 1e6 + own.getUint32(4, true) + (toProxy ? ms * 1000 : 0);
    if (moved === "clock") {
      own.setUint32(0, Math.floor(micros / 1e6), true);
      own.setUint32(4, micros % 1e6, true);
    }
    records.push({ bytes, micros });
    at += bytes.length;
  }
  records.sort((a, b) => a.micros - b.micros);
  return Buffer.concat([file.subarray(0, 24), ...records.map(({ bytes }) => bytes)]);
}

/** What is told as wrong, or as the site's, of connections that have no such verdict. */
async function wrongly(capture: RecordedCapture, ms: number, moved: Moved): Promise<readonly string[] | null> {
  const { truth, path, keysPath } = capture;
  const ports = new Set([truth.proxy, ...truth.otherProxies].map(({ port }) => port));
  const bytes = shifted(readFileSync(path), ports, ms, moved);
  if (bytes === null) return null;
  const report = await checkCapture(bytes, {
    ...optionsOf(capture),
    keylogs: keysPath === null ? [] : [keysPath],
  });
  if ("kind" in report) throw new Error(report.message);
  const known = new Set<Verdict>(
    truth.connections.flatMap(({ verdict, verdictWithoutKeys }) => [verdict, verdictWithoutKeys]),
  );
  // Of a 401 to the CONNECT that was recorded in front of it, it is not known what it answered.
  if (known.has("connect-401")) known.add("forward-401-proxy");
  // That a 401 came inside is true, and that it cannot be told from whom may be.
  if (known.has("tunnel-401-origin") || known.has("tunnel-401-proxy")) known.add("tunnel-401-unattributed");
  if (truth.connections.some(({ maySuspect }) => maySuspect === true)) known.add("tunnel-401-suspected");
  return report.connections
    .filter(({ verdict }) => (isWrong(verdict) || verdict === "tunnel-401-origin") && !known.has(verdict))
    .map(({ stream, verdict, summary }) => `${stream} ${verdict}: ${summary}`);
}

const captures = loadTruth().filter(({ path }) => path.endsWith(".pcap"));

async function allWrongly(ms: number, moved: Moved): Promise<readonly string[]> {
  const found: string[] = [];
  let tried = 0;
  for (const capture of captures) {
    const wrong = await wrongly(capture, ms, moved);
    if (wrong === null) continue;
    tried++;
    found.push(...wrong.map((text) => `${capture.name}: ${text}`));
  }
  expect(tried).toBeGreaterThan(100);
  return found;
}

describe.each(SHIFTS_MS)("the port towards the clients is %d ms behind the other one", (ms) => {
  it("nothing is told as wrong that was not", async () => {
    expect(await allWrongly(ms, "clock")).toEqual([]);
  });
});

describe.each(MISPLACED_MS)("the packets of one port stand %d ms too far behind", (ms) => {
  it("nothing is told as wrong that was not", async () => {
    expect(await allWrongly(ms, "place")).toEqual([]);
  });
});

describe("a capture that is not in the order of time", () => {
  it("is told with how it is put in order, and its keys are not called those of another recording", async () => {
    const capture = captures.find(({ name }) => name === "bump-origin-401")!;
    const bytes = shifted(readFileSync(capture.path), new Set([capture.truth.proxy.port]), 30, "place")!;
    const report = await checkCapture(bytes, { keylogs: [capture.keysPath!] });
    if ("kind" in report) throw new Error(report.message);
    const [quality, keys] = ["capture-quality", "keys-missing"].map((id) =>
      report.findings.find((one) => one.id === id),
    );
    expect(quality?.detail).toBe("packets that are not in the order of time, in 1 connection (stream 0).");
    expect(quality?.advice.helpdesk).toContain("reordercap");
    expect(keys?.detail).toContain("not in the order of time, and then none can fit");
    expect(keys?.detail).not.toContain("another recording");
  });
});
