// What a connection to a proxy tells of its requests: which are read, what they take, and what nobody asked for.
import { describe, expect, it } from "vitest";
import { client, play, proxy, type Turn } from "./play.ts";

const CONNECT = "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n";
const POST = "POST http://www.example.com/ HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 5\r\n\r\nhello";
const ORIGIN_FORM = "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const answer = (status: number): string => `HTTP/1.1 ${status} Answer\r\nContent-Length: 0\r\n\r\n`;
const statuses = (turns: readonly Turn[]) =>
  play(turns).timelines.flatMap(({ connects }) => connects.map(({ response }) => response?.status ?? null));

describe("CONNECTs that do not wait for an answer", () => {
  const answers = [proxy(answer(407)), proxy(answer(407)), proxy(answer(403))];

  it("have each its own, in one segment or in several", () => {
    expect(statuses([client(CONNECT + CONNECT + CONNECT), ...answers])).toEqual([407, 407, 403]);
    expect(statuses([client(CONNECT), client(CONNECT), client(CONNECT), ...answers])).toEqual([407, 407, 403]);
    expect(statuses([client(CONNECT), client(CONNECT + CONNECT), ...answers])).toEqual([407, 407, 403]);
  });

  it("are kept without a note", () => {
    expect(play([client(CONNECT + CONNECT), ...answers.slice(1)]).notes).toEqual([]);
  });
});

it("interim answers to a CONNECT are counted", () => {
  const turns = [client(CONNECT), proxy("HTTP/1.1 100 Continue\r\n\r\n"), proxy("HTTP/1.1 102 Wait\r\n\r\n")];
  const { timelines } = play([...turns, proxy(answer(407))]);
  expect(timelines[0]?.connects).toMatchObject([{ interim: 2, response: { status: 407 } }]);
});

it("a request takes its head and body", () => {
  const { timelines } = play([client(POST), proxy(answer(200))]);
  const [forward] = timelines[0]!.forwards;
  expect([forward?.requestBytes, forward?.responseBytes]).toEqual([POST.length, answer(200).length]);
});

it("requests that nobody answers are kept up to a hundred, and all others counted", () => {
  const { timelines } = play([client(POST.repeat(1_002))]);
  expect(timelines[0]?.forwards).toHaveLength(100);
  expect(timelines[0]?.forwardsDropped).toBe(902);
});

it("of very many CONNECTs the first ones are kept and the last one, which tells how many are not", () => {
  const turns = Array.from({ length: 100 }, (_, i) => [
    client(CONNECT.replace("www", `host-${i}`)),
    proxy(answer(i < 99 ? 407 : 403)),
  ]);
  const { connects } = play(turns.flat()).timelines[0]!;
  expect(connects).toHaveLength(64);
  expect(connects.map(({ droppedBefore }) => droppedBefore)).toEqual([...Array<number>(63).fill(0), 36]);
  expect(connects.slice(-2).map(({ target, response }) => [target.host, response?.status])).toEqual([
    ["host-62.example.com", 407],
    ["host-99.example.com", 403],
  ]);
});

it("a response in a tunnel takes its head and body", () => {
  const refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nhe";
  const opened = [client(CONNECT), proxy("HTTP/1.1 200 Connection established\r\n\r\n")];
  const { timelines } = play([...opened, client(ORIGIN_FORM), proxy(refusal), proxy("llo")]);
  expect(timelines[0]?.tunnel?.exchanges).toMatchObject([
    {
      requestBytes: ORIGIN_FORM.length,
      responseBytes: refusal.length + 3,
      body: { bytes: 5 },
    },
  ]);
});

it("a request in origin form is one to a proxy only where it is known", () => {
  const turns = [client(ORIGIN_FORM), proxy(answer(401))];
  expect(play(turns, { unasked: true }).timelines).toEqual([]);
  expect(play(turns, { known: true }).timelines[0]).toMatchObject({ detectedBy: "option", forwards: [{}] });
  expect(play([client(POST), proxy(answer(200)), ...turns]).timelines[0]?.forwards).toHaveLength(2);
});

it("an answer that nobody asked for is noted, with its place", () => {
  const turns = [client(POST), proxy(answer(200)), proxy(answer(408))];
  expect(play(turns).notes).toEqual([
    { id: "proxy-response-unasked", frame: 3, at: answer(200).length, detail: { status: 408 } },
  ]);
});

it("notes are kept with their connection, up to sixteen", () => {
  const { notes, timelines } = play([client(POST), ...Array.from({ length: 18 }, () => proxy(answer(200)))]);
  expect(notes).toHaveLength(17);
  expect(timelines[0]?.notes).toEqual(notes.slice(0, 16));
});

it("what a tunnel carries is not waited for beyond 4 KiB", () => {
  const opened = [client(CONNECT), proxy("HTTP/1.1 200 Connection established\r\n\r\n")];
  const kept = (length: number): number => {
    let bytes = 0;
    const words = proxy("x".repeat(length));
    play([...opened, words], {
      kept: (sum) => {
        bytes = sum;
      },
    });
    return bytes;
  };
  expect(kept(4_096)).toBeGreaterThan(4_096);
  expect(kept(4_097)).toBe(0);
});
