// What a conversation says that it keeps: tcp adds it up over all connections, so nothing large may be left out.
import { describe, expect, it } from "vitest";
import { clientHello, concat, message, record } from "../tls-parse/play.ts";
import { client, type PlayOptions, play, proxy, type Turn } from "./play.ts";

const CONNECT = client("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n");
const OPENED = proxy("HTTP/1.1 200 OK\r\n\r\n");
const KB_40 = "a".repeat(40_000);
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** The beginning of a message of 100,000 bytes, in records. */
const begun = (type: number): Uint8Array =>
  concat(...[[type, 1, 0x86, 0xa0], [], [], []].map((head) => record(22, [...head, ...new Array(10_000).fill(0)])));
/** HEADERS of 40,000 bytes that CONTINUATION would have to follow. */
const block = Uint8Array.of(0, 0x9c, 0x40, 1, 0, 0, 0, 0, 1, ...new Array(40_000).fill(0x82));

const LONG = "a".repeat(1_500);
const CHALLENGES = Array.from(
  { length: 16 },
  (_, i) => `Proxy-Authenticate: Digest realm="${i}", a="1", b="2"\r\n`,
).join("");
/** A CHALLENGE message (MS-NLMP 2.2.1.2) of a target whose name has 256 characters. */
const target = Buffer.from("a".repeat(256), "utf16le");
const header = Buffer.from("NTLMSSP\0\x02\0\0\0\0\x02\0\x02\x38\0\0\0\x01\0\0\0".padEnd(56, "\0"), "latin1");
const NTLM = `Proxy-Authenticate: NTLM ${Buffer.concat([header, target]).toString("base64")}\r\n`;
const twenty = (turns: readonly Turn[]): readonly Turn[] => Array.from({ length: 20 }, () => turns).flat();
const refused = (fields = ""): Turn => proxy(`HTTP/1.1 407 No\r\n${fields}Content-Length: 0\r\n\r\n`);

/** A Certificate message of four of this size, in records. */
function chain(bytes: number): Uint8Array {
  const one = [0, bytes >> 8, bytes & 255, ...new Array(bytes).fill(0)];
  const all = message(11, [0, (4 * one.length) >> 8, (4 * one.length) & 255, ...one, ...one, ...one, ...one]);
  const pieces = Array.from({ length: Math.ceil(all.length / 16_000) }, (_, i) =>
    record(22, all.subarray(i * 16_000, (i + 1) * 16_000)),
  );
  return concat(...pieces);
}
/** HEADERS without any field, of two hundred streams. */
const empty = concat(
  ...Array.from({ length: 200 }, (_, i) => Uint8Array.of(0, 0, 0, 1, 4, 0, 0, (2 * i + 1) >> 8, (2 * i + 1) & 255)),
);
/** HEADERS of fifty requests. */
const streams = concat(
  ...Array.from({ length: 50 }, (_, i) => Uint8Array.of(0, 0, 3, 1, 5, 0, 0, 0, 2 * i + 1, 0x82, 0x87, 0x84)),
);

const KEPT: readonly [what: string, turns: readonly Turn[]][] = [
  ["a request's head", [client(`CONNECT a.example:443 HTTP/1.1\r\nX: ${KB_40}`)]],
  ["an answer's head", [CONNECT, proxy(`HTTP/1.1 407 No\r\nX: ${KB_40}`)]],
  ["what is sent before the answer", [CONNECT, client(KB_40)]],
  [
    "a page",
    [
      client("GET http://a.example/ HTTP/1.1\r\n\r\n"),
      proxy(`HTTP/1.1 407 No\r\nContent-Length: 50000\r\n\r\n${KB_40}`),
    ],
  ],
  ["a handshake message of the client", [CONNECT, OPENED, client(record(22, clientHello())), client(begun(11))]],
  ["a handshake message of the server", [CONNECT, OPENED, client(record(22, clientHello())), proxy(begun(11))]],
  ["a record", [CONNECT, OPENED, client(record(22, new Array(18_000).fill(0)).subarray(0, 17_900))]],
  ["a request's head in the tunnel", [CONNECT, OPENED, client(`GET / HTTP/1.1\r\nX: ${KB_40}`)]],
  ["streams in the tunnel that wait for their answers", [CONNECT, OPENED, client(PREFACE), client(streams)]],
  ["streams in the tunnel of which nothing is known", [CONNECT, OPENED, client(PREFACE), client(empty)]],
  ["a field block in the tunnel", [CONNECT, OPENED, client(PREFACE), client(block)]],
  ["CONNECTs of long words", twenty([client(`CONNECT ${LONG}:443 HTTP/1.1\r\n\r\n`), refused()])],
  ["forwarded requests", twenty([client(`GET http://${LONG}/ HTTP/1.1\r\n\r\n`), refused()])],
  ["requests that wait", twenty([client(`GET http://${LONG}/ HTTP/1.1\r\n\r\n`)])],
  ["exchanges in the tunnel", [CONNECT, OPENED, ...twenty([client(`GET /${LONG} HTTP/1.1\r\n\r\n`), refused()])]],
  ["challenges", twenty([client("CONNECT a.example:443 HTTP/1.1\r\n\r\n"), refused(CHALLENGES)])],
  ["names in NTLM messages", twenty([client("CONNECT a.example:443 HTTP/1.1\r\n\r\n"), refused(NTLM)])],
  ["a chain of certificates", [CONNECT, OPENED, client(record(22, clientHello())), proxy(chain(10_000))]],
];

function keptBehind(turns: readonly Turn[], options: PlayOptions = {}): number {
  let kept = -1;
  play(turns, {
    ...options,
    kept: (bytes) => {
      kept = bytes;
    },
  });
  return kept;
}

describe("what is kept of", () => {
  it.each(KEPT)("%s is told", (_what, turns) => {
    const kept = keptBehind(turns);
    expect(kept).toBeGreaterThan(16_000);
    expect(kept).toBeLessThan(200_000);
  });

  it("a beginning that does not tell yet is what its pieces take", () => {
    const beginning = [client(record(22, new Array(8_000).fill(0)).subarray(0, 4_000))];
    const cuts = (bytes: Uint8Array) => Array.from(bytes, (_, i) => i);
    expect(keptBehind(beginning, { unasked: true })).toBeLessThan(10_000);
    expect(keptBehind(beginning, { unasked: true, cuts })).toBeGreaterThan(4_000 * 200);
  });

  it("an exchange that is over is nothing", () => {
    expect(keptBehind([CONNECT, proxy("HTTP/1.1 407 No\r\nContent-Length: 3\r\n\r\nno!")])).toBe(0);
  });

  it("the page with which a CONNECT is refused is nothing: nobody looks at it", () => {
    expect(keptBehind([CONNECT, proxy(`HTTP/1.1 407 No\r\nContent-Length: 50000\r\n\r\n${KB_40}`)])).toBe(0);
  });
});
