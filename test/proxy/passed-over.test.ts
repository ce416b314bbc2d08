// What connections carry that nobody follows: counted the same whether the first payload tells it or the first few.
import { describe, expect, it } from "vitest";
import { KnownProxies, PassedOver } from "../../src/proxy/index.ts";
import type { FirstPayload } from "../../src/tcp/index.ts";
import { clientHello, record } from "../tls-parse/play.ts";

const SERVER = { ip: "192.0.2.80", port: 8080 };
const NOBODY = new KnownProxies([]);
/** The options name another proxy. */
const OTHER = new KnownProxies([{ port: 3128 }]);
/** One was found. */
const FOUND = new KnownProxies([]);
FOUND.learn({ ip: "192.0.2.90", port: 8080 }, "connect");

const GET = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const CONNECT = "CONNECT www.example.com:443 HTTP/1.1\r\n\r\n";
const HELLO = record(22, clientHello());

function peekOf(bytes: Uint8Array, senderIsInitiator: boolean | null, frame: number): FirstPayload {
  return {
    ...{ bytes, start: 0, end: bytes.length, addressBytes: Uint8Array.of(192, 0, 2, 1, 192, 0, 2, 80) },
    ...{ addressLength: 4, source: 0, destination: 4, sourcePort: 50_000, destinationPort: SERVER.port },
    senderIsInitiator,
    frame,
  };
}

describe("connections that are passed over", () => {
  it.each<[what: string, words: string | Uint8Array, known: KnownProxies, carried: string | null]>([
    ["TLS", HELLO, NOBODY, "tls"],
    ["a request to a server", GET, NOBODY, "http"],
    ["a request to a server, where another proxy was named", GET, OTHER, "http"],
    ["a request to another proxy than was named", CONNECT, OTHER, "proxy"],
    ["SOCKS", "\x05\x01\x00", NOBODY, "socks"],
    ["anything else", "220 mx.example.com ESMTP\r\n", NOBODY, null],
    ["what there is besides a proxy", GET, FOUND, null],
  ])("are counted by what they carry, and the first one is kept: %s", (_what, words, known, carried) => {
    const bytes = typeof words === "string" ? Uint8Array.from(Buffer.from(words, "latin1")) : words;
    const [whole, inPieces] = [new PassedOver(), new PassedOver()];
    for (const frame of [4, 9, 12]) {
      whole.look(peekOf(bytes, true, frame), known);
      inPieces.lookAt(bytes, SERVER, frame, known);
    }
    expect(whole.facts()).toEqual(carried === null ? [] : [{ carried, count: 3, server: SERVER, frame: 4 }]);
    expect(inPieces.facts()).toEqual(whole.facts());
  });

  it("are not counted beside a proxy that was found, though what answers TLS is looked at: it may be another one", () => {
    const passedOver = new PassedOver();
    const known = new KnownProxies([]);
    known.learn({ ip: "192.0.2.90", port: 8080 }, "connect");
    expect(passedOver.look(peekOf(HELLO, true, 1), known)).toBe(true);
    expect(passedOver.look(peekOf(Uint8Array.from(Buffer.from(GET, "latin1")), true, 2), known)).toBe(false);
    const refusal = Uint8Array.from(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n", "latin1"));
    const answer = {
      ...peekOf(refusal, false, 3),
      source: 4,
      destination: 0,
      sourcePort: 8080,
      destinationPort: 50_000,
    };
    passedOver.lookAtAnswer(answer, known);
    expect(passedOver.facts()).toEqual([]);
    known.learn(SERVER, "connect");
    expect(known.missed).toBe(true);
  });

  it("are told by their client, and where no SYN was captured by whoever sends what a client sends", () => {
    const passedOver = new PassedOver();
    for (const senderIsInitiator of [false, null]) passedOver.look(peekOf(HELLO, senderIsInitiator, 1), NOBODY);
    expect(passedOver.facts()).toMatchObject([{ count: 1 }]);
  });
});
