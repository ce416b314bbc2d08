// Damage: cut short, flipped, with holes, or no TLS at all. Nothing throws, and what came before stays right.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTlsConversation, parseCertificate, type TlsRole } from "../../src/tls-parse/index.ts";
import { times } from "../harness/times.ts";
import { FIXTURES, fixture, plain, play, type Step } from "./play.ts";

const RUNS = { numRuns: times(150) };
const conversations = FIXTURES.map((name) => fixture(name));
const anyConversation = fc.constantFrom(...conversations);

describe("a damaged conversation", () => {
  it("cut short at any byte keeps the steps that were complete", () => {
    for (const pieces of conversations) {
      const whole = play(pieces).ladder;
      let before: readonly string[] = [];
      for (const [index, { from, bytes }] of pieces.entries()) {
        const step = Math.max(1, Math.floor(bytes.length / 60));
        for (let length = 0; length < bytes.length; length += step) {
          const { ladder, facts } = play([...pieces.slice(0, index), { from, bytes: bytes.slice(0, length) }]);
          plain(facts);
          // The last step may be a hello that is cut.
          expect(whole.join()).toContain(ladder.slice(0, before.length).join());
          expect(ladder.length).toBeGreaterThanOrEqual(before.length);
        }
        before = play(pieces.slice(0, index + 1)).ladder;
        expect(whole.slice(0, before.length)).toEqual(before);
      }
    }
  });

  it("with flipped bytes gives a report", () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(anyConversation, flips, (pieces, changes) => {
        const steps = pieces.map(({ from, bytes }) => ({ from, bytes: bytes.slice() }));
        for (const [piece, at, mask] of changes) {
          const { bytes } = steps[piece % steps.length]!;
          if (bytes.length > 0) bytes[at % bytes.length]! ^= mask;
        }
        const { facts } = play(steps);
        plain(facts);
        void [facts.clientHello?.ech, facts.clientHello?.groups, facts.clientHello?.extensions];
      }),
      RUNS,
    );
  });

  it("with holes, known and unknown, gives a report, and finds its place again", () => {
    const hole = fc.record({
      piece: fc.nat(),
      at: fc.nat(),
      length: fc.integer({ min: 1, max: 600 }),
      known: fc.boolean(),
    });
    fc.assert(
      fc.property(anyConversation, hole, (pieces, { piece, at, length, known }) => {
        const index = piece % pieces.length;
        const { from, bytes } = pieces[index]!;
        const start = at % (bytes.length + 1);
        const end = Math.min(bytes.length, start + length);
        const steps: Step[] = [
          ...pieces.slice(0, index),
          { from, bytes: bytes.slice(0, start) },
          { from, gap: known ? end - start : 0 },
          { from, bytes: bytes.slice(end) },
          ...pieces.slice(index + 1),
        ];
        const { facts, noteIds } = play(steps);
        plain(facts);
        expect(facts.gaps).toBeGreaterThan(0);
        expect(noteIds).toContain("tls-gap");
        // Of the other side nothing is missing.
        const other: TlsRole = from === "client" ? "server" : "client";
        expect(facts.records[other]).toEqual(play(pieces).facts.records[other]);
      }),
      RUNS,
    );
  });

  it("with keys that open nothing, or nonsense, gives a report", () => {
    const opened = fc.option(
      fc.record({ type: fc.integer({ min: 0, max: 255 }), bytes: fc.uint8Array({ maxLength: 60 }) }),
    );
    fc.assert(
      fc.property(anyConversation, fc.infiniteStream(opened), fc.boolean(), (pieces, answers, wants) => {
        const conversation = createTlsConversation({
          note() {},
          now: () => 0n,
          opener: {
            clientHello() {},
            serverHello() {},
            handshake() {},
            changeCipherSpec() {},
            wants: () => wants,
            open() {
              const answer = answers.next().value;
              return answer && { ...answer, start: 0, end: answer.bytes.length };
            },
            decompressCertificates: () => "unsupported",
            skipped() {},
            gap() {},
            lastFailure: "damaged",
            unsupported: false,
            kept: 0,
          },
          sink: { data() {}, gap() {}, end() {} },
        });
        for (const [i, { from, bytes }] of pieces.entries()) conversation[from].push(bytes, 0, bytes.length, i);
        plain(conversation.facts);
      }),
      RUNS,
    );
  });
});

describe("anything at all", () => {
  const bytes = fc.uint8Array({ maxLength: 600, size: "max" });
  const header = fc.tuple(
    fc.constantFrom(20, 21, 22, 23, 24, 25, 0x80),
    fc.constantFrom(0x0301, 0x0303, 1),
    fc.nat(80),
  );
  const likely = fc
    .array(fc.tuple(header, fc.uint8Array({ maxLength: 90 })), { maxLength: 12 })
    .map((parts) =>
      Uint8Array.from(
        parts.flatMap(([[type, version, length], body]) => [type, version >> 8, version & 255, 0, length, ...body]),
      ),
    );

  it("gives a report", () => {
    fc.assert(
      fc.property(fc.oneof(bytes, likely), fc.oneof(bytes, likely), fc.nat(99), (client, server, gap) => {
        const { facts } = play([
          { from: "client", bytes: client },
          { from: "server", gap },
          { from: "server", bytes: server },
          { from: "client", bytes: client },
          { from: "client", end: "fin" },
        ]);
        plain(facts);
        expect(facts.transitions.length).toBeLessThanOrEqual(64);
        expect(facts.marks.length).toBeLessThanOrEqual(96);
      }),
      RUNS,
    );
  });

  it("as a certificate gives one", () => {
    fc.assert(
      fc.property(bytes, (der) => {
        parseCertificate(der);
      }),
      RUNS,
    );
  });
});
