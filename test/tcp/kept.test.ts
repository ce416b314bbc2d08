// What all connections together keep of what they have read is bounded, however many there are and however much each may keep.
import { describe, expect, it } from "vitest";
import { LOOK_BYTES } from "../../src/tcp/limits.ts";
import { record } from "../harness/segments.ts";

const LIMIT = 16 * 1024 * 1024;
const DATA = new Uint8Array(60_000);

describe("what connections keep", () => {
  it("stays within the limit, and those that keep most are given up first", () => {
    const room = record({ quiet: true, limits: { kept: LIMIT }, kept: ({ bytes, closed }) => (closed ? 0 : bytes[0]) });
    let most = 0;
    for (let small = 0; small < 50; small++) room.add({ from: `1:${1000 + small}`, seq: 1, data: "a few bytes" });
    for (let i = 0; i < 2_000; i++) {
      room.add({ from: `3:${1000 + (i % 100)}`, seq: 1 + DATA.length * Math.floor(i / 100), data: DATA });
      const open = room.connections.filter(({ closed }) => closed === 0);
      most = Math.max(
        most,
        open.reduce((sum, { bytes }) => sum + bytes[0], 0),
      );
    }
    expect(most).toBeGreaterThan(LIMIT / 2);
    expect(most).toBeLessThanOrEqual(LIMIT + LOOK_BYTES + DATA.length);
    expect(room.connections.slice(0, 50).filter(({ closed }) => closed > 0)).toEqual([]);
    expect(room.tcp.counts().evicted).toBeGreaterThan(50);
    expect(room.notes.map(({ id }) => id)).toEqual(["tcp-flow-evicted"]);
  });

  it("is looked at sooner where it grows by the hundredfold of what is read", () => {
    const each = 100;
    const open = (room: ReturnType<typeof record>) => room.connections.filter(({ closed }) => closed === 0);
    const kept = ({ bytes, closed }: { bytes: readonly number[]; closed: number }) => (closed ? 0 : each * bytes[0]!);
    const room = record({ quiet: true, limits: { kept: LIMIT }, kept });
    let most = 0;
    for (let i = 0; i < 20_000; i++) {
      room.add({ from: `3:${1000 + i}`, seq: 1, data: DATA.subarray(0, 1_000) });
      if (i % 64 === 63) most = Math.max(most, each * 1_000 * open(room).length);
    }
    expect(most).toBeGreaterThan(LIMIT / 2);
    // The first look comes behind a mebibyte; from then on it is known how fast it grows.
    expect(most).toBeLessThanOrEqual(each * (LOOK_BYTES + DATA.length));
  });

  it("does not end a connection where all keep little", () => {
    const room = record({ quiet: true, limits: { kept: LIMIT }, kept: () => 1000 });
    for (let i = 0; i < 2_000; i++)
      room.add({ from: `3:${1000 + (i % 100)}`, seq: 1 + DATA.length * Math.floor(i / 100), data: DATA });
    expect(room.tcp.counts().evicted).toBe(0);
  });
});
