// A capture without a connection to a proxy: what it has instead is told, and where to look.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { ascii, concat, pcapFile } from "../harness/capture-file.ts";
import { loadTruth } from "../harness/truth.ts";
import { toProxy } from "../harness/tunnelled.ts";
import { ethernet, ipv4, udp } from "../packet/build.ts";
import { clientHello, record, serverHello, serverName } from "../tls-parse/play.ts";

const HELLO = record(22, clientHello({ extensions: [serverName("www.example.com")] }));
const GET = ascii("GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
const CONNECT = ascii("CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n");
/** RFC 1928 §3: version, one method, none; §4: a request for a name. */
const GREETING = Uint8Array.of(5, 1, 0);
const REQUEST = concat(Uint8Array.of(5, 1, 0, 3, 15), ascii("www.example.com"), Uint8Array.of(1, 187));
/** RFC 1929 §2. */
const USER = Uint8Array.of(1, 4, 0x75, 0x73, 0x65, 0x72, 1, 0x78);
const SOCKS_4 = concat(Uint8Array.of(4, 1, 1, 187, 198, 51, 100, 7), ascii("user\0"));
const OPEN = Uint8Array.of(5, 0);
/** DCE/RPC, connection-oriented: version 5.0, bind. */
const DCE_RPC = Uint8Array.of(5, 0, 11, 3, 16, 0, 0, 0, 72, 0, 0, 0, 1, 0, 0, 0);

type Said = readonly (readonly ["client" | "server", Uint8Array])[];
type Proxy = { readonly host: string; readonly port: number };

async function told(connections: readonly Said[], proxies: readonly Proxy[] = []) {
  const pieces = connections.map((said) => said.map(([from, bytes]) => ({ from, bytes })));
  return findingOf(toProxy(pieces), proxies);
}

async function findingOf(capture: Uint8Array | string, proxies: readonly Proxy[] = []) {
  const report = await checkCapture(capture, { proxies });
  if ("kind" in report) throw new Error(report.message);
  const [finding] = report.findings;
  expect(report.connections).toEqual([]);
  expect(report.exitCode).toBe(3);
  expect(finding?.id).toBe("capture-quality");
  return { detail: finding?.detail, frames: finding?.frames, helpdesk: finding?.advice.helpdesk };
}

const BAD_REQUEST = ascii("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
const SERVER_HELLO = record(22, serverHello());

const DIRECTLY = /^Programs seem to speak with servers themselves here: .* Record between client and proxy: /;
const RECORD = /^Record between client and proxy: /;
const NAME = /^Name the proxy that clients speak with, or none/;

const ROWS: readonly (readonly [
  what: string,
  said: readonly Said[],
  instead: string,
  frames: number[],
  next: RegExp,
])[] = [
  [
    "TLS",
    [[["client", HELLO]]],
    "The only TCP connection begins with TLS to a server itself (10.0.0.2:3128, frame 4).",
    [4],
    DIRECTLY,
  ],
  [
    "requests to servers, and TLS",
    [[["client", GET]], [["client", HELLO]], [["client", GET]]],
    "Of 3 TCP connections 2 begin with an HTTP request to a server itself (the first to 10.0.0.2:3128, frame 4), 1 begins with TLS to a server itself (10.0.0.2:3128, frame 10).",
    [4, 10],
    DIRECTLY,
  ],
  [
    "SOCKS, of which the first message has three bytes",
    [
      [
        ["client", GREETING],
        ["server", OPEN],
        ["client", REQUEST],
      ],
    ],
    "The only TCP connection begins with SOCKS (10.0.0.2:3128, frame 6). A SOCKS server",
    [6],
    RECORD,
  ],
  [
    "SOCKS with a password",
    [
      [
        ["client", Uint8Array.of(5, 1, 2)],
        ["server", Uint8Array.of(5, 2)],
        ["client", USER],
      ],
    ],
    "The only TCP connection begins with SOCKS (10.0.0.2:3128, frame 6). A SOCKS server",
    [6],
    RECORD,
  ],
  [
    "SOCKS 4",
    [[["client", SOCKS_4]]],
    "The only TCP connection begins with SOCKS (10.0.0.2:3128, frame 4). A SOCKS server",
    [4],
    RECORD,
  ],
  [
    "what is none of these",
    [[["client", DCE_RPC]], [["server", ascii("SSH-2.0-x\r\n")]]],
    "Of 2 TCP connections none begins with TLS, HTTP or SOCKS to a server.",
    [],
    RECORD,
  ],
  [
    "a server that begins with TLS",
    [[["server", HELLO]]],
    "The only TCP connection does not begin with TLS, HTTP or SOCKS to a server.",
    [],
    RECORD,
  ],
];

describe("a capture without a connection to a proxy", () => {
  it.each(ROWS)("has instead %s", async (_what, said, instead, frames, next) => {
    const { detail, helpdesk, ...rest } = await told(said);
    expect(detail).toContain(`on any port. ${instead}`);
    expect(detail).toContain("name it with --proxy");
    expect(rest.frames).toEqual(frames);
    expect(helpdesk).toMatch(next);
  });

  it("has nothing of TCP", async () => {
    const { detail } = await findingOf(pcapFile([{ data: new Uint8Array(60), seconds: 1, fraction: 0 }]));
    expect(detail).toContain("on any port. No TCP connection could be read in it. If the proxy");
  });

  it("has QUIC, which asks no proxy", async () => {
    const initial = udp(443, concat(Uint8Array.of(0xc3, 0, 0, 0, 1, 8), new Uint8Array(1_194)));
    const data = ethernet(0x0800, ipv4(17, initial));
    const packet = { data, seconds: 1, fraction: 0 };
    const one = await findingOf(pcapFile([{ ...packet, data: data.subarray(0, 20) }, packet]));
    expect(one.detail).toContain(
      "No TCP connection could be read in it. 1 packet to UDP port 443 (from frame 2) begins QUIC (HTTP/3), which asks no proxy. If",
    );
    expect(one.frames).toEqual([2]);
    expect(one.helpdesk).toMatch(DIRECTLY);
    const { detail } = await findingOf(pcapFile([packet, packet]));
    expect(detail).toContain("2 packets to UDP port 443 (from frame 1) begin QUIC (HTTP/3)");
  });
});

describe("TLS that is answered in plain HTTP", () => {
  const clear: Said = [
    ["client", HELLO],
    ["server", BAD_REQUEST],
  ];
  const secure: Said = [
    ["client", HELLO],
    ["server", SERVER_HELLO],
  ];
  const SET = /^Look how the program is told of its proxy: https:\/\/ in front of its name/;

  it("is not called TLS to a server: that port takes none", async () => {
    const { detail, frames, helpdesk } = await told([clear]);
    expect(detail).toContain(
      "on any port. The only TCP connection begins with TLS (10.0.0.2:3128, frame 4). TLS was answered in plain HTTP by 10.0.0.2:3128 (frame 5): that port takes no TLS. If it is the proxy's,",
    );
    expect(frames).toEqual([4, 5]);
    expect(helpdesk).toMatch(SET);
    expect(helpdesk).not.toMatch(/servers themselves/);
  });

  it("is told beside TLS that is answered as such", async () => {
    const { detail, helpdesk } = await told([secure, clear, clear, clear]);
    expect(detail).toContain("Of 4 TCP connections 4 begin with TLS (the first to 10.0.0.2:3128, frame 4).");
    expect(detail).toContain("by 10.0.0.2:3128 (frame 12, and 2 more times): that port");
    expect(helpdesk).toMatch(SET);
    expect(helpdesk).toMatch(/Programs seem to speak with servers themselves/);
  });

  it("is told where a proxy is named that nobody speaks with, too", async () => {
    const { detail, helpdesk } = await told([clear], [{ host: "192.0.2.7", port: 8080 }]);
    expect(detail).toContain("that port takes no TLS");
    expect(helpdesk).toMatch(/Look how .* Name the proxy that clients speak with/);
  });

  it("is met in front of the first CONNECT, too: the file is read again", async () => {
    const asks: Said = [
      ["client", CONNECT],
      ["server", ascii("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")],
    ];
    const capture = toProxy([clear, asks].map((said) => said.map(([from, bytes]) => ({ from, bytes }))));
    const report = await checkCapture(capture, {});
    if ("kind" in report) throw new Error(report.message);
    expect(report.connections.map(({ verdict }) => verdict)).toEqual(["tls-failed", "tunnel-refused"]);
  });

  it("is what it is said to be where that port is named as the proxy's", async () => {
    const pieces = clear.map(([from, bytes]) => ({ from, bytes }));
    const report = await checkCapture(toProxy([pieces]), { proxies: [{ host: "10.0.0.2", port: 3128 }] });
    if ("kind" in report) throw new Error(report.message);
    expect(report.verdict).toBe("tls-failed");
    expect(report.findings[0]?.title).toMatch(/speaks TLS to a port of the proxy that takes plain HTTP/);
  });
});

describe("where a proxy is named that nobody speaks with", () => {
  const ANOTHER = [{ host: "192.0.2.7", port: 8080 }];

  it("it is not said that nobody asks a proxy", async () => {
    const { detail, frames, helpdesk } = await told([[["client", CONNECT]], [["client", HELLO]]], ANOTHER);
    expect(detail).toBe(
      "No connection to the proxy that was named was found. Of 2 TCP connections 1 begins with a request to a proxy (10.0.0.2:3128, frame 4), 1 begins with TLS to a server itself (10.0.0.2:3128, frame 10).",
    );
    expect(frames).toEqual([4, 10]);
    expect(helpdesk).toMatch(NAME);
    expect(helpdesk).not.toMatch(/Record between/);
  });

  it("of TLS it says what else there may be", async () => {
    const { detail, helpdesk } = await told([[["client", HELLO]]], ANOTHER);
    expect(detail).not.toContain("any port");
    expect(helpdesk).toMatch(NAME);
    expect(helpdesk).toMatch(/Record between client and proxy/);
  });

  it("the one of a recorded capture is told", async () => {
    const recorded = loadTruth().find(({ name }) => name === "squid-basic-no-credentials");
    if (recorded === undefined) throw new Error("there is no such capture");
    const { truth, path } = recorded;
    const { detail } = await findingOf(path, ANOTHER);
    expect(detail).toContain(`begins with a request to a proxy (${truth.proxy.ip}:${truth.proxy.port}, frame 4).`);
  });
});
