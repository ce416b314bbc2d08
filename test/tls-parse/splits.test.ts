// However TCP cuts a conversation, and whatever it passes over, the same facts come out.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTlsConversation } from "../../src/tls-parse/index.ts";
import { expectSameHoweverCut, type Piece, piecesOf } from "../harness/split.ts";
import { times } from "../harness/times.ts";
import { clientHello, concat, FIXTURES, fixture, message, plain, record, type Step, serverHello } from "./play.ts";

/** Offsets of the pieces in all bytes: a cut piece belongs to whom its offset says, its frame is that of the original. */
function feedOf(pieces: readonly Extract<Step, { bytes: Uint8Array }>[]) {
  return (cut: Iterable<Piece>): object => {
    const notes: object[] = [];
    let frame = 0;
    const conversation = createTlsConversation({
      note: (note) => void notes.push(note),
      now: () => BigInt(frame),
      opener: null,
      sink: null,
    });
    let index = 0;
    let used = 0;
    for (const { bytes, start, end } of cut) {
      for (let p = start; p < end; ) {
        while (used === pieces[index]!.bytes.length) {
          index++;
          used = 0;
        }
        const take = Math.min(end - p, pieces[index]!.bytes.length - used);
        frame = index + 1;
        conversation[pieces[index]!.from].push(bytes, p, p + take, frame);
        p += take;
        used += take;
      }
    }
    for (const role of ["client", "server"] as const) conversation[role].end("fin", frame);
    return { facts: plain(conversation.facts), notes };
  };
}

const all = (pieces: readonly { bytes: Uint8Array }[]) => concat(...pieces.map(({ bytes }) => bytes));
const LIMITS = { places: 150, randomRuns: 25 };

describe("any cut gives the same", () => {
  it.each(FIXTURES)("%s", (name) => {
    const pieces = fixture(name);
    const whole = expectSameHoweverCut(all(pieces), feedOf(pieces), LIMITS);
    expect(whole).toMatchObject({ notes: [], facts: { handshakeComplete: true } });
  });

  const noise = new Uint8Array(90).fill(0x16);
  const data = record(23, new Uint8Array(120).fill(3));
  it.each([
    ["garbage that looks like headers", concat(record(22, clientHello()), noise, data, data)],
    ["a version that changes", concat(data, record(23, [1, 2, 3], 0x0301), noise, record(23, [9], 0x0303), data)],
    ["a type that is not known", concat(data, record(77, new Uint8Array(40)), data)],
    ["a message over many records", concat(...[...message(11, new Uint8Array(60))].map((byte) => record(22, [byte])))],
    ["what is no message", concat(record(22, [200, 1, 2, 3, 4]), record(22, serverHello()))],
    ["an SSLv2 hello", concat([0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 47], new Uint8Array(16), data)],
    ["a hello that never ends", record(22, clientHello()).slice(0, -9)],
  ])("%s", (_what, bytes) => {
    expectSameHoweverCut(bytes, feedOf([{ from: "client", bytes }]), LIMITS);
  });

  it("passing over what is skippable", () => {
    // Early data (extension 42) does not wait for the server.
    const eager = record(22, clientHello({ extensions: [[42, []]] }));
    const bytes = concat(eager, record(23, new Uint8Array(9000)), record(21, [1, 0]), data);
    const feed = (cut: Iterable<Piece>): object => {
      const { client, facts } = createTlsConversation({ note() {}, now: () => 0n, opener: null, sink: null });
      for (const { bytes: buffer, start, end } of cut) {
        const pass = Math.min(end - start, Math.max(0, client.skippable - 1));
        client.skippable -= pass;
        if (start + pass < end) client.push(buffer, start + pass, end, 1);
      }
      client.end("fin", 1);
      return plain(facts);
    };
    const whole = expectSameHoweverCut(bytes, feed, LIMITS);
    expect(whole).toMatchObject({ applicationBytes: { client: 9120 }, closeNotify: { client: true } });
  });

  // Where both sides speak, what had to wait for the other one may go on between two records of the same frame.
  it("of a damaged side", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 });
    const cuts = fc.array(fc.nat(), { maxLength: 12 });
    const anySide = fc.constantFrom("client" as const, "server" as const);
    fc.assert(
      fc.property(fc.constantFrom(...FIXTURES), anySide, changes, cuts, (name, from, damage, places) => {
        const bytes = all(fixture(name).filter((piece) => piece.from === from));
        for (const [at, value] of damage) bytes[at % bytes.length] = value;
        const feed = feedOf([{ from, bytes }]);
        const cut = piecesOf(
          bytes,
          places.map((place) => place % bytes.length),
        );
        expect(feed(cut)).toEqual(feed(piecesOf(bytes)));
      }),
      { numRuns: times(300) },
    );
  });
});
