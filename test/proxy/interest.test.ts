// As what a connection is followed: by its first payload, and by how a side begins that nobody was asked about.
import { describe, expect, it } from "vitest";
import type { Endpoint, Side } from "../../src/bytes/index.ts";
import { beginningNeeded, interestOf, roleByBeginning, saysBehindConnect } from "../../src/proxy/detect.ts";
import { KnownProxies, type ProxyContext } from "../../src/proxy/index.ts";
import type { TcpConnection } from "../../src/tcp/index.ts";
import { clientHello, record, serverHello, serverName } from "../tls-parse/play.ts";

const PROXY: Endpoint = { ip: "192.0.2.80", port: 8080 };
/** Where the proxy's own connections come from, and another server that runs on its machine. */
const BEHIND: Endpoint = { ip: "192.0.2.80", port: 50_001 };
/** Another address of the proxy. */
const OTHER: Endpoint = { ip: "192.0.2.90", port: 50_002 };
const CLIENT: Endpoint = { ip: "192.0.2.1", port: 50_003 };
const ORIGIN: Endpoint = { ip: "198.51.100.7", port: 443 };
const ODD_ORIGIN: Endpoint = { ip: "198.51.100.7", port: 8443 };

const text = (words: string): Uint8Array => Uint8Array.from(Buffer.from(words, "latin1"));
const hello = (host: string): Uint8Array => record(22, clientHello({ extensions: [serverName(host)] }));
const get = (host: string): Uint8Array => text(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
const HELLO = hello("www.example.com");
const CUT_HELLO = HELLO.slice(0, 40);
const SERVER_HELLO = record(22, serverHello());
const DATA = record(23, new Uint8Array(50));
const CONNECT = text("CONNECT www.example.com:443 HTTP/1.1\r\n\r\n");
const OK = text("HTTP/1.1 200 OK\r\n\r\n");

/** "asked": a proxy is known, and what its client asked for; "fixed": the options name its port; "keys": of all randoms there are some. */
type Knowledge = "nothing" | "asked" | "fixed" | "keys" | "other keys" | "fixed, keys";

function contextOf(knowledge: Knowledge): ProxyContext {
  const known = new KnownProxies(knowledge.startsWith("fixed") ? [{ port: PROXY.port }] : []);
  if (knowledge === "asked") {
    known.learn(PROXY, "connect");
    known.asked.add("www.example.com", CLIENT.ip, 0n);
  }
  const context: Pick<ProxyContext, "known" | "anyKeys" | "hasKeys" | "now"> = {
    known,
    anyKeys: () => knowledge.includes("keys"),
    // The random of `clientHello`.
    hasKeys: (random) =>
      !knowledge.startsWith("other") && random.length === 32 && random.every((byte) => byte === 0xc1),
    now: () => 5n,
  };
  return context as ProxyContext;
}

type Row = readonly [
  what: string,
  knowledge: Knowledge,
  from: Endpoint,
  to: Endpoint,
  senderIsInitiator: boolean | null,
  bytes: Uint8Array,
  role: string | null,
];

const ROWS: readonly Row[] = [
  ["TLS to a known proxy", "asked", CLIENT, PROXY, true, HELLO, "secure"],
  ["TLS to a known proxy, joined late", "asked", CLIENT, PROXY, null, DATA, "proxy"],
  ["a request to a known proxy", "asked", CLIENT, PROXY, true, get("www.example.com"), "proxy"],
  ["TLS of a known proxy that answers first", "asked", PROXY, CLIENT, false, SERVER_HELLO, "secure"],
  ["TLS of a known proxy, joined late", "asked", PROXY, CLIENT, null, SERVER_HELLO, "proxy"],
  ["a response of a known proxy", "asked", PROXY, CLIENT, false, OK, "proxy"],
  ["TLS from the proxy's address", "asked", BEHIND, ORIGIN, true, hello("x.example"), "leg"],
  ["the same, joined late", "asked", BEHIND, ORIGIN, null, DATA, "leg"],
  ["a request from the proxy's address", "asked", BEHIND, ORIGIN, true, get("x.example"), "leg"],
  ["anything else from the proxy's address", "asked", BEHIND, ORIGIN, true, text("hello there, who is it?"), null],
  ["what another server at the proxy's address answers", "asked", BEHIND, CLIENT, false, SERVER_HELLO, null],
  ["a ServerHello to the proxy's address", "asked", ODD_ORIGIN, BEHIND, false, SERVER_HELLO, "leg"],
  ["records to the proxy's address, answers", "asked", ODD_ORIGIN, BEHIND, false, DATA, "leg"],
  ["a ServerHello, joined late", "asked", ODD_ORIGIN, BEHIND, null, SERVER_HELLO, "leg"],
  ["records from a system port, joined late", "asked", ORIGIN, BEHIND, null, DATA, "leg"],
  ["records from another port, joined late", "asked", ODD_ORIGIN, BEHIND, null, DATA, null],
  [
    "records from the first port that is none of the system",
    "asked",
    { ...ORIGIN, port: 1024 },
    BEHIND,
    null,
    DATA,
    null,
  ],
  ["a response to the proxy's address", "asked", ODD_ORIGIN, BEHIND, null, OK, "leg"],
  ["a greeting to the proxy's address", "asked", ORIGIN, BEHIND, null, text("220 mx.example.com ESMTP"), null],
  ["what begins at the proxy's other ports", "asked", ORIGIN, BEHIND, true, hello("x.example"), null],
  ["TLS where a client asked to go", "asked", OTHER, ORIGIN, true, HELLO, "leg"],
  ["a request where a client asked to go", "asked", OTHER, ORIGIN, true, get("www.example.com"), "leg"],
  ["TLS to where no client asked to go", "asked", OTHER, ORIGIN, true, hello("x.example"), null],
  ["the client itself, without the proxy", "asked", CLIENT, ORIGIN, true, HELLO, null],
  ["the same, cut", "asked", CLIENT, ORIGIN, true, CUT_HELLO, null],
  ["TLS whose name is in the next segment", "asked", OTHER, ORIGIN, true, CUT_HELLO, "maybe-leg"],
  ["TLS of which the last byte is missing", "asked", OTHER, ORIGIN, true, hello("x.example").slice(0, -1), "maybe-leg"],
  ["records that are cut", "asked", OTHER, ORIGIN, true, DATA.slice(0, 40), null],
  ["TLS whose name is in the next segment, where nobody asked", "fixed", OTHER, ORIGIN, true, CUT_HELLO, null],
  ["TLS with keys", "keys", CLIENT, PROXY, true, HELLO, "secure"],
  ["TLS with keys, of which the random is cut", "keys", CLIENT, PROXY, true, HELLO.slice(0, 42), null],
  [
    "TLS with keys, of which no more than the random is there",
    "keys",
    CLIENT,
    PROXY,
    true,
    HELLO.slice(0, 43),
    "secure",
  ],
  ["TLS without keys of it", "other keys", CLIENT, PROXY, true, HELLO, null],
  ["an answer in TLS, with any keys", "other keys", PROXY, CLIENT, false, SERVER_HELLO, "secure"],
  ["TLS with keys to none of the options' proxies", "fixed, keys", OTHER, ORIGIN, true, HELLO, null],
  ["TLS to one of the options' proxies", "fixed", CLIENT, PROXY, true, HELLO, "secure"],
  ["CONNECT to none of the options' proxies", "fixed", CLIENT, ORIGIN, true, CONNECT, null],
  ["CONNECT", "nothing", CLIENT, ORIGIN, true, CONNECT, "proxy"],
  ["a response without a request", "nothing", ORIGIN, CLIENT, false, OK, "proxy"],
  ["a response, joined late", "nothing", ORIGIN, CLIENT, null, OK, null],
  ["a response of none of the options' proxies", "fixed", ORIGIN, CLIENT, false, OK, null],
];

describe("the first payload", () => {
  it.each(ROWS)("%s (%s known)", (_what, knowledge, from, to, senderIsInitiator, bytes, role) => {
    const addressBytes = Uint8Array.from([from, to].flatMap(({ ip }) => ip.split(".").map(Number)));
    const ends = { sourcePort: from.port, destinationPort: to.port, source: 0, destination: 4 };
    const peek = { bytes, start: 0, end: bytes.length, addressBytes, addressLength: 4 as const, ...ends };
    expect(interestOf({ ...peek, senderIsInitiator, frame: 1 }, contextOf(knowledge))).toBe(role);
  });
});

type Beginning = readonly [
  what: string,
  knowledge: Knowledge,
  ends: readonly [Endpoint, Endpoint],
  initiator: Side | null,
  side: Side,
  bytes: Uint8Array,
  role: string | null,
];

const BEGINNINGS: readonly Beginning[] = [
  ["TLS to a known proxy", "asked", [CLIENT, PROXY], 0, 0, HELLO, "secure"],
  ["TLS to a known proxy that is first by its address", "asked", [PROXY, CLIENT], 1, 1, HELLO, "secure"],
  ["TLS of a known proxy", "asked", [CLIENT, PROXY], 0, 1, SERVER_HELLO, "secure"],
  ["a request to a known proxy", "asked", [CLIENT, PROXY], 0, 0, CONNECT, "proxy"],
  ["TLS to a known proxy, joined late", "asked", [PROXY, CLIENT], null, 0, DATA, "proxy"],
  ["TLS from the proxy's address", "asked", [BEHIND, ORIGIN], 0, 0, HELLO, "leg"],
  ["TLS where a client asked to go", "asked", [OTHER, ORIGIN], 0, 0, HELLO, "leg"],
  ["TLS to where no client asked to go", "asked", [OTHER, ORIGIN], 0, 0, hello("x.example"), null],
  ["the client itself, without the proxy", "asked", [CLIENT, ORIGIN], 0, 0, HELLO, null],
  ["the server of it", "asked", [OTHER, ORIGIN], 0, 1, SERVER_HELLO, null],
  ["TLS with keys", "keys", [CLIENT, ORIGIN], 0, 0, HELLO, "secure"],
  ["TLS without keys of it", "other keys", [CLIENT, ORIGIN], 0, 0, HELLO, null],
  ["an answer in TLS, with any keys", "other keys", [CLIENT, ORIGIN], 0, 1, SERVER_HELLO, "secure"],
  ["TLS with keys to none of the options' proxies", "fixed, keys", [CLIENT, ORIGIN], 0, 0, HELLO, null],
  ["SOCKS 5", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(5, 1, 0), null],
  ["SOCKS 5, with its request", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(5, 2, 0, 2, 5, 1, 0, 3), null],
  ["SOCKS 5, with a password", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(5, 2, 0, 2, 1, 4, 117, 115), null],
  ["SOCKS 5, with the methods cut", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(5, 3, 0, 2), null],
  ["version 5 with anything else", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(5, 2, 5, 1, 7, 7, 7, 7), "proxy"],
  ["version 5 without methods", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(5, 0), "proxy"],
  ["SOCKS 4, CONNECT", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(4, 1, 1, 187), null],
  ["SOCKS 4, BIND", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(4, 2, 1, 187), null],
  ["version 4 with another command", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(4, 3, 1, 187), "proxy"],
  ["version 4 with command 0", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(4, 0, 1, 187), "proxy"],
  ["another version", "nothing", [CLIENT, ORIGIN], 0, 0, Uint8Array.of(3, 1, 1, 187), "proxy"],
  ["the bytes of SOCKS from the server", "nothing", [CLIENT, ORIGIN], 0, 1, Uint8Array.of(5, 1, 0), "proxy"],
  ["the bytes of SOCKS to a known proxy", "asked", [CLIENT, PROXY], 0, 0, Uint8Array.of(5, 1, 0), "proxy"],
];

describe("the beginning of a side", () => {
  it.each(BEGINNINGS)("%s (%s known)", (_what, knowledge, endpoints, initiator, side, bytes, role) => {
    const connection: Pick<TcpConnection, "endpoints" | "initiator"> = { endpoints, initiator };
    expect(roleByBeginning(connection as TcpConnection, side, bytes, contextOf(knowledge))).toBe(role);
  });

  it("is told by its first eight bytes, and of TLS by the first record, up to 8 KiB", () => {
    expect(beginningNeeded(HELLO)).toBe(HELLO.length);
    expect(beginningNeeded(HELLO.slice(0, 8))).toBe(HELLO.length);
    expect(beginningNeeded(HELLO.slice(0, 7))).toBe(8);
    const long = record(22, clientHello({ extensions: [[21, new Array(600).fill(0)]] }));
    expect(beginningNeeded(long.slice(0, 100))).toBe(long.length);
    const longest = record(22, clientHello({ extensions: [[21, new Array(9_000).fill(0)]] }));
    expect(beginningNeeded(longest)).toBe(8_192);
    expect(beginningNeeded(CONNECT)).toBe(8);
  });
});

it.each([
  ["nothing", null, null],
  ["TLS", HELLO, "tls"],
  ["a request to an origin", get("www.example.com"), "origin"],
  ["a request in absolute form", text("GET http://www.example.com/ HTTP/1.1\r\n\r\n"), "proxy"],
  ["a CONNECT", CONNECT, "proxy"],
  ["a piece of a method", text("CONN"), "other"],
  ["words", text("hello there\r\n"), "other"],
])("behind a CONNECT a client says %s", (_what, bytes, says) => {
  expect(saysBehindConnect(bytes)).toBe(says);
});
