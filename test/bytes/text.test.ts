// Latin-1 text of wire bytes: every value survives, whatever the length and wherever the bytes lie.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { familiar, hex, latin1, ownText, readable, startsWith, utf16le } from "../../src/bytes/index.ts";

describe("long text", () => {
  const long = Uint8Array.from({ length: 30_001 }, (_, i) => (i * 31 + (i >> 8)) & 255);

  it("of any bytes is theirs, one character for each", () => {
    for (const end of [13, 8_191, 8_192, 8_193, 16_384, 30_001])
      expect(latin1(long, 0, end)).toBe(Buffer.from(long.subarray(0, end)).toString("latin1"));
  });

  it("of UTF-16 is its units, without an odd last byte", () => {
    expect(utf16le(long)).toBe(Buffer.from(long).toString("utf16le"));
    expect(utf16le(long, 5, 6)).toBe("");
    expect(utf16le(long, 6, 5)).toBe("");
  });

  it("is the same when it is copied", () => {
    for (const text of ["", "short", "aé\u{1f600}z", "é".repeat(13), utf16le(long), latin1(long)])
      expect(ownText(text)).toBe(text);
    // As many bytes of UTF-8 as there is room for, and as the text has characters.
    for (const length of [13, 1_023, 1_024, 1_025])
      for (const first of ["z", "é", "\ud83d", "\u{1f600}"]) {
        const text = first + "a".repeat(length - first.length);
        expect(ownText(text)).toBe(text);
      }
  });
});

describe("readable", () => {
  it("gives back what was UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(readable(latin1(new TextEncoder().encode(text)))).toBe(text);
      }),
    );
  });

  it.each([
    ["Latin-1", "f\xfcr", "für"],
    ["UTF-8 that is cut", "f\xc3", "f\xc3"],
    ["overlong UTF-8", "\xc0\xaf", "\xc0\xaf"],
    ["a surrogate in UTF-8", "\xed\xa0\x80", "\xed\xa0\x80"],
    ["what is beyond bytes already", "\xc3\xbc\u0153", "\xc3\xbc\u0153"],
    ["a byte order mark", "\xef\xbb\xbfa", "\ufeffa"],
  ])("takes %s for what it is", (_what, text, expected) => {
    expect(readable(text)).toBe(expected);
  });
});

describe("latin1", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);

  it("keeps every byte", () => {
    expect([...latin1(all)].map((character) => character.charCodeAt(0))).toEqual([...all]);
  });

  it("gives the same for short and long, with and without other bytes than ASCII", () => {
    for (let length = 0; length < 40; length++) {
      for (const start of [0, 60, 100, 120]) {
        const text = latin1(all, start, start + length);
        expect(text).toBe(Buffer.from(all.subarray(start, start + length)).toString("latin1"));
      }
    }
  });

  it("stops where the bytes stop", () => {
    expect(latin1(all.subarray(0x61, 0x64), 1, 100)).toBe("bc");
    expect(latin1(all, 0x70, 0x61)).toBe("");
  });

  it("keeps what UTF-8 would swallow", () => {
    expect(latin1(new Uint8Array(13).fill(0x80))).toBe("\x80".repeat(13));
    expect(latin1(Uint8Array.from([0xef, 0xbb, 0xbf, ...all.subarray(0x61, 0x71)]))).toHaveLength(19);
  });
});

describe("familiar", () => {
  it("is latin1, whatever was met before", () => {
    // A small alphabet: the same texts, and different ones of the same length, come again and again.
    const text = fc.uint8Array({ max: 2, maxLength: 6 });
    const texts = fc.array(fc.oneof(text, fc.uint8Array({ maxLength: 80 })), { maxLength: 200 });
    fc.assert(
      fc.property(texts, fc.nat(5), (all, before) => {
        for (const bytes of all) {
          const padded = Uint8Array.from([...new Array<number>(before).fill(65), ...bytes, 66]);
          expect(familiar(padded, before, before + bytes.length)).toBe(latin1(bytes));
        }
      }),
    );
  });

  it("is latin1 for texts that share a slot and differ in one character", () => {
    for (let fixed = 0; fixed < 256; fixed++)
      for (let other = 0; other < 256; other++)
        for (const pair of [Uint8Array.of(other, fixed), Uint8Array.of(fixed, other)])
          if (familiar(pair, 0, 2) !== latin1(pair)) expect(familiar(pair, 0, 2)).toBe(latin1(pair));
  });

  it("gives the same string again", () => {
    const bytes = new TextEncoder().encode("proxy.example.com:443");
    expect(familiar(bytes, 0, bytes.length)).toBe("proxy.example.com:443");
    expect(familiar(bytes, 0, 0)).toBe("");
  });
});

describe("startsWith", () => {
  const bytes = new TextEncoder().encode("GET / HTTP");

  it.each([
    ["the whole", 0, 10, "GET / HTTP", true],
    ["a part in the middle", 4, 10, "/ H", true],
    ["nothing", 10, 10, "", true],
    ["what goes on behind the end", 0, 2, "GET", false],
    ["another first character", 0, 10, "PET", false],
    ["another last character", 0, 10, "GES", false],
  ])("of %s", (_what, at, end, text, expected) => {
    expect(startsWith(bytes, at, end, text)).toBe(expected);
  });
});

describe("hex", () => {
  it("has two digits for each byte", () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(hex(all)).toBe(Buffer.from(all).toString("hex"));
  });
});
