// A capture with the same few names wherever HTTP lets anybody write one: none of them is in any output with --redact.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AUDIT_FORMATS, FORMATS } from "../../src/report/index.ts";
import { ascii } from "../harness/capture-file.ts";
import type { TappedPiece } from "../harness/tls-talk.ts";
import { toProxy } from "../harness/tunnelled.ts";
import { buildProgram, captured, type Program } from "./build.ts";

const ALL = ["--redact", "ip,host,user"];
const NAMES = /zulu|10\.0\.0\.[12]\b/i;

const client = (text: string): TappedPiece => ({ from: "client", bytes: ascii(text) });
const server = (text: string): TappedPiece => ({
  from: "server",
  bytes: ascii(`${text}\r\nContent-Length: 0\r\n\r\n`),
});

const basic = `Basic ${Buffer.from("ZULUDOM\\zulukim:secret").toString("base64")}`;
const signed = [
  "Server: squid/5.7 (zulusrv)",
  "Via: 1.1 zuluproxy (squid/5.7), 1.0 zulutwo:3128 (Content Gateway on zuluthree)",
  "X-Cache-Lookup: NONE from zulucache:3128",
  "Proxy-Agent: BlueCoat zuluagent",
  "Set-Cookie: BCSI-CS-zulucookie=2",
].join("\r\n");
const challenge = (field: string): string =>
  [
    `${field}: Basic realm="Fiddler \\"ZULUREALM\\" of zulukim"`,
    `${field}: NTLM`,
    `${field}: ZuluScheme realm="FortiGate zulu"`,
  ].join("\r\n");

const CONNECTIONS: readonly (readonly TappedPiece[])[] = [
  ...["www.zulu.test:443", "zulusingle:443", "zulu_.test:443"].map((target) => [
    client(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: ZuluAgent/1.0 (zulukim)\r\n\r\n`),
    server(`HTTP/1.1 407 Denied for zulukim\r\n${challenge("Proxy-Authenticate")}\r\n${signed}`),
    client(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: ${basic}\r\n\r\n`),
    { from: "server" as const, bytes: ascii(`HTTP/1.1 200 Hello zulukim\r\n${signed}\r\n\r\n`) },
    client(`GET /home/zulukim/zuludoc.zulu.test.html?zulu HTTP/1.1\r\nHost: ${target}\r\n\r\n`),
    server(`HTTP/1.1 401 For zulukim by Privoxy\r\n${challenge("WWW-Authenticate")}\r\n${signed}`),
  ]),
  [
    client("CONNECT zulubad:443 HTTP/1.1\r\nHost: zulubad:443\r\nUser-Agent: Zulu\r\n\r\n"),
    server('HTTP/1.1 503 "zulu" blocked by zulusrv: the proxy did not open the tunnel'),
  ],
  // What web servers answer as well has another sentence.
  ...[400, 404, 405, 501].map((status) => [
    client("CONNECT zulubad:443 HTTP/1.1\r\nHost: zulubad:443\r\nUser-Agent: Zulu\r\n\r\n"),
    server(`HTTP/1.1 ${status} "zulu" blocked by zulusrv: the tunnel was not opened`),
  ]),
  [
    client("CONNECT zuluonce:443 HTTP/1.1\r\nHost: zuluonce:443\r\nUser-Agent: ZuluUpdater (zulukim)\r\n\r\n"),
    server(`HTTP/1.1 407 No\r\n${challenge("Proxy-Authenticate")}`),
  ],
  ...["http://zuluhost/users/zuluone/zulutwo;zulu", "http://www.zulu.test/~zulu/zulu.css", "http://zulu@zulu/"].map(
    (url) => [
      client(`GET ${url} HTTP/1.1\r\nHost: x\r\n\r\n`),
      server(`HTTP/1.1 401 zulu\r\nWWW-Authenticate: ZuluOnly\r\nLocation: http://zululoc/zulu\r\n${signed}`),
    ],
  ),
];

let program: Program;
beforeAll(() => {
  program = buildProgram();
  mkdirSync(join(program.folder, "zulu"));
  writeFileSync(join(program.folder, "zulu/zulu.pcap"), toProxy(CONNECTIONS));
});
afterAll(() => program.remove());

function expectNoNames(args: readonly string[]): string {
  const { out, err } = program.run([...args, ...ALL]);
  expect(out.length + err.length).toBeGreaterThan(0);
  expect(NAMES.exec(out + err)?.[0], args.join(" ")).toBeUndefined();
  return out;
}

describe("names off the wire", () => {
  it("are in the report that is not redacted", () => {
    const { out } = program.run(["-f", "json", "zulu/zulu.pcap"]);
    for (const name of ["zuluagent", "ZULUREALM", "zulukim", "zuludoc", "ZuluScheme", "ZuluUpdater", "zulusingle"])
      expect(out).toContain(name);
  });

  it.each(Object.keys(FORMATS))("stay out of check -f %s", (format) => {
    expectNoNames(["-f", format, "zulu/zulu.pcap"]);
  });

  it.each(Object.keys(AUDIT_FORMATS))("stay out of audit -f %s", (format) => {
    expectNoNames(["audit", "-f", format, "zulu"]);
  });

  it("stay out of the table with everything, and of ladders", () => {
    expectNoNames(["-v", "zulu/zulu.pcap"]);
    for (const [stream] of CONNECTIONS.entries()) expectNoNames(["-t", `${stream}`, "zulu/zulu.pcap"]);
  });

  it("stay out where only names of users, or of hosts, are asked for, as far as they are those", () => {
    const users = program.run(["-f", "json", "--redact", "user", "zulu/zulu.pcap"]).out;
    expect(users).not.toMatch(/zulukim/i);
    expect(users).toContain("www.zulu.test:443");
    expect(program.run(["-f", "json", "--redact", "host", "zulu/zulu.pcap"]).out).not.toMatch(
      /zulu(?:srv|proxy|single|cache)/i,
    );
  });

  it("stay out of what the proxy's own records say, with the names of their files", () => {
    const capture = captured("policy-trace-context-lost.pcap");
    const trace = readFileSync(captured("policy-trace-context-lost.trace.txt"), "utf8");
    const rule = 'authenticate(ZuluRealm) group="ZULUDOM\\Zulu Admins" user=zuluadmin condition=Zulu_Cond';
    const named = trace
      .replaceAll("authenticate(domain1)", rule)
      .replaceAll('"Authentication"', '"Zulu Layer"')
      .replaceAll("Explicit HTTP", "Zulu Service")
      .replaceAll("'need_credentials'", "'zulu_needed'")
      .replaceAll("authentication_failed", "zulu_denied");
    expect(named).toContain(rule);
    writeFileSync(join(program.folder, "zulutrace"), named);
    expect(program.run(["trace", "-f", "json", "zulutrace", capture]).out).toMatch(/zulutrace:\d+: MATCH at/);
    for (const format of ["json", "table"]) {
      expectNoNames(["trace", "-f", format, "zulutrace"]);
      expectNoNames(["trace", "-f", format, "zulutrace", capture]);
    }
    const log = readFileSync(captured("policy-trace-context-lost.access.log"), "utf8");
    writeFileSync(
      join(program.folder, "zululog"),
      log.replaceAll(" authentication_failed ", " zulu_denied ").replaceAll("DENIED ", "ZULURESULT "),
    );
    expect(program.run(["--access-log", "zululog", "-f", "json", capture]).out).toMatch(/zulu_denied, .*ZULURESULT/);
    for (const format of ["json", "table"]) expectNoNames(["--access-log", "zululog", "-f", format, capture]);
  });
});
