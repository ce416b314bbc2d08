// Credentials and challenges (RFC 9110 §11, RFC 7617, RFC 7616, MS-NLMP, RFC 4178): what is read of them, and that no secret is.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Challenge, Credentials, RequestHead, ResponseHead } from "../../src/http/index.ts";
import { times } from "../harness/times.ts";
import { bytesOf, listenTo } from "./talk.ts";

function credentials(value: string): Credentials {
  const heard = listenTo("request", `CONNECT a:443 HTTP/1.1\r\nProxy-Authorization: ${value}\r\n\r\n`);
  return (heard.heads[0] as RequestHead).proxyAuthorization!;
}

function challenges(...values: string[]): readonly Challenge[] {
  const lines = values.map((value) => `Proxy-Authenticate: ${value}\r\n`).join("");
  const heard = listenTo("response", `HTTP/1.1 407 No\r\nContent-Length: 0\r\n${lines}\r\n`);
  return (heard.heads[0] as ResponseHead).proxyChallenges;
}

function base64(bytes: string | Uint8Array): string {
  return Buffer.from(typeof bytes === "string" ? bytesOf(bytes) : bytes).toString("base64");
}

/** DER: tag, length (X.690 §8.1.3), content. */
function der(tag: number, ...content: (string | Uint8Array)[]): Uint8Array {
  const body = Buffer.concat(content.map((part) => Buffer.from(typeof part === "string" ? bytesOf(part) : part)));
  const length =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Uint8Array.from([tag, ...length, ...body]);
}

function hexed(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

const SPNEGO = der(6, hexed("2b0601050502"));
const KERBEROS = der(6, hexed("2a864886f712010202"));
const MS_KERBEROS = der(6, hexed("2a864882f712010202"));
const NTLMSSP = der(6, hexed("2b06010401823702020a"));

/** MS-NLMP 2.2.1.3; `answers` are the lengths of the LM and NT responses. */
function ntlmType3(domain: string, user: string, host: string, unicode = true, answers = [24, 24]): Uint8Array {
  const encode = (text: string): Buffer => Buffer.from(text, unicode ? "utf16le" : "latin1");
  const parts = [
    Buffer.alloc(answers[0]!, 7),
    Buffer.alloc(answers[1]!, 9),
    encode(domain),
    encode(user),
    encode(host),
  ];
  const head = Buffer.alloc(64);
  head.write("NTLMSSP\0", "latin1");
  head.writeUInt32LE(3, 8);
  let at = 64;
  parts.forEach((part, i) => {
    head.writeUInt16LE(part.length, 12 + i * 8);
    head.writeUInt16LE(part.length, 14 + i * 8);
    head.writeUInt32LE(at, 16 + i * 8);
    at += part.length;
  });
  head.writeUInt32LE(unicode ? 1 : 2, 60);
  return Buffer.concat([head, ...parts]);
}

function ntlmType2(target: string): Uint8Array {
  const head = Buffer.alloc(48);
  head.write("NTLMSSP\0", "latin1");
  head.writeUInt32LE(2, 8);
  const name = Buffer.from(target, "utf16le");
  head.writeUInt16LE(name.length, 12);
  head.writeUInt32LE(48, 16);
  head.writeUInt32LE(1, 20);
  return Buffer.concat([head, name]);
}

const NTLM_TYPE_1 = Buffer.concat([bytesOf("NTLMSSP\0\x01\0\0\0\x07\x82\x08\xa2"), Buffer.alloc(24)]);

describe("credentials", () => {
  it("reads the user of Basic, the vector of RFC 7617 §2", () => {
    expect(credentials("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")).toMatchObject({
      scheme: "Basic",
      user: "Aladdin",
      domain: null,
      length: 34,
      complete: true,
      malformed: false,
      step: null,
    });
  });

  it.each([
    ["without padding", `Basic ${base64("me:pw").replace(/=+$/, "")}`, "me", null],
    [
      "in the alphabet of URLs",
      `basic ${base64("m\xff\xfe?:>>").replaceAll("+", "-").replaceAll("/", "_")}`,
      "m\xff\xfe?",
      null,
    ],
    ["in UTF-8, RFC 7617 §2.1", "Basic dGVzdDoxMjPCow==", "test", null],
    ["in UTF-8 with a name of it", `Basic ${Buffer.from("jürgen:x").toString("base64")}`, "jürgen", null],
    ["in Latin-1", `Basic ${base64("j\xfcrgen:x")}`, "jürgen", null],
    ["with a domain", `BASIC  ${base64("CORP\\ann:x")}`, "ann", "CORP"],
    ["with an empty password", `Basic ${base64("ann:")}`, "ann", null],
    ["with a percent sign", `Basic ${base64("100%25:x")}`, "100%25", null],
  ])("reads Basic %s", (_name, value, user, domain) => {
    expect(credentials(value)).toMatchObject({ user, domain, malformed: false });
  });

  it.each([
    ["Basic that is not base64", "Basic !!!!"],
    ["Basic without a colon", `Basic ${base64("password")}`],
    ["Basic without anything", "Basic"],
    ["NTLM that is not base64", "NTLM %%%"],
    ["NTLM that is no NTLM", `NTLM ${base64("hello world")}`],
    ["Negotiate that is empty", "Negotiate"],
    ["Negotiate that is not base64", "Negotiate %%%"],
    ["Negotiate that is garbage", `Negotiate ${base64("garbage")}`],
    ["Digest without a user", 'Digest nonce="x"'],
    ["no scheme at all", "0123456789abcdef"],
  ])("reports %s as malformed", (_name, value) => {
    expect(credentials(value)).toMatchObject({ malformed: true, user: null });
  });

  it.each([
    ['Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html"', "Mufasa"], // RFC 7616 §3.9.1
    ["Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, userhash=false", "Jäsøn Doe"], // RFC 7616 §3.9.2
    ['Digest username="488869477bf257147b804c45308cd62ac4e25eb717b12b298c79e62dcea254ec", userhash=true', null],
    ['Digest nonce="a", username="a \\"b\\""', 'a "b"'],
    ["Digest username=plain, qop=auth", "plain"],
    // RFC 7616 §4: UTF-8 where the challenge asked for it.
    ['Digest username="j\xc3\xbcrgen", qop=auth', "jürgen"],
    ['Digest username="j\xfcrgen", qop=auth', "jürgen"],
  ])("reads the user of %s", (value, user) => {
    expect(credentials(value)).toMatchObject({ user, malformed: false });
  });

  it("reads NTLM", () => {
    expect(credentials(`NTLM ${base64(NTLM_TYPE_1)}`)).toMatchObject({ step: "type 1", complete: false, user: null });
    const three = { step: "type 3", complete: true, user: "änn", domain: "CORP", workstation: "PC1", malformed: false };
    expect(credentials(`NTLM ${base64(ntlmType3("CORP", "änn", "PC1"))}`)).toMatchObject(three);
    expect(credentials(`ntlm ${base64(ntlmType3("CORP", "änn", "PC1", false))}`)).toMatchObject(three);
    expect(credentials(`Negotiate ${base64(ntlmType3("CORP", "änn", "PC1"))}`)).toMatchObject(three);
    expect(credentials(`NTLM ${base64(ntlmType3("", "", "", true, [1, 0]))}`)).toMatchObject({
      user: null,
      complete: true,
    });
  });

  const apReq = der(0x60, KERBEROS, "\x01\x00", "ticket");
  it.each([
    ["SPNEGO with Kerberos", init([MS_KERBEROS, KERBEROS, NTLMSSP], apReq), "kerberos", true],
    [
      "SPNEGO with a large ticket",
      init([KERBEROS], der(0x60, KERBEROS, "\x01\x00", "t".repeat(40_000))),
      "kerberos",
      true,
    ],
    ["bare Kerberos", apReq, "kerberos", true],
    ["bare Kerberos of Microsoft", der(0x60, MS_KERBEROS, "\x01\x00", "ticket"), "kerberos", true],
    ["SPNEGO with NTLM type 1", init([NTLMSSP], NTLM_TYPE_1), "type 1", false],
    ["SPNEGO with NTLM type 3", answer(ntlmType3("D", "u", "w")), "type 3", true],
    ["SPNEGO with mechanisms only", init([KERBEROS, NTLMSSP], null), "spnego", false],
  ])("reads Negotiate: %s", (_name, token, step, complete) => {
    expect(credentials(`Negotiate ${base64(token)}`)).toMatchObject({ step, complete, malformed: false });
  });

  it("names only the scheme of others", () => {
    expect(credentials("Bearer abc.def")).toMatchObject({ scheme: "Bearer", user: null, malformed: false });
    expect(credentials("AWS4-HMAC-SHA256 Credential=x")).toMatchObject({
      scheme: "AWS4-HMAC-SHA256",
      malformed: false,
    });
    expect(credentials("Odd-Scheme x=y")).toMatchObject({ scheme: "unknown", malformed: false });
    expect(credentials("wholesecret")).toMatchObject({ scheme: "unknown", malformed: true });
    expect(credentials("wholesecret and more")).toMatchObject({ scheme: "unknown" });
  });

  it("are read right however many were read before, and the same ones again", () => {
    const heads = Array.from({ length: 1_200 }, (_, i) => `user${i % 700}`);
    const { heads: heard } = listenTo(
      "request",
      heads.map((user) => `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic ${btoa(`${user}:x`)}\r\n\r\n`).join(""),
    );
    expect(heard.map((head) => (head.kind === "request" ? head.authorization?.user : null))).toEqual(heads);
  });

  it("that a client sends again are the same object, and are kept once", () => {
    const get = (i: number) => `GET /${i} HTTP/1.1\r\nAuthorization: Basic ${btoa("ann:x")}\r\n\r\n`;
    const { heads } = listenTo("request", get(1) + get(2));
    const [first, second] = heads.map((head) => (head.kind === "request" ? head.authorization : null));
    expect(first).toMatchObject({ user: "ann" });
    expect(second).toBe(first);
  });

  it("of Negotiate without a token have no step", () => {
    expect(credentials("Negotiate")).toMatchObject({ scheme: "Negotiate", step: null, malformed: true });
    expect(credentials(`Negotiate ${base64("garbage")}`).step).toBe("unknown");
  });

  it("tags equal values equally", () => {
    expect(credentials("Bearer a").tag).toBe(credentials("Bearer a").tag);
    expect(credentials("Bearer a").tag).not.toBe(credentials("Bearer b").tag);
  });
});

/** NegTokenInit (RFC 4178 §4.2.1). */
function init(mechanisms: Uint8Array[], token: Uint8Array | null): Uint8Array {
  const fields = [der(0xa0, der(0x30, ...mechanisms))];
  if (token !== null) fields.push(der(0xa2, der(4, token)));
  return der(0x60, SPNEGO, der(0xa0, der(0x30, ...fields)));
}

/** NegTokenResp (RFC 4178 §4.2.2). */
function answer(token: Uint8Array): Uint8Array {
  return der(0xa1, der(0x30, der(0xa0, der(10, "\x01")), der(0xa1, NTLMSSP), der(0xa2, der(4, token))));
}

describe("challenges", () => {
  const brief = (list: readonly Challenge[]) =>
    list.map(({ scheme, realm, parameters }) => [scheme, realm, parameters.join(" ")]);

  it.each<[string, (string | null)[][]]>([
    ['Basic realm="a, b=c"', [["Basic", "a, b=c", ""]]],
    ["Negotiate", [["Negotiate", null, ""]]],
    [
      "Negotiate, NTLM",
      [
        ["Negotiate", null, ""],
        ["NTLM", null, ""],
      ],
    ],
    // RFC 9110 §11.6.1
    [
      'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
      [
        ["Basic", "simple", ""],
        ["Newauth", "apps", "type title"],
      ],
    ],
    [
      'Newauth realm="apps", type=1, title="Login to \\"apps\\"", Basic realm="simple"',
      [
        ["Newauth", "apps", "type title"],
        ["Basic", "simple", ""],
      ],
    ],
    ['Digest realm="r", qop="auth, auth-int", nonce="n", stale=TRUE', [["Digest", "r", "qop nonce stale"]]],
    ["Basic", [["Basic", null, ""]]],
    ["Basic realm=", [["Basic", "", ""]]],
    ['Basic realm="Zugang f\xc3\xbcr G\xc3\xa4ste"', [["Basic", "Zugang für Gäste", ""]]],
    ['Basic realm="Zugang f\xfcr G\xe4ste"', [["Basic", "Zugang für Gäste", ""]]],
    [
      'Basic realm="\xe7\x99\xbb\xe5\xbd\x95", NTLM',
      [
        ["Basic", "登录", ""],
        ["NTLM", null, ""],
      ],
    ],
    ["Basic realm=, charset=UTF-8", [["Basic", "", "charset"]]],
    ['SCRAM-SHA-256 realm="a", md5-2=x', [["SCRAM-SHA-256", "a", "md5-2"]]],
    ["Basic realm=My Site, charset=UTF-8", [["Basic", "My Site", "charset"]]],
    ['Basic realm="never closed', [["Basic", "never closed", ""]]],
    ['BASIC REALM = "x"', [["BASIC", "x", ""]]],
    [
      ', ,Basic realm="x",,NTLM,',
      [
        ["Basic", "x", ""],
        ["NTLM", null, ""],
      ],
    ],
    [
      "Negotiate oQcwBaADCgEB, NTLM",
      [
        ["Negotiate", null, ""],
        ["NTLM", null, ""],
      ],
    ],
    [
      "Negotiate 0a1+/9-._~=, NTLM",
      [
        ["Negotiate", null, ""],
        ["NTLM", null, ""],
      ],
    ],
    [
      "Basic ;;;, NTLM",
      [
        ["Basic", null, ""],
        ["NTLM", null, ""],
      ],
    ],
    [
      "Basic, \t, NTLM , ",
      [
        ["Basic", null, ""],
        ["NTLM", null, ""],
      ],
    ],
    ['="x", ;;; ', []],
    ["", []],
  ])("reads %s", (value, expected) => {
    expect(brief(challenges(value))).toEqual(expected);
  });

  it("reads several fields in order", () => {
    expect(brief(challenges("Negotiate", "NTLM", 'Basic realm="x"')).map(([scheme]) => scheme)).toEqual([
      "Negotiate",
      "NTLM",
      "Basic",
    ]);
  });

  it("reads stale", () => {
    expect(challenges('Digest realm="r", stale="true"')[0]?.stale).toBe(true);
    expect(challenges('Digest realm="r", stale=false')[0]?.stale).toBe(false);
  });

  it("reads NTLM type 2, bare and in Negotiate", () => {
    const two = { type: 2, targetName: "CORP", user: null };
    expect(challenges(`NTLM ${base64(ntlmType2("CORP"))}`)[0]?.ntlm).toMatchObject(two);
    const wrapped = challenges(`Negotiate ${base64(answer(ntlmType2("CORP")))}`)[0];
    expect(wrapped?.ntlm).toMatchObject(two);
    expect(wrapped?.negotiate?.kind).toBe("ntlm");
    expect(challenges(`Negotiate ${base64(ntlmType2("CORP"))}`)[0]?.ntlm).toMatchObject(two);
    expect(challenges(`Other ${base64(ntlmType2("CORP"))}`)[0]).toMatchObject({ ntlm: null, negotiate: null });
  });

  it("keeps no more than it should of a thousand challenges", () => {
    expect(challenges(...Array.from({ length: 1_000 }, () => "Basic realm=x, NTLM")).length).toBe(32);
  });
});

describe("secrets", () => {
  it("lets none out, wherever it stands and however the field is broken", () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9]{12,24}$/).map((text) => `s3cr3t${text}`);
    const mutation = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), on: fc.boolean() });
    fc.assert(
      fc.property(secret, mutation, (hush, { at, byte, on }) => {
        const values = [
          `Basic ${base64(`ann:${hush}`)}`,
          `Basic ${base64(hush)}`,
          `Bearer ${hush}`,
          hush,
          `Digest username="ann", response="${hush}", cnonce="${hush}"`,
          `NTLM ${base64(ntlmType3("D", "u", "w")).slice(0, 80)}${hush}`,
          `Token token=${hush}`,
        ];
        for (const value of values) {
          const wire =
            `GET http://ann:${hush}@example.com/ HTTP/1.1\r\nHost: ann:${hush}@example.com\r\nCookie: ${hush}=${hush}\r\n` +
            `Proxy-Authorization: ${value}\r\nAuthorization: ${value}\r\nX-Api-Key: ${hush}\r\nContent-Length: 50\r\n\r\n${hush}`;
          const reply =
            `HTTP/1.1 407 No\r\nSet-Cookie: id=${hush}; Path=/\r\nSet-Cookie: ${hush}\r\nLocation: //u:${hush}@h/?k=${hush}\r\n` +
            `Proxy-Authenticate: Digest realm="r", nonce="${hush}", opaque=${hush}\r\nContent-Length: 50\r\n\r\n${hush}`;
          for (const [role, text] of [
            ["request", on ? broken(wire, at % wire.length, byte, hush) : wire],
            ["response", reply],
            ["request", `CONNECT ann:${hush}/x@a:443 HTTP/1.1\r\n\r\n`],
          ] as const) {
            const heard = listenTo(role, text, { rule: () => "framed" });
            const told = JSON.stringify([heard.heads, heard.notes], (_key, v) => (typeof v === "bigint" ? "" : v));
            expect(told).not.toContain(hush);
            expect(told).not.toContain(base64(hush).slice(2, 14));
          }
        }
      }),
      { numRuns: times(150) },
    );
  });
});

/** One byte changed, outside of lines whose meaning as a secret depends on it, and outside of the secret. */
function broken(wire: string, at: number, byte: number, hush: string): string {
  const value = wire.indexOf("Proxy-Authorization: ");
  const place = value + "Proxy-Authorization: ".length + (at % 40);
  const changed = wire.slice(0, place) + String.fromCharCode(byte) + wire.slice(place + 1);
  return changed.includes(hush) ? changed : wire;
}
