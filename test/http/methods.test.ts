// Bytes of a body or a URL where a method should be: a Content-Length that is too short, or too long, puts them there.
import { describe, expect, it } from "vitest";
import { piecesOf } from "../harness/split.ts";
import { bytesOf, listen } from "./talk.ts";

function requests(wire: string): readonly { readonly method: string; readonly target: string }[] {
  const { heads } = listen("request", piecesOf(bytesOf(wire), []));
  return heads.map((head) =>
    head.kind === "request"
      ? { method: head.method, target: head.target, host: head.host }
      : { method: "none", target: "" },
  );
}

describe("what stands where a method should be", () => {
  it.each([
    [
      "a body",
      "POST http://a/ HTTP/1.1\r\nContent-Length: 5\r\n\r\nuser=bob&password=hush&x=/",
      "GET http://a/b HTTP/1.1\r\n\r\n",
    ],
    [
      "a body of one word",
      "POST http://a/ HTTP/1.1\r\nContent-Length: 0\r\n\r\nhush",
      "GET http://a/b HTTP/1.1\r\n\r\n",
    ],
    [
      "a body of several",
      "POST http://a/ HTTP/1.1\r\nContent-Length: 2\r\n\r\npwis my hush ",
      "GET http://a/b HTTP/1.1\r\n\r\n",
    ],
    ["a URL", "POST http://a/ HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "GET https://u:hush@a/?q=hush HTTP/1.1\r\n\r\n"],
  ])("is not shown: %s", (_, first, second) => {
    const all = requests(first + second);
    expect(all[0]).toMatchObject({ method: "POST", target: "http://a/" });
    expect(all[1]?.method).toBe("unknown");
    expect(JSON.stringify(all)).not.toContain("hush");
  });

  it("is shown if it is a method", () => {
    const methods = ["GET", "get", "M-SEARCH", "RPC_IN_DATA", "PROPFIND", "VERSION-CONTROL"];
    const all = requests(methods.map((method) => `${method} /a HTTP/1.1\r\n\r\n`).join(""));
    expect(all.map(({ method }) => method)).toEqual(methods);
  });
});
