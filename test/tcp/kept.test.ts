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

  it("does not end a connection where all keep little", () => {
    const room = record({ quiet: true, limits: { kept: LIMIT }, kept: () => 1000 });
    for (let i = 0; i < 2_000; i++)
      room.add({ from: `3:${1000 + (i % 100)}`, seq: 1 + DATA.length * Math.floor(i / 100), data: DATA });
    expect(room.tcp.counts().evicted).toBe(0);
  });
});
