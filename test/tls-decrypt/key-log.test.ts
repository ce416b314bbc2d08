// Key logs: every label, every way of writing lines, and damage that is counted instead of believed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyStore, type KeyStore, readKeyLog } from "../../src/tls-decrypt/index.ts";
import { SECRET } from "../../src/tls-decrypt/key-store.ts";
import { expectSameHoweverCut, type Piece, piecesOf } from "../harness/split.ts";
import { times } from "../harness/times.ts";
import { storeOf } from "./walk.ts";

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const hexOf = (length: number, value: number): string => Buffer.from(filled(length, value)).toString("hex");
const line = (label: string, random = 1, secret = 2, length = 48): string =>
  `${label} ${hexOf(32, random)} ${hexOf(length, secret)}`;

/** Everything that can be asked of a store, as plain data. */
function contents(store: KeyStore) {
  const find = (random: number) => Object.values(SECRET).map((kind) => store.find(kind, filled(32, random)));
  const { counts, sessions } = store;
  return { counts, sessions, secrets: [1, 2, 3].map(find), premaster: store.findPremaster(filled(8, 4)) };
}

describe("the lines of a key log", () => {
  it.each([
    { label: "CLIENT_RANDOM", kind: SECRET.master },
    { label: "PMS_CLIENT_RANDOM", kind: SECRET.premaster },
    { label: "CLIENT_HANDSHAKE_TRAFFIC_SECRET", kind: SECRET.clientHandshake },
    { label: "SERVER_HANDSHAKE_TRAFFIC_SECRET", kind: SECRET.serverHandshake },
    { label: "CLIENT_TRAFFIC_SECRET_0", kind: SECRET.clientTraffic },
    { label: "SERVER_TRAFFIC_SECRET_0", kind: SECRET.serverTraffic },
    { label: "CLIENT_EARLY_TRAFFIC_SECRET", kind: SECRET.clientEarly },
  ])("accepts $label", ({ label, kind }) => {
    const store = storeOf(line(label));
    expect(store.find(kind, filled(32, 1))).toEqual(filled(48, 2));
    expect(Object.values(SECRET).filter((other) => store.find(other, filled(32, 1)) !== null)).toEqual([kind]);
    expect(store.sessions).toBe(1);
  });

  it("accepts RSA lines: encrypted premaster, and session id", () => {
    const store = storeOf(
      `RSA ${hexOf(8, 4)} ${hexOf(48, 5)}\nRSA Session-ID:${hexOf(32, 6)} Master-Key:${hexOf(48, 7)}\n`,
    );
    expect(store.findPremaster(filled(256, 4))).toEqual(filled(48, 5));
    expect(store.findBySession(filled(32, 6))).toEqual(filled(48, 7));
    expect(store.hasPremasters).toBe(true);
    expect(store.counts.malformed).toBe(0);
  });

  it("knows labels that open nothing, and counts labels it does not know", () => {
    const store = storeOf(
      ["EXPORTER_SECRET", "EARLY_EXPORTER_SECRET", "ECH_SECRET", "CLIENT_TRAFFIC_SECRET_1", "FUTURE_SECRET"]
        .map((label) => line(label))
        .join("\n"),
    );
    expect(Object.keys(store.counts.ignored)).toHaveLength(4);
    expect(store.counts).toMatchObject({ unknown: 1, malformed: 0, secrets: 0 });
  });

  it("keeps no more names of labels than a dozen programs write, however many there are", () => {
    const store = storeOf(Array.from({ length: 1_000 }, (_, i) => line(`QUIC_${i}`)).join("\n"));
    expect(Object.keys(store.counts.ignored)).toHaveLength(64);
    expect(store.counts).toMatchObject({ lines: 1_000, unknown: 936, malformed: 0 });
  });

  it("passes over an ECHConfig of any length", () => {
    const store = storeOf(`ECH_CONFIG ${hexOf(32, 1)} ${hexOf(9000, 1)}\n${line("CLIENT_RANDOM")}`);
    expect(store.counts).toMatchObject({ lines: 2, malformed: 0, secrets: 1, ignored: { ECH_CONFIG: 1 } });
  });

  it.each([
    ["a line feed missing at the end", line("CLIENT_RANDOM")],
    ["CRLF", `# SSL/TLS secrets\r\n\r\n${line("CLIENT_RANDOM")}\r\n`],
    ["capital digits", line("CLIENT_RANDOM").replaceAll("b", "B")],
    ["spaces and tabs", `  ${line("CLIENT_RANDOM").replaceAll(" ", " \t ")}  \n`],
    ["a UTF-8 byte order mark", `\xef\xbb\xbf${line("CLIENT_RANDOM")}\n`],
    ["UTF-16, little-endian", `\xff\xfe${Buffer.from(`${line("CLIENT_RANDOM")}\r\n`, "utf16le").toString("latin1")}`],
    [
      "UTF-16, big-endian",
      `\xfe\xff${Buffer.from(`${line("CLIENT_RANDOM")}\r\n`, "utf16le")
        .swap16()
        .toString("latin1")}`,
    ],
  ])("accepts %s", (_name, text) => {
    const store = storeOf(text);
    expect(store.find(SECRET.master, filled(32, 1))).toEqual(filled(48, 2));
    expect(store.counts).toMatchObject({ malformed: 0, unknown: 0 });
  });

  it("reports malformed lines by number", () => {
    const good = line("CLIENT_RANDOM");
    const store = storeOf(
      [
        good,
        good.slice(0, -1),
        good.slice(0, 60),
        `${good} 00`,
        good.replace("01", "0g"),
        "RSA 00 11",
        "<html>",
        good,
      ].join("\n"),
    );
    expect(store.counts).toMatchObject({ malformed: 6, malformedLines: [2, 3, 4, 5, 6, 7], duplicates: 1, secrets: 2 });
  });

  it("takes a premaster secret of up to 64 bytes, whole ones", () => {
    const premaster = (length: number) => line("PMS_CLIENT_RANDOM", 1, 2, length);
    for (const length of [1, 46, 48, 64]) {
      expect(storeOf(`${premaster(length)}\n`).find(SECRET.premaster, filled(32, 1))).toEqual(filled(length, 2));
    }
    const whole = premaster(48);
    const broken = [whole.slice(0, -1), whole.slice(0, -96), whole.slice(0, -97), premaster(65)];
    const { counts, sessions } = storeOf(broken.map((one) => `${one}\n`).join(""));
    expect(counts).toMatchObject({ malformedLines: [1, 2, 3, 4], secrets: 0 });
    expect(sessions).toBe(0);
  });

  it("takes the last of two secrets for one session", () => {
    const store = storeOf(`${line("CLIENT_RANDOM", 1, 2)}\n${line("CLIENT_RANDOM", 1, 3)}\n`);
    expect(store.find(SECRET.master, filled(32, 1))).toEqual(filled(48, 3));
    expect(store.sessions).toBe(1);
  });
});

const MIXED = [
  "# a comment",
  line("CLIENT_RANDOM", 1),
  line("SERVER_TRAFFIC_SECRET_0", 2, 9, 32),
  "broken",
  line("EXPORTER_SECRET", 2, 9, 32),
  `RSA ${hexOf(8, 4)} ${hexOf(48, 5)}`,
  line("CLIENT_RANDOM", 3),
].join("\r\n");

describe("a key log in pieces", () => {
  const feed = (pieces: Iterable<Piece>) => {
    const store = createKeyStore();
    const reader = readKeyLog(store);
    for (const { bytes, start, end } of pieces) reader.push(bytes, start, end);
    reader.end();
    return contents(store);
  };

  it("gives the same however it is cut", () => {
    const whole = expectSameHoweverCut(bytesOf(MIXED), feed);
    expect(whole.sessions).toBe(4);
    expectSameHoweverCut(bytesOf(`\xff\xfe${Buffer.from(MIXED, "utf16le").toString("latin1")}`), feed, {
      places: 100,
      randomRuns: 10,
    });
  });

  it("gives the same in one piece, where lines are read as they lie, and byte by byte, with any byte flipped", () => {
    const log = bytesOf(MIXED.replaceAll("\r\n", "\n"));
    const flips = fc.array(fc.tuple(fc.nat({ max: log.length - 1 }), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    const everywhere = Array.from({ length: log.length }, (_, at) => at);
    fc.assert(
      fc.property(flips, (places) => {
        const damaged = log.slice();
        for (const [at, mask] of places) damaged[at]! ^= mask;
        expect(feed(piecesOf(damaged))).toEqual(feed(piecesOf(damaged, everywhere)));
      }),
      { numRuns: times(1_000) },
    );
  });

  it("gives every secret before the place where it is truncated", () => {
    for (let end = 0; end < MIXED.length; end++) {
      const complete = (MIXED.slice(0, end).match(/^CLIENT_RANDOM \w{64} \w{96}$/gm) ?? []).length;
      const store = storeOf(MIXED.slice(0, end));
      const found = [1, 3].filter((random) => store.find(SECRET.master, filled(32, random)) !== null).length;
      expect(found).toBe(complete);
    }
  });

  it("takes any bytes without throwing, and finds nothing in them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), (bytes) => {
        expect(storeOf(bytes).sessions).toBe(0);
      }),
      { numRuns: times(200) },
    );
  });
});

describe("the key store", () => {
  it("holds many sessions and finds each", () => {
    const store = createKeyStore();
    const random = (i: number) => {
      const bytes = new Uint8Array(32);
      new DataView(bytes.buffer).setUint32(i % 2 === 0 ? 0 : 20, i);
      return bytes;
    };
    for (let i = 0; i < 20_000; i++) store.add(SECRET.master, random(i), filled(48, i & 0xff));
    expect(store.sessions).toBe(20_000);
    for (let i = 0; i < 20_000; i += 7) expect(store.find(SECRET.master, random(i))![0]).toBe(i & 0xff);
    expect(store.find(SECRET.clientEarly, random(1))).toBeNull();
  });

  it("keeps only what is wanted", () => {
    const store = createKeyStore({ wanted: (random) => random[0] === 1 });
    store.add(SECRET.master, filled(32, 1), filled(48, 1));
    store.add(SECRET.master, filled(32, 2), filled(48, 2));
    expect(store.sessions).toBe(1);
    expect(store.counts.unwanted).toBe(1);
  });

  it("counts the randoms it was asked for and those it knows, before and after the keys came", () => {
    const store = createKeyStore();
    store.ask(filled(32, 1));
    store.ask(filled(32, 1));
    store.ask(filled(32, 9));
    store.add(SECRET.clientTraffic, filled(32, 1), filled(32, 1));
    store.add(SECRET.serverTraffic, filled(32, 1), filled(32, 1));
    store.add(SECRET.master, filled(32, 2), filled(48, 1));
    store.ask(filled(32, 2));
    expect(store).toMatchObject({ asked: 3, matched: 2, sessions: 2 });
  });
});
