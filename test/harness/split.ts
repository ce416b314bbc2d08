// Feeds a parser the same bytes whole, byte by byte, cut at every place and at random, and expects the same result each time.
import fc from "fast-check";
import { expect } from "vitest";
import { times } from "./times.ts";

/** One push: `bytes[start, end)`. Around it lies garbage, and after the push the bytes are overwritten. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/**
 * Makes a fresh parser, pushes every piece, ends it and gives back what came out: plain data, compared with `toEqual`.
 * The pieces come from a generator that destroys each one once the next is asked for: push at once, keep none.
 */
export type Feed<T> = (pieces: Iterable<Piece>) => T;

/** How much work one case may be. */
export interface SplitLimits {
  /** Places at which the input is cut in two; spread evenly where the input has more. Default 400. */
  readonly places?: number;
  /** Random sets of cuts. Default 40. */
  readonly randomRuns?: number;
  /** Whether to feed it byte by byte too. Default true; leave out for inputs of hundreds of kilobytes. */
  readonly byteByByte?: boolean;
}

/** Gives `bytes` in the pieces that end at `cuts` (offsets in any order, duplicates make empty pieces), the rest last. */
export function* piecesOf(bytes: Uint8Array, cuts: readonly number[] = []): Generator<Piece> {
  const ends = [...cuts].sort((a, b) => a - b);
  ends.push(bytes.length);
  let from = 0;
  for (const end of ends) {
    // Garbage of a different length in front of each piece: a parser that counts from 0 instead of `start` fails.
    const before = 1 + (from % 7);
    const buffer = new Uint8Array(before + (end - from) + 3).fill(0xa5);
    buffer.set(bytes.subarray(from, end), before);
    yield { bytes: buffer, start: before, end: before + (end - from) };
    buffer.fill(0x5a);
    from = end;
  }
}

/**
 * Expects `feed` to give the same for every way of cutting `bytes`, and returns what it gives for the whole.
 *
 * @throws the assertion of vitest, naming the cuts, when a result differs
 */
export function expectSameHoweverCut<T>(bytes: Uint8Array, feed: Feed<T>, limits: SplitLimits = {}): T {
  const whole = feed(piecesOf(bytes));
  const same = (cuts: readonly number[], how: string): void => {
    expect(feed(piecesOf(bytes, cuts)), how).toEqual(whole);
  };
  if (limits.byteByByte !== false) {
    const everywhere = Array.from({ length: bytes.length }, (_, at) => at);
    same(everywhere, "byte by byte");
  }
  const step = Math.max(1, Math.ceil(bytes.length / (limits.places ?? 400)));
  for (let at = 0; at <= bytes.length; at += step) same([at], `cut at ${at}`);
  const cutSets = fc.array(fc.nat({ max: bytes.length }), { maxLength: 24 });
  fc.assert(
    fc.property(cutSets, (cuts) => same(cuts, `cut at ${cuts.join(", ")}`)),
    { numRuns: times(limits.randomRuns ?? 40) },
  );
  return whole;
}
