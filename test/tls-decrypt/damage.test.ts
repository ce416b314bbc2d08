// Lost and damaged records, foreign keys, bodies that are passed over: never a wrong plaintext, and on again where it is possible.
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { createRecordOpener, createSessionCache } from "../../src/tls-decrypt/index.ts";
import { times } from "../harness/times.ts";
import { SSL_OP_NO_ENCRYPT_THEN_MAC, type TappedTalk, talk } from "../harness/tls-talk.ts";
import { type Meddle, openerFor, recordsOf, storeOf, type WireRecord, walk } from "./walk.ts";

const forced = (version: "TLSv1" | "TLSv1.2" | "TLSv1.3", ciphers: string, secureOptions = 0) => {
  const options = {
    minVersion: version,
    maxVersion: version,
    ciphers: `${ciphers}:AES128-SHA:@SECLEVEL=0`,
    secureOptions,
  };
  return { server: options, client: options };
};
const KINDS = {
  "TLS 1.3 AES-GCM": forced("TLSv1.3", "TLS_AES_128_GCM_SHA256"),
  "TLS 1.3 ChaCha20": forced("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"),
  "TLS 1.2 AES-GCM": forced("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256"),
  "TLS 1.2 ChaCha20": forced("TLSv1.2", "ECDHE-RSA-CHACHA20-POLY1305"),
  "TLS 1.2 CBC": forced("TLSv1.2", "ECDHE-RSA-AES128-SHA256", SSL_OP_NO_ENCRYPT_THEN_MAC),
  "TLS 1.2 CBC encrypt-then-MAC": forced("TLSv1.2", "ECDHE-RSA-AES128-SHA256"),
  "TLS 1.0 CBC": forced("TLSv1", "AES128-SHA"),
  "TLS 1.0 CBC, MAC of the plaintext": forced("TLSv1", "AES128-SHA", SSL_OP_NO_ENCRYPT_THEN_MAC),
} as const;
type Kind = keyof typeof KINDS;
const kinds = Object.keys(KINDS) as Kind[];

/** 40 records of the server with a number each, and what the client asked. */
const turns = Array.from({ length: 80 }, (_, i) => (i % 2 === 0 ? `q${i};` : `<${i}>${"-".repeat(200)}`));
const talks = new Map<Kind, TappedTalk>();

beforeAll(async () => {
  for (const kind of kinds) talks.set(kind, await talk({ ...KINDS[kind], turns }));
});

/** Indices of the server's records that carry its turns. */
const serverData = (records: readonly WireRecord[]): number[] =>
  records
    .flatMap((record, index) =>
      record.from === "server" && record.type === 23 && record.body.length > 200 ? [index] : [],
    )
    .slice(-40);

describe.each(kinds)("%s", (kind) => {
  const records = () => recordsOf(talks.get(kind)!.pieces);
  const opener = () => openerFor(talks.get(kind)!.keyLog);
  const loses = (lost: readonly number[]) => {
    const meddle: Meddle = (record, index) => (lost.includes(index) ? "gap" : record);
    return walk(records(), opener(), meddle);
  };

  it.each([1, 2, 5, 30])("goes on behind %i lost records", (count) => {
    const places = serverData(records());
    const lost = places.slice(3, 3 + count);
    const walked = loses(lost);
    // TLS 1.0: the IV is lost with the record that held it, but OpenSSL sends an empty record before each that is not.
    const behind = 3 + count;
    const kept = turns.filter((_, i) => i % 2 === 1 && ((i - 1) / 2 < 3 || (i - 1) / 2 >= behind)).join("");
    expect(walked.data.server).toBe(kept);
    expect(walked.data.client).toBe(talks.get(kind)!.said.client);
  });

  it("goes on behind several losses", () => {
    const places = serverData(records());
    const walked = loses([places[2]!, places[3]!, places[10]!, places[20]!, places[21]!, places[22]!]);
    expect(walked.data.server.endsWith(turns[79]!)).toBe(true);
    expect(walked.opener.stats.server.why).toBe("open");
  });

  it("goes on behind a damaged record, which it does not give out", () => {
    const place = serverData(records())[7]!;
    const flip: Meddle = (record, index) => {
      if (index !== place) return record;
      const body = record.body.slice();
      body[body.length >> 1]! ^= 1;
      return { ...record, body };
    };
    const walked = walk(records(), opener(), flip);
    // TLS 1.0 with encrypt-then-MAC: the next record's IV came from the damaged one, and its MAC does not cover it.
    expect(walked.failures).toEqual(kind === "TLS 1.0 CBC" ? ["damaged", "damaged"] : ["damaged"]);
    expect(walked.data.server).toBe(turns.filter((_, i) => i % 2 === 1 && i !== 15).join(""));
  });

  it("never gives a wrong plaintext, whatever bytes are flipped, lost, cut or repeated", () => {
    const all = records();
    const truth = new Set(turns);
    const said = talks.get(kind)!.said;
    const harm = fc.record({
      at: fc.nat({ max: all.length - 1 }),
      how: fc.constantFrom("flip", "gap", "cut", "type", "repeat") as fc.Arbitrary<
        "flip" | "gap" | "cut" | "type" | "repeat"
      >,
      byte: fc.nat(),
      bit: fc.nat({ max: 7 }),
    });
    fc.assert(
      fc.property(fc.array(harm, { minLength: 1, maxLength: 4 }), (harms) => {
        const walked = walk(all, opener(), (record, index) => {
          let result: WireRecord | "gap" = record;
          for (const { at, how, byte, bit } of harms) {
            // Hellos in the clear are not authenticated here, and ChangeCipherSpec has nothing to harm.
            if (at !== index || result === "gap" || (record.type !== 23 && how !== "gap") || record.body.length === 0)
              continue;
            const body: Uint8Array = result.body.slice();
            if (how === "gap") result = record.type === 23 ? "gap" : result;
            else if (how === "cut") result = { ...result, body: body.subarray(0, byte % body.length) };
            else if (how === "repeat")
              result = all[byte % index || 0]!.type === 23 ? { ...result, body: all[byte % index || 0]!.body } : result;
            else {
              body[byte % body.length]! ^= 1 << bit;
              result = { ...result, body };
            }
          }
          return result;
        });
        for (const side of ["client", "server"] as const) {
          for (const part of walked.data[side].split(side === "client" ? /(?<=;)/ : /(?=<)/)) {
            expect(part === "" || truth.has(part) || said[side].includes(part)).toBe(true);
          }
        }
      }),
      { numRuns: times(40) },
    );
  });

  it("opens nothing with the keys of another session, and stops trying", () => {
    const other = talks.get(kind === "TLS 1.3 AES-GCM" ? "TLS 1.3 ChaCha20" : "TLS 1.3 AES-GCM")!;
    const walked = walk(records(), openerFor(other.keyLog));
    expect(walked.opened).toBe(0);
    expect(walked.opener.stats).toMatchObject({ source: "none", server: { why: "no-keys", tries: 0 } });

    // The right random with wrong secrets: as a key log whose lines were mixed up.
    const keyLog = talks
      .get(kind)!
      .keyLog.replaceAll(/ [0-9a-f]+$/gm, (secret) => secret.replaceAll(/[0-9]/g, (digit) => `${9 - Number(digit)}`));
    const wrong = walk([...records(), ...records().filter((record) => record.type === 23)], openerFor(keyLog));
    expect(wrong.opened).toBe(0);
    expect(wrong.data).toEqual({ client: "", server: "" });
    expect(wrong.opener.stats.server.why).toBe("keys-unusable");
    expect(wrong.opener.stats.server.tries).toBeLessThan(1000);
  });
});

describe("stream ciphers and compression", () => {
  it("cannot go on behind a gap, and says so (NULL can)", async () => {
    const talked = await talk({ ...forced("TLSv1.2", "NULL-SHA256"), turns });
    const all = recordsOf(talked.pieces);
    const lost = serverData(all)[5]!;
    const walked = walk(all, openerFor(talked.keyLog), (record, index) => (index === lost ? "gap" : record));
    expect(walked.data.server).toBe(turns.filter((_, i) => i % 2 === 1 && i !== 11).join(""));
  });
});

describe("bodies that are passed over", () => {
  const BODY = "b".repeat(100_000);

  async function passOver(options: ReturnType<typeof forced>, ahead: number, verifyBodies = false, body = BODY) {
    const talked = await talk({ ...options, turns: ["ask", `head${body}`, "ask", "tail"] });
    const opener = createRecordOpener(storeOf(talked.keyLog), nodeCrypto, createSessionCache(), { verifyBodies });
    const original = opener.open.bind(opener);
    const seen: [number, number][] = [];
    let told = false;
    opener.open = (from, ...rest) => {
      const opened = original(from, ...rest);
      if (from !== "server" || opened === null || opened.type !== 23) return opened;
      seen.push([opener.takePassed("server"), opened.end - opened.start]);
      // The first record holds the head and 16,380 bytes of the body.
      if (!told) opener.mayPass("server", ahead - (opened.end - opened.start - "head".length));
      told = true;
      return opened;
    };
    const walked = walk(recordsOf(talked.pieces), opener);
    return { walked, seen, stats: opener.stats };
  }

  it.each([
    ["TLS 1.3", KINDS["TLS 1.3 AES-GCM"]],
    ["TLS 1.2", KINDS["TLS 1.2 AES-GCM"]],
    ["TLS 1.2 ChaCha20", KINDS["TLS 1.2 ChaCha20"]],
  ])("%s: counts them exactly, and opens the record that holds their last byte", async (_name, options) => {
    const { walked, seen, stats } = await passOver(options, BODY.length);
    expect(stats.server.passed).toBeGreaterThan(3);
    expect(walked.data.server.endsWith("tail")).toBe(true);
    expect(seen.reduce((sum, [passed, opened]) => sum + passed + opened, 0)).toBe(
      "head".length + BODY.length + "tail".length,
    );
    expect(seen[1]![0]).toBeGreaterThan(0);
    // What is passed ends before the last byte that is not needed.
    expect(seen[1]![0]).toBeLessThan(BODY.length);
    expect(stats.server.damaged).toBe(0);
  });

  it("opens a record that ends exactly with the last byte that is not needed", async () => {
    const full = 1 << 14;
    const body = "b".repeat(full - "head".length + 3 * full);
    const { seen } = await passOver(KINDS["TLS 1.3 AES-GCM"], body.length, false, body);
    expect(seen.slice(0, 2)).toEqual([
      [0, full],
      [2 * full, full],
    ]);
  });

  it("opens everything by default, and with CBC, whose padding hides the length", async () => {
    const verified = await passOver(KINDS["TLS 1.3 AES-GCM"], BODY.length, true);
    expect(verified.stats.server.passed).toBe(0);
    expect(verified.walked.data.server).toBe(`head${BODY}tail`);
    const cbc = await passOver(KINDS["TLS 1.2 CBC"], BODY.length);
    expect(cbc.stats.server.passed).toBe(0);
    expect(cbc.walked.data.server).toBe(`head${BODY}tail`);
  });
});
