// What first bytes are taken for, at the edges of what they may be.
import { describe, expect, it } from "vitest";
import { isLikely, readFrameHeader } from "../../src/http/http2/frames.ts";
import { looksLikeRequest, looksLikeResponse } from "../../src/http/index.ts";
import { bytesOf } from "./talk.ts";

describe("the beginning of a message", () => {
  it.each([
    ["HTTP/0", "yes"],
    ["HTTP/9", "yes"],
    ["HTTP//", "no"],
    ["HTTP/:", "no"],
  ])("is a response's if a digit follows its name (RFC 9112 §2.3): %s", (text, looks) => {
    expect(looksLikeResponse(bytesOf(text), 0, text.length)).toBe(looks);
  });

  it.each([
    ["GET HTTP://a", "yes"],
    ["GET http\x1a//a", "no"],
    ["GET http:\x0f/a", "no"],
  ])("is a request's to a proxy if its scheme is one, in letters of any case: %j", (text, looks) => {
    expect(looksLikeRequest(bytesOf(text), 0, text.length)).toBe(looks);
  });
});

describe("the header of a frame of HTTP/2", () => {
  it("has a stream of 31 bits behind a reserved one (RFC 9113 §4.1)", () => {
    const header = { length: 0, type: 0, flags: 0, stream: 0 };
    readFrameHeader(Uint8Array.of(0, 1, 2, 0, 1, 0x81, 2, 3, 4), 0, header);
    expect(header).toEqual({ length: 0x102, type: 0, flags: 1, stream: 0x01020304 });
  });

  it("is gone on from up to the length that everybody accepts (RFC 9113 §6.5.2)", () => {
    expect(isLikely({ length: 16_384, type: 0, flags: 0, stream: 1 })).toBe(true);
    expect(isLikely({ length: 16_385, type: 0, flags: 0, stream: 1 })).toBe(false);
  });
});
