// Recordings of both sides of a proxy, put together from two clocks: what each side shows alone stays true, and what goes
// between them is not read out of times that do not fit.
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";

const ENHANCED_PACKET = 6;
const BLOCK_HEADER = 8;
const NANOS_PER_MS = 1_000_000n;
/** The interface towards the origins, in captures of both. */
const OUTSIDE = 1;
const SHIFTS_MS = [-200, -50, -20, -5, -2, 2, 5, 20, 50, 200];

const NAMES = [
  "mitm-both-legs",
  "bump-both-legs",
  "both-legs-other-challenge",
  "both-legs-h2",
  "both-legs-site-ntlm",
  "both-legs-one-address",
  "both-legs-reply-denied",
];
const recorded = loadTruth().filter(({ name }) => NAMES.includes(name));

/** How packets stand in a file: in order of time, or as when recordings are put one behind the other. */
type Order = "by time" | "outside first";

/** The capture (pcapng, nanoseconds, little-endian, one section) with the outside's clock set by `ms`. */
function shifted(capture: Uint8Array, ms: number, order: Order): Uint8Array {
  const blocks: { readonly bytes: Uint8Array; readonly time: bigint; readonly place: number }[] = [];
  let last = 0n;
  for (let at = 0; at < capture.length; ) {
    const view = new DataView(capture.buffer, capture.byteOffset + at);
    const length = view.getUint32(4, true);
    const bytes = Uint8Array.from(capture.subarray(at, at + length));
    if (view.getUint32(0, true) === ENHANCED_PACKET) {
      const own = new DataView(bytes.buffer);
      last = (BigInt(own.getUint32(BLOCK_HEADER + 4, true)) << 32n) | BigInt(own.getUint32(BLOCK_HEADER + 8, true));
      const isOutside = own.getUint32(BLOCK_HEADER, true) === OUTSIDE;
      if (isOutside) last += BigInt(ms) * NANOS_PER_MS;
      own.setUint32(BLOCK_HEADER + 4, Number(last >> 32n), true);
      own.setUint32(BLOCK_HEADER + 8, Number(last & 0xffff_ffffn), true);
      blocks.push({ bytes, time: last, place: order === "by time" || isOutside ? 1 : 2 });
    } else blocks.push({ bytes, time: blocks.length === 0 ? -1n : last, place: order === "by time" ? 1 : 0 });
    at += length;
  }
  const sorted = blocks
    .map((one, i) => ({ ...one, i }))
    .sort((a, b) => a.place - b.place || Number(a.time - b.time) || a.i - b.i);
  return Uint8Array.from(sorted.flatMap(({ bytes }) => [...bytes]));
}

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-two-clocks-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Who is named with more than one sign, who is truth; and tunnels that are suspected. */
async function said({ name, path, truth }: RecordedCapture, ms: number, keys: boolean, order: Order = "by time") {
  const file = join(folder, `${name}${ms}${keys}${order}.pcapng`);
  writeFileSync(file, shifted(readFileSync(path), ms, order));
  const own = path.replace(/\.pcapng$/, ".keys");
  if (keys && existsSync(own)) copyFileSync(own, file.replace(/\.pcapng$/, ".keys"));
  const report = await checkCapture(file, {});
  if ("kind" in report) throw new Error(report.message);
  const named: { readonly said: string; readonly truth: string | null; readonly certainty: string | null }[] = [];
  const suspected: boolean[] = [];
  for (const { client, tunnel, verdict } of report.connections) {
    const known = truth.connections.find((one) => one.client === `${client.ip}:${client.port}`);
    if (known === undefined) continue;
    if (verdict === "tunnel-401-suspected") suspected.push(known.exchanges.some(({ sentBy }) => sentBy === "proxy"));
    for (const { url, response, sentBy, certainty } of tunnel?.exchanges ?? []) {
      if (sentBy === null || sentBy === "unknown" || certainty === "possible") continue;
      const own = known.exchanges.find((one) => one.url === url && one.status === response?.status);
      named.push({ said: sentBy, truth: own?.sentBy ?? null, certainty });
    }
  }
  return { named, suspected };
}

describe.each(recorded.map((one) => [one.name, one] as const))("%s", (_name, capture) => {
  it("names who answered, and is certain, where both clocks are one", async () => {
    const { named } = await said(capture, 0, true);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((one) => one.said !== one.truth || one.certainty !== "certain")).toEqual([]);
  });

  it.each(SHIFTS_MS)("names nobody wrongly where the outside is %d ms off", async (ms) => {
    for (const keys of [true, false]) {
      const { named, suspected } = await said(capture, ms, keys);
      expect(named.filter((one) => one.said !== one.truth)).toEqual([]);
      expect(suspected.filter((guilty) => !guilty)).toEqual([]);
    }
  });

  it("names who answered, and is certain, where the outside stands in front of what it was opened for", async () => {
    const { named } = await said(capture, 0, true, "outside first");
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((one) => one.said !== one.truth || one.certainty !== "certain")).toEqual([]);
  });

  it.each(SHIFTS_MS)("names nobody wrongly where the outside stands in front, and is %d ms off", async (ms) => {
    for (const keys of [true, false]) {
      const { named, suspected } = await said(capture, ms, keys, "outside first");
      expect(named.filter((one) => one.said !== one.truth)).toEqual([]);
      expect(suspected.filter((guilty) => !guilty)).toEqual([]);
    }
  });
});
