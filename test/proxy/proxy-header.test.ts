// What a load balancer sends in front of what its client says.
import { describe, expect, it } from "vitest";
import { proxyHeaderLength } from "../../src/proxy/proxy-header.ts";
import { client, play, proxy } from "./play.ts";

const LINE = "PROXY TCP4 192.0.2.7 192.0.2.80 50000 8080\r\n";
const UNKNOWN = "PROXY UNKNOWN\r\n";
/** PROXY over TCP and IPv4, 12 bytes of addresses; and LOCAL, without any. */
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const BINARY = `${SIGNATURE}\x21\x11\0\x0c\xc0\0\x02\x07\xc0\0\x02\x50\xc3\x50\x1f\x90`;
const LOCAL = `${SIGNATURE}\x20\0\0\0`;
const HEADERS = { LINE, UNKNOWN, BINARY, LOCAL };

const CONNECT = "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n";
const REFUSED = proxy("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");

function lengthOf(text: string): number | null {
  const before = 200;
  const bytes = Uint8Array.from(Buffer.from(".".repeat(before) + text, "latin1"));
  return proxyHeaderLength(bytes, before, bytes.length);
}

describe("the length of the header", () => {
  it.each(Object.entries(HEADERS))("is known of %s, whatever follows", (_name, header) => {
    expect(lengthOf(header)).toBe(header.length);
    expect(lengthOf(header + CONNECT)).toBe(header.length);
  });

  it.each([LINE, UNKNOWN, BINARY.slice(0, 16), LOCAL])("is not known before %j is whole", (header) => {
    for (let length = 1; length < header.length; length++) expect(lengthOf(header.slice(0, length))).toBeNull();
  });

  it.each([
    "",
    "POST / HTTP/1.1\r\n",
    "PROXYING",
    "\r\nGET / HTTP/1.1\r\n",
    `${SIGNATURE}\x11\x11\0\0`,
    `PROXY ${"x".repeat(200)}`,
  ])("is 0 of %j", (text) => expect(lengthOf(text)).toBe(0));
});

describe("the client that the header names", () => {
  const OVER_6 = "PROXY TCP6 2001:DB8:0:0::7 2001:db8::80 50000 8080\r\n";
  const MAPPED_LINE = "PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.80 50000 8080\r\n";
  const ADDRESS_6 = "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07";
  const MAPPED = "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x07";
  const binary6 = (address: string) => `${SIGNATURE}\x21\x21\0\x24${address}${ADDRESS_6}\xc3\x50\x1f\x90`;
  /** With more behind the addresses (section 2.2: type-length-value). */
  const LONGER = `${SIGNATURE}\x21\x11\0\x0f\xc0\0\x02\x07\xc0\0\x02\x50\xc3\x50\x1f\x90\x04\0\0`;
  const named = (header: string, cuts?: (bytes: Uint8Array) => readonly number[]) =>
    play([client(header + CONNECT), REFUSED], cuts === undefined ? {} : { cuts }).timelines.map(
      ({ namedClient, client: { ip } }) => [ip, namedClient && `${namedClient.ip} ${namedClient.port}`],
    );

  it.each([
    [LINE, "192.0.2.7"],
    [BINARY, "192.0.2.7"],
    [LONGER, "192.0.2.7"],
    [OVER_6, "2001:db8::7"],
    [MAPPED_LINE, "192.0.2.7"],
    [binary6(ADDRESS_6), "2001:db8::7"],
    [binary6(MAPPED), "192.0.2.7"],
  ])("stands beside the one that connects, however the bytes come: %j", (header, ip) => {
    for (let at = 0; at < header.length; at++)
      expect(named(header, (bytes) => (at < bytes.length ? [at] : []))).toEqual([["192.0.2.1", `${ip} 50000`]]);
  });

  it.each([
    "",
    UNKNOWN,
    LOCAL,
    "PROXY UNKNOWN 192.0.2.7 192.0.2.80 50000 8080\r\n",
    "PROXY TCP4 192.0.2.777 192.0.2.80 50000 8080\r\n",
    "PROXY TCP4 192.0.2.7 192.0.2.80 50000\r\n",
    "PROXY TCP4 192.0.2.7 192.0.2.80 70000 8080\r\n",
    "PROXY TCP4 2001:db8::7 2001:db8::80 50000 8080\r\n",
    "PROXY TCP6 2001:db8::7::7 2001:db8::80 50000 8080\r\n",
    "PROXY TCP6 example.com 2001:db8::80 50000 8080\r\n",
    // LOCAL with addresses, UDP, a socket of Unix, fewer bytes than the addresses need.
    BINARY.replace("\x21\x11", "\x20\x11"),
    BINARY.replace("\x21\x11", "\x21\x12"),
    BINARY.replace("\x21\x11", "\x21\x31"),
    `${SIGNATURE}\x21\x11\0\x08\xc0\0\x02\x07\xc0\0\x02\x50`,
  ])("is nobody where it says nothing, or nothing right: %j", (header) => {
    expect(named(header)).toEqual([["192.0.2.1", null]]);
  });

  it("has the frame in which the header ended", () => {
    const turns = [client(LINE.slice(0, 10)), client(LINE.slice(10)), client(CONNECT), REFUSED];
    expect(play(turns).timelines[0]?.namedClient).toEqual({
      ip: "192.0.2.7",
      port: 50_000,
      frame: 2,
      time: 2_000_000n,
    });
  });
});

describe("a request behind the header", () => {
  const seen = (turns: Parameters<typeof play>[0], cuts?: (bytes: Uint8Array) => readonly number[]) =>
    play(turns, cuts === undefined ? {} : { cuts }).timelines.map(({ connects }) =>
      connects.map(({ target, response }) => [target.text, response?.status]),
    );
  const EXPECTED = [[["www.example.com:443", 403]]];

  it.each(Object.entries(HEADERS))("%s is read, in one segment with it and in the next", (_name, header) => {
    expect(seen([client(header + CONNECT), REFUSED])).toEqual(EXPECTED);
    expect(seen([client(header), client(CONNECT), REFUSED])).toEqual(EXPECTED);
  });

  it.each(Object.entries(HEADERS))("%s is read wherever the bytes are cut", (_name, header) => {
    for (let at = 1; at < header.length + 20; at++)
      expect(seen([client(header + CONNECT), REFUSED], (bytes) => (at < bytes.length ? [at] : []))).toEqual(EXPECTED);
  });

  it("is no proxy's where it is for a web server", () => {
    expect(seen([client(`${LINE}GET / HTTP/1.1\r\nHost: a\r\n\r\n`), REFUSED])).toEqual([]);
    expect(seen([client(LINE), proxy("HTTP/1.1 400 Bad Request\r\n\r\n")])).toEqual([]);
  });
});

describe("a request behind a SOCKS server", () => {
  const TALK = [
    client("\x05\x02\0\x01"),
    proxy("\x05\0"),
    client("\x05\x01\0\x01\x0a\x2c\x01\x50\x0c\x38"),
    proxy("\x05\0\0\x01\0\0\0\0\0\0"),
    client(CONNECT),
    proxy("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"),
    client(CONNECT),
    proxy("HTTP/1.1 200 OK\r\n\r\n"),
  ];

  it("is left alone, as its answers would be mistaken", () => {
    expect(play(TALK, { unasked: true }).timelines).toEqual([]);
  });

  it("is none of these where it begins otherwise", () => {
    expect(play([client(CONNECT), REFUSED], { unasked: true }).timelines).toHaveLength(1);
  });
});
