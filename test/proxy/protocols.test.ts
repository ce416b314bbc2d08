// What a tunnel carries, told by the first bytes of its sides; what is read of a connection that changes its protocol.
import { describe, expect, it } from "vitest";
import { client, play, proxy, type Turn } from "./play.ts";

const OPENED: readonly Turn[] = [
  client("CONNECT mx.example.com:25 HTTP/1.1\r\nHost: mx.example.com:25\r\n\r\n"),
  proxy("HTTP/1.1 200 Connection established\r\n\r\n"),
];

describe("a tunnel", () => {
  it.each([
    ["smtp", "a greeting", [proxy("220 mx.example.com ESMTP ready\r\n")]],
    ["smtp", "a greeting without a name", [proxy("220 SMTP")]],
    ["smtp", "a greeting of LMTP", [proxy("220 mx.example.com LMTP ready\r\n")]],
    ["smtp", "a client that greets first", [client("EHLO client.example.com\r\n")]],
    ["smtp", "an old client that greets first", [client("HELO client.example.com\r\n")]],
    ["unknown", "the greeting of FTP", [proxy("220 ftp.example.com FTP server ready\r\n"), client("USER kim\r\n")]],
    ["ssh", "a banner of SSH", [proxy("SSH-2.0-OpenSSH_9.2\r\n")]],
    ["http", "a request", [client("GET / HTTP/1.1\r\nHost: mx.example.com\r\n\r\n")]],
    ["none", "nothing", []],
  ] as const)("carries %s: %s", (protocol, _name, turns) => {
    const { timelines } = play([...OPENED, ...turns]);
    // Of what is no HTTP nothing is read.
    const inside = protocol === "http" ? "full" : "none";
    expect(timelines.map(({ tunnel }) => [tunnel?.protocol, tunnel?.inside])).toEqual([[protocol, inside]]);
  });
});

describe("behind 101 (Switching Protocols)", () => {
  const get = "GET http://www.example.com/ws HTTP/1.1\r\nHost: www.example.com\r\n";
  const switched: readonly Turn[] = [
    client(`${get}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`),
    proxy("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
  ];

  it.each([
    ["nothing", []],
    ["what HTTP/2 begins with (h2c)", [client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]],
    [
      "what looks like messages",
      [client(`${get}\r\n`), proxy("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")],
    ],
  ] as const)("%s is no exchange", (_name, turns) => {
    const { timelines } = play([...switched, ...turns]);
    expect(timelines.flatMap(({ forwards }) => forwards.map(({ response }) => response?.status))).toEqual([101]);
  });
});
