// Which first payloads lead where a client has just asked a proxy to go.
import { describe, expect, it } from "vitest";
import { AskedHosts } from "../../src/proxy/asked-hosts.ts";
import { hostField } from "../../src/proxy/host-field.ts";

function payload(text: string): { bytes: Uint8Array; start: number; end: number } {
  const bytes = Uint8Array.from(`##${text}`, (char) => char.charCodeAt(0));
  return { bytes, start: 2, end: bytes.length };
}

const HOSTS: readonly (readonly [text: string, host: string | null])[] = [
  ["GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", "www.example.com"],
  ["GET / HTTP/1.1\r\nAccept: */*\r\nHOST:WWW.Example.com:8080\r\n\r\n", "www.example.com"],
  ["GET / HTTP/1.1\nhost:  a.example \n\n", "a.example"],
  ["GET / HTTP/1.1\r\nX-Host: a.example\r\n\r\n", null],
  ["GET /?host: HTTP/1.1\r\n\r\n", null],
  ["GET / HTTP/1.1\r\nHost:\r\n\r\n", null],
  ["GET / HTTP/1.1\r\nHost", null],
  ["", null],
];

describe("the Host field of first bytes", () => {
  it.each(HOSTS)("of %j is %s", (text, host) => expect(hostField(payload(text))).toBe(host));

  it("is not looked for behind the first two kilobytes", () => {
    expect(hostField(payload(`GET / HTTP/1.1\r\nX: ${"a".repeat(3_000)}\r\nHost: a.example\r\n\r\n`))).toBeNull();
  });
});

describe("asked hosts", () => {
  it("meet requests for a host that was asked for, whatever its case", () => {
    const asked = new AskedHosts();
    expect(asked.empty).toBe(true);
    asked.add("WWW.example.com", "192.0.2.17", 0n);
    expect(asked.meets(payload("GET / HTTP/1.1\r\nHost: www.EXAMPLE.com\r\n\r\n"), false, 0n)).toBe(true);
    expect(asked.meets(payload("GET / HTTP/1.1\r\nHost: news.example.com\r\n\r\n"), false, 0n)).toBe(false);
    expect([asked.isClient("192.0.2.17"), asked.isClient("192.0.2.18"), asked.empty]).toEqual([true, false, false]);
  });

  it("forget the oldest, and keep what is asked for again", () => {
    const asked = new AskedHosts();
    const meets = (host: string): boolean => asked.meets(payload(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), false, 0n);
    asked.add("first.example", "192.0.2.17", 0n);
    asked.add("second.example", "192.0.2.17", 0n);
    for (let i = 0; i < 9_000; i++) {
      asked.add(`h${i}.example`, "192.0.2.17", 0n);
      if (i % 1_000 === 0) asked.add("first.example", "192.0.2.17", 0n);
      // The latest 4,096 are always known.
      if (i > 4_000) expect(meets(`h${i - 4_000}.example`)).toBe(true);
    }
    asked.add("last.example", "192.0.2.17", 0n);
    expect([meets("first.example"), meets("second.example"), meets("last.example")]).toEqual([true, false, true]);
  });

  it("know of connections that stand in front of the request that they were opened for", () => {
    const opening = payload("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
    const inFront = (opened: bigint, host: string, askedAt: bigint): boolean => {
      const asked = new AskedHosts();
      asked.meets(opening, false, opened);
      asked.add(host, "192.0.2.17", askedAt);
      return asked.legsInFront;
    };
    expect(inFront(5n, "WWW.example.com", 4n)).toBe(true);
    // In order of time: it was opened for somebody else, or one of two clocks is wrong.
    expect(inFront(5n, "www.example.com", 5n)).toBe(false);
    expect(inFront(5n, "www.example.com", 6n)).toBe(false);
    expect(inFront(5n, "news.example.com", 4n)).toBe(false);
  });

  it("find nothing in front of what was asked for before", () => {
    const asked = new AskedHosts();
    asked.add("www.example.com", "192.0.2.17", 1n);
    expect(asked.meets(payload("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"), false, 9n)).toBe(true);
    asked.add("www.example.com", "192.0.2.17", 2n);
    expect(asked.legsInFront).toBe(false);
  });
});
