// What has one name: a value in its own field, in the program's words, and in sentences, however it is spelled there.
import { describe, expect, it } from "vitest";
import { REDACT_KINDS, type RedactKind } from "../../src/report/index.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";

const ALL = new Set(REDACT_KINDS);

describe("a value that has a field of its own", () => {
  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ["which is an issuer", { detail: 'its issuer is "CN=Kim CA"' }, 'its issuer is "CN=issuer-1"'],
    ["which has many labels", { detail: "to a1.b1.c1.d1.e1.f1.example.com" }, "to host-1.site-1.example"],
    ["which is the beginning of another", { user: "acme", detail: "acme.example.com" }, "host-1.site-1.example"],
    ["of two kinds goes by the first one's name", { user: "acme", realm: "acme", detail: "to acme" }, "to user-1"],
    ["with a dot behind it", { target: "www.example.com.:443", detail: "www.example.com" }, "host-1.site-1.example"],
    ["which is a scheme", { scheme: "AcmeLogin", detail: "asks for AcmeLogin" }, "asks for scheme-1"],
    ["which is a fingerprint", { fingerprint: "9f86d081", detail: "that of 9F86D081" }, "that of fingerprint-1"],
    ["as a URL spells it", { url: "http://a.example/users/l%C3%AD", detail: "for l%C3%AD" }, "for user-1"],
    ["which is a source", { sources: [{ path: "/kim/acme.log" }], detail: "acme.log:7" }, "capture-1:7"],
    ["which is a whole path", { sources: [{ path: "/kim/acme.log" }], detail: "in /kim/acme.log" }, "in capture-1"],
    ["which is a path of Windows", { sources: [{ path: "C:\\kim\\acme.log" }], detail: "acme.log:7" }, "capture-1:7"],
    ["which stands behind it, in a URL", { detail: "to intranet", url: "http://intranet/" }, "to host-1"],
    [
      "which is met in whatever case",
      { host: "Proxy", detail: "like other answers of PROXY" },
      "like other answers of host-1",
    ],
    [
      "which is a name of a certificate with quotes",
      { issuer: 'CN=Kim "K",O=Acme', detail: "another (issuer \"CN=Kim 'K',O=Acme\")" },
      'another (issuer "CN=issuer-1")',
    ],
  ])("%s", (_what, data, expected) => {
    expect(createRedactor(ALL).redact<Readonly<Record<string, unknown>>>(data).detail).toBe(expected);
  });

  it("is met in what is made later on", () => {
    const connections = { length: 1, [Symbol.iterator]: () => [{ user: "acme" }][Symbol.iterator]() };
    const { detail, ...rest } = createRedactor(ALL).redact({ detail: "for acme", connections });
    expect([detail, ...rest.connections]).toEqual(["for user-1", { user: "user-1" }]);
  });

  it.each<[RedactKind, string, string, string]>([
    ["ip", "realm", "gateway at 192.0.2.9", "gateway at ip-1"],
    ["user", "realm", "mail to kim@example.com", "mail to user-1@domain-1"],
    ["ip", "scheme", "AcmeLogin", "AcmeLogin"],
    ["ip", "path", "/kim/192.0.2.9.pcap", "/kim/ip-1.pcap"],
    ["ip", "url", "http://192.0.2.9/a?to=192.0.2.10", "http://ip-1/a?to=ip-2"],
    ["host", "url", "http://a.example/~kim/users/kim", "http://site-1.example/~text-1/users/text-1"],
  ])("loses the %s only: %s %s", (kind, field, value, expected) => {
    const data: Readonly<Record<string, string>> = { [field]: value };
    expect(createRedactor(new Set([kind])).redact(data)[field]).toBe(expected);
  });

  it.each(['http://acme/kim"s', "http://acme/kim s", "http://acme/kim.", "*"])("is the URL %s in a sentence", (url) => {
    const sentences = [`GET ${url} (frame 4) was answered 401`, `POST ${url} had no answer`];
    const data = createRedactor(ALL).redact({ evidence: sentences, url });
    expect(data.evidence).toEqual(sentences.map((sentence) => sentence.replace(url, () => data.url)));
  });

  it.each<[string, string, string, string]>([
    ["target", "www.example.com:443", "Look at example.com.", "Look at site-1.example."],
    ["sni", "WWW.example.com.", "Look at www.example.com", "Look at host-1.site-1.example"],
    ["realm", 'Corp "A" 7', "Sign in at Corp 'A' 7.", "Sign in at realm-1."],
    ["subject", 'CN=Kim "K",O=Acme', 'It is CN=Kim "K",O=Acme.', "It is CN=issuer-1."],
    ["subject", 'CN=Kim "K",O=Acme', "It is CN=Kim 'K',O=Acme.", "It is CN=issuer-1."],
  ])("stands in advice, too: %s %s", (field, value, advice, expected) => {
    const data: Readonly<Record<string, string>> = { [field]: value, helpdesk: advice };
    expect(createRedactor(ALL).redact(data).helpdesk).toBe(expected);
  });

  it.each<[string, Readonly<Record<string, string>>, Readonly<Record<string, string>>]>([
    ["hosts", { name: "www.example.com" }, { name: "host-1.site-1.example" }],
    ["clients", { name: "192.0.2.1" }, { name: "ip-1" }],
    ["proxies", { name: "192.0.2.1:8080" }, { name: "ip-1:8080" }],
    ["rules", { layer: "Acme", text: "user=kim" }, { layer: "text-1", text: "user=text-2" }],
    ["logouts", { text: "user=kim" }, { text: "user=text-1" }],
    ["missed", { text: "user=kim" }, { text: "user=text-1" }],
    ["audit", { journal: "/kim/j.ndjson", proxy: "intranet:80" }, { journal: "capture-1", proxy: "host-1:80" }],
  ])("of a list or around it: %s %j", (list, value, expected) => {
    const data: Readonly<Record<string, unknown>> = { [list]: [value] };
    expect(createRedactor(ALL).redact(data)[list]).toEqual([expected]);
  });

  it.each([
    ["status", "acme_needed", "text-1_text-2"],
    ["names", "*", "*"],
    ["issuer", "CN=Kim at www.example.com", "CN=issuer-1"],
    ["reason", "Acme or ACME", "text-1 or text-1"],
    ["reason", "Denied for 𠮷𠮷", "Denied for text-1"],
    ["path", "/kim/X.PCAP.GZ", "capture-1.pcap.gz"],
    ["url", "http://acme/kim-\ud800", "http://host-1/text-1-%EF%BF%BD"],
  ])("%s: %s", (field, value, expected) => {
    const data: Readonly<Record<string, string>> = { [field]: value };
    expect(createRedactor(ALL).redact(data)[field]).toBe(expected);
  });
});

it("leaves the path of a source, and what a rule says, where only addresses go", () => {
  const data = { sources: [{ path: "/kim/192.0.2.9.log" }], rules: [{ text: "client.address=192.0.2.9 user=kim" }] };
  expect(createRedactor(new Set(["ip"])).redact(data)).toEqual({
    ...{ sources: [{ path: "/kim/ip-1.log" }], rules: [{ text: "client.address=ip-1 user=kim" }] },
  });
});

it("finds a target that has another one in it once", () => {
  const target = ['a"b', 'c CONNECT a"b'];
  const detail = `CONNECT ${target[1]} (frame 4) was answered`;
  expect(createRedactor(ALL).redact({ target, detail }).detail).toBe("CONNECT host-2 (frame 4) was answered");
});

it.each([
  ["a user", `as CORP\\${"k".repeat(100)}`, "as domain-1\\user-1"],
  ["a mail address", `to kim@${"k".repeat(100)}`, "to user-1@domain-1"],
])("leaves nothing of %s that is longer than such names are", (_what, detail, expected) => {
  expect(createRedactor(ALL).redact({ detail }).detail).toBe(expected);
});

it("has twelve digits with a key, and others for another kind of value", () => {
  const digits = (text: string): string => Buffer.from(text).toString("hex").padEnd(12, "0");
  const { user, realm } = createRedactor(ALL, digits).redact({ user: "acme", realm: "acme" });
  expect(user).toBe("user-757365720a61");
  expect(realm).toBe("realm-7265616c6d0a");
});
