// The search for values in text: as long as values are kept, and no longer.
import { describe, expect, it } from "vitest";
import { KnownNames } from "../../src/report/redact/known-names.ts";

/** Words of three letters with a stroke behind each, cut to a length. */
const ofLength = (length: number): string => "abc-".repeat(length / 4 + 1).slice(0, length);

describe("a known value", () => {
  it.each([
    [2_048, true],
    [2_100, true],
    [2_101, false],
  ])("of %i characters is found: %s", (length, isFound) => {
    const known = new KnownNames();
    const value = ofLength(length);
    known.add(value, "name-1");
    expect(known.isEmpty).toBe(!isFound);
    expect(known.at(`${value} and more`, 0)).toEqual(isFound ? { end: length, pseudonym: "name-1" } : null);
  });

  it("is found in front of text without end", () => {
    const known = new KnownNames();
    known.add("abc", "name-1");
    known.add(ofLength(2_100), "name-2");
    expect(known.at(ofLength(2_099), 0)).toEqual({ end: 3, pseudonym: "name-1" });
    expect(known.at(ofLength(100_000), 0)).toEqual({ end: 2_100, pseudonym: "name-2" });
  });
});
