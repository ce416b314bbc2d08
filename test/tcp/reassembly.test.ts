// Reassembly case by case: what was sent, and every call that the two sinks got.
import { describe, expect, it } from "vitest";
import { ACK, FIN, type RecorderOptions, RST, record, type Sketch, SYN } from "../harness/segments.ts";

const back: Sketch = { from: "2:8080", to: "1:5000" };

/** SYN, SYN-ACK, ACK: the client's first byte is 101, the server's 501. */
const handshake: readonly Sketch[] = [
  { seq: 100, flags: SYN },
  { ...back, seq: 500, ack: 101, flags: SYN | ACK },
  { seq: 101, ack: 501 },
];

function run(sketches: readonly Sketch[], options: RecorderOptions = {}) {
  const recorder = record(options);
  recorder.add(...sketches);
  recorder.tcp.end();
  expect(recorder.connections).toHaveLength(1);
  return { ...recorder.connections[0]!, counts: recorder.tcp.counts(), notes: recorder.notes };
}

describe("acknowledgements recorded in front of what they acknowledge", () => {
  const early = (...sketches: readonly Sketch[]) =>
    run([...handshake, ...sketches]).connection.directions.map(({ early }) => early?.longestMs ?? 0);
  const request: Sketch = { seq: 101, ack: 501, data: "GET / HTTP" };
  const answer: Sketch = { ...back, seq: 501, ack: 111, data: "200 OK" };

  it("are told by how long that took to come, at most", () => {
    expect(early({ ...answer, ms: 10 }, { ...request, ms: 35 })).toEqual([25, 0]);
    expect(early({ ...request, ack: 507, ms: 10 }, { ...answer, ms: 13 })).toEqual([0, 3]);
    const second = [
      { ...back, seq: 507, ack: 112, data: "!", ms: 50 },
      { seq: 111, ack: 507, data: "x", ms: 90 },
    ];
    expect(early({ ...answer, ms: 10 }, { ...request, ms: 35 }, ...second)).toEqual([40, 0]);
  });

  it("are told apart where what comes behind them has the earlier time", () => {
    const found = run([...handshake, { ...answer, ms: 35 }, { ...request, ms: 10 }]).connection.directions;
    expect(found.map((one) => one.early)).toMatchObject([{ longestMs: 0, misplaced: true }, null]);
    expect(
      run([...handshake, { ...answer, ms: 10 }, { ...request, ms: 35 }]).connection.directions[0].early?.misplaced,
    ).toBe(false);
  });

  it("are none where all is in order, where a FIN is acknowledged, or where it never comes", () => {
    const fin = { ...back, seq: 507, ack: 111, flags: FIN | ACK, ms: 30 };
    expect(early({ ...request, ms: 10 }, { ...answer, ms: 20 }, fin, { seq: 111, ack: 508, ms: 40 })).toEqual([0, 0]);
    expect(early({ ...answer, ms: 10 }, { seq: 111, ack: 507, data: "behind a loss", ms: 60 })).toEqual([0, 0]);
    expect(early({ ...answer, ms: 10 })).toEqual([0, 0]);
    // Held behind a hole, which is given up: it was recorded before it was acknowledged.
    const held = { seq: 106, ack: 501, data: "HTTP ", ms: 10 };
    const { early: found } = run([
      ...handshake,
      held,
      { ...answer, ms: 20 },
      { seq: 111, ack: 507, data: "x", ms: 400 },
    ]).connection.directions[0];
    expect(found).toMatchObject({ longestMs: 0, misplaced: false });
  });
});

describe("data in order", () => {
  it("passes both directions, ends with FIN, closes once", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, ack: 501, data: "GET / HTTP" },
      { ...back, seq: 501, ack: 111, data: "200 OK" },
      { ...back, seq: 507, ack: 111, data: "!", flags: FIN | ACK },
      { seq: 111, ack: 509, flags: FIN | ACK },
      { ...back, seq: 509, ack: 112 },
    ]);
    expect(events).toEqual([
      "0 push 4 GET / HTTP",
      "1 push 5 200 OK",
      "1 push 6 !",
      "1 end 6 fin",
      "0 end 7 fin",
      "closed",
    ]);
  });

  it("goes on across the wrap of sequence numbers", () => {
    const { text } = run([
      { seq: 0xfffffffe, flags: SYN },
      { seq: 0xffffffff, data: "abcdefgh" },
      { seq: 7, data: "ijkl" },
      { seq: 15, data: "qrst" },
      { seq: 11, data: "mnop" },
    ]);
    expect(text[0]).toBe("abcdefghijklmnopqrst");
  });

  it("takes data in the SYN (RFC 7413) and its repetition once", () => {
    const { text, connection } = run([
      { seq: 100, flags: SYN, data: "CONNECT a" },
      { ...back, seq: 500, ack: 101, flags: SYN | ACK, ms: 10 },
      { seq: 101, ack: 501, data: "CONNECT a", ms: 15 },
      { seq: 110, ack: 501, data: " HTTP/1.1" },
    ]);
    expect(text[0]).toBe("CONNECT a HTTP/1.1");
    expect(connection.directions[0].retransmissions).toBe(1);
    expect(connection.synToSynAckMs).toBe(9);
    expect(connection.synAckToAckMs).toBe(5);
  });

  it("takes data in a SYN of any number", () => {
    for (const seq of [100, 101, 0xffffffff]) {
      const { text, connection } = run([
        { seq, flags: SYN, data: "CONNECT a" },
        { seq: (seq + 10) >>> 0, data: " HTTP/1.1" },
      ]);
      expect(text[0]).toBe("CONNECT a HTTP/1.1");
      expect(connection.directions[0]).toMatchObject({ gaps: 0, retransmissions: 0 });
    }
  });

  it("passes over what the sink wants only counted, but never the last byte", () => {
    let asked = 12;
    const { text } = run(
      [
        ...handshake,
        { seq: 101, data: "0123456789" },
        { seq: 111, data: "ab" },
        { seq: 113, data: "cd" },
        { seq: 115, data: "ef" },
      ],
      { skippable: () => (asked -= 8) },
    );
    // The allowance is 4: ten bytes are pushed whole; then it is negative.
    expect(text[0]).toBe("0123456789abcdef");
    const passed = run(
      [
        ...handshake,
        { seq: 101, data: "12345678" },
        { seq: 109, data: "abc" },
        { seq: 112, data: "d" },
        { seq: 113, data: "e" },
      ],
      { skippable: () => 4 },
    );
    expect(passed.text[0]).toBe("12345678...d.");
  });
});

describe("data that was there already", () => {
  it("is passed once, counted as repeated, or as doubled by a mirror port", () => {
    const sent: Sketch = { seq: 101, ack: 501, data: "0123456789" };
    const { text, connection, counts } = run([
      ...handshake,
      { ...sent, ms: 10 },
      { ...sent, ms: 10.01 },
      { ...sent, ms: 300 },
      { seq: 106, ack: 501, data: "56789abc" },
    ]);
    expect(text[0]).toBe("0123456789abc");
    expect(counts.duplicates).toBe(1);
    expect(connection.directions[0]).toMatchObject({ retransmissions: 2, bytes: 13, segments: 6 });
  });

  it("is recognised as doubled when copies come in pairs of packets, held ones too", () => {
    const a: Sketch = { seq: 101, ack: 501, data: "aaaaaaaaaa" };
    const c: Sketch = { seq: 121, ack: 501, data: "cccccccccc" };
    const { text, connection, counts } = run([
      ...handshake,
      { ...a, ms: 10 },
      { ...c, ms: 10.1 },
      { ...a, ms: 10.2 },
      { ...c, ms: 10.3 },
      { seq: 111, ack: 501, data: "bbbbbbbbbb", ms: 10.4 },
    ]);
    expect(text[0]).toBe("aaaaaaaaaabbbbbbbbbbcccccccccc");
    expect(counts.duplicates).toBe(2);
    expect(connection.directions[0]).toMatchObject({ retransmissions: 0, outOfOrder: 1 });
  });

  it("is recognised as doubled within a millisecond, and not later", () => {
    const one: Sketch = { seq: 101, ack: 501, data: "aaaaaaaaaa" };
    const other: Sketch = { seq: 111, ack: 501, data: "bbbbbbbbbb" };
    const duplicates = (ms: number) =>
      run([...handshake, { ...one, ms: 10 }, { ...other, ms: 10.6 }, { ...one, ms }]).counts.duplicates;
    expect([10.9, 11.1].map(duplicates)).toEqual([1, 0]);
  });

  it("ignores keep-alives and their garbage", () => {
    const { text, connection } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 108, data: "\0" },
      { seq: 108 },
      { seq: 109, data: "89" },
    ]);
    expect(text[0]).toBe("0123456789");
    expect(connection.directions[0].retransmissions).toBe(0);
  });

  it("of held data the first copy wins, and a difference is counted and noted once", () => {
    const { text, connection, notes, counts } = run([
      ...handshake,
      { seq: 105, data: "EFGH" },
      { seq: 103, data: "cdef" },
      { seq: 109, data: "ij" },
      { seq: 108, data: "?i?" },
      { seq: 101, data: "ab_____" },
    ]);
    expect(text[0]).toBe("abcdEFGHij");
    expect(connection.directions[0]).toMatchObject({ overlapsDiffering: 3, retransmissions: 2 });
    expect(counts.overlapsDiffering).toBe(3);
    expect(notes.filter((note) => note.id === "tcp-overlap-differs")).toHaveLength(1);
  });
});

describe("holes", () => {
  it("that are filled: data behind them comes with the frame that filled them", () => {
    const { events, connection } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 117, data: "gh" },
      { seq: 113, data: "cdef" },
      { seq: 109, data: "89ab", ms: 7 },
    ]);
    expect(events.slice(0, 4)).toEqual(["0 push 4 01234567", "0 push 7 89ab", "0 push 7 cdef", "0 push 7 gh"]);
    expect(connection.directions[0]).toMatchObject({ outOfOrder: 1, retransmissions: 0, gaps: 0 });
    const filled = 1_700_000_000_007_000_000n;
    expect(connection.directions[0].filled).toEqual({ from: filled, to: filled });
    expect(connection.directions[1].filled).toBeNull();
  });

  it("that are filled late are filled by a retransmission", () => {
    const { connection } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 113, data: "cdef" },
      { seq: 109, data: "89ab", ms: 250 },
    ]);
    expect(connection.directions[0]).toMatchObject({ outOfOrder: 0, retransmissions: 1 });
  });

  it("that the other side acknowledged past become gaps after 16 segments, with data in its own frames", () => {
    const { add, connections, notes } = record();
    const acks = (length: number) => Array.from({ length }, (): Sketch => ({ ...back, seq: 501, ack: 117 }));
    add(...handshake, { seq: 101, data: "01234567" }, { seq: 113, ack: 501, data: "cdef" }, ...acks(16));
    const { events, connection } = connections[0]!;
    expect(events).toEqual(["0 push 4 01234567"]);
    add(...acks(1));
    expect(events.slice(1)).toEqual(["0 gap 5 4 lost", "0 push 5 cdef"]);
    add({ seq: 117, ack: 501, data: "gh" });
    expect(events.slice(3)).toEqual(["0 push 23 gh"]);
    expect(connection.directions[0]).toMatchObject({ gaps: 1, missingBytes: 4, bytes: 14 });
    expect(notes).toEqual([{ id: "tcp-gap", frame: 5, at: 8, detail: { length: 4, cause: "lost" } }]);
  });

  it("that the other side acknowledged past wait for packets that the capture reordered", () => {
    const { text } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 113, data: "cdef" },
      { ...back, seq: 501, ack: 117 },
      { ...back, seq: 501, ack: 117, data: "ok" },
      { seq: 109, data: "89ab" },
    ]);
    expect(text).toEqual(["0123456789abcdef", "ok"]);
  });

  it("that the other side acknowledged past become gaps after 100 ms", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 113, data: "cdef" },
      { ...back, seq: 501, ack: 117 },
      { ...back, seq: 501, ack: 117, ms: 200, data: "ok" },
    ]);
    expect(events.slice(0, 4)).toEqual(["0 push 4 01234567", "0 gap 5 4 lost", "0 push 5 cdef", "1 push 7 ok"]);
  });

  it.each([0x7ffffff0, 0xfffffff0])("that were acknowledged across a wrap at %i become gaps too", (start) => {
    const { text } = run([
      { seq: start, flags: SYN },
      { ...back, seq: 500, ack: start + 1, flags: SYN | ACK },
      { seq: start + 1, ack: 501, data: "01234567" },
      { ...back, seq: 501, ack: start + 9 },
      { seq: start + 13, ack: 501, data: "cdefghijkl" },
      { ...back, seq: 501, ack: start + 23 },
      { ...back, seq: 501, ack: start + 9 },
      { seq: start + 23, ack: 501, data: "mn", ms: 500 },
      { seq: start + 27, ack: 501, data: "qr", ms: 501 },
    ]);
    expect(text[0]).toBe("01234567<4 lost>cdefghijklmn<2 never-filled>qr");
  });

  it("at the end of the capture were lost if acknowledged, else never filled", () => {
    const { text } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 113, data: "cdef" },
      { ...back, seq: 501, ack: 117 },
      { seq: 119, data: "ij" },
    ]);
    expect(text[0]).toBe("01234567<4 lost>cdef<2 never-filled>ij");
  });

  it("of one direction whose acknowledgements were not captured are given up after 3 s", () => {
    const { events } = run([
      { seq: 101, data: "01234567" },
      { seq: 113, data: "cdef" },
      { seq: 117, data: "gh", ms: 2000 },
      { seq: 119, data: "ij", ms: 3100 },
    ]);
    expect(events.slice(0, 6)).toEqual([
      "0 gap 1 0 late-start",
      "0 push 1 01234567",
      "0 gap 2 4 lost",
      "0 push 2 cdef",
      "0 push 3 gh",
      "0 push 4 ij",
    ]);
  });

  it("of one direction whose acknowledgements were not captured are given up after 256 KiB", () => {
    const big = new Uint8Array(60_000);
    const later = Array.from({ length: 6 }, (_, i): Sketch => ({ seq: 113 + i * 60_000, data: big }));
    const { tcp, add, connections } = record();
    add({ seq: 101, data: "01234567" }, ...later);
    expect(connections[0]!.bytes[0]).toBe(8 + 6 * 60_000);
    expect(tcp.counts()).toMatchObject({ gaps: 1, missingBytes: 4 });
  });

  it("beyond the limit of held data become gaps", () => {
    const later = Array.from(
      { length: 9 },
      (_, i): Sketch => ({ seq: 113 + i * 100, ack: 1, data: new Uint8Array(100) }),
    );
    const { connections, notes, add } = record({ limits: { heldPerDirection: 3000 } });
    add(...handshake, { ...back, seq: 501, ack: 101 }, { seq: 101, data: "01234567" }, ...later);
    expect(connections[0]!.events[1]).toBe("0 gap 6 4 dropped");
    expect(connections[0]!.bytes[0]).toBe(908);
    expect(notes.map((note) => note.id)).toEqual(["tcp-buffer-full", "tcp-gap"]);
  });

  it("beyond the limit of held data of all connections: the oldest hole goes first", () => {
    const { connections, add } = record({ limits: { heldTotal: 1500 } });
    const hole = (port: number): Sketch[] => [
      { from: `1:${port}`, seq: 100, flags: SYN },
      { from: "2:8080", to: `1:${port}`, seq: 500, ack: 101, flags: SYN | ACK },
      { from: `1:${port}`, seq: 101, data: "01234567" },
      { from: `1:${port}`, seq: 113, data: new Uint8Array(300) },
    ];
    add(...hole(1), ...hole(2), ...hole(3));
    expect(connections.map((c) => c.missing[0])).toEqual([4, 0, 0]);
  });

  it("in a snapped packet are gaps at once", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, data: "01234567", wire: 10 },
      { seq: 115, data: "ef", wire: 6 },
      { seq: 111, data: "ab", wire: 4 },
    ]);
    expect(events.slice(0, 6)).toEqual([
      "0 push 4 01234567",
      "0 gap 4 2 snapped",
      "0 push 6 ab",
      "0 gap 6 2 snapped",
      "0 push 6 ef",
      "0 gap 6 4 snapped",
    ]);
  });

  it("of gigabytes: after eight segments that continue each other it goes on there", () => {
    const far = Array.from({ length: 9 }, (_, i): Sketch => ({ seq: 0x6000_0000 + i * 4, data: `xx${i}_` }));
    const { text } = run([...handshake, { seq: 101, data: "01234567" }, ...far]);
    expect(text[0]).toBe("01234567<0 lost>xx7_xx8_");
  });
});

describe("the beginning", () => {
  it("in the middle is a gap of unknown length, in each direction", () => {
    const { events, connection } = run([
      { ...back, seq: 900, ack: 50, data: "HTTP/1.1 407" },
      { seq: 50, ack: 912, data: "CONNECT b" },
    ]);
    expect(events.slice(0, 4)).toEqual([
      "0 gap 1 0 late-start",
      "0 push 1 HTTP/1.1 407",
      "1 gap 2 0 late-start",
      "1 push 2 CONNECT b",
    ]);
    expect(connection.initiator).toBeNull();
    expect(connection.endpoints).toEqual([
      { ip: "10.0.0.2", port: 8080 },
      { ip: "10.0.0.1", port: 5000 },
    ]);
  });

  it("with the SYN-ACK only is exact in both directions", () => {
    const { events, connection } = run([
      { ...back, seq: 500, ack: 101, flags: SYN | ACK },
      { seq: 101, ack: 501, data: "CONNECT b" },
      { ...back, seq: 501, ack: 110, data: "HTTP/1.1 200" },
    ]);
    expect(events.slice(0, 2)).toEqual(["1 push 2 CONNECT b", "0 push 3 HTTP/1.1 200"]);
    expect(connection.initiator).toBe(1);
    expect(connection.directions.map((d) => d.synSeen)).toEqual([true, false]);
  });

  it("has times and segment counts of the handshake", () => {
    const { connection } = run([
      { seq: 100, flags: SYN, ms: 0 },
      { seq: 100, flags: SYN, ms: 1000 },
      { ...back, seq: 500, ack: 101, flags: SYN | ACK, ms: 1020.5 },
      { seq: 101, ack: 501, ms: 1021 },
      { seq: 101, ack: 501, data: "01234567", ms: 1022 },
    ]);
    expect(connection).toMatchObject({
      synToSynAckMs: 20.5,
      synAckToAckMs: 0.5,
      firstFrame: 1,
      lastFrame: 5,
      initiator: 0,
    });
    expect(connection.directions.map((d) => d.segments)).toEqual([4, 1]);
    expect(Number(connection.endTime - connection.startTime)).toBe(1022e6);
  });

  it("with two SYN-ACKs is where the acknowledged one says", () => {
    const { text } = run([
      { seq: 100, flags: SYN },
      { ...back, seq: 500, ack: 101, flags: SYN | ACK },
      { ...back, seq: 900, ack: 101, flags: SYN | ACK },
      { seq: 101, ack: 901, data: "01234567" },
      { ...back, seq: 500, ack: 101, flags: SYN | ACK },
      { ...back, seq: 901, ack: 109, data: "ok" },
    ]);
    expect(text).toEqual(["01234567", "ok"]);
  });

  it("in the middle, from the peer's first acknowledgement on: what is between may still come", () => {
    const late = run([
      { ...back, seq: 900, ack: 50 },
      { seq: 58, ack: 900, data: "ij" },
      { seq: 50, ack: 900, data: "abcdefgh" },
    ]);
    expect(late.text[1]).toBe("<0 late-start>abcdefghij");
    const never = run([
      { ...back, seq: 900, ack: 50 },
      { seq: 58, ack: 900, data: "ij" },
      { ...back, seq: 900, ack: 60 },
    ]);
    expect(never.text[1]).toBe("<0 late-start><8 late-start>ij");
    expect(never.connection.directions[1]).toMatchObject({ gaps: 0, missingBytes: 0 });
  });

  it("in the middle, behind all that is acknowledged before the first data: that was sent before the capture", () => {
    const acknowledged: readonly Sketch[] = [
      { ...back, seq: 700, ack: 50 },
      { ...back, seq: 700, ack: 54 },
    ];
    const { text } = run([
      ...acknowledged,
      { ...back, seq: 700, ack: 58, data: "200" },
      { seq: 58, ack: 703, data: "ij" },
    ]);
    expect(text).toEqual(["<0 late-start>200", "<0 late-start>ij"]);
    const missing = run([...acknowledged, { ...back, seq: 700, ack: 54, data: "2" }, { seq: 58, data: "ij" }]);
    expect(missing.text[1]).toBe("<0 late-start><4 never-filled>ij");
    // An older acknowledgement that comes late says nothing.
    const older = run([
      { seq: 60, ack: 700 },
      { ...back, seq: 700, ack: 50 },
      { seq: 60, ack: 700, data: "ij" },
    ]);
    expect(older.text[0]).toBe("<0 late-start>ij");
  });

  it("by both sides at once belongs to the first", () => {
    const { connection, text } = run([
      { seq: 100, flags: SYN },
      { ...back, seq: 500, flags: SYN },
      { seq: 100, ack: 501, flags: SYN | ACK },
      { ...back, seq: 500, ack: 101, flags: SYN | ACK },
      { seq: 101, ack: 501, data: "01234567" },
      { ...back, seq: 501, ack: 109, data: "ok" },
    ]);
    expect(connection.initiator).toBe(0);
    expect(text).toEqual(["01234567", "ok"]);
  });

  it("of IPv6 connections has its addresses in short form", () => {
    const { connection } = run([{ v6: true, seq: 1, data: "01234567" }]);
    expect(connection.endpoints.map((e) => e.ip)).toEqual(["fd00::1", "fd00::2"]);
  });
});

describe("the end", () => {
  it("one direction whose bytes were not captured was lost", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, ack: 501, data: "CONNECT b" },
      { seq: 110, ack: 541, data: "hello" },
    ]);
    expect(events).toEqual([
      "0 push 4 CONNECT b",
      "0 push 5 hello",
      "0 end 5 capture-end",
      "1 gap 5 40 lost",
      "1 end 5 capture-end",
      "closed",
    ]);
  });

  it("one direction of a connection that was joined late, of which nothing was captured, was lost from there on", () => {
    const { text } = run([
      { seq: 101, ack: 501, data: "CONNECT b" },
      { seq: 110, ack: 541, data: "hello" },
    ]);
    expect(text).toEqual(["<0 late-start>CONNECT bhello", "<0 late-start><40 lost>"]);
  });

  it("an acknowledged byte more than was seen is a FIN that was not captured", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, ack: 501, data: "CONNECT b" },
      { ...back, seq: 501, ack: 110, data: "no" },
      { seq: 110, ack: 504, flags: FIN | ACK },
    ]);
    expect(events.slice(2)).toEqual(["0 end 6 fin", "1 end 6 capture-end", "closed"]);
  });

  it("a FIN ahead of a hole waits for it, data behind it is none", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 113, data: "cdef", flags: FIN | ACK },
      { seq: 117, data: "behind" },
      { seq: 109, data: "89ab" },
      { seq: 118, data: "garbage" },
    ]);
    expect(events.slice(0, 4)).toEqual(["0 push 4 01234567", "0 push 7 89ab", "0 push 7 cdef", "0 end 7 fin"]);
  });

  it("data behind a FIN is none, also if it came before the FIN did", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 117, data: "behind" },
      { seq: 113, data: "cdef", flags: FIN | ACK },
      { seq: 109, data: "89ab" },
    ]);
    expect(events.slice(0, 4)).toEqual(["0 push 4 01234567", "0 push 7 89ab", "0 push 7 cdef", "0 end 7 fin"]);
  });

  it("a FIN alone behind a hole that was acknowledged", () => {
    const { events, connection } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 113, flags: FIN | ACK },
      { ...back, seq: 501, ack: 114 },
      { ...back, seq: 501, ack: 114, ms: 500 },
    ]);
    expect(events.slice(0, 3)).toEqual(["0 push 4 01234567", "0 gap 5 4 lost", "0 end 5 fin"]);
    expect(connection.directions[0].finFrame).toBe(5);
  });

  it("a reset ends both sides at its frame, after what was still on its way", () => {
    const { events, connection } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { seq: 109, flags: RST, data: "why" },
      { ...back, seq: 501, ack: 109, data: "HTTP/1.1 407" },
      { seq: 109, flags: RST },
    ]);
    expect(events).toEqual([
      "0 push 4 01234567",
      "1 push 6 HTTP/1.1 407",
      "0 end 5 reset",
      "1 end 5 reset-by-peer",
      "closed",
    ]);
    expect(connection.directions.map((d) => d.resetFrame)).toEqual([5, null]);
  });

  it("a reset that its own side goes on behind was forged", () => {
    const { events } = run([
      ...handshake,
      { seq: 101, data: "01234567" },
      { ...back, seq: 501, flags: RST },
      { ...back, seq: 501, ack: 109, data: "HTTP/1.1 200" },
    ]);
    expect(events.at(-2)).toBe("1 end 6 capture-end");
  });

  it("what a reset says was sent before it, and is not there, is a gap", () => {
    const talk: readonly Sketch[] = [...handshake, { seq: 101, ack: 501, data: "01234567" }];
    const { events, connection } = run([...talk, { seq: 116, ack: 541, flags: RST | ACK }]);
    expect(events).toEqual([
      "0 push 4 01234567",
      "0 gap 5 7 lost",
      "0 end 5 reset",
      "1 gap 5 40 lost",
      "1 end 5 reset-by-peer",
      "closed",
    ]);
    expect(connection.directions.map((d) => d.gaps)).toEqual([1, 1]);
    // All of it is there, or comes late; without an ACK bit the number says nothing, far off it is arbitrary.
    const late = { ...back, seq: 501, ack: 109, data: "0123456789".repeat(4) };
    expect(run([...talk, { seq: 109, ack: 541, flags: RST | ACK }, late]).missing).toEqual([0, 0]);
    expect(run([...talk, { seq: 109, ack: 541, flags: RST }]).missing).toEqual([0, 0]);
    expect(run([...talk, { seq: 109, ack: 0x4000_0000, flags: RST | ACK }]).missing).toEqual([0, 0]);
    // One that was forged or refused says nothing either.
    const forged = run([...talk, { ...back, seq: 511, ack: 300, flags: RST | ACK }, { ...back, seq: 511, data: "x" }]);
    expect(forged.connection.directions[0].missingBytes).toBe(0);
  });

  it("a reset far outside of any window is none, unless its number is 0", () => {
    const talk: readonly Sketch[] = [...handshake, { seq: 101, data: "01234567" }, { ...back, seq: 501, ack: 109 }];
    const far = run([...talk, { ...back, seq: 501 + 0x5000_0000, flags: RST }]);
    expect(far.events.at(-2)).toBe("1 end 6 capture-end");
    expect(far.connection.directions[1].resetFrame).toBeNull();
    const zero = run([...talk, { ...back, seq: 0, flags: RST }]);
    expect(zero.events.at(-2)).toBe("1 end 6 reset");
  });

  it("comes two seconds after the close, when another connection begins; what follows is ignored", () => {
    const { connections, add } = record();
    add(...handshake, { seq: 101, data: "01234567" }, { seq: 109, flags: RST, ms: 100 });
    add({ from: "1:7", seq: 1, flags: SYN, ms: 1900 });
    expect(connections[0]!.closed).toBe(0);
    add({ from: "1:8", seq: 1, flags: SYN, ms: 3000 });
    expect(connections[0]!.closed).toBe(1);
    const before = connections[0]!.events.length;
    add({ seq: 109, data: "late" }, { ...back, seq: 501, data: "late" });
    expect(connections[0]!.events).toHaveLength(before);
  });

  it("by eviction, when too many are followed", () => {
    const { connections, add, tcp, notes } = record({ limits: { followed: 4 } });
    for (let i = 0; i < 6; i++)
      add({ from: `1:${i}`, seq: 100, flags: SYN }, { from: `1:${i}`, seq: 101, data: "01234567" });
    expect(connections.map((c) => c.closed)).toEqual([1, 1, 0, 0, 0, 0]);
    expect(connections[0]!.events.slice(-5)).toEqual([
      ...["0 gap 10 0 dropped", "0 end 10 evicted", "1 gap 10 0 dropped", "1 end 10 evicted", "closed"],
    ]);
    expect(tcp.counts()).toMatchObject({ evicted: 2, followed: 6, streams: 6, gaps: 0 });
    expect(notes.map((note) => note.id)).toEqual(["tcp-flow-evicted"]);
  });
});
