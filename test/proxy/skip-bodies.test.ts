// Large bodies inside TLS that are passed over without being opened (`--skip-bodies`): nothing else that is told changes.
import { expect, it } from "vitest";
import { talk } from "../harness/tls-talk.ts";
import { client, type PlayOptions, play, proxy, type Turn } from "./play.ts";

const OPENED = [
  client("CONNECT origin.example:443 HTTP/1.1\r\nHost: origin.example:443\r\n\r\n"),
  proxy("HTTP/1.1 200 Connection established\r\n\r\n"),
];
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: origin.example\r\n\r\n`;
const answer = (status: number, body: string): string =>
  `HTTP/1.1 ${status} Answer\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const LARGE = "x".repeat(200_000);
const chunk = `${LARGE.length.toString(16)}\r\n${LARGE}\r\n`;
const TURNS = [
  ...[get("/large"), answer(200, LARGE), get("/login"), answer(401, "no")],
  `POST /upload HTTP/1.1\r\nHost: origin.example\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`,
  answer(204, "").replace("Content-Length: 0\r\n", ""),
  ...[get("/chunks"), `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`],
  ...[get("/page"), answer(403, LARGE), get("/last"), `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${LARGE}`],
];

it.each(["TLSv1.2", "TLSv1.3"] as const)("bodies that are passed over in %s change nothing else", async (version) => {
  const { pieces, keyLog } = await talk({ turns: TURNS, client: { minVersion: version, maxVersion: version } });
  const turns: readonly Turn[] = [
    ...OPENED,
    ...pieces.map(({ from, bytes }) => (from === "client" ? client(bytes) : proxy(bytes))),
  ];
  const told = (options: PlayOptions = {}, said = turns) => {
    const { clientBytes, serverBytes, inside, exchanges } = play(said, { keys: keyLog, ...options }).timelines[0]!
      .tunnel!;
    const short = exchanges.map(
      ({ request, response, requestBytes, responseBytes, body }) =>
        `${request?.target} ${requestBytes} ${response?.status} ${responseBytes} ${body?.bytes}`,
    );
    return { clientBytes, serverBytes, inside, short };
  };
  const whole = told();
  expect(whole.short.map((line) => line.split(" ")[2])).toEqual(["200", "401", "204", "200", "403", "200"]);
  expect(told({ skipBodies: true })).toEqual(whole);
  expect(told({ skipBodies: true, skip: true })).toEqual(whole);
  const cuts = (bytes: Uint8Array) => Array.from({ length: Math.ceil(bytes.length / 700) }, (_, i) => i * 700);
  expect(told({ skipBodies: true, skip: true, cuts })).toEqual(whole);
  // Where a segment of them is lost the answers are the same, and what was passed over before counts: of a record of which
  // a piece is missing the header says how long it is, while one that cannot be opened counts for nothing.
  const segments = turns.flatMap((turn) => ("bytes" in turn ? segmentsOf(turn) : [turn]));
  for (let at = OPENED.length + 6; at < segments.length; at += 4) {
    const lossy = segments.map((turn, i) =>
      i === at && "bytes" in turn ? { from: turn.from, gap: turn.bytes.length } : turn,
    );
    const [opened, passed] = [told({}, lossy), told({ skipBodies: true, skip: true }, lossy)];
    const words = ({ short }: typeof opened) => short.map((line) => line.split(" "));
    expect(words(passed).map(([target, , status]) => [target, status])).toEqual(
      words(opened).map(([target, , status]) => [target, status]),
    );
    const missed = words(passed).filter(([, , , bytes], i) => Number(bytes) < Number(words(opened)[i]![3]));
    expect(missed, `${at}`).toEqual([]);
  }
});

/** What is said at once, in segments of 20,000 bytes. */
function segmentsOf({ from, bytes }: Turn & { readonly bytes: Uint8Array }): readonly Turn[] {
  const size = 20_000;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => ({
    from,
    bytes: bytes.subarray(i * size, (i + 1) * size),
  }));
}
