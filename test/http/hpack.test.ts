// HPACK (RFC 7541): the vectors of Appendix C by number, limits, and damage.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../src/http/hpack/decoder.ts";
import { HeaderTable } from "../../src/http/hpack/table.ts";
import { times } from "../harness/times.ts";
import { textOf } from "./talk.ts";

function block(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ""), "hex"));
}

/** "name: value" of each field; "?" for what is not known. */
function decode(decoder: HpackDecoder, bytes: Uint8Array) {
  const fields: string[] = [];
  const text = (part: Uint8Array | null): string => (part === null ? "?" : textOf(part, 0, part.length));
  const padded = Uint8Array.from([0xff, ...bytes, 0xff]);
  const result = decoder.decode(padded, 1, padded.length - 1, (name, value) =>
    fields.push(`${text(name)}: ${text(value)}`),
  );
  return { result, fields };
}

const REQUESTS = [
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"],
  [":method: GET", ":scheme: https", ":path: /index.html", ":authority: www.example.com", "custom-key: custom-value"],
];
const RESPONSES = [
  [
    ":status: 302",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
  ],
  [
    ":status: 307",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:21 GMT",
    "location: https://www.example.com",
  ],
  [
    ":status: 200",
    "cache-control: private",
    "date: Mon, 21 Oct 2013 20:13:22 GMT",
    "location: https://www.example.com",
    "content-encoding: gzip",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
];
/** A table of 256 bytes (Appendix C.5), which SETTINGS would have agreed on: a size update says it here. */
const SIZE_256 = "3fe101";

describe("the vectors of RFC 7541 Appendix C", () => {
  it.each<[string, readonly string[], readonly (readonly string[])[]]>([
    ["C.2.1", ["400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"], [["custom-key: custom-header"]]],
    ["C.2.2", ["040c 2f73 616d 706c 652f 7061 7468"], [[":path: /sample/path"]]],
    ["C.2.3", ["1008 7061 7373 776f 7264 0673 6563 7265 74"], [["password: secret"]]],
    ["C.2.4", ["82"], [[":method: GET"]]],
    [
      "C.3",
      [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
      ],
      REQUESTS,
    ],
    [
      "C.4",
      [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
      ],
      REQUESTS,
    ],
    [
      "C.5",
      [
        `${SIZE_256} 4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120
         474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        "4803 3330 37c1 c0bf",
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
         4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
         7369 6f6e 3d31`,
      ],
      RESPONSES,
    ],
    [
      "C.6",
      [
        `${SIZE_256} 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718
         63c7 8f0b 97c8 e9ae 82ae 43d3`,
        "4883 640e ffc1 c0bf",
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
         cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
      RESPONSES,
    ],
  ])("%s", (_number, blocks, expected) => {
    const decoder = new HpackDecoder();
    for (const [i, hex] of blocks.entries()) {
      expect(decode(decoder, block(hex))).toEqual({ result: "whole", fields: expected[i] });
    }
  });

  it("C.1: integers", () => {
    // 10 and 1337 with a prefix of 5 bits are size updates here; 42 in 8 bits is the length of a string.
    const decoder = new HpackDecoder();
    expect(decode(decoder, block("2a")).result).toBe("whole");
    expect(decode(decoder, block("3f9a0a")).result).toBe("whole");
    expect(decode(decoder, block(`0001782a${"61".repeat(42)}`)).fields).toEqual([`x: ${"a".repeat(42)}`]);
  });
});

describe("limits", () => {
  it("evicts by size, and says what cannot be referred to", () => {
    const decoder = new HpackDecoder();
    // Two entries of 36 bytes fit into 72, a third pushes the first out (§4.4).
    decode(decoder, block("3f29 4001 6101 3140 0162 0132 4001 6301 33"));
    expect(decode(decoder, block("be bf")).fields).toEqual(["c: 3", "b: 2"]);
    expect(decode(decoder, block("c0"))).toEqual({ result: "malformed", fields: ["?: ?"] });
  });

  it("has 4,096 bytes until the encoder says otherwise (RFC 9113 §6.5.2)", () => {
    const decoder = new HpackDecoder();
    // Two entries of 2,048 bytes: 1 for the name, 2,015 for the value.
    const entry = `4001 61 7fe00e ${"31".repeat(2_015)}`;
    expect(decode(decoder, block(`${entry} ${entry} bf`)).result).toBe("whole");
    expect(decode(decoder, block(`${entry} c0`)).result).toBe("malformed");
  });

  it("empties the table for an entry that is larger", () => {
    const decoder = new HpackDecoder();
    decode(decoder, block("3f05 4001 6101 31"));
    expect(decode(decoder, block("be")).fields).toEqual(["a: 1"]);
    decode(decoder, block(`4001 620a ${"31".repeat(10)}`));
    expect(decode(decoder, block("be")).result).toBe("malformed");
  });

  it.each([
    ["an integer without end", "ffffffffffffffffffffff"],
    ["an integer that is cut", "ff"],
    ["a string beyond the block", "000561"],
    ["a string one byte beyond the block", "0001 6102 31"],
    ["no string at all", "40"],
    ["index 0", "80"],
  ])("reports %s", (_name, hex) => {
    expect(decode(new HpackDecoder(), block(hex)).result).toBe("malformed");
  });

  it.each([
    ["EOS", "0001 6184 ffff ffff"],
    ["padding of zeros", "0001 6181 18"],
    ["padding of 8 bits", "0001 6182 f8ff"],
    ["padding of 11 bits", "0001 6182 1fff"],
  ])("gives no value for Huffman code with %s, and goes on", (_name, hex) => {
    const { result, fields } = decode(new HpackDecoder(), block(`${hex} 82`));
    expect(fields).toEqual(["a: ?", ":method: GET"]);
    expect(result).toBe("malformed");
  });

  it("goes on behind entries that were never seen", () => {
    const decoder = new HpackDecoder();
    decoder.forget();
    // The newest entry is the one that was just added; older ones are unknown, with or without a name.
    expect(decode(decoder, block("bf 4001 6101 31 be bf 7e 01 32 be bf"))).toEqual({
      result: "unknown",
      fields: ["?: ?", "a: 1", "a: 1", "?: ?", "a: 2", "a: 2", "a: 1"],
    });
    expect(decode(decoder, block("7f05 0133 be c0")).fields).toEqual(["?: 3", "?: 3", "a: 1"]);
  });

  it("does not know the table behind a block that broke off", () => {
    const decoder = new HpackDecoder();
    decode(decoder, block("4001 6101 31"));
    expect(decode(decoder, block("4001 6205 32")).result).toBe("malformed");
    expect(decode(decoder, block("be"))).toEqual({ result: "unknown", fields: ["?: ?"] });
    // Index 0 is none that was not seen.
    expect(decode(decoder, block("80 be")).result).toBe("malformed");
    expect(decode(decoder, block("be 80")).result).toBe("unknown");
  });

  it("lets values of the table be read again as often as their blocks are long, and short ones always", () => {
    const decoder = new HpackDecoder();
    expect([decoder.mayRead(64), decoder.mayRead(65)]).toEqual([true, false]);
    // 128 times a byte and the header of its frame.
    decode(decoder, block("82"));
    expect([decoder.mayRead(1_281), decoder.mayRead(1_280), decoder.mayRead(65)]).toEqual([false, true, false]);
  });

  it("gives the room of a long decoded field back", () => {
    const decoder = new HpackDecoder();
    const roomOf = (text: string): number => {
      let bytes = 0;
      const wire = block(text);
      decoder.decode(wire, 0, wire.length, (_name, value) => {
        bytes = value!.buffer.byteLength;
      });
      return bytes;
    };
    // "0" has five bits of zeros (RFC 7541 Appendix B): 20,000 bytes of it, and five of it.
    expect(roomOf(`0001 61ff a19b01 ${"00".repeat(20_000)}`)).toBeGreaterThan(20_000);
    expect(roomOf("0001 6185 0000000000")).toBeLessThan(2_000);
    // A name that was decoded before is not lost with the smaller room.
    const { fields } = decode(new HpackDecoder(), block(`0082 18ff ff a19b01 ${"00".repeat(20_000)}`));
    expect(fields).toEqual([`aa: ${"0".repeat(32_000)}`]);
  });

  it("keeps no more than its largest table", () => {
    const decoder = new HpackDecoder();
    decode(decoder, block("3fe1ffff3f"));
    const value = "61".repeat(100);
    for (let i = 0; i < 5_000; i++) decode(decoder, block(`4001 7864 ${value}`));
    // 256 KiB hold 1,971 entries of 133 bytes.
    expect(decode(decoder, block("ff f10e")).result).toBe("whole");
    expect(decode(decoder, block("ff f20e")).result).toBe("malformed");
  });
});

describe("memory", () => {
  it("is the text and little more, however little each entry says", () => {
    const decoder = new HpackDecoder();
    decode(decoder, block(`3fe1ff0f ${"400000".repeat(8_192)}`));
    expect(decoder.kept).toBeGreaterThan(8_192);
    expect(decoder.kept).toBeLessThan(8_192 * 32);
  });

  it("of views that were given is not written to by later entries", () => {
    const decoder = new HpackDecoder();
    const bytes = block(`3f29 4001 6101 31 be ${"4001 6201 32".repeat(200)}`);
    const views: Uint8Array[] = [];
    decoder.decode(bytes, 0, bytes.length, (name) => views.push(name!));
    expect(textOf(views[1]!, 0, 1)).toBe("a");
  });

  it("holds what a list of entries would hold", () => {
    const step = fc.oneof(
      fc.record({ add: fc.tuple(fc.string({ maxLength: 9 }), fc.string({ maxLength: 40 })) }),
      fc.record({ resize: fc.integer({ min: 0, max: 400 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const table = new HeaderTable();
        let list: (readonly [string, string])[] = [];
        let limit = 4_096;
        const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
        const weight = (): number =>
          list.reduce((sum, [name, value]) => sum + bytesOf(name).length + bytesOf(value).length + 32, 0);
        for (const what of steps) {
          if ("add" in what) {
            table.add({ name: bytesOf(what.add[0]), value: bytesOf(what.add[1]) });
            list.unshift(what.add);
          } else {
            limit = what.resize;
            table.resize(limit);
          }
          while (weight() > limit) list = list.slice(0, -1);
          expect([table.length, table.size]).toEqual([list.length, weight()]);
          expect(table.get(62 + list.length)).toBeNull();
          for (const [i, [name, value]] of list.entries())
            expect(table.get(62 + i)).toEqual({ name: bytesOf(name), value: bytesOf(value) });
        }
      }),
      { numRuns: times(100) },
    );
  });
});

describe("damage", () => {
  it("never throws", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (blocks) => {
        const decoder = new HpackDecoder();
        for (const bytes of blocks) decode(decoder, bytes);
      }),
      { numRuns: times(3_000) },
    );
  });

  it("gives what came before the damage", () => {
    const wire = block("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff");
    for (let end = 0; end < wire.length; end++) {
      const { fields } = decode(new HpackDecoder(), wire.subarray(0, end));
      expect(REQUESTS[0]!.slice(0, fields.length)).toEqual(fields);
    }
  });
});
