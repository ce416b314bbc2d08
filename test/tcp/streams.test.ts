// Stream numbers and interest: rows as tshark 4.0.17 numbered the same packets (a raw-IP capture of each was given to it).
import { describe, expect, it } from "vitest";
import { ACK, FIN, RST, record, type Sketch, SYN } from "../harness/segments.ts";

const client: Sketch = { from: "1:5000", to: "2:80" };
const server: Sketch = { from: "2:80", to: "1:5000" };
const data = "0123456789";

/** Each row: what was sent, and tshark's number of streams. */
const NUMBERING: readonly (readonly [string, readonly Sketch[], number])[] = [
  [
    "a SYN-ACK with another number is the same stream",
    [
      { ...client, seq: 100, flags: SYN },
      { ...server, seq: 500, ack: 101, flags: SYN | ACK },
      { ...server, seq: 700, ack: 101, flags: SYN | ACK },
      { ...client, seq: 101, ack: 701 },
    ],
    1,
  ],
  [
    "the same SYN after a RST is the same stream",
    [
      { ...client, seq: 100, flags: SYN },
      { ...server, seq: 0, ack: 101, flags: RST | ACK },
      { ...client, seq: 100, flags: SYN },
    ],
    1,
  ],
  [
    "the same SYN after a FIN is the same stream",
    [
      { ...client, seq: 100, flags: SYN },
      { ...client, seq: 101, flags: FIN | ACK },
      { ...client, seq: 100, flags: SYN },
    ],
    1,
  ],
  [
    "another SYN is another stream, each side has a base of its own",
    [
      { ...client, seq: 100, flags: SYN },
      { ...client, seq: 200, flags: SYN },
      { ...server, seq: 900, flags: SYN },
      { ...server, seq: 901, flags: SYN },
    ],
    3,
  ],
  [
    "a SYN that comes after its handshake's other packets is the same stream",
    [
      { ...client, seq: 101, ack: 501 },
      { ...client, seq: 100, flags: SYN },
      { ...server, seq: 500, ack: 101, flags: SYN | ACK },
      { ...server, seq: 500, ack: 101, flags: SYN },
    ],
    1,
  ],
  [
    "a SYN that comes late is the same stream, though bytes that are lost were acknowledged before",
    [
      { ...client, seq: 101, ack: 501 },
      { ...server, seq: 501, ack: 111 },
      { ...client, seq: 100, flags: SYN },
    ],
    1,
  ],
  [
    "a SYN that comes behind data is the same stream",
    [
      { ...client, seq: 101, ack: 501, data },
      { ...server, seq: 501, ack: 111 },
      { ...client, seq: 100, flags: SYN },
    ],
    1,
  ],
  [
    "a SYN-ACK moves the base",
    [
      { ...server, seq: 500, ack: 101 },
      { ...server, seq: 700, ack: 101, flags: SYN | ACK },
      { ...server, seq: 700, ack: 101, flags: SYN },
      { ...server, seq: 499, ack: 101, flags: SYN },
    ],
    2,
  ],
  [
    "a SYN-ACK and its SYN in each other's place, on ports that were used before, are two streams",
    [
      { ...client, seq: 100, flags: SYN },
      { ...client, seq: 101, ack: 501, data },
      { ...client, seq: 111, ack: 501, flags: FIN | ACK },
      { ...server, seq: 501, ack: 112, flags: FIN | ACK },
      { ...server, seq: 900, ack: 7001, flags: SYN | ACK },
      { ...client, seq: 7000, flags: SYN },
      { ...client, seq: 7000, flags: SYN },
      { ...client, seq: 7001, ack: 901 },
    ],
    2,
  ],
  [
    "quoted headers are numbered, but set no base",
    [
      { ...client, seq: 100, flags: SYN },
      { ...client, seq: 100, flags: SYN, quoted: true },
      { ...client, seq: 200, flags: SYN, quoted: true },
      { ...client, seq: 300, flags: SYN, quoted: true },
      { ...client, seq: 400, flags: SYN },
    ],
    2,
  ],
  [
    "a host that talks to itself on one port",
    [
      { from: "1:80", to: "1:80", seq: 100, flags: SYN },
      { from: "1:80", to: "1:80", seq: 200, ack: 101, flags: SYN | ACK },
      { from: "1:80", to: "1:80", seq: 300, flags: SYN },
    ],
    2,
  ],
  [
    "a host that talks to itself on two ports",
    [
      { from: "1:81", to: "1:80", seq: 100, flags: SYN },
      { from: "1:80", to: "1:81", seq: 200, flags: SYN },
      { from: "1:80", to: "1:81", seq: 201, ack: 101 },
      { from: "1:81", to: "1:80", seq: 100, ack: 101, flags: SYN },
    ],
    1,
  ],
  ["IPv4 and IPv6 with equal numbers are two", [{ ...client }, { ...client, v6: true }], 2],
];

describe("stream numbers", () => {
  for (const [name, sketches, streams] of NUMBERING) {
    it(name, () => {
      const { tcp, add } = record();
      add(...sketches);
      expect(tcp.counts().streams).toBe(streams);
    });
  }

  it("go to the connections that are followed", () => {
    const { add, connections } = record();
    for (let i = 0; i < 3; i++) {
      add({ from: `1:${6000 + i}`, seq: 1, flags: SYN });
      add({ from: `1:${6000 + i}`, seq: 2, data });
      // The ports are used again: its number comes in the order of the SYNs, not of the closing.
      add({ from: `1:${6000 + i}`, seq: 1000, flags: SYN });
      add({ from: `1:${6000 + i}`, seq: 1001, data });
    }
    expect(connections.map((c) => c.connection.stream)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(connections.map((c) => c.closed)).toEqual([1, 0, 1, 0, 1, 0]);
    expect(connections[0]!.events).toEqual([`0 push 2 ${data}`, "0 end 2 reused", "1 end 2 reused", "closed"]);
  });
});

it("a SYN-ACK with another number after the close begins another connection of the same stream", () => {
  const { tcp, add, connections } = record();
  add({ ...client, seq: 100, flags: SYN }, { ...client, seq: 101, ack: 500, data });
  add({ ...server, seq: 500, ack: 111, flags: FIN | ACK }, { ...client, seq: 111, ack: 501, flags: FIN | ACK });
  add({ ...server, seq: 900, ack: 7001, flags: SYN | ACK }, { ...client, seq: 7001, ack: 901, data: "other bytes" });
  expect(tcp.counts().streams).toBe(1);
  // Wireshark has the client's base of the connection before: a SYN that comes late has another number.
  add({ ...client, seq: 7000, flags: SYN });
  expect(tcp.counts().streams).toBe(2);
  tcp.end();
  expect(tcp.counts().streams).toBe(2);
  expect(connections.slice(0, 2).map((c) => c.connection.stream)).toEqual([0, 0]);
  expect(connections[1]!.text).toEqual(["", "other bytes"]);
  expect(connections[1]!.connection.initiator).toBe(1);
});

describe("interest", () => {
  it("is asked once, with the first payload, and again after a new SYN", () => {
    const peeks: string[] = [];
    const recorder = record({
      interest(peek) {
        const { bytes, start, end, sourcePort, senderIsInitiator } = peek;
        peeks.push(`${sourcePort} ${senderIsInitiator} ${Buffer.from(bytes.subarray(start, end)).toString()}`);
        return "ignore";
      },
    });
    recorder.add({ seq: 1, flags: SYN });
    recorder.add({ from: "2:8080", to: "1:5000", seq: 500, ack: 2, flags: SYN | ACK });
    recorder.add({ seq: 2, ack: 501 }, { seq: 2, ack: 501, data }, { seq: 12, ack: 501, data });
    recorder.add({ from: "2:8080", to: "1:5000", seq: 501, ack: 22, data });
    recorder.add({ seq: 77, flags: SYN }, { seq: 78, data: "abcdefgh" });
    expect(peeks).toEqual([`5000 true ${data}`, "5000 true abcdefgh"]);
    expect(recorder.connections).toEqual([]);
    expect(recorder.tcp.counts()).toMatchObject({ streams: 2, followed: 0, lateStarts: 0, oneSided: 1 });
  });

  it("says who began even if only the SYN-ACK was captured, and null if neither", () => {
    const initiators: (boolean | null)[] = [];
    const recorder = record({
      interest({ senderIsInitiator }) {
        initiators.push(senderIsInitiator);
        return "ignore";
      },
    });
    recorder.add(
      { from: "2:80", to: "1:1", seq: 9, ack: 5, flags: SYN | ACK },
      { from: "1:1", to: "2:80", seq: 5, data },
    );
    recorder.add({ from: "1:2", to: "2:80", seq: 5, data });
    expect(initiators).toEqual([true, null]);
  });

  it("is not asked for a first payload that is short or out of order: followed tentatively", () => {
    const short = record({ interest: () => "ignore" });
    short.add({ seq: 1, flags: SYN }, { seq: 2, data: "CONN" }, { seq: 6, data: "ECT" });
    expect(short.asked).toBe(0);
    expect(short.connections[0]!.text[0]).toBe("CONNECT");
    const late = record({ interest: () => "ignore" });
    late.add({ seq: 1, flags: SYN }, { seq: 12, data }, { seq: 2, data });
    expect(late.asked).toBe(0);
    expect(late.connections[0]!.text[0]).toBe(data + data);
  });

  it("an abandoned conversation hears nothing more, and its row is ignored", () => {
    const recorder = record({ abandon: (recorded) => recorded.bytes[0] >= 4 });
    recorder.add({ seq: 1, flags: SYN }, { seq: 2, data: "abcd" }, { seq: 6, data: "efgh" }, { seq: 99, flags: RST });
    recorder.tcp.end();
    expect(recorder.connections[0]!.events).toEqual(["0 push 2 abcd"]);
    expect(recorder.tcp.counts()).toMatchObject({ streams: 1, followed: 0 });
  });

  it("an abandoned conversation takes no room", () => {
    const recorder = record({ limits: { followed: 1 }, abandon: (recorded) => recorded.bytes[0] >= 4 });
    for (const from of ["1:1", "1:2", "1:3"]) recorder.add({ from, seq: 1, flags: SYN }, { from, seq: 2, data });
    expect(recorder.connections).toHaveLength(3);
    expect(recorder.tcp.counts()).toMatchObject({ followed: 0, evicted: 0 });
    expect(recorder.notes).toEqual([]);
  });

  it("an abandoned conversation does not hear of the rest of the segment", () => {
    const recorder = record({ abandon: (recorded) => recorded.bytes[0] >= 4 });
    recorder.add({ seq: 1, flags: SYN }, { seq: 2, data: "abcdefgh", wire: 20 }, { seq: 22, data: "ijkl" });
    recorder.tcp.end();
    expect(recorder.connections[0]!.events).toEqual(["0 push 2 abcdefgh"]);
  });

  it("a keep-alive's zero byte decides nothing", () => {
    const recorder = record();
    recorder.add({ seq: 99, ack: 7, data: "\0" }, { seq: 100, ack: 7, data });
    expect(recorder.asked).toBe(1);
    expect(recorder.connections[0]!.text[0]).toBe(`<0 late-start>${data}`);
  });
});

describe("the answer to what is not followed", () => {
  const back = { from: "2:8080", to: "1:5000", ack: 12 };
  const HANDSHAKE = [
    { seq: 1, flags: SYN },
    { ...back, seq: 500, ack: 2, flags: SYN | ACK },
  ];

  function shown(...sketches: Parameters<ReturnType<typeof record>["add"]>) {
    const answers: string[] = [];
    const recorder = record({
      interest: () => "answer",
      answered({ bytes, start, end, sourcePort, senderIsInitiator, frame }) {
        answers.push(
          `${frame} ${sourcePort} ${senderIsInitiator} ${Buffer.from(bytes.subarray(start, end)).toString()}`,
        );
      },
    });
    recorder.add(...HANDSHAKE, ...sketches);
    recorder.tcp.end();
    expect(recorder.connections).toEqual([]);
    expect(recorder.tcp.counts()).toMatchObject({ streams: 1, followed: 0 });
    return { answers, asked: recorder.asked };
  }

  it("is shown once, behind all that the client says first", () => {
    expect(
      shown(
        { seq: 2, ack: 501, data },
        { seq: 12, ack: 501, data },
        { ...back, seq: 501 },
        { ...back, seq: 501, data: "an answer" },
        { ...back, seq: 510, data: "and more" },
        { seq: 22, ack: 518, data },
      ),
    ).toEqual({ answers: ["6 8080 false an answer"], asked: 1 });
  });

  it.each([
    ["short", [{ ...back, seq: 501, data: "short" }]],
    ["out of order", [{ ...back, seq: 531, data: "an answer" }]],
    ["behind very much of the client's", [{ seq: 70_000, ack: 501, data }]],
  ])("is not shown if it is %s", (_what, sketches) => {
    const answer = { ...back, seq: 501, data: "an answer" };
    expect(shown({ seq: 2, ack: 501, data }, ...sketches, answer).answers).toEqual([]);
  });

  it("is that of the new connection behind a new SYN", () => {
    const answers: number[] = [];
    const recorder = record({ interest: () => "answer", answered: ({ frame }) => answers.push(frame) });
    recorder.add(...HANDSHAKE, { seq: 2, ack: 501, data });
    recorder.add({ seq: 7_000, flags: SYN }, { ...back, seq: 900, ack: 7_001, flags: SYN | ACK });
    recorder.add({ ...back, seq: 901, ack: 7_001, data: "an answer" });
    expect([answers, recorder.asked]).toEqual([[], 2]);
  });
});

describe("counts over all connections", () => {
  it("late starts and one-sided ones", () => {
    const { tcp, add } = record({ interest: () => "ignore" });
    // No SYN, one direction.
    add({ from: "1:1", seq: 5, ack: 9, data });
    // A SYN without an answer says nothing of the capture.
    add({ from: "1:2", seq: 5, flags: SYN });
    // The answers were not captured, the acknowledgement shows it.
    add({ from: "1:3", seq: 5, flags: SYN }, { from: "1:3", seq: 6, ack: 77 });
    // Whole.
    add({ from: "1:4", seq: 5, flags: SYN }, { from: "2:8080", to: "1:4", seq: 5, ack: 6, flags: SYN | ACK });
    // Quoted only.
    add({ from: "1:5", seq: 5, ack: 9, quoted: true });
    expect(tcp.counts()).toMatchObject({ streams: 5, lateStarts: 1, oneSided: 2 });
  });
});
