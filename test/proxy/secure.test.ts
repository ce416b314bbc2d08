// TLS to the proxy itself of which nothing could be read.
import { describe, expect, it } from "vitest";
import type { EndCause } from "../../src/tcp/index.ts";
import { clientHello, record } from "../tls-parse/play.ts";
import { client, play, proxy } from "./play.ts";

const PLAIN = proxy("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");

function ending(...ends: readonly (readonly [from: 0 | 1, end: EndCause])[]) {
  const { timelines } = play(
    [client(record(22, clientHello())), PLAIN, ...ends.map(([from, end]) => ({ from, end }))],
    {
      known: true,
    },
  );
  return timelines.map(({ closedBy, secure }) => [closedBy, secure?.notTls.server?.frame]);
}

describe("TLS to a proxy that answers otherwise", () => {
  it("ends as its connection ended", () => {
    expect(ending([1, "fin"], [0, "reset"])).toEqual([["reset-by-client", 2]]);
    expect(ending([1, "reset"])).toEqual([["reset-by-proxy", 2]]);
    expect(ending([1, "fin"], [0, "fin"])).toEqual([["fin", 2]]);
    expect(ending([1, "capture-end"], [0, "capture-end"])).toEqual([["open", 2]]);
  });
});
