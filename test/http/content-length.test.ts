// Content-Length (RFC 9110 §8.6, RFC 9112 §6.3): digits, or the same number several times; anything else gives no length.
import { describe, expect, it } from "vitest";
import { listenTo } from "./talk.ts";

const NEXT = "HTTP/1.1 204 No\r\n\r\n";

describe("Content-Length", () => {
  const told = (value: string) =>
    listenTo("response", `HTTP/1.1 200 OK\r\nContent-Length: ${value}\r\n\r\nhello${NEXT}`);

  it.each(["5", "5, 5", "5,5 ,\t05", "0000000005", "5\r\nContent-Length: 5"])("of %j is 5", (value) => {
    expect(told(value).events).toEqual(["head 200", "body hello", "whole", "head 204", "whole"]);
  });

  const differing = ["5,6", "6, 5", "5, 5, 6", "5\r\nContent-Length: 6", "6\r\nContent-Length: 5\r\nContent-Length: 5"];
  const damaged = [
    "",
    "5 5",
    ",5",
    "5,",
    "5, x",
    "5x",
    "5,5x",
    "/",
    ":",
    "-5",
    "9007199254740993",
    "x\r\nContent-Length: 5",
  ];

  it.each([...differing, ...damaged])("of %j is none: the body goes on to the end", (value) => {
    expect(told(value).events).toEqual(["head 200", `body hello${NEXT}`, "whole"]);
  });

  it("of the largest number that is exact is that, and of more digits than any has is none", () => {
    const length = (value: string) => told(value).heads[0]?.contentLength;
    expect(length("9007199254740991")).toBe(9_007_199_254_740_991);
    expect(length("9007199254740992")).toBeNull();
    expect(length(`${"0".repeat(1_023)}5`)).toBe(5);
    expect(length(`${"0".repeat(1_024)}5`)).toBeNull();
  });
});
