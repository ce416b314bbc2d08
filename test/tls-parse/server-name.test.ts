// The server name read on the spot, held against the parser of whole ClientHellos.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { peekServerName } from "../../src/tls-parse/index.ts";
import { followTls } from "../harness/tls-follow.ts";
import { loadTruth } from "../harness/truth.ts";
import { clientHello, numberList, record, serverName } from "./play.ts";

/** ClientHellos of recorded captures, each as its first record, with the name that the parser reads. */
function hellos(): { bytes: Uint8Array; name: string | null }[] {
  return loadTruth().flatMap(({ path }) => {
    const file = readFileSync(path);
    return followTls(path.endsWith(".gz") ? gunzipSync(file) : file).flatMap(({ facts: { clientHello } }) => {
      if (clientHello === null || clientHello.sslv2 || !clientHello.whole) return [];
      const { raw, sni } = clientHello;
      const bytes = Uint8Array.of(22, 3, 1, raw.length >> 8, raw.length & 0xff, ...raw);
      return [{ bytes, name: sni?.toLowerCase() ?? null }];
    });
  });
}

const all = hellos();

describe("peekServerName", () => {
  it("reads what the parser reads", () => {
    expect(all.length).toBeGreaterThan(100);
    for (const { bytes, name } of all) expect(peekServerName(bytes, 0, bytes.length)).toBe(name);
    expect(new Set(all.map(({ name }) => name)).size).toBeGreaterThan(3);
  });

  it("reads the same behind other bytes, and nothing of a hello that is cut before its name", () => {
    const { bytes, name } = all.find((one) => one.name !== null)!;
    const moved = Uint8Array.of(1, 2, 3, ...bytes, 9);
    expect(peekServerName(moved, 3, 3 + bytes.length)).toBe(name);
    for (let end = 0; end <= bytes.length; end++) expect([null, name]).toContain(peekServerName(bytes, 0, end));
    expect(peekServerName(bytes, 0, 60)).toBeNull();
  });

  const own = (name: string, type = 22): string | null => {
    const extensions = [[43, numberList([0x0304], 1)], serverName(name)] as const;
    const bytes = record(type, clientHello({ extensions }));
    return peekServerName(bytes, 0, bytes.length);
  };

  it("reads a name that is the last thing in the hello, of 255 characters at most", () => {
    expect(own("Origin.example")).toBe("origin.example");
    expect(own("n".repeat(255))).toBe("n".repeat(255));
    expect(own("n".repeat(256))).toBeNull();
  });

  it("reads none in a record that is no handshake", () => {
    expect(own("origin.example", 23)).toBeNull();
  });

  it("survives any bytes and any flipped ones", () => {
    const { bytes } = all[0]!;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 8 }), (flips) => {
        const damaged = bytes.slice();
        for (const [at, value] of flips) damaged[at] = value;
        const name = peekServerName(damaged, 0, damaged.length);
        expect(name === null || name.length <= 255).toBe(true);
      }),
    );
  });
});
