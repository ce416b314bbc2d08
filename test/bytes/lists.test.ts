// Lists by a key keep the order in which things were met; in sorted ones a place is found.
import fc from "fast-check";
import { expect, test } from "vitest";
import { addTo, countBefore, grouped } from "../../src/bytes/index.ts";

test("what is added stands behind what is there", () => {
  const lists = new Map<string, number[]>();
  for (const [key, value] of [
    ["b", 1],
    ["a", 2],
    ["b", 3],
  ] as const)
    addTo(lists, key, value);
  expect([...lists]).toEqual([
    ["b", [1, 3]],
    ["a", [2]],
  ]);
});

test("groups and their items are in the order in which they came", () => {
  expect([...grouped(["bb", "a", "cc", "d"], ({ length }) => length)]).toEqual([
    [2, ["bb", "cc"]],
    [1, ["a", "d"]],
  ]);
  expect([...grouped([], String)]).toEqual([]);
});

test("those in front of a place in a sorted list are counted", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(20), (list, limit) => {
      const sorted = list.toSorted((a, b) => a - b);
      expect(countBefore(sorted, (item) => item < limit)).toBe(list.filter((item) => item < limit).length);
    }),
  );
});
