// Damaged packets: cut anywhere, any byte changed, other memory around them. Nothing throws, and nothing is read outside.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { times } from "../harness/times.ts";
import { concat, ethernet, noting, type PacketShape, type Seen, see, seeAlone, view, zeros } from "./build.ts";
import { ENCAPSULATIONS } from "./rows.ts";

const rows = ENCAPSULATIONS.map(({ name, linkType, data, seen }) => ({ name, linkType, data, seen }));

/** The same result whatever lies around the packet in memory. */
function seeWithin(data: Uint8Array, shape: PacketShape): Seen | null {
  const seen = seeAlone(data, { ...shape, around: 0x00 });
  const text = JSON.stringify(seen);
  // Compared as text because this is done some 100,000 times.
  for (const around of [0xff, 0x45, 0x08, 0x60]) {
    const other = seeAlone(data, { ...shape, around });
    if (JSON.stringify(other) !== text) expect(other).toEqual(seen);
  }
  return seen;
}

/** Headers that are whole only with a byte or two of what follows: it tells what they are, or their shortest form has none. */
const READS_AHEAD: ReadonlySet<string> = new Set([
  "PPP, protocol compressed too",
  "Token Ring",
  "ARCnet of BSD, RFC 1051",
  "radiotap",
  "radiotap, padded header",
  "radiotap, time and flags",
  "Juniper Ethernet",
]);

/** A link type whose frames the quick way does not know: two bytes, then Ethernet. */
const LANE8023 = 110;

describe("damaged packets", () => {
  it.each(rows)("cut by the snap length: $name", ({ linkType, data, seen }) => {
    for (let kept = 0; kept < data.length; kept++) {
      const part = seeWithin(data.subarray(0, kept), { linkType, wireLength: data.length });
      if (part === null) continue;
      expect(seen).not.toBeNull();
      expect(part).toEqual({ ...seen, payload: seen!.payload.slice(0, part.payload.length) });
    }
  });

  it.each(rows)("cut by the snap length contradict nothing: $name", ({ linkType, data }) => {
    const decoder = createPacketDecoder();
    see(decoder, data, { linkType });
    const { malformed } = decoder.counts();
    for (let kept = 0; kept < data.length; kept++) {
      const part = createPacketDecoder();
      see(part, data.subarray(0, kept), { linkType, wireLength: data.length });
      expect(part.counts().malformed, `${kept} bytes`).toBeLessThanOrEqual(malformed);
    }
  });

  it.each(rows.filter(({ seen }) => seen !== null))(
    "cut by the snap length name the header: $name",
    ({ name, linkType, data }) => {
      const places = new Map<number, number>();
      for (let kept = 0; kept < data.length; kept++) {
        const { decoder, notes } = noting();
        if (see(decoder, data.subarray(0, kept), { linkType, wireLength: data.length }) !== null) continue;
        expect(
          notes.map(({ id }) => id),
          `${kept} bytes`,
        ).toEqual(["packet-cut"]);
        const at = notes[0]!.at - 1_000;
        expect(at).toBeLessThanOrEqual(kept);
        places.set(kept, at);
      }
      if (READS_AHEAD.has(name)) return;
      // A header of which nothing was captured is the one that is cut, not the whole one before it.
      for (const [kept, at] of places) {
        expect(places.get(at), `${kept} bytes`).toBe(at);
      }
    },
  );

  it.each(rows)("ending early: $name", ({ linkType, data }) => {
    for (let kept = 0; kept < data.length; kept++) seeWithin(data.subarray(0, kept), { linkType });
  });

  it("with any bytes changed keep their offsets in order and inside", () => {
    const change = fc.record({ at: fc.nat({ max: 200 }), value: fc.integer({ min: 0, max: 255 }) });
    const cases = fc.record({
      row: fc.constantFrom(...rows),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
      kept: fc.option(fc.nat({ max: 200 })),
      fcsBytes: fc.constantFrom(0, 0, 4, 200),
    });
    fc.assert(
      fc.property(cases, ({ row, changes, kept, fcsBytes }) => {
        const data = row.data.slice();
        for (const { at, value } of changes) data[at % data.length] = value;
        const part = data.subarray(0, kept ?? data.length);
        const shape = { linkType: row.linkType, wireLength: data.length, fcsBytes };
        seeWithin(part, shape);
        const decoder = createPacketDecoder();
        const packet = view(part, shape);
        if (!decoder.decode(packet)) return;
        const { segment } = decoder;
        expect([
          segment.payloadStart <= segment.payloadEnd,
          segment.payloadEnd <= packet.end,
          segment.payloadLength >= segment.payloadEnd - segment.payloadStart,
          segment.source >= packet.start,
          segment.destination + segment.addressLength <= packet.end,
        ]).toEqual([true, true, true, true, true]);
      }),
      { numRuns: times(4_000) },
    );
  });

  it("of every link type, made of random bytes", () => {
    const cases = fc.record({ linkType: fc.nat({ max: 310 }), data: fc.uint8Array({ maxLength: 120 }) });
    fc.assert(
      fc.property(cases, ({ linkType, data }) => {
        seeWithin(data, { linkType });
      }),
      { numRuns: times(3_000) },
    );
  });

  it("of one decoder leave no trace in the next packet", () => {
    const cases = fc.array(
      fc.record({ row: fc.constantFrom(...rows), at: fc.nat({ max: 90 }), value: fc.nat({ max: 255 }) }),
    );
    fc.assert(
      fc.property(cases, (steps) => {
        const decoder = createPacketDecoder();
        for (const { row, at, value } of steps) {
          const data = row.data.slice();
          data[at % data.length] = value;
          see(decoder, data, { linkType: row.linkType });
          expect(see(decoder, row.data, { linkType: row.linkType })).toEqual(row.seen);
        }
      }),
      { numRuns: times(200) },
    );
  });
});

describe("the quick way", () => {
  const frames = rows.filter(({ linkType }) => linkType === 1).map(({ data }) => data);

  it("gives what going layer by layer gives", () => {
    const change = fc.record({ at: fc.nat({ max: 70 }), value: fc.integer({ min: 0, max: 255 }) });
    const cases = fc.record({
      frame: fc.constantFrom(...frames, ethernet(0x0800, zeros(60))),
      changes: fc.array(change, { maxLength: 3 }),
      kept: fc.nat({ max: 160 }),
      wireLength: fc.nat({ max: 160 }),
    });
    fc.assert(
      fc.property(cases, ({ frame, changes, kept, wireLength }) => {
        const data = frame.slice();
        for (const { at, value } of changes) data[at % data.length] = value;
        const part = data.subarray(0, kept);
        const quick = seeAlone(part, { wireLength });
        const slow = seeAlone(concat(zeros(2), part), { wireLength: wireLength + 2, linkType: LANE8023 });
        expect(quick).toEqual(slow);
      }),
      { numRuns: times(10_000) },
    );
  });

  it("counts and notes what going layer by layer does", () => {
    const cut = (linkType: number, before: Uint8Array) => {
      const decoder = createPacketDecoder();
      for (const frame of frames) {
        for (let kept = 0; kept < frame.length; kept++) {
          see(decoder, concat(before, frame.subarray(0, kept)), { linkType, wireLength: before.length + frame.length });
        }
      }
      return decoder.counts();
    };
    expect(cut(1, zeros(0))).toEqual(cut(LANE8023, zeros(2)));
  });
});
