// IP fragments: in any order, overlapping, mixed, missing, too many; IPv4 and IPv6, and inside tunnels.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { times } from "../harness/times.ts";
import {
  ascii,
  bytes,
  concat,
  ETH_TCP,
  ethernet,
  type Ipv4Shape,
  ipv4,
  ipv6,
  noting,
  SEEN,
  SEEN6,
  see,
  tcp,
  u16,
  u32,
  zeros,
} from "./build.ts";

const TEXT = "The quick brown fox jumps over the lazy dog, and over a second and a third one too; then it sleeps.";
const SEGMENT = tcp(ascii(TEXT));
const WHOLE = { ...SEEN, payload: TEXT, length: TEXT.length };
const WHOLE6 = { ...SEEN6, payload: TEXT, length: TEXT.length };

interface Piece {
  readonly offset: number;
  readonly data: Uint8Array;
  readonly more: boolean;
}

/** Cuts at multiples of eight. */
function pieces(data: Uint8Array, cuts: readonly number[]): Piece[] {
  const places = [...new Set(cuts.map((cut) => cut * 8).filter((cut) => cut > 0 && cut < data.length))].sort(
    (a, b) => a - b,
  );
  return [0, ...places].map((offset, i) => {
    const end = places[i] ?? data.length;
    return { offset, data: data.subarray(offset, end), more: end < data.length };
  });
}

const v4 = ({ offset, data, more }: Piece, shape: Ipv4Shape = {}, protocol = 6): Uint8Array =>
  ethernet(0x0800, ipv4(protocol, data, { id: 7, offset, more, ...shape }));

const v6 = ({ offset, data, more }: Piece, id = 7, next = 6): Uint8Array =>
  ethernet(0x86dd, ipv6(44, concat(Uint8Array.of(next, 0), u16(offset | (more ? 1 : 0)), u32(id), data)));

/** The packets of a decoder of their own; all but the last give no segment. Returns what the last gives. */
function lastOf(packets: readonly Uint8Array[]) {
  const { decoder, notes } = noting();
  const seen = packets.map((data, i) => see(decoder, data, { frame: i + 1 }));
  expect(seen.slice(0, -1).every((one) => one === null)).toBe(true);
  return { seen: seen.at(-1), notes, counts: decoder.counts() };
}

describe("fragments", () => {
  it("join in any order, cut anywhere, in IPv4 and IPv6", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(cuts, fc.infiniteStream(fc.nat()), (places, random) => {
        const shuffled = pieces(SEGMENT, places)
          .map((piece) => ({ piece, key: random.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ piece }) => piece);
        expect(lastOf(shuffled.map((piece) => v4(piece)))).toMatchObject({ seen: WHOLE, notes: [] });
        expect(lastOf(shuffled.map((piece) => v6(piece)))).toMatchObject({ seen: WHOLE6, notes: [] });
      }),
      { numRuns: times(300) },
    );
  });

  it("keep the frame that completes them", () => {
    const { decoder } = noting();
    for (const [i, piece] of pieces(SEGMENT, [3, 5]).entries()) see(decoder, v4(piece), { frame: 10 + i });
    expect(decoder.segment.packet.frame).toBe(12);
  });

  it("of several datagrams do not mix", () => {
    const { decoder } = noting();
    const [first, second] = pieces(SEGMENT, [5]) as [Piece, Piece];
    const other = (data: Uint8Array) => concat(zeros(0), data).fill(0x2e, 20);
    // Addresses that differ in their last byte, and in their first.
    const addresses = [bytes("0a000063"), bytes("0b000001"), bytes("0b000002")];
    const shapes: Ipv4Shape[] = [{ id: 8 }];
    for (const address of addresses) shapes.push({ source: address }, { destination: address });
    for (const shape of shapes) expect(see(decoder, v4({ ...first, data: other(first.data) }, shape))).toBeNull();
    expect(see(decoder, v4({ ...first, data: other(first.data) }, {}, 17))).toBeNull();
    expect(see(decoder, v4(first))).toBeNull();
    expect(see(decoder, v4(second))).toEqual(WHOLE);
    expect(decoder.counts().incompleteDatagrams).toBe(8);
  });

  it("that overlap keep the first copy, and that is noted once", () => {
    const [first, , third] = pieces(SEGMENT, [5, 8]) as [Piece, Piece, Piece];
    const wide: Piece = { offset: 24, data: ascii("#".repeat(64)), more: true };
    const { seen, notes } = lastOf([v4(first), v4(third), v4(wide)]);
    expect(seen).toEqual({ ...WHOLE, payload: `${TEXT.slice(0, 20)}${"#".repeat(24)}${TEXT.slice(44)}` });
    expect(notes.map(({ id, frame }) => [id, frame])).toEqual([["fragment-overlap", 3]]);
  });

  it("that come twice are joined once", () => {
    const { decoder } = noting();
    const [first, second] = pieces(SEGMENT, [5]) as [Piece, Piece];
    expect([first, first, second, second].map((piece) => see(decoder, v4(piece)))).toEqual([null, null, WHOLE, null]);
    expect(decoder.counts()).toMatchObject({ tcpSegments: 1, incompleteDatagrams: 1 });
  });

  it("that never come are counted and, at the end, noted with their first frame", () => {
    const { decoder, notes } = noting();
    const [first] = pieces(SEGMENT, [5]) as [Piece];
    see(decoder, v4(first), { frame: 3 });
    see(decoder, v6(first), { frame: 4 });
    expect(notes).toEqual([]);
    expect(decoder.counts().incompleteDatagrams).toBe(2);
    decoder.end();
    expect(notes.map(({ id, frame }) => [id, frame])).toEqual([
      ["fragment-missing", 3],
      ["fragment-missing", 4],
    ]);
    expect(decoder.counts().incompleteDatagrams).toBe(2);
  });

  it("of too many datagrams push the oldest out", () => {
    const { decoder, notes } = noting();
    const [first, second] = pieces(SEGMENT, [5]) as [Piece, Piece];
    for (let id = 0; id < 300; id++) see(decoder, v4(first, { id }), { frame: id + 1 });
    expect(notes).toHaveLength(300 - 256);
    expect(see(decoder, v4(second, { id: 10 }))).toBeNull();
    expect(see(decoder, v4(second, { id: 200 }))).toEqual(WHOLE);
  });

  it("use bounded memory", () => {
    const { decoder, notes } = noting();
    const large: Piece = { offset: 64_000, data: zeros(1_000), more: true };
    for (let id = 0; id < 200; id++) see(decoder, v4(large, { id }), { frame: id + 1 });
    // 64 buffers of 64 KiB are 4 MiB.
    expect(decoder.counts().incompleteDatagrams).toBe(200);
    expect(notes.length).toBeGreaterThanOrEqual(200 - 65);
  });

  it("do not join a datagram of long ago", () => {
    const { decoder, notes } = noting();
    const [first, second] = pieces(SEGMENT, [5]) as [Piece, Piece];
    see(decoder, v4(first), { frame: 1 });
    expect(see(decoder, v4(second), { frame: 100_000 })).toBeNull();
    expect(notes.map(({ id }) => id)).toEqual(["fragment-missing"]);
  });

  it("show nothing alone, whatever bit of their offset is set", () => {
    for (let offset = 8; offset < 32_768; offset *= 2) {
      expect(lastOf([v4({ offset, data: SEGMENT, more: false })]), `${offset}`).toMatchObject({
        seen: null,
        notes: [],
      });
    }
  });

  it("are as old as their last piece", () => {
    const { decoder } = noting();
    const list = pieces(SEGMENT, [5, 8]);
    const frames = [1, 60_000, 120_000];
    expect(list.map((piece, i) => see(decoder, v4(piece), { frame: frames[i]! }))).toEqual([null, null, WHOLE]);
  });

  it("give back the memory of what was joined", () => {
    const { decoder, notes } = noting();
    const [first, second] = pieces(SEGMENT, [5]) as [Piece, Piece];
    see(decoder, v4(first));
    const large = pieces(tcp(zeros(60_000)), [4_000]);
    for (let id = 100; id < 200; id++) for (const piece of large) see(decoder, v4(piece, { id }));
    expect(notes).toEqual([]);
    expect(see(decoder, v4(second))).toEqual(WHOLE);
  });

  it("may be as long as the longest datagram", () => {
    const { decoder, notes } = noting();
    const longest = tcp(zeros(65_535 - 20));
    const list = pieces(longest, [4_000, 8_000]);
    expect(list.map((piece) => see(decoder, v4(piece))?.length)).toEqual([undefined, undefined, 65_515]);
    expect(notes).toEqual([]);
  });

  it("that an error quotes are not joined: the first one shows its header, the others nothing", () => {
    const [first, second] = pieces(SEGMENT, [5]) as [Piece, Piece];
    const { decoder, notes } = noting();
    const quoted4 = (piece: Piece) =>
      ethernet(0x0800, ipv4(1, concat(bytes("0b00 0000 00000000"), v4(piece).subarray(14))));
    const quoted6 = (piece: Piece) =>
      ethernet(0x86dd, ipv6(58, concat(bytes("0300 0000 00000000"), v6(piece).subarray(14))));
    for (const quoted of [quoted4, quoted6]) {
      expect(see(decoder, quoted(first))).toMatchObject({ quoted: true, payload: TEXT.slice(0, 20) });
      expect(see(decoder, quoted(second))).toBeNull();
    }
    expect(decoder.counts().incompleteDatagrams).toBe(0);
    expect(notes).toEqual([]);
  });

  it("in too many pieces are given up", () => {
    const { decoder, notes } = noting();
    for (let i = 0; i < 1_100; i++) see(decoder, v4({ offset: i * 16, data: zeros(8), more: true }), { frame: i + 1 });
    expect(notes.map(({ id }) => id)).toEqual(["fragment-missing", "packet-malformed"]);
  });

  it("beyond the longest datagram are malformed", () => {
    const { decoder } = noting();
    expect(see(decoder, v4({ offset: 65_528, data: zeros(100), more: false }))).toBeNull();
    expect(decoder.counts().malformed).toBe(1);
  });

  it("cut by the snap length: the first one shows its header, the others nothing", () => {
    const [first, second] = pieces(SEGMENT, [5]) as [Piece, Piece];
    const whole = v4(first);
    const { decoder } = noting();
    const seen = see(decoder, whole.subarray(0, whole.length - 4), { wireLength: whole.length });
    expect(seen).toEqual({ ...SEEN, payload: TEXT.slice(0, 16), length: 20 });
    const rest = v4(second);
    expect(see(decoder, rest.subarray(0, rest.length - 4), { wireLength: rest.length })).toBeNull();
    expect(decoder.counts().incompleteDatagrams).toBe(0);
  });

  it("hold tunnels, whose packets come in fragments too", () => {
    const inner = pieces(SEGMENT, [5]).map((piece) => ipv4(6, piece.data, { id: 9, ...piece }));
    const outer = inner.flatMap((datagram, i) => {
      const gre = concat(u16(0), u16(0x0800), datagram);
      return pieces(gre, [2, 4]).map((piece) => v4(piece, { id: 20 + i }, 47));
    });
    expect(lastOf(outer).seen).toEqual(WHOLE);
  });

  it("behind other extension headers join", () => {
    const packets = pieces(SEGMENT, [5]).map(({ offset, data, more }) => {
      const fragment = concat(bytes("06 00"), u16(offset | (more ? 1 : 0)), u32(7), data);
      return ethernet(0x86dd, ipv6(0, concat(bytes("2c 00 0104 00000000"), fragment)));
    });
    expect(lastOf(packets).seen).toEqual(WHOLE6);
  });

  it("made of random bytes and lengths end in nothing worse than a note", () => {
    const piece = fc.record({
      offset: fc.integer({ min: 0, max: 40 }).map((n) => n * 8),
      data: fc.uint8Array({ maxLength: 60 }),
      more: fc.boolean(),
      id: fc.integer({ min: 1, max: 3 }),
      six: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (list) => {
        const decoder = createPacketDecoder();
        for (const { six, id, ...one } of list) see(decoder, six ? v6(one, id) : v4(one, { id }));
        decoder.end();
        expect(see(decoder, ETH_TCP)).toEqual(SEEN);
      }),
      { numRuns: times(500) },
    );
  });
});
