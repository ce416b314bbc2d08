// No false plaintext, ever: every connection with keys, recorded or of other programs, with flipped bytes, with wrong and with half the
// keys. A record is opened as it is with everything in order, or it stays closed.
import { existsSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import {
  createKeyStore,
  createRecordOpener,
  createSessionCache,
  type TlsPlatform,
} from "../../src/tls-decrypt/index.ts";
import { portableCiphers } from "../../src/web/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusPath, corpusRows } from "../harness/corpus.ts";
import { tlsPieces } from "../harness/tls-pieces.ts";
import { loadTruth } from "../harness/truth.ts";
import { type Meddle, recordsOf, storeOf, type Walked, type WireRecord, walk } from "./walk.ts";

/** A capture with its key log's lines. */
interface Keyed {
  readonly name: string;
  bytes(): Uint8Array;
  lines(): readonly string[];
}

const recorded: readonly Keyed[] = loadTruth().flatMap(({ name, path, keysPath }) =>
  keysPath === null || !/\.pcap(ng)?$/.test(path)
    ? []
    : [{ name, bytes: () => readFileSync(path), lines: () => linesOf(readFileSync(keysPath)) }],
);

const others: readonly Keyed[] = [...corpusRows<CorpusRow & { readonly keylog?: string }>()].flatMap(
  ([name, { keylog }]) =>
    keylog === undefined || !existsSync(corpusPath(keylog))
      ? []
      : [{ name, bytes: () => corpusBytes(name), lines: () => linesOf(readFileSync(corpusPath(keylog))) }],
);

function linesOf(keyLog: Uint8Array): string[] {
  return Buffer.from(keyLog)
    .toString("latin1")
    .split(/\r?\n/)
    .filter((line) => /^\w+ \w+ \w+$/.test(line));
}

/** One TLS connection: its records, and what they hold with the right keys. */
interface Talk {
  readonly records: readonly WireRecord[];
  readonly right: Walked;
}

/** Connections of a capture that its keys open, each by itself: no session comes from another connection. */
function talksOf({ bytes, lines }: Keyed): Talk[] {
  const log = lines().join("\n");
  return [...tlsPieces(bytes(), createKeyStore()).values()].flatMap(({ pieces }) => {
    const records = recordsOf(pieces);
    const right = walkWith(records, log);
    return right.opened > 0 ? [{ records, right }] : [];
  });
}

function walkWith(
  records: readonly WireRecord[],
  log: string,
  meddle?: Meddle,
  platform: TlsPlatform = nodeCrypto,
): Walked {
  return walk(records, createRecordOpener(storeOf(log), platform, createSessionCache()), meddle);
}

/** Records that differ from what is right; the wrong text is not shown, as it may be anything. */
function falseOnes(walked: Walked, right: Walked): number[] {
  return [...walked.contents].flatMap(([index, text]) => (right.contents.get(index) === text ? [] : [index]));
}

/** Of a long connection the first and the last records with contents of their own, and some between them. */
const MAX_HARMED = 8;

function harmed(right: Walked): number[] {
  const indices = [...right.contents.keys()];
  const step = Math.max(1, indices.length / MAX_HARMED);
  return [
    ...new Set([...Array.from({ length: MAX_HARMED }, (_, i) => Math.floor(i * step)), indices.length - 1]),
  ].flatMap((i) => indices[i] ?? []);
}

/** Where a record is touched: IV or nonce, text, padding, tag. */
const placesIn = (length: number): number[] =>
  [0, length >> 2, length >> 1, length - 17, length - 1].filter((at) => at >= 0);

function flipped(record: WireRecord, at: number, bit: number): WireRecord {
  const body = record.body.slice();
  body[at]! ^= 1 << bit;
  return { ...record, body };
}

/** Every harm to one record. */
function* harms(record: WireRecord): Generator<readonly [what: string, WireRecord]> {
  for (const [i, at] of placesIn(record.body.length).entries()) yield [`byte ${at}`, flipped(record, at, i)];
  yield ["cut", { ...record, body: record.body.subarray(0, -1) }];
  yield ["cut by a block", { ...record, body: record.body.subarray(0, -16) }];
  yield ["longer", { ...record, body: Uint8Array.from([...record.body, 0]) }];
  yield ["of another type", { ...record, type: record.type === 23 ? 22 : 23 }];
}

/** Each secret goes to the session some lines on, if it has the right length there. */
function crossed(lines: readonly string[], foreign: readonly string[]): string[] {
  return lines.flatMap((line, i) => {
    const [label, random, secret = ""] = line.split(" ");
    const fitting = foreign.filter((text) => text.length === secret.length && text !== secret);
    return fitting.length === 0 ? [] : [`${label} ${random} ${fitting[(7 * i + 3) % fitting.length]}`];
  });
}

const HALVES = {
  client: /^CLIENT_/,
  server: /^SERVER_/,
  handshake: /HANDSHAKE/,
  application: /^(?!.*HANDSHAKE)/,
} as const;

const secretsOf = (lines: readonly string[]): string[] => lines.map((line) => line.split(" ")[2]!);

/** Cipher suite of the first ServerHello; one that asks to try again (HelloRetryRequest) names the same. */
function suiteOf(records: readonly WireRecord[]): number {
  const hello = records.find(({ from, type, body }) => from === "server" && type === 22 && body[0] === 2)?.body;
  return hello === undefined ? 0 : (hello[39 + hello[38]!]! << 8) | hello[40 + hello[38]!]!;
}

describe.each([
  { whose: "recorded", captures: recorded, suites: 17 },
  { whose: `of other programs${CORPUS_SKIP}`, captures: others, suites: 86 },
])("captures $whose", ({ captures, suites }) => {
  const seen = new Set<number>();

  describe.each(captures)("$name", (capture) => {
    const lines = capture.lines();
    const log = lines.join("\n");
    let talks: readonly Talk[] = [];
    beforeAll(() => {
      talks = talksOf(capture);
    });

    it("a harmed record stays closed, the others are as they were", () => {
      for (const { records, right } of talks) {
        seen.add(suiteOf(records));
        for (const index of harmed(right)) {
          for (const [what, record] of harms(records[index]!)) {
            const walked = walkWith(records, log, (given, i) => (i === index ? record : given));
            expect(falseOnes(walked, right), `record ${index}, ${what}`).toEqual([]);
            expect(walked.contents.has(index), `record ${index}, ${what}`).toBe(false);
          }
        }
      }
    });

    it("so it is with the portable ciphers", () => {
      for (const { records, right } of talks) {
        const whole = walkWith(records, log, undefined, portableCiphers);
        expect(whole.contents.size === 0 || whole.contents.size === right.contents.size).toBe(true);
        expect(falseOnes(whole, right)).toEqual([]);
        const index = harmed(right).at(-1)!;
        for (const [what, record] of harms(records[index]!)) {
          const walked = walkWith(records, log, (given, i) => (i === index ? record : given), portableCiphers);
          expect(falseOnes(walked, right), what).toEqual([]);
          expect(walked.contents.has(index), what).toBe(false);
        }
      }
    });

    it("the secrets of other sessions open nothing", () => {
      const foreign = [...new Set([...secretsOf(lines), ...secretsOf(recorded.flatMap((other) => other.lines()))])];
      const wrong = crossed(lines, foreign).join("\n");
      for (const { records } of talks) expect(walkWith(records, wrong).opened).toBe(0);
    });

    it.each(["client", "server", "handshake", "application"] as const)(
      "the %s's half of the keys opens no more than it should",
      (half) => {
        const some = lines.filter((line) => HALVES[half].test(line)).join("\n");
        for (const { records, right } of talks) {
          const walked = walkWith(records, some);
          expect(falseOnes(walked, right)).toEqual([]);
          if (half !== "client" && half !== "server") continue;
          // A master secret opens both sides, and is the client's by its label.
          const other = half === "client" ? "server" : "client";
          if (!/^CLIENT_RANDOM/m.test(some)) expect(walked.data[other]).toBe("");
        }
      },
    );
  });

  it.skipIf(captures.length === 0)(`are of ${suites} suites at least`, () => {
    expect(seen.size).toBe(suites);
  });
});
