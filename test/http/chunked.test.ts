// Sizes of chunks (RFC 9112 §7.1): every digit, in both cases, and what stands next to digits but is none.
import { describe, expect, it } from "vitest";
import { listenTo } from "./talk.ts";

const HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const NEXT = "HTTP/1.1 204 No Content\r\n\r\n";

/** A body of one chunk under the size that is written, the message that ends it, and another message. */
const events = (written: string, size: number): readonly string[] =>
  listenTo("response", `${HEAD}${written}\r\n${"b".repeat(size)}\r\n0\r\n\r\n${NEXT}`).events;

const malformed = (body: string): readonly string[] =>
  listenTo("response", HEAD + body)
    .notes.filter(({ id }) => id === "http-chunk-malformed")
    .map(({ at }) => `${at - HEAD.length}`);

describe("a chunk size", () => {
  it("has digits of either case, and any number of them", () => {
    for (let size = 1; size <= 0x120; size++) {
      const body = ["head 200", `body ${"b".repeat(size)}`, "whole", "head 204", "whole"];
      const lower = size.toString(16);
      for (const written of [lower, lower.toUpperCase(), `00${lower}`]) expect(events(written, size)).toEqual(body);
    }
  });

  it("has no other characters, first or later", () => {
    for (const character of "/:@G`gO-_") {
      expect(malformed(`${character}\r\n`), character).toHaveLength(1);
      expect(malformed(`1${character}\r\nb`), character).toHaveLength(1);
    }
  });

  it("is that of the data: nothing but the end of the line follows", () => {
    for (const behind of ["b\r\n", "0\r\n", " \r\n"]) expect(malformed(`2\r\nbb${behind}`), behind).toEqual(["5"]);
    expect(malformed("2\r\nbb\n2\nbb\r\n0\r\n\r\n")).toEqual([]);
  });

  it("may have 13 digits and not more", () => {
    expect(malformed(`${"0".repeat(12)}1\r\nb`)).toEqual([]);
    expect(malformed(`${"0".repeat(13)}1\r\nb`)).toHaveLength(1);
  });

  it("is followed by white space, an extension or the end of the line", () => {
    for (const behind of [" ", "\t", ";", ";a=b", " ;a", ""]) {
      expect(events(`2${behind}`, 2), behind).toEqual(["head 200", "body bb", "whole", "head 204", "whole"]);
    }
  });

  it("may have an extension of 64 KiB, and none without end", () => {
    expect(malformed(`2;${"e".repeat(65_535)}\r\nbb`)).toEqual([]);
    expect(malformed(`2;${"e".repeat(65_537)}\r\nbb`)).toHaveLength(1);
  });
});
