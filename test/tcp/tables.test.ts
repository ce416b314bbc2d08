// The tables against plain maps: rows and addresses are found again after any insertions, removals and growth.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AddressTable, NO_ADDRESS } from "../../src/tcp/address-table.ts";
import { BEGIN, BEGIN_FIELDS, Beginnings, sinceStart } from "../../src/tcp/beginnings.ts";
import { FlowTable, ROW, STATE } from "../../src/tcp/flow-table.ts";
import { record, SYN } from "../harness/segments.ts";
import { times } from "../harness/times.ts";

describe("the table of connections", () => {
  const action = fc.record({
    low: fc.nat(6),
    high: fc.nat(6),
    ports: fc.nat(40),
    v6: fc.boolean(),
    remove: fc.boolean(),
  });

  it("finds what a map finds", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 3000, size: "max" }), (actions) => {
        const table = new FlowTable();
        const model = new Map<string, number>();
        let wrong = 0;
        for (const [i, { low, high, ports, v6, remove }] of actions.entries()) {
          const key = `${low} ${high} ${ports} ${v6}`;
          const family = v6 ? STATE.V6 : 0;
          const row = table.find(low, high, ports, family);
          if ((row < 0 ? undefined : table.rows[row + ROW.STREAM]) !== model.get(key)) wrong++;
          if (row < 0) {
            // Inserting may replace `rows`.
            const added = table.insert(low, high, ports, family);
            const [begin, state] = [added + ROW.STREAM, added + ROW.STATE];
            if (table.rows[state] !== family || table.rows.subarray(begin, state).some((word) => word !== 0)) wrong++;
            table.rows[added + ROW.STREAM] = i;
            model.set(key, i);
          } else if (remove) {
            table.remove(row);
            model.delete(key);
          }
          if (table.count !== model.size) wrong++;
        }
        expect(wrong).toBe(0);
        let visited = 0;
        table.eachState(() => visited++);
        expect(visited).toBe(model.size);
      }),
      { numRuns: times(60), endOnFailure: true },
    );
  });

  it("gives up the rows that were not touched since the last time, and no followed one", () => {
    const table = new FlowTable();
    const rows = [0, 1, 2, 3].map((i) => table.insert(i, 9, 9, 0));
    const mark = (i: number, state: number): void => {
      table.rows[rows[i]! + ROW.STATE]! |= state;
    };
    mark(0, STATE.FOLLOWED);
    mark(1, STATE.RECENT);
    mark(3, STATE.RECENT);
    expect(table.evictionCandidate()).toBe(rows[2]);
    table.remove(rows[2]!);
    expect(table.evictionCandidate()).toBe(rows[1]);
    for (const i of [1, 3]) mark(i, STATE.FOLLOWED);
    expect(table.evictionCandidate()).toBe(-1);
  });

  it("of a capture has at most as many rows as its limit; open ones that went are counted", () => {
    const { tcp, add, notes } = record({ interest: () => "ignore", limits: { flows: 100 } });
    for (let i = 0; i < 1000; i++) add({ from: `1:${i + 1}`, seq: 1, flags: SYN });
    expect(tcp.counts()).toMatchObject({ streams: 1000, evicted: 900 });
    expect(notes.map(({ id }) => id)).toEqual(["tcp-flow-evicted"]);
    // What is left of those that went is nothing: more of one begins anew.
    add({ from: "1:1000", seq: 2, data: "still there" }, { from: "1:1", seq: 2, data: "forgotten" });
    expect(tcp.counts().streams).toBe(1_001);
  });
});

describe("the table of addresses", () => {
  it("gives each address one number, up to its limit, and its text back", () => {
    const table = new AddressTable(1000);
    const address = (i: number): Uint8Array =>
      Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, i >> 8, i);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 1000; i++) expect(table.intern(address(i), 0)).toBe(i);
    }
    expect(table.intern(address(1000), 0)).toBe(NO_ADDRESS);
    expect(table.text(0x1f)).toBe("2001:db8::1f");
  });

  it("gives any address its text back, and no two of them one number", () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(fc.array(address, { minLength: 1, maxLength: 20 }), (addresses) => {
        const table = new AddressTable(100);
        for (const bytes of addresses) {
          // As hex in groups of four, which the WHATWG URL parser makes RFC 5952 of, but for mapped IPv4.
          const groups = Buffer.from(bytes).toString("hex").match(/.{4}/g)!;
          const behind = Uint8Array.of(1, 2, 3, ...bytes, 4);
          expect(table.text(table.intern(behind, 3))).toBe(
            new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1),
          );
        }
        const texts = new Set(addresses.map((bytes) => String(bytes)));
        expect(new Set(addresses.map((bytes) => table.intern(bytes, 0))).size).toBe(texts.size);
      }),
    );
  });

  it("when it is full dismisses segments with other ones", () => {
    const { tcp, add } = record({ limits: { ipv6Addresses: 2 } });
    add({ v6: true, data: "01234567" }, { v6: true, to: "3:80", data: "01234567" });
    expect(tcp.counts()).toMatchObject({ streams: 1, evicted: 1 });
  });
});

it("finds every connection in a table of which rows and slots have grown many times, some removed in between", () => {
  const table = new FlowTable();
  const rows = Array.from({ length: 320_000 }, (_, i) => {
    if (i % 7 === 3) table.remove(table.find(i - 1, 1, 2, 0));
    return table.insert(i, 1, 2, 0);
  });
  const isRemoved = (i: number) => i % 7 === 2 && i + 1 < rows.length;
  expect(rows.findIndex((row, i) => table.find(i, 1, 2, 0) !== (isRemoved(i) ? -1 : row))).toBe(-1);
  expect(table.count).toBe(rows.filter((_, i) => !isRemoved(i)).length);
});

it("the table of connections is an empty one when it was cleared, whatever its size was", () => {
  for (const size of [3, 200_000]) {
    const table = new FlowTable();
    for (let i = 0; i < size; i++) table.insert(i, 1, 2, 0);
    table.clear();
    expect([table.count, table.find(1, 1, 2, 0)]).toEqual([0, -1]);
    for (let i = 0; i < 100; i++) table.insert(i, 3, 4, 0);
    expect([table.count, table.find(99, 3, 4, 0) >= 0, table.find(99, 1, 2, 0)]).toEqual([100, true, -1]);
  }
});

describe("beginnings", () => {
  it("beyond the limit take the place of others, which forget theirs", () => {
    const table = new FlowTable();
    const beginnings = new Beginnings(table, 100);
    const rows = Array.from({ length: 150 }, (_, i) => table.insert(i, 0, 0, 0));
    for (const row of rows) table.rows[row + ROW.SLOT] = beginnings.take(row, row, 5, 6);
    const slots = rows.map((row) => table.rows[row + ROW.SLOT]!);
    expect(slots.filter((slot) => slot === 0)).toHaveLength(51);
    expect(new Set(slots).size).toBe(100);
    const last = slots.at(-1)!;
    expect(beginnings.fields[last * BEGIN_FIELDS + BEGIN.ROW]).toBe(rows.at(-1));
    expect(sinceStart(beginnings.fields, last * BEGIN_FIELDS, { frame: 1, seconds: 7, nanoseconds: 5 })).toBe(2e9 - 1);
    beginnings.release(last);
    expect(beginnings.take(rows[0]!, 1, 1, 1)).toBe(last);
    expect(beginnings.copy(0, { frame: 3, seconds: 4, nanoseconds: 5 }).slice(0, 6)).toEqual([
      Number.NaN,
      3,
      4,
      5,
      0,
      0,
    ]);
  });
});
