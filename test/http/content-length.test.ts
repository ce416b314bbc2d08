// Content-Length (RFC 9110 §8.6): digits, or the same number several times; anything else gives no length.
import { describe, expect, it } from "vitest";
import { listenTo } from "./talk.ts";

const NEXT = "HTTP/1.1 204 No\r\n\r\n";

describe("Content-Length", () => {
  const told = (value: string) =>
    listenTo("response", `HTTP/1.1 200 OK\r\nContent-Length: ${value}\r\n\r\nhello${NEXT}`);

  it.each(["5", "5, 5", "0000000005"])("of %j is 5", (value) => {
    expect(told(value).events).toEqual(["head 200", "body hello", "whole", "head 204", "whole"]);
  });

  it.each(["", "5 5", ",5", "5x", "/", ":", "-5", "9007199254740993"])(
    "of %j is none: the body goes on to the end",
    (value) => {
      expect(told(value).events).toEqual(["head 200", `body hello${NEXT}`, "whole"]);
    },
  );
});
