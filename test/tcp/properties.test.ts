// Random conversations cut, doubled, overlapping, reordered and lost on their way; and segments that no stack would send.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Note } from "../../src/bytes/index.ts";
import { HalfStream } from "../../src/tcp/half-stream.ts";
import { DEFAULT_LIMITS } from "../../src/tcp/limits.ts";
import type { Shared } from "../../src/tcp/shared.ts";
import { ACK, emptySegment, FIN, fill, MISSING, PASSED, RST, record, type Sketch, SYN } from "../harness/segments.ts";
import { times } from "../harness/times.ts";

const back: Sketch = { from: "2:8080", to: "1:5000" };

/** The byte that belongs at `offset` of a side's stream. */
const byteAt = (side: number, offset: number): number => (offset * 31 + (offset >>> 8) * 7 + side * 101) & 0xff;

/** One segment of a conversation: which bytes of which side, when the capture saw it, and whether it saw it at all. */
interface Sent {
  readonly side: 0 | 1;
  readonly from: number;
  readonly to: number;
  readonly ack: number;
  readonly order: number;
  readonly captured: boolean;
  readonly fin: boolean;
}

const MAX_DISPLACEMENT = 6;

/** A step of a conversation: a side sends some bytes; perhaps some of the last ones again; either may be lost by the capture. */
const step = fc.record({
  side: fc.constantFrom<0 | 1>(0, 1),
  length: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 40 }) }, { weight: 1, arbitrary: fc.constant(0) }),
  again: fc.option(fc.record({ back: fc.integer({ min: 1, max: 60 }), length: fc.integer({ min: 1, max: 60 }) }), {
    freq: 4,
  }),
  shifts: fc.tuple(fc.nat(MAX_DISPLACEMENT), fc.nat(MAX_DISPLACEMENT)),
  lost: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
});

const start = fc.oneof(
  fc.nat(0xffffffff),
  fc.integer({ min: 0xffffffff - 300, max: 0xffffffff }),
  // Where numbers taken as signed wrap.
  fc.integer({ min: 0x7fffffff - 300, max: 0x7fffffff }),
);

const conversation = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  starts: fc.tuple(start, start),
  /** Of ten packets so many are lost by the capture. */
  loss: fc.constantFrom(0, 0, 2),
  finish: fc.boolean(),
  skippable: fc.array(fc.nat(50), { minLength: 1, maxLength: 8 }),
});

type Conversation = typeof conversation extends fc.Arbitrary<infer T> ? T : never;

/** The segments of a conversation in the order of the capture. */
function sent({ steps, loss, finish }: Conversation): Sent[] {
  const all: Sent[] = [];
  const done: [number, number] = [0, 0];
  const push = (side: 0 | 1, from: number, to: number, shift: number, lost: number, fin = false): void => {
    all.push({ side, from, to, ack: done[1 - side]!, order: all.length + shift, captured: lost >= loss, fin });
  };
  for (const { side, length, again, shifts, lost } of steps) {
    push(side, done[side], done[side] + length, shifts[0], lost[0]);
    done[side] += length;
    if (again !== null) {
      const from = Math.max(0, done[side] - again.back);
      push(side, from, Math.min(done[side], from + again.length), shifts[1], lost[1]);
    }
  }
  if (finish) for (const side of [0, 1] as const) push(side, done[side], done[side], 0, 9, true);
  return all.filter((one) => one.captured).sort((a, b) => a.order - b.order);
}

const sketchOf = ({ side, from, to, ack, fin }: Sent, starts: readonly [number, number]): Sketch => ({
  ...(side === 0 ? {} : back),
  seq: starts[side]! + 1 + from,
  ack: starts[1 - side]! + 1 + ack,
  flags: ACK | (fin ? FIN : 0),
  data: Uint8Array.from({ length: to - from }, (_, i) => byteAt(side, from + i)),
});

describe("a conversation, however the capture saw it", () => {
  it("gives every byte that was captured in its place, and gaps for the others", () => {
    let gaps = 0;
    let followed = 0;
    fc.assert(
      fc.property(conversation, (talk) => {
        const segments = sent(talk);
        const [a, b] = talk.starts;
        let at = 0;
        const { tcp, add, connections } = record({ skippable: () => talk.skippable[at++ % talk.skippable.length]! });
        add({ seq: a, flags: SYN, ms: 0 }, { ...back, seq: b, ack: a + 1, flags: SYN | ACK, ms: 0.1 });
        for (const [i, one] of segments.entries()) add({ ...sketchOf(one, talk.starts), ms: 0.2 + i * 0.1 });
        tcp.end();
        const recorded = connections[0];
        expect(recorded === undefined).toBe(!segments.some((one) => one.to > one.from));
        if (recorded === undefined) return;
        followed++;
        for (const side of [0, 1] as const) {
          const captured = new Set<number>();
          for (const one of segments) {
            if (one.side === side) for (let i = one.from; i < one.to; i++) captured.add(i);
          }
          const stream = recorded.stream[side];
          const wrong = stream.filter((value, i) =>
            captured.has(i) ? value !== byteAt(side, i) && value !== PASSED : value !== MISSING,
          );
          expect(wrong).toEqual([]);
          for (const i of captured) expect(i).toBeLessThan(stream.length);
          expect(recorded.ends).toEqual([1, 1]);
          expect(recorded.closed).toBe(1);
          const facts = recorded.connection.directions[side];
          expect(facts.bytes).toBe(captured.size);
          expect(facts.bytes).toBe(recorded.bytes[side]);
          expect(facts.missingBytes).toBe(recorded.missing[side]);
          if (talk.loss === 0) expect(facts.gaps).toBe(0);
          gaps += facts.gaps;
          if (talk.finish) expect(facts.finFrame).not.toBeNull();
        }
        const [one, other] = recorded.connection.directions;
        expect(tcp.counts()).toMatchObject({
          ...{ streams: 1, followed: 1, gaps: one.gaps + other.gaps },
          missingBytes: one.missingBytes + other.missingBytes,
        });
      }),
      { numRuns: times(1500) },
    );
    // The checked code was reached.
    expect(followed).toBeGreaterThan(500);
    expect(gaps).toBeGreaterThan(50);
  });

  it("from the middle on gives nothing wrong either", () => {
    fc.assert(
      fc.property(conversation, (talk) => {
        const segments = sent(talk);
        const { tcp, add, connections } = record();
        for (const one of segments) add(sketchOf(one, talk.starts));
        tcp.end();
        for (const recorded of connections) {
          const sides = recorded.connection.endpoints[0].port === 5000 ? ([0, 1] as const) : ([1, 0] as const);
          for (const [index, side] of sides.entries()) {
            const stream = recorded.stream[index as 0 | 1];
            if (stream.length === 0) continue;
            // Where it starts is not known, but from there on every value is in its place.
            const end = Math.max(...segments.map((one) => (one.side === side ? one.to : one.ack)));
            const fits = (from: number): boolean =>
              stream.every((value, i) => value === MISSING || value === byteAt(side, from + i));
            expect(Array.from({ length: end + 1 }, (_, from) => from).some(fits)).toBe(true);
          }
          expect(recorded.ends).toEqual([1, 1]);
        }
      }),
      { numRuns: times(500) },
    );
  });
});

describe("a conversation of which little may be held", () => {
  it("gives every byte in its place or not at all", () => {
    let dropped = 0;
    fc.assert(
      fc.property(conversation, fc.integer({ min: 257, max: 1500 }), (talk, limit) => {
        const segments = sent(talk);
        const [a, b] = talk.starts;
        const { tcp, add, connections, notes } = record({
          limits: { heldPerDirection: limit, heldTotal: limit + 300 },
        });
        add({ seq: a, flags: SYN, ms: 0 }, { ...back, seq: b, ack: a + 1, flags: SYN | ACK, ms: 0.1 });
        for (const [i, one] of segments.entries()) add({ ...sketchOf(one, talk.starts), ms: 0.2 + i * 0.1 });
        tcp.end();
        dropped += notes.filter(({ id }) => id === "tcp-buffer-full").length;
        for (const { connection, stream, bytes, missing, ends } of connections) {
          expect(ends).toEqual([1, 1]);
          for (const side of [0, 1] as const) {
            expect(stream[side].filter((value, i) => value !== MISSING && value !== byteAt(side, i))).toEqual([]);
            expect(connection.directions[side].bytes).toBe(bytes[side]);
            expect(connection.directions[side].missingBytes).toBe(missing[side]);
          }
        }
      }),
      { numRuns: times(1000) },
    );
    // The checked code was reached.
    expect(dropped).toBeGreaterThan(100);
  });
});

/** Segments of few ports and few numbers, so that they meet. */
const garbage = fc.record({
  port: fc.constantFrom(5000, 5001),
  reversed: fc.boolean(),
  v6: fc.boolean(),
  seq: fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0xfffffff0, max: 0xffffffff })),
  ack: fc.oneof(fc.nat(0xffffffff), fc.integer({ min: 0, max: 64 })),
  flags: fc.oneof(fc.constantFrom(ACK, SYN, SYN | ACK, FIN | ACK, RST), fc.nat(255)),
  data: fc.uint8Array({ maxLength: 40 }),
  more: fc.constantFrom(0, 0, 0, 5, 2000),
  quoted: fc.constantFrom(false, false, false, true),
  ms: fc.nat(10_000),
});

describe("segments that no stack would send", () => {
  it("end every sink once and keep sums and sinks together", () => {
    let opened = 0;
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 80 }), fc.nat(30), fc.boolean(), (segments, skippable, abandons) => {
        const { tcp, add, connections } = record({
          limits: { heldPerDirection: 2000, heldTotal: 3000, flows: 3, followed: 2, ipv6Addresses: 3 },
          skippable: () => skippable,
          abandon: (recorded) => abandons && recorded.bytes[0] + recorded.bytes[1] > 100,
        });
        for (const { port, reversed, more, ...rest } of segments) {
          const ends = [`1:${port}`, "2:8080"];
          if (reversed) ends.reverse();
          add({ ...rest, from: ends[0]!, to: ends[1]!, wire: rest.data.length + more });
        }
        tcp.end();
        opened += connections.length;
        for (const recorded of connections) {
          const abandoned = abandons && recorded.bytes[0] + recorded.bytes[1] > 100;
          if (!abandoned) {
            expect(recorded.ends).toEqual([1, 1]);
            expect(recorded.closed).toBe(1);
          }
          for (const side of [0, 1] as const) {
            expect(recorded.ends[side]).toBeLessThanOrEqual(1);
            const facts = recorded.connection.directions[side];
            expect(facts.missingBytes).toBe(recorded.missing[side]);
            if (!abandoned) expect(facts.bytes).toBe(recorded.bytes[side]);
          }
        }
        const counts = tcp.counts();
        expect(counts.streams).toBeLessThanOrEqual(segments.length);
        expect(counts.followed).toBeLessThanOrEqual(connections.length);
      }),
      { numRuns: times(2000) },
    );
    expect(opened).toBeGreaterThan(500);
  });

  it("never hold more than the limits", () => {
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 200 }), (segments) => {
        const notes: Note[] = [];
        const shared: Shared<HalfStream> = {
          clock: { frame: 0, seconds: 0, nanoseconds: 0 },
          note: (note) => notes.push(note),
          limits: { ...DEFAULT_LIMITS, heldPerDirection: 3000, heldTotal: 4000 },
          heldTotal: 0,
          holders: new Set(),
          duplicates: 0,
        };
        const sink = { push() {}, gap() {}, end() {}, skippable: 0 };
        const conversation = { sinks: [sink, sink] as const, closed() {}, abandoned: false };
        const halves = [0, 1, 2].map(() => new HalfStream(sink, conversation, shared));
        for (const half of halves) half.begin(1000);
        const segment = emptySegment();
        let held = 0;
        for (const [i, one] of segments.entries()) {
          const half = halves[i % halves.length]!;
          fill(segment, { ...one, seq: 1000 + (one.seq % 300), wire: one.data.length + one.more }, i + 1, one.ms);
          if (segment.payloadLength > 0) half.receive(segment);
          if ((segment.flags & FIN) !== 0) half.receiveFin(segment);
          if (half.held.size > 0) half.settle();
          held = Math.max(held, shared.heldTotal);
          expect(shared.heldTotal).toBeLessThanOrEqual(4000);
          expect(shared.heldTotal).toBe(halves.reduce((sum, { held }) => sum + held.charge, 0));
          for (const { held } of halves) expect(held.charge).toBeLessThanOrEqual(3000);
          expect([...shared.holders].every(({ held }) => held.size > 0)).toBe(true);
        }
        for (const half of halves) half.finish("capture-end", 1);
        expect(shared.heldTotal).toBe(0);
        expect(shared.holders.size).toBe(0);
      }),
      { numRuns: times(500) },
    );
  });
});
