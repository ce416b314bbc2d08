// What begins and ends a connection that is followed already: a SYN that comes late, a FIN that acknowledges, a reset.
import { describe, expect, it } from "vitest";
import { ACK, FIN, RST, record, type Sketch, SYN } from "../harness/segments.ts";

const back: Sketch = { from: "2:8080", to: "1:5000" };
const PUSH = 8;

/** SYN, SYN-ACK, ACK: the client's first byte is 101, the server's 501. */
const handshake: readonly Sketch[] = [
  { seq: 100, flags: SYN },
  { ...back, seq: 500, ack: 101, flags: SYN | ACK },
  { seq: 101, ack: 501 },
];
const hello: Sketch = { seq: 101, ack: 501, data: "01234567" };

function run(...sketches: readonly Sketch[]) {
  const recorder = record();
  recorder.add(...sketches);
  recorder.tcp.end();
  expect(recorder.connections).toHaveLength(1);
  return recorder.connections[0]!;
}

describe("a handshake", () => {
  it("whose last part is the first data is timed by it", () => {
    const [syn, synAck] = handshake;
    const { connection } = run({ ...syn!, ms: 0 }, { ...synAck!, ms: 20 }, { ...hello, ms: 23 }, { ...hello, ms: 30 });
    expect([connection.synToSynAckMs, connection.synAckToAckMs]).toEqual([20, 3]);
  });

  it.each([
    ["SYN", { seq: 100, flags: SYN }, 0],
    ["SYN-ACK", { ...back, seq: 500, ack: 101, flags: SYN | ACK }, 0],
    ["SYN of the other side", { ...back, seq: 500, flags: SYN }, 1],
  ] as const)("of which the %s comes behind data tells who began", (_what, late, initiator) => {
    const { connection } = run(hello, late);
    expect(connection.initiator).toBe(initiator);
    const bySide = connection.directions.map(({ synSeen }) => synSeen);
    expect(bySide).toEqual("from" in late ? [false, true] : [true, false]);
  });

  it("without an ACK bit acknowledges nothing", () => {
    const { missing } = run({ ...hello, flags: PUSH }, { ...back, seq: 500, ack: 300, flags: SYN });
    expect(missing).toEqual([0, 0]);
  });

  it("of which one half comes late says where that side begins", () => {
    const { text } = run({ ...back, seq: 501, data: "HTTP/1.1", flags: PUSH }, { seq: 100, flags: SYN }, hello);
    expect(text).toEqual(["<0 late-start>HTTP/1.1", "01234567"]);
  });

  it("of which nothing was captured says nothing of a side that nobody acknowledged", () => {
    const { text } = run({ seq: 5_000, data: "01234567", flags: PUSH }, { ...back, seq: 900, data: "ok", flags: PUSH });
    expect(text).toEqual(["<0 late-start>01234567", "<0 late-start>ok"]);
  });
});

it("a connection lasts up to its last segment", () => {
  const { connection } = run(...handshake, { ...hello, ms: 500 }, { ...back, seq: 501, ack: 109, ms: 3_250.5 });
  expect([connection.firstFrame, connection.lastFrame]).toEqual([1, 5]);
  expect(Number(connection.endTime - connection.startTime)).toBe(3_249.5e6);
});

it.each([
  ["1:65535", "2:80"],
  ["1:80", "2:65535"],
])("a connection has its addresses and ports: %s to %s", (from, to) => {
  const { endpoints } = run({ from, to, seq: 101, data: "01234567" }).connection;
  expect(endpoints.map(({ ip, port }) => `${ip.slice("10.0.0.".length)}:${port}`)).toEqual([from, to]);
});

describe("a FIN", () => {
  it("that came before the first data of the connection ends its side all the same", () => {
    const fin: Sketch = { seq: 101, ack: 501, flags: FIN | ACK };
    const { events } = run(...handshake, fin, { ...back, seq: 501, ack: 102, data: "HTTP/1.1" });
    expect(events).toEqual(["0 end 4 fin", "1 push 5 HTTP/1.1", "1 end 5 capture-end", "closed"]);
  });

  it("acknowledges as any other segment does: what is not there was lost", () => {
    const { events } = run(...handshake, hello, { ...back, seq: 501, ack: 129, flags: FIN | ACK });
    expect(events.slice(1)).toEqual(["1 end 5 fin", "0 gap 5 20 lost", "0 end 5 capture-end", "closed"]);
  });

  it("of both sides, of which one is acknowledged, ends no connection at once", () => {
    const { connections, add } = record();
    add(
      ...handshake,
      hello,
      { seq: 109, ack: 501, flags: FIN | ACK },
      { ...back, seq: 501, ack: 110, flags: FIN | ACK },
    );
    expect(connections[0]!.closed).toBe(0);
    add({ seq: 110, ack: 502 });
    expect(connections[0]!.closed).toBe(1);
  });
});

describe("a reset", () => {
  it("of a side that said nothing before is one, whatever its number is", () => {
    const { events, connection } = run({ ...hello, flags: PUSH }, { ...back, seq: 0x5000_0000, flags: RST });
    expect(events.slice(-3)).toEqual(["0 end 2 reset-by-peer", "1 end 2 reset", "closed"]);
    expect(connection.directions.map(({ resetFrame }) => resetFrame)).toEqual([null, 2]);
  });

  it("that its own side goes on behind leaves no trace", () => {
    const forged = run(
      ...handshake,
      hello,
      { ...back, seq: 501, flags: RST },
      { ...back, seq: 501, ack: 109, data: "x" },
    );
    expect(forged.connection.directions.map(({ resetFrame }) => resetFrame)).toEqual([null, null]);
  });
});

describe("what follows a reset", () => {
  const reset: Sketch = { ...back, seq: 501, flags: RST, ms: 100 };
  const other: Sketch = { from: "1:7", seq: 1, flags: SYN };
  const closedAfter = (...sketches: readonly Sketch[]): number => {
    const { connections, add } = record();
    add(...handshake, hello, ...sketches);
    return connections[0]!.closed;
  };

  it("from the same side means that there was none, unless its number was 0", () => {
    const more: Sketch = { ...back, seq: 501, ack: 109, data: "x" };
    expect(closedAfter(reset, more, { ...other, ms: 5_000 })).toBe(0);
    expect(closedAfter({ ...reset, seq: 0 }, more, { ...other, ms: 5_000 })).toBe(1);
    expect(run(...handshake, hello, { ...reset, seq: 0 }, more).events.at(-2)).toBe("1 end 5 reset");
  });

  it("from the other side was on its way: the connection stays two seconds longer", () => {
    const late: Sketch = { seq: 109, ack: 501, data: "late", ms: 1_900 };
    expect(closedAfter(reset, { ...other, ms: 2_900 })).toBe(1);
    expect(closedAfter(reset, late, { ...other, ms: 2_900 })).toBe(0);
    expect(closedAfter(reset, late, { ...other, ms: 3_900 })).toBe(1);
  });
});

it("what is sent again behind the end of a connection opens no other one", () => {
  const fin: Sketch = { seq: 109, ack: 501, flags: FIN | ACK };
  const { text } = run(...handshake, hello, { ...back, seq: 501, flags: RST }, fin, fin, hello);
  expect(text).toEqual(["01234567", ""]);
});

describe("a number far from all others", () => {
  it("is believed after eight segments, behind what was held", () => {
    const far = Array.from({ length: 8 }, (_, i): Sketch => ({ seq: 0x6000_0000 + i * 4, data: `xx${i}_` }));
    const { text } = run(...handshake, hello, { seq: 119, ack: 501, data: "held" }, ...far);
    expect(text[0]).toBe("01234567<10 never-filled>held<0 lost>xx7_");
  });
});
