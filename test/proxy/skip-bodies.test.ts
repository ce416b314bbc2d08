// Large bodies inside TLS that are passed over without being opened (`--skip-bodies`): nothing else that is told changes.
import { describe, expect, it } from "vitest";
import { type TappedPiece, talk } from "../harness/tls-talk.ts";
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

/** What is said at once, in segments of 20,000 bytes. */
function segmentsOf(from: TappedPiece["from"], bytes: Uint8Array): readonly Turn[] {
  const [size, says] = [20_000, from === "client" ? client : proxy];
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    says(bytes.subarray(i * size, (i + 1) * size)),
  );
}

/** What is told of the tunnel, and of each exchange in it. */
function told(turns: readonly Turn[], options: PlayOptions) {
  const { clientBytes, serverBytes, inside, exchanges } = play(turns, options).timelines[0]!.tunnel!;
  const each = exchanges.map(({ request, response, requestBytes, responseBytes, body }) => ({
    ...{ target: request?.target, status: response?.status, requestBytes, responseBytes, looked: body?.bytes },
  }));
  return { clientBytes, serverBytes, inside, each };
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("bodies that are passed over in %s", (version) => {
  const talked = talk({ turns: TURNS, client: { minVersion: version, maxVersion: version } });
  const said = async () => {
    const { pieces, keyLog: keys } = await talked;
    return { turns: [...OPENED, ...pieces.flatMap(({ from, bytes }) => segmentsOf(from, bytes))], keys };
  };

  it("change nothing else", async () => {
    const { turns, keys } = await said();
    const opened = told(turns, { keys });
    expect(opened.each.map(({ status }) => status)).toEqual([200, 401, 204, 200, 403, 200]);
    const cuts = (bytes: Uint8Array) => Array.from({ length: Math.ceil(bytes.length / 700) }, (_, i) => i * 700);
    for (const more of [{}, { skip: true }, { skip: true, cuts }])
      expect(told(turns, { keys, skipBodies: true, ...more })).toEqual(opened);
  });

  it("change no answer where a segment is lost, and count as far as they came", async () => {
    const { turns, keys } = await said();
    for (let at = OPENED.length + 6; at < turns.length; at += 4) {
      const lossy = turns.map((turn, i) =>
        i === at && "bytes" in turn ? { from: turn.from, gap: turn.bytes.length } : turn,
      );
      const [opened, passed] = [{}, { skipBodies: true, skip: true }].map(
        (more) => told(lossy, { keys, ...more }).each,
      );
      const answers = (one: typeof opened) => one?.map(({ target, status }) => [target, status]);
      expect(answers(passed)).toEqual(answers(opened));
      // A record of which a piece is lost has its length all the same, while one that cannot be opened counts for nothing.
      expect(passed?.filter(({ responseBytes }, i) => responseBytes < opened![i]!.responseBytes)).toEqual([]);
    }
  });
});
