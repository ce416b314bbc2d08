// Recorded captures with keys that do not fit them, or not all: nothing is said that the right keys do not show.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Report } from "../../src/report/index.ts";
import { optionsOf } from "../harness/recorded-reports.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-wrong-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keyed = loadTruth().filter(({ keysPath }) => keysPath !== null);
const linesOf = (capture: RecordedCapture): string[] => readFileSync(capture.keysPath!, "latin1").trimEnd().split("\n");

/** The report with these lines as the only key log: bytes have nothing beside them. */
async function checkedWith(capture: RecordedCapture, lines: readonly string[] | null): Promise<Report> {
  const keylog = join(folder, `${capture.name}.log`);
  if (lines !== null) writeFileSync(keylog, `${lines.join("\n")}\n`);
  const report = await checkCapture(Uint8Array.from(readFileSync(capture.path)), {
    ...optionsOf(capture),
    name: capture.path,
    keylogs: lines === null ? [] : [keylog],
  });
  if ("kind" in report) throw new Error(report.message);
  return report;
}

/** All that was read inside: "3: frame 14, GET https://…, 401". */
function insideOf({ connections }: Report): string[] {
  return connections.flatMap(({ stream, tunnel, connects, forwards }) =>
    [...(tunnel?.exchanges ?? []), ...forwards]
      .map(({ method, url, response }) => `${stream}: ${method} ${url} ${response?.frame} ${response?.status}`)
      .concat(
        connects.map(({ target, response }) => `${stream}: CONNECT ${target} ${response?.frame} ${response?.status}`),
      ),
  );
}

describe.each(keyed)("$name", (capture) => {
  it("with the keys of other sessions: as without keys", async () => {
    const others = keyed.filter(({ name }) => name !== capture.name).flatMap(linesOf);
    const own = new Set(linesOf(capture).map((line) => line.split(" ")[1]));
    const foreign = others.filter((line) => !own.has(line.split(" ")[1]));
    const [wrong, none] = [await checkedWith(capture, foreign), await checkedWith(capture, null)];
    expect(insideOf(wrong)).toEqual(insideOf(none));
    expect(wrong.totals).toEqual(none.totals);
    expect(wrong.capture.keys.decrypted).toBe(none.capture.keys.decrypted);
  });

  it("with its own randoms and the secrets of others: as without keys", async () => {
    // Each secret moves on to the next line of its length.
    const own = linesOf(capture).map((line) => line.split(" "));
    const foreign = keyed
      .filter(({ name }) => name !== capture.name)
      .flatMap((other) => linesOf(other).map((line) => line.split(" ")[2]!));
    const crossed = own.map(([label, random, secret], i) => {
      const fitting = foreign.filter((text) => text.length === secret!.length);
      return `${label} ${random} ${fitting[(i * 7) % fitting.length]}`;
    });
    const [wrong, none] = [await checkedWith(capture, crossed), await checkedWith(capture, null)];
    expect(insideOf(wrong)).toEqual(insideOf(none));
    expect(wrong.totals.verdicts).toEqual(none.totals.verdicts);
  });

  it.each([
    ["the client's half", /^CLIENT_/],
    ["the server's half", /^SERVER_/],
    ["the handshake's half", /HANDSHAKE/],
    ["the half behind the handshake", /^(?!.*HANDSHAKE)/],
  ])("with %s of its keys: a part of what all of them show", async (_what, half) => {
    const all = insideOf(await checkedWith(capture, linesOf(capture)));
    const some = insideOf(
      await checkedWith(
        capture,
        linesOf(capture).filter((line) => half.test(line)),
      ),
    );
    // A request without its answer, an answer without its request, and both: all of them are told in the whole.
    const words = new Set(all.flatMap((text) => text.split(" ")));
    for (const text of some)
      for (const word of text.split(" ")) expect([...words, "null", "undefined"]).toContain(word);
  });
});
