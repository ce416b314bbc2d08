// What leaves for a terminal: every control, format and invisible character made visible, wide characters counted.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { asciiText, jsonText, terminalText } from "../../src/report/escape.ts";
import { type TerminalStyle, textWidth, truncate, wrap } from "../../src/report/outputs/style.ts";

const STYLE: TerminalStyle = { width: 80, colour: false, drawing: true, unicode: true, verbose: false };

describe("terminalText", () => {
  it.each([
    ["ESC of a colour", "\x1b[31mred", "\\x1b[31mred"],
    ["an OSC that sets the title", "\x1b]0;owned\x07", "\\x1b]0;owned\\x07"],
    ["the C1 form of CSI", "\u009b2J", "\\x9b2J"],
    ["CR and LF", "a\r\nb", "a\\x0d\\x0ab"],
    ["NUL, tab and DEL", "\0\t\x7f", "\\x00\\x09\\x7f"],
    ["a right-to-left override", "exe.\u202egnp", "exe.\\u202egnp"],
    ["bidirectional isolates and marks", "\u2066\u2069\u200e\u061c", "\\u2066\\u2069\\u200e\\u061c"],
    ["zero width", "a\u200bb\u200d\ufeff", "a\\u200bb\\u200d\\ufeff"],
    ["line and paragraph separators", "\u2028\u2029", "\\u2028\\u2029"],
    ["annotation marks and Arabic format characters", "\ufff9\u0600", "\\ufff9\\u0600"],
    ["tags", "\u{e0041}", "\\u{e0041}"],
    ["a lone surrogate", "\ud83d!", "\\ud83d!"],
    ["an invisible Hangul filler", "\u3164", "\\u3164"],
  ])("shows %s", (_what, text, shown) => {
    expect(terminalText(text)).toBe(shown);
  });

  it.each(["Grüße", "東京", "e\u0301", "naïve €", "😀", "a b"])("passes ordinary text: %s", (text) => {
    expect(terminalText(text)).toBe(text);
  });

  it("lets nothing through that moves, hides or reorders", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(terminalText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(asciiText(text)).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });
});

describe("asciiText", () => {
  it("writes what the program's own sentences use in ASCII, and escapes the rest", () => {
    expect(asciiText("RFC 9110 §15.5.8 … 3 × é 😀")).toBe("RFC 9110 section 15.5.8 ... 3 x \\xe9 \\u{1f600}");
  });
});

describe("jsonText", () => {
  it("keeps the value and leaves nothing unsafe but the line ends of indentation", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (texts) => {
        const escaped = jsonText(JSON.stringify(texts, null, 2));
        expect(JSON.parse(escaped)).toEqual(texts);
        expect(escaped.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe("the width of text", () => {
  it.each([
    ["abc", 3],
    ["Grüße", 5],
    ["東京", 4],
    ["e\u0301\u0323", 1],
    ["हिन्दी", 3],
    ["ＡＢ", 4],
    ["😀", 2],
    ["", 0],
  ])("%s takes %d", (text, width) => {
    expect(textWidth(text)).toBe(width);
  });

  it("wraps within the width and loses nothing but spaces", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 10, max: 60 }), (raw, width) => {
        const text = terminalText(raw);
        const lines = wrap(text, width);
        for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
      }),
    );
  });

  it("cuts to the width, between characters, with a mark", () => {
    expect(truncate(STYLE, "news.example.com", 10)).toBe("news.exam…");
    expect(truncate({ ...STYLE, unicode: false }, "news.example.com", 10)).toBe("news.exam~");
    expect(truncate(STYLE, "東京東京", 6)).toBe("東京…");
    expect(truncate(STYLE, "short", 10)).toBe("short");
  });
});
