// Lists by a key keep the order in which things were met.
import { expect, test } from "vitest";
import { addTo, grouped } from "../../src/bytes/index.ts";

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
