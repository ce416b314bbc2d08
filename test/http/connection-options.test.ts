// Connection and Proxy-Connection: a list of options (RFC 9110 §7.6.1), of which two are read.
import { describe, expect, it } from "vitest";
import type { ResponseHead } from "../../src/http/index.ts";
import { listenTo } from "./talk.ts";

function response(wire: string): ResponseHead {
  return listenTo("response", wire).heads[0] as ResponseHead;
}

describe("Connection", () => {
  it.each([
    ["Connection: close", "close"],
    ["Connection: TE, Close", "close"],
    ["Connection: close,TE", "close"],
    ["Connection: keep-alive, \tclose\t ,", "close"],
    ["Connection: Keep-Alive", "keep-alive"],
    ["Connection: upgrade ,keep-alive", "keep-alive"],
    ["Proxy-Connection: close\r\nConnection: keep-alive", "close"],
    [`Connection: ${"x-option, ".repeat(100)}close`, "close"],
    ["Connection: upgrade", null],
    ["Connection: disclose", null],
    ["Connection: close-notify", null],
    ["Connection: no close", null],
    ["Connection: keep-alives, x-keep-alive", null],
    ["Connection: clos, clost, ,", null],
    ["Connection:", null],
  ])("is read option by option: %j", (line, connection) => {
    expect(response(`HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 0\r\n\r\n`).connection).toBe(connection);
  });

  it("keeps a response's Proxy-Connection, which is a mark of a proxy", () => {
    const head = response("HTTP/1.1 407 No\r\nProxy-Connection: Keep-Alive\r\nContent-Length: 0\r\n\r\n");
    expect(head.fields).toEqual([{ name: "proxy-connection", value: "Keep-Alive" }]);
    expect(head.connection).toBe("keep-alive");
  });
});
