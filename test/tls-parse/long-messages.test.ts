// Handshake messages that are longer than what is kept of one: what follows them stays in its place.
import { describe, expect, it } from "vitest";
import type { RecordOpener } from "../../src/tls-parse/index.ts";
import { clientHello, play, type Step, serverHello, u16 } from "./play.ts";

// Those of play.ts are for a few bytes.
const concat = (...parts: readonly (Uint8Array | readonly number[])[]) =>
  new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
const message = (type: number, body: Uint8Array | readonly number[]) => concat([type], u24(body.length), body);
const record = (type: number, body: Uint8Array) => concat([type, 3, 3], u16(body.length), body);

/** A "protected" body is its type and its content in the clear; the lengths of messages that it is told of are written down. */
function openerOfAll(told: string[]): RecordOpener {
  return {
    lastFailure: null,
    unsupported: false,
    kept: 0,
    clientHello() {},
    serverHello() {},
    handshake: (_from, bytes, start, end) => void told.push(`${bytes[start]} (${end - start})`),
    changeCipherSpec() {},
    wants: () => true,
    open: (_from, _type, _version, bytes, start, end) => ({
      type: bytes[start]!,
      early: false,
      bytes,
      start: start + 1,
      end,
    }),
    decompressCertificates: () => "unsupported",
    skipped() {},
    gap() {},
  };
}

const u24 = (value: number) => [value >> 16, (value >> 8) & 0xff, value & 0xff];
const KIB = 1024;

/** Two certificates of which the second is long; all in it looks like the header of a Finished. */
function longChain(version: 12 | 13, secondBytes: number): Uint8Array {
  const entry = (der: Uint8Array) => concat(u24(der.length), der, version === 13 ? u16(0) : []);
  const first = entry(Uint8Array.of(0x30, 2, 5, 0));
  const second = entry(Uint8Array.from({ length: secondBytes }, (_, at) => [20, 0, 0, 32][at % 4]!));
  return concat(version === 13 ? [0] : [], u24(first.length + second.length), first, second);
}

/** Cuts `messages` into bodies of 16 KiB at most. */
function bodies(...messages: Uint8Array[]): Uint8Array[] {
  const all = concat(...messages);
  return Array.from({ length: Math.ceil(all.length / (16 * KIB)) }, (_, i) =>
    all.subarray(16 * KIB * i, 16 * KIB * (i + 1)),
  );
}

const verify = message(15, [8, 4, 0, 1, 7]);
const finished = message(20, new Uint8Array(32));
const server = (bytes: Uint8Array): Step => ({ from: "server", bytes });
const hello: Step = { from: "client", bytes: record(22, clientHello()) };

describe.each([100, 128, 129, 200, 400])("a chain of %i KiB", (kib) => {
  const kept = Math.min(kib * KIB, 128 * KIB);

  it("in opened records hides nothing of what is behind it", () => {
    const told: string[] = [];
    const certificates = message(11, longChain(13, kib * KIB - 26));
    const flight = bodies(message(8, [0, 0]), certificates, verify, finished);
    const sealed = flight.map((body) => record(23, concat([22], body)));
    const steps = [hello, server(record(22, serverHello())), ...sealed.map(server)];
    const { ladder, facts, noteIds } = play(steps, { opener: openerOfAll(told) });
    const last = steps.length;
    expect(ladder.slice(2)).toEqual([
      "server encrypted-extensions 3",
      `server certificate ${last}`,
      `server certificate-verify ${last}`,
      `server finished ${last}`,
    ]);
    expect(told.slice(2)).toEqual(["8 (6)", `11 (${Math.min(kept, certificates.length)})`, "15 (9)", "20 (36)"]);
    expect([...facts.certificates[0]!.der]).toEqual([0x30, 2, 5, 0]);
    expect(noteIds).toEqual([]);
  });

  it("in the clear hides nothing of what is behind it", () => {
    const certificates = message(11, longChain(12, kib * KIB - 26));
    const flight = bodies(serverHello({ extensions: null }), certificates, message(14, []));
    const { ladder, facts, noteIds } = play([hello, ...flight.map((body) => server(record(22, body)))]);
    expect(ladder.slice(1)).toEqual([
      "server server-hello 2",
      `server certificate ${1 + flight.length}`,
      `server server-hello-done ${1 + flight.length}`,
    ]);
    expect(facts.certificates.length).toBeGreaterThan(0);
    expect(noteIds).toEqual([]);
  });
});

it("a length beyond 128 KiB behind lost bytes is no sign of a message", () => {
  const { ladder } = play([
    hello,
    server(record(22, serverHello({ extensions: null }))),
    { from: "server", gap: 300 },
    server(record(22, concat([20, 3, 0, 0], new Uint8Array(36)))),
    server(record(22, message(14, []))),
  ]);
  expect(ladder.slice(2)).not.toContain("server server-hello-done 5");
  expect(ladder).toContain("server encrypted-handshake 4");
});

it("what is kept of a long message is no more than 128 KiB", () => {
  const told: string[] = [];
  const flight = bodies(message(11, new Uint8Array(1_000 * KIB)));
  const sealed = flight.map((body) => server(record(23, concat([22], body))));
  play([hello, server(record(22, serverHello())), ...sealed], { opener: openerOfAll(told) });
  expect(told.at(-1)).toBe(`11 (${128 * KIB})`);
});
