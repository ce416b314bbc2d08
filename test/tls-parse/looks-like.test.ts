// Bytes from the middle of a connection: whether they are TLS records.
import { describe, expect, it } from "vitest";
import { areRecords } from "../../src/tls-parse/index.ts";
import { concat } from "../harness/capture-file.ts";

/** An encrypted record of TLS 1.2 or 1.3; its bytes look like no header. */
const record = (length: number, type = 23): Uint8Array =>
  concat(Uint8Array.of(type, 3, 3, length >> 8, length & 0xff), new Uint8Array(length).fill(0xee));

const SHORT = record(30);
/** With both bytes of the length in use. */
const LONG = record(0x0123);

describe("bytes from the middle of a connection", () => {
  it.each([
    ["one record", [SHORT], true],
    ["one record, a long one", [LONG], true],
    ["two records", [LONG, SHORT], true],
    ["two records and a third that begins", [SHORT, LONG, SHORT.subarray(0, 20)], true],
    ["two records and part of a header", [SHORT, LONG, SHORT.subarray(0, 4)], true],
    ["one record and a header", [LONG, SHORT.subarray(0, 5)], false],
    ["two records and a header", [SHORT, LONG, SHORT.subarray(0, 5)], true],
    ["two records and five other bytes", [SHORT, LONG, new Uint8Array(5).fill(0xee)], false],
    ["an empty record", [record(0)], true],
    ["an alert behind records", [LONG, LONG, record(26, 21)], true],
    ["one record and a second that begins", [LONG, SHORT.subarray(0, 20)], false],
    ["one record and part of a header", [LONG, SHORT.subarray(0, 4)], false],
    ["a record that begins", [LONG.subarray(0, 100)], false],
    ["part of a header", [SHORT.subarray(0, 4)], false],
    ["nothing", [], false],
    ["records with a type that is none behind them", [SHORT, LONG, record(30, 99)], false],
    ["text", [new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")], false],
  ])("that are %s", (_what, parts, expected) => {
    const bytes = concat(...parts);
    // What lies around them does not count.
    for (const [before, behind] of [
      [0, 0],
      [3, 0],
      [0, 40],
      [7, 7],
    ] as const) {
      const memory = concat(new Uint8Array(before).fill(23), bytes, SHORT.subarray(0, behind), new Uint8Array(behind));
      expect(areRecords(memory, before, before + bytes.length)).toBe(expected);
    }
  });
});
