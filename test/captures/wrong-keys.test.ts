// Recorded captures with keys that do not fit them, or not all, and with damaged records: nothing is said that the right keys do not show.
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Verdict } from "../../src/diagnosis/index.ts";
import type { Report, ReportConnection } from "../../src/report/index.ts";
import { createKeyStore } from "../../src/tls-decrypt/index.ts";
import { optionsOf } from "../harness/recorded-reports.ts";
import { tlsPieces } from "../harness/tls-pieces.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";
import { recordsOf } from "../tls-decrypt/walk.ts";

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-wrong-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const keyed = loadTruth().filter(({ keysPath }) => keysPath !== null);
const linesOf = (capture: RecordedCapture): string[] => readFileSync(capture.keysPath!, "latin1").trimEnd().split("\n");

/** The report with these lines as the only key log: bytes have nothing beside them. */
async function checkedWith(
  capture: RecordedCapture,
  lines: readonly string[] | null,
  bytes: Uint8Array = Uint8Array.from(readFileSync(capture.path)),
): Promise<Report> {
  const keylog = join(folder, `${capture.name}.log`);
  if (lines !== null) writeFileSync(keylog, `${lines.join("\n")}\n`);
  const report = await checkCapture(bytes, {
    ...optionsOf(capture),
    name: capture.path,
    keylogs: lines === null ? [] : [keylog],
  });
  if ("kind" in report) throw new Error(report.message);
  return report;
}

/** All that was read inside, heads one by one: "3: GET https://…", "3: frame 14 answers 401". */
function insideOf({ connections }: Report): string[] {
  return connections.flatMap(({ stream, tunnel, connects, forwards }) => {
    const exchanges = [...(tunnel?.exchanges ?? []), ...forwards];
    const asked = [
      ...exchanges.flatMap(({ method, url }) => (method === null ? [] : [`${method} ${url}`])),
      ...connects.map(({ target }) => `CONNECT ${target}`),
    ];
    const answers = [...exchanges, ...connects].flatMap(({ response }) => response ?? []);
    return [...asked, ...answers.map(({ frame, status }) => `frame ${frame} answers ${status}`)].map(
      (text) => `${stream}: ${text}`,
    );
  });
}

/** Nothing may be in `some` that is not in `all`; what could not be read must not be called in order. */
function expectPartOf(some: Report, all: Report): void {
  const right = new Set(insideOf(all));
  expect(insideOf(some).filter((text) => !right.has(text))).toEqual([]);
  const fine = new Set(all.connections.filter(isFine).map(({ firstFrame }) => firstFrame));
  const called = some.connections.filter((connection) => isFine(connection) && !fine.has(connection.firstFrame));
  expect(called.map(({ stream, summary }) => `${stream}: ${summary}`)).toEqual([]);
}

/** What is said of an inside that can be read in part only: who sent a 401 may be told by what is not read. */
const UNSEEN: readonly Verdict[] = ["incomplete", "encrypted", "tunnel-401-unattributed"];
const isFine = ({ verdict }: ReportConnection): boolean => verdict === "ok" || verdict === "auth-ok";

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
    ["all but the client's traffic", /^(?!CLIENT_TRAFFIC)/],
    ["all but the server's traffic", /^(?!SERVER_TRAFFIC)/],
  ])("with %s of its keys: a part of what all of them show", async (_what, half) => {
    const some = await checkedWith(
      capture,
      linesOf(capture).filter((line) => half.test(line)),
    );
    const [all, none] = [await checkedWith(capture, linesOf(capture)), await checkedWith(capture, null)];
    expectPartOf(some, all);
    const right = [...all.connections, ...none.connections].map(({ verdict }) => verdict);
    const verdicts = some.connections.map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => !right.includes(verdict) && !UNSEEN.includes(verdict))).toEqual([]);
  });

  it("with a byte flipped in its records: a part of what they show", async () => {
    const bytes = readCapture(capture.path);
    const all = await checkedWith(capture, linesOf(capture), bytes);
    const places = protectedPlaces(bytes);
    for (const harmed of [...places.map((place) => [place]), places]) {
      const copy = bytes.slice();
      for (const at of harmed) copy[at]! ^= 0x10;
      expectPartOf(await checkedWith(capture, linesOf(capture), copy), all);
    }
  });
});

/** Records of application data that are harmed in one capture, one by one and all together. */
const MAX_HARMED = 10;

/** Offsets in the file in the middle of protected records, from the first to the last. */
function protectedPlaces(bytes: Uint8Array): number[] {
  const file = Buffer.from(bytes);
  const places = [...tlsPieces(bytes, createKeyStore()).values()].flatMap(({ pieces }) =>
    recordsOf(pieces).flatMap(({ type, body }) => {
      const middle = body.length >> 1;
      const at = type === 23 ? file.indexOf(body.subarray(middle, middle + 8)) : -1;
      return at < 0 ? [] : [at];
    }),
  );
  const step = Math.max(1, places.length / MAX_HARMED);
  return Array.from({ length: Math.min(MAX_HARMED, places.length) }, (_, i) => places[Math.floor(i * step)]!);
}

function readCapture(path: string): Uint8Array {
  const bytes = readFileSync(path);
  return Uint8Array.from(path.endsWith(".gz") ? gunzipSync(bytes) : bytes);
}

describe("an RSA key of another server", () => {
  it("opens nothing", async () => {
    const capture = loadTruth().find(({ name }) => name === "tls-12-rsa-private-key")!;
    const other = join(folder, "other.pem");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    writeFileSync(other, privateKey.export({ type: "pkcs8", format: "pem" }));
    const wrong = await checkCapture(capture.path, { ...optionsOf(capture), rsaKeys: [other] });
    const none = await checkCapture(capture.path, { ...optionsOf(capture), rsaKeys: [] });
    if ("kind" in wrong || "kind" in none) throw new Error("the capture cannot be checked");
    expect(insideOf(wrong)).toEqual(insideOf(none));
    expect(wrong.capture.keys.decrypted).toBe(0);
  });
});
