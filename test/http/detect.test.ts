// What first bytes are taken for, at the edges of what they may be.
import { describe, expect, it } from "vitest";
import { isLikely, isPossible, readFrameHeader } from "../../src/http/http2/frames.ts";
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

  it.each<[name: string, type: number, onConnection: boolean, onStream: boolean, lengths: number[], wrong: number[]]>([
    ["DATA", 0, false, true, [0, 1], []],
    ["HEADERS", 1, false, true, [0, 1], []],
    ["PRIORITY", 2, false, true, [5], [4, 6]],
    ["RST_STREAM", 3, false, true, [4], [3, 5]],
    ["SETTINGS", 4, true, false, [0, 6, 12], [5, 7]],
    ["PUSH_PROMISE", 5, false, true, [4, 5], [3]],
    ["PING", 6, true, false, [8], [7, 9]],
    ["GOAWAY", 7, true, false, [8, 9], [7]],
    ["WINDOW_UPDATE", 8, true, true, [4], [3, 5]],
    ["CONTINUATION", 9, false, true, [0, 1], []],
    ["one that is not known", 11, true, true, [0, 1], []],
  ])(
    "can be that of %s only on its stream and with its length (RFC 9113 §6)",
    (_name, type, onConnection, onStream, lengths, wrong) => {
      for (const [stream, may] of [
        [0, onConnection],
        [1, onStream],
      ] as const) {
        for (const length of lengths) expect(isPossible({ length, type, flags: 0, stream }), `${length}`).toBe(may);
        for (const length of wrong) expect(isPossible({ length, type, flags: 0, stream }), `${length}`).toBe(false);
      }
    },
  );

  it("is gone on from up to the length that everybody accepts (RFC 9113 §6.5.2)", () => {
    expect(isLikely({ length: 16_384, type: 0, flags: 0, stream: 1 })).toBe(true);
    expect(isLikely({ length: 16_385, type: 0, flags: 0, stream: 1 })).toBe(false);
  });
});
