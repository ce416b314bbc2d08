// Names inside tunnels, in certificates, in NTLM and Digest, each of them another one: none is in any output with --redact.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUDIT_FORMATS, FORMATS } from "../../src/report/index.ts";
import { ascii } from "../harness/capture-file.ts";
import { type Identity, type TappedPiece, talk } from "../harness/tls-talk.ts";
import { toProxy } from "../harness/tunnelled.ts";
import { buildProgram, type Program } from "./build.ts";

const ALL = ["--redact", "ip,host,user"];
/** What is made up here begins so; the digits tell where it was. */
const NAMES = /zulu\d*|10\.77\.|fd77:/i;

const client = (text: string): TappedPiece => ({ from: "client", bytes: ascii(text) });
const server = (text: string): TappedPiece => ({ from: "server", bytes: ascii(text) });
const answer = (head: string): string => `${head}\r\nContent-Length: 0\r\n\r\n`;
const get = (host: string, path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
const open = (target: string): readonly TappedPiece[] => [
  client(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`),
  server("HTTP/1.1 200 Connection established\r\n\r\n"),
];

/** A message of NTLM with names at their places (MS-NLMP 2.2.1): offsets of the fields' lengths. */
function ntlm(type: 2 | 3, flagsAt: number, unicode: boolean, names: Readonly<Record<number, string>>): string {
  const head = Buffer.alloc(64);
  head.write("NTLMSSP\0", "latin1");
  head.writeUInt32LE(type, 8);
  const parts = [head];
  let at = head.length;
  for (const [place, name] of Object.entries({ ...(type === 3 ? { 20: "x".repeat(24) } : {}), ...names })) {
    const bytes = Buffer.from(name, unicode ? "utf16le" : "latin1");
    head.writeUInt16LE(bytes.length, Number(place));
    head.writeUInt32LE(at, Number(place) + 4);
    parts.push(bytes);
    at += bytes.length;
  }
  head.writeUInt32LE(unicode ? 1 : 2, flagsAt);
  return `NTLM ${Buffer.concat(parts).toString("base64")}`;
}

/** Asked with 407, answered with `credentials`, and asked again. */
function refused(credentials: string, challenge: string): readonly TappedPiece[] {
  const asked = server(answer(`HTTP/1.1 407 Authentication Required\r\nProxy-Authenticate: ${challenge}`));
  const again = client(`CONNECT zulu1:443 HTTP/1.1\r\nProxy-Authorization: ${credentials}\r\n\r\n`);
  return [client("CONNECT zulu1:443 HTTP/1.1\r\n\r\n"), asked, again, asked, again, asked];
}

const CREDENTIALS: readonly (readonly [credentials: string, challenge: string])[] = [
  [
    ntlm(3, 60, true, { 28: "ZULU2", 36: "zulu3 kim, (2)", 44: "ZULU4" }),
    ntlm(2, 20, true, { 12: "ZULU5", 40: "zulu6.zulu7.test" }),
  ],
  [ntlm(3, 60, true, { 28: "zülü8-ZULU8", 36: "zulu9 日本", 44: "ZULU10" }), "NTLM"],
  [ntlm(3, 60, false, { 28: "ZULU11", 36: "zulu12\\zulu13", 44: "ZULU14" }), "NTLM"],
  [
    'Digest username="zulu15 \\"zulu16\\" b", realm="zulu17", uri="/zulu18", opaque="zulu19"',
    'Digest realm="zulu20 (a) \\"zulu21\\"", domain="https://zulu22/zulu23", nonce="zulu24", opaque="zulu25"',
  ],
  ["Digest username*=UTF-8''zulu26%20z%C3%BClu27, realm=zulu28", "Digest realm=zulu29, nonce=zulu30"],
  [`Basic ${btoa("zulu31@zulu32.test:x")}`, 'Bearer realm="zulu33", scope="zulu34", error_description="zulu35 b"'],
  ["Bearer zulu36", 'Zulu37 realm="zulu38"'],
];

const TARGETS = [
  ...["zulu41:443:zulu42", "zulu43(frame 3) was zulu44:443", 'zulu45"zulu46:443', `zulu47${"z".repeat(1_990)}:443`],
  ...["zulu48,zulu49:443", "[fd77::1%25zulu50]:443", "::ffff:10.77.1.2", "zulu51%41.test:443", "zulu52/zulu53:443"],
  ...["https://zulu54.test:443", ".zulu55:443", "zulu56..test:443", "xn--zulu57-kva.test:443", "zulu58"],
];

/** Requests that name no host in the usual way, and ones with more than a URL has. */
const FORWARDS = [
  "zulu61:zulu62",
  "HTTP://ZULU63.TEST/ZULU64",
  "http://zulu65/zulu66 zulu67",
  "ftp://zulu68@zulu69/zulu70",
];

/** Where a report shows what was sent. The rest is reduced before: passwords, tokens, Locations, opaque parameters, and what a type 2 message says. */
const SHOWN = (
  "1 2 3 8 9 11 12 13 15 16 20 21 26 29 31 32 33 37 38 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 61 " +
  "62 63 64 65 66 67 69 70 71 72 73 74 75 76 77 78 79 80 86 91 92 101 102 103 110 111 112 113 114 115"
)
  .split(" ")
  .map(Number);

let program: Program;
beforeAll(async () => {
  program = buildProgram();
  const own = certificate();
  const site = "Content-Type: text/html\r\nX-Zulu71: 1\r\nX-Zulu72-Srv: 1\r\nX-Frame-Options: DENY";
  const page = `HTTP/1.1 200 OK\r\n${site}`;
  const asks = 'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="zulu73 b"';
  const keys: string[] = [];
  const tls = async (...turns: readonly string[]): Promise<readonly TappedPiece[]> => {
    const ALPNProtocols = ["zulu74", "http/1.1"];
    const { pieces, keyLog } = await talk({
      turns,
      server: { ...own, ALPNProtocols },
      client: { servername: "zulu75.test", ALPNProtocols },
    });
    keys.push(keyLog);
    return pieces;
  };
  const hosts = ["zulu76", "www.zulu77.test", "zulu78.test"] as const;
  const [a, b, c] = hosts;
  const connections = [
    [...open(`${a}:443`), ...(await tls(get(a), answer(page), get(a, "/zulu79/"), answer(`${asks}\r\n${site}`)))],
    [
      ...open(`${b}:443`),
      ...(await tls(
        get(b),
        answer(page),
        get(b, "/users/zulu80"),
        // Beside a Squid's own name it says nothing.
        answer(`${asks}\r\nX-Cache-Lookup: MISS from zulu86:3128`),
      )),
    ],
    [
      ...open(`${c}:443`),
      ...(await tls(
        get(c),
        answer("HTTP/1.1 302 Found\r\nLocation: https://zulu81.test/zulu82"),
        get(c),
        answer(`${asks}\r\nServer: squid/5.7 (zulu83)\r\nVia: 1.1 zulu84 (zulu85)`),
      )),
    ],
    ...CREDENTIALS.map((pair) => refused(...pair)),
    ...TARGETS.flatMap((target) => [
      open(target),
      [client(`CONNECT ${target} HTTP/1.1\r\n\r\n`), server(answer("HTTP/1.1 503 No (frame 3) was zulu91: zulu92"))],
      [client(`CONNECT ${target} HTTP/1.1\r\n\r\n`)],
    ]),
    ...FORWARDS.map((url) => [client(`GET ${url} HTTP/1.1\r\nHost: zulu93\r\n\r\n`), server(answer(asks))]),
  ];
  writeFileSync(join(program.folder, "zulu.pcap"), toProxy(connections));
  writeFileSync(join(program.folder, "zulu.keys"), keys.join(""));
});
afterAll(() => program.remove());

/** With a name in each part of its own, and in each kind of alternative name (RFC 5280 §4.2.1.6). */
function certificate(): Identity {
  const at = (name: string): string => join(program.folder, name);
  const names =
    "DNS:zulu101.test,DNS:*.zulu102.test,DNS:zulu103,IP:10.77.1.3,IP:fd77::3,email:zulu104@zulu105.test," +
    "URI:https://zulu106.test/zulu107,dirName:d,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:zulu108@zulu109.test";
  writeFileSync(
    at("cnf"),
    `[req]\ndistinguished_name=n\nx509_extensions=e\nprompt=no\n[n]\nC=DE\nO=Zulu110 b\nOU=Zulu111\n` +
      `CN=Zulu112 \\"b\\", CA\nemailAddress=zulu113@zulu114.test\nUID=zulu115\n[e]\nsubjectAltName=${names}\n[d]\nCN=zulu116\n`,
  );
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("key")];
  execFileSync("openssl", ["req", "-x509", ...key, "-out", at("cert"), "-config", at("cnf")], { stdio: "ignore" });
  return { key: readFileSync(at("key"), "utf8"), cert: readFileSync(at("cert"), "utf8") };
}

function expectNoNames(...args: readonly string[]): void {
  const { out, err } = program.run([...args, ...ALL, "zulu.pcap"]);
  expect(out.length).toBeGreaterThan(0);
  const found = NAMES.exec(out + err);
  expect(found === null ? null : (out + err).slice(found.index - 60, found.index + 60), args.join(" ")).toBeNull();
}

describe("names inside tunnels, credentials and odd targets", () => {
  it("are in the report that is not redacted", () => {
    const { out } = program.run(["-f", "json", "zulu.pcap"]);
    const shown = new Set([...out.matchAll(/zulu(\d+)/gi)].map(([, number]) => Number(number)));
    expect([...shown].sort((x, y) => x - y)).toEqual(SHOWN);
  });

  it.each(Object.keys(FORMATS))("stay out of check -f %s", (format) => {
    expectNoNames("-f", format);
  });

  it.each(Object.keys(AUDIT_FORMATS))("stay out of audit -f %s", (format) => {
    expectNoNames("audit", "-f", format);
  });

  it("stay out of the table with everything, and of ladders", () => {
    expectNoNames("-v");
    for (const stream of [0, 1, 2, 3, 6, 9, 11, 12, 13, 15]) expectNoNames("-t", `${stream}`);
  });
});
