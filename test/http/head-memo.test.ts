// Heads that are met again: read once, and each with a place of its own.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readHead } from "../../src/http/head.ts";
import { knownHead, rememberHead } from "../../src/http/head-memo.ts";
import type { HttpHead } from "../../src/http/types.ts";

const context = { note() {}, now: () => 0n, tag: () => "tag" };
const place = (at: number) => ({ frame: at, firstFrame: at, at, time: BigInt(at) });

function read(text: string, kind: HttpHead["kind"], at: number): HttpHead | null {
  const bytes = Buffer.from(text, "latin1");
  return readHead(kind, bytes, 0, bytes.length, { where: place(at), end: at + bytes.length, cut: false }, context);
}

/** What is remembered of `text`, asked for at another place and in other bytes. */
function known(text: string, kind: HttpHead["kind"], at: number): HttpHead | null {
  const bytes = Buffer.from(`..${text}..`, "latin1");
  return knownHead(kind, bytes, 2, bytes.length - 2, place(at), at + text.length);
}

function remember(text: string, kind: HttpHead["kind"]): void {
  const bytes = Buffer.from(text, "latin1");
  const head = read(text, kind, 1);
  if (head !== null) rememberHead(head, bytes, 0, bytes.length);
}

const connect = (host: string, more = "") => `CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n${more}\r\n`;

describe("a head that is met again", () => {
  it("says the same, at its own place", () => {
    fc.assert(
      fc.property(
        fc.domain(),
        fc.constantFrom("", "User-Agent: x/1\r\n", "Proxy-Connection: keep-alive\r\n"),
        (host, more) => {
          const text = connect(host, more);
          remember(text, "request");
          expect(known(text, "request", 7)).toEqual(read(text, "request", 7));
          expect(known(text, "response", 7)).toBeNull();
        },
      ),
    );
  });

  it("is another one with any byte changed", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const text = connect("www.example.com", "User-Agent: one-of-many/1.0 (with words behind it)\r\n");
        remember(text, "request");
        const bytes = Buffer.from(text, "latin1");
        bytes[at % bytes.length]! ^= change;
        expect(known(bytes.toString("latin1"), "request", 7)).toBeNull();
        expect(known(text.slice(0, -1 - (at % 20)), "request", 7)).toBeNull();
      }),
    );
  });

  it.each([
    ["credentials", connect("a.example", "Proxy-Authorization: Basic eDp5\r\n")],
    ["a site's credentials", "GET / HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic eDp5\r\n\r\n"],
    ["more than is usual", connect("a.example", `User-Agent: ${"x".repeat(600)}\r\n`)],
  ])("is not kept with %s", (_name, text) => {
    remember(text, "request");
    expect(known(text, "request", 7)).toBeNull();
  });
});
