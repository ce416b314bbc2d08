// Targets of CONNECT (RFC 9112 §3.2.3) and the questions asked of the first bytes of a connection.
import { describe, expect, it } from "vitest";
import { looksLikeRequest, looksLikeResponse, parseTarget, requestForm } from "../../src/http/index.ts";
import { bytesOf } from "./talk.ts";

describe("parseTarget", () => {
  it.each([
    ["www.Example.com:443", "www.example.com", 443, "name"],
    ["localhost", "localhost", null, "name"],
    ["host:", "host", null, "name"],
    ["host:99999", "host", null, "name"],
    ["192.0.2.1:8443", "192.0.2.1", 8443, "ipv4"],
    ["192.0.2.256:1", "192.0.2.256", 1, "name"],
    ["[2001:DB8::1]:443", "2001:db8::1", 443, "ipv6"],
    ["[::ffff:192.0.2.1]", "::ffff:192.0.2.1", null, "ipv6"],
    ["[fe80::1%25eth0]:80", "fe80::1%25eth0", 80, "ipv6"],
    ["[fe80::1%eth0]:80", "fe80::1%eth0", 80, "ipv6"],
    ["xn--bcher-kva.example:443", "xn--bcher-kva.example", 443, "name"],
    ["2001:db8::1:443", null, null, "malformed"],
    ["/", null, null, "malformed"],
    ["https://a/", null, null, "malformed"],
    ["a:443x", null, null, "malformed"],
    ["", null, null, "malformed"],
    ["a b:443", null, null, "malformed"],
  ])("reads %j", (text, host, port, kind) => {
    const expected = kind === "malformed" ? text : host;
    expect(parseTarget(text)).toEqual({ host: expected, port, kind, text });
  });
});

describe("the first bytes", () => {
  it.each([
    ["GET / HTTP/1.1", "yes", "other"],
    ["CONNECT a:443 HTTP/1.1", "yes", "connect"],
    ["\r\nCONNECT a", "yes", "connect"],
    ["GET http://a/", "yes", "absolute"],
    ["POST HTTPS://a/", "yes", "absolute"],
    ["GET ftp://a/", "yes", "absolute"],
    ["GET ftpx", "no", "other"],
    ["POST    / HTTP/1.0", "yes", "other"],
    ["CONNECT  a:443", "yes", "connect"],
    [`GET ${" ".repeat(40)}/`, "no", "other"],
    ["OPTIONS * HTTP/1.1", "yes", "other"],
    ["CONNECTX a", "no", "other"],
    ["CONNECT\ta", "no", "other"],
    ["get http://a/", "no", "other"],
    ["\x16\x03\x01\x02", "no", "other"],
    ["SSH-2.0-x", "no", "other"],
    ["EHLO example", "no", "other"],
    ["A b", "no", "other"],
    ["METHODTHATISMUCHTOOLONGFORONE /", "no", "other"],
  ] as const)("%j", (text, looks, form) => {
    const bytes = bytesOf(`?${text}?`);
    expect(looksLikeRequest(bytes, 1, bytes.length - 1)).toBe(looks);
    expect(requestForm(bytes, 1, bytes.length - 1)).toBe(form);
    // Fewer bytes never give another answer than "more".
    for (let end = 1; end < bytes.length - 1; end++) {
      expect(["more", looks]).toContain(looksLikeRequest(bytes, 1, end));
      expect(["more", form]).toContain(requestForm(bytes, 1, end));
    }
  });

  it.each([
    ["HTTP/1.1 200 OK", "yes"],
    ["http/1.0 200", "yes"],
    ["HTTP/x", "no"],
    ["HTTQ/1", "no"],
    ["ICY 200 OK", "no"],
    ["GET / HTTP/1.1", "no"],
  ] as const)("%j as a response", (text, looks) => {
    const bytes = bytesOf(`?${text}?`);
    expect(looksLikeResponse(bytes, 1, bytes.length - 1)).toBe(looks);
    for (let end = 1; end < bytes.length - 1; end++)
      expect(["more", looks]).toContain(looksLikeResponse(bytes, 1, end));
  });
});
