// Properties of signs: what implementations put between, slow origins, and signs that are taken away.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { times } from "../harness/times.ts";
import type { Said } from "./record-talk.ts";
import { BASIC, challenged, client, FAR, judged, server } from "./sign-talk.ts";

const smallAnswers = fc.integer({ min: 40, max: 9_000 });

/** An origin's answers: never sooner than the way takes; requests grow by whatever they like. */
const innocentTurns = fc.array(
  fc.record({
    request: fc.integer({ min: 60, max: 2_000 }),
    growth: fc.constantFrom(BASIC, 78, 27 + 4 * 600, 5),
    answer: fc.array(smallAnswers, { minLength: 1, maxLength: 3 }),
    tookMs: fc.integer({ min: 40, max: 5_000 }),
  }),
  { minLength: 1, maxLength: 8 },
);

function recordsOf(turns: typeof innocentTurns extends fc.Arbitrary<infer T> ? T : never): Said[] {
  let ms = 0.1;
  return turns.flatMap(({ request, growth, answer, tookMs }) => {
    const asked = ms;
    ms += 2 * tookMs + 3;
    return [
      client(request, asked),
      ...answer.map((bytes, i) => server(bytes, asked + tookMs + i)),
      client(request + growth, asked + tookMs + 3),
      server(answer[0]!, asked + 2 * tookMs + 3),
    ];
  });
}

/** What implementations put between. */
const extras = fc.record({
  tickets: fc
    .array(fc.integer({ min: 80, max: 1_500 }), { maxLength: 1 })
    .chain((sizes) =>
      fc
        .integer({ min: 1, max: 4 })
        .map((times) => sizes.flatMap((bytes) => Array.from({ length: times }, () => server(bytes, 0.3)))),
    ),
  padding: fc.constantFrom(1, 16, 64, 256, 512),
  h2: fc.boolean(),
  roundTripMs: fc.integer({ min: 0, max: 30 }),
});

describe("properties of signs", () => {
  it("never suspects answers that took the way, whatever tickets, SETTINGS, padding and sizes there are", () => {
    fc.assert(
      fc.property(innocentTurns, extras, (turns, { tickets, padding, h2, roundTripMs }) => {
        const pad = (said: Said): Said => ({ ...said, bytes: Math.ceil(said.bytes / padding) * padding });
        const settings = h2 ? [client(64, 0.1), server(51, 0.5), client(9, 0.6), server(9, 0.7)] : [];
        const records = [...settings, ...tickets, ...recordsOf(turns)]
          .map(padding === 1 ? (said) => said : pad)
          .map((said) => ({ ...said, ms: said.ms + (said.from === "server" ? roundTripMs : 0) }))
          .sort((a, b) => a.ms - b.ms);
        const talk = {
          connectMs: 42 + roundTripMs,
          helloMs: 60 + roundTripMs,
          roundTripMs,
          alpnOffered: h2 ? ["h2", "http/1.1"] : ["http/1.1"],
          records,
        };
        expect(judged([talk]).some(({ suspected }) => suspected)).toBe(false);
      }),
      { numRuns: times(500) },
    );
  });

  it("a sign that is taken away takes the suspicion away", () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 4_000 }), fc.constantFrom(0, 1, 2, 5, 22, 40, 41), (tookMs, growth) => {
        expect(judged([{ ...FAR, records: challenged() }])[0]?.suspected).toBe(true);
        expect(judged([{ ...FAR, records: challenged(tookMs) }])[0]?.suspected).toBe(false);
        expect(judged([{ ...FAR, records: challenged(2, growth) }])[0]?.suspected).toBe(false);
      }),
    );
  });

  it("tickets, SETTINGS and padding of the answer do not hide a suspicion's signs", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 90, max: 900 }), (times, bytes) => {
        const tickets = Array.from({ length: times }, () => server(bytes, 0.4));
        const [request, ...rest] = challenged().filter((said) => said.bytes !== 233);
        const [found] = judged([{ ...FAR, records: [request!, ...tickets, ...rest] }]);
        expect(found?.suspected).toBe(true);
      }),
    );
  });
});
