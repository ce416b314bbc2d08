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
  // Nor do they where a piece of them is lost.
  for (let at = OPENED.length + 6; at < turns.length; at += 5) {
    const lossy = turns.map((turn, i) =>
      i === at && "bytes" in turn ? { from: turn.from, gap: turn.bytes.length } : turn,
    );
    expect(told({ skipBodies: true, skip: true }, lossy), `${at}`).toEqual(told({}, lossy));
  }
});
