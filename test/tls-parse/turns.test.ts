// A capture point that records the directions in the wrong order: bytes that can't have been sent yet wait for the other side.
import { describe, expect, it } from "vitest";
import { createTlsConversation, type TlsRole } from "../../src/tls-parse/index.ts";
import { Turns } from "../../src/tls-parse/turns.ts";
import { clientHello, concat, FIXTURES, fixture, play, record, serverHello } from "./play.ts";

const hello = record(22, clientHello());
const flight = concat(record(22, serverHello()), record(20, [1]), record(23, new Uint8Array(700)));
const finished = concat(record(20, [1]), record(23, new Uint8Array(53)));
const request = record(23, new Uint8Array(120));
const answer = record(23, new Uint8Array(300));
const client = (bytes: Uint8Array) => ({ from: "client", bytes }) as const;
const server = (bytes: Uint8Array) => ({ from: "server", bytes }) as const;

/** "client finished": a ladder without its frames, which the wrong order changes. */
const steps = (ladder: readonly string[]): string[] => ladder.map((step) => step.replace(/ \d+$/, ""));

describe("the table of turns", () => {
  const inputs = {
    hello: (turns: Turns) => turns.clientHello(true),
    eager: (turns: Turns) => turns.clientHello(false),
    retry: (turns: Turns) => turns.serverHello(true, true),
    answer12: (turns: Turns) => turns.serverHello(false, false),
    answer13: (turns: Turns) => turns.serverHello(false, true),
    flight: (turns: Turns) => turns.serverFlight(),
    record: (turns: Turns) => turns.clientRecord(),
    giveUp: (turns: Turns) => turns.giveUp(),
  };
  const ways: Record<string, readonly (keyof typeof inputs)[]> = {
    hello: [],
    again: ["hello", "retry"],
    answer: ["hello"],
    flight: ["hello", "answer13"],
    over: ["giveUp"],
  };
  const expected: Record<string, Partial<Record<keyof typeof inputs, string>>> = {
    hello: { hello: "client", eager: "nobody", record: "nobody" },
    again: { hello: "client", eager: "nobody", record: "nobody", answer13: "client" },
    answer: { retry: "nobody", answer12: "nobody", answer13: "client" },
    flight: { flight: "nobody" },
    over: {},
  };
  const now = { hello: "server", again: "nobody", answer: "client", flight: "client", over: "nobody" };
  const waiting = (turns: Turns) => (turns.clientWaits ? "client" : turns.serverWaits ? "server" : "nobody");

  it.each(Object.keys(ways))("%s", (state) => {
    for (const [name, input] of Object.entries(inputs)) {
      const turns = new Turns();
      for (const step of ways[state]!) inputs[step](turns);
      expect(waiting(turns)).toBe(now[state as keyof typeof now]);
      input(turns);
      const same = name === "giveUp" ? "nobody" : now[state as keyof typeof now];
      expect(waiting(turns), name).toBe(expected[state]![name as keyof typeof inputs] ?? same);
    }
  });
});

describe("two packets in the wrong order", () => {
  it.each(FIXTURES)("change nothing in the handshake of %s", (name) => {
    const pieces = fixture(name);
    const right = play(pieces);
    // Behind these records both sides are on their own.
    const last = pieces.findIndex(({ bytes }, i) => i > 2 && bytes[0] === 23);
    let swaps = 0;
    for (let i = 0; i + 1 < (last < 0 ? pieces.length : last); i++) {
      if (pieces[i]!.from === pieces[i + 1]!.from) continue;
      const swapped = play([...pieces.slice(0, i), pieces[i + 1]!, pieces[i]!, ...pieces.slice(i + 2)]);
      expect(swapped.facts.handshakeComplete, `pieces ${i}`).toBe(true);
      expect([...steps(swapped.ladder)].sort(), `pieces ${i}`).toEqual([...steps(right.ladder)].sort());
      expect(swapped.notes).toEqual([]);
      swaps++;
    }
    expect(swaps).toBeGreaterThan(0);
  });

  it("are set right where the client's Finished stands before the ServerHello", () => {
    const { facts, ladder } = play([client(hello), client(finished), server(flight), client(request), server(answer)]);
    expect(ladder).toEqual([
      "client client-hello 1",
      "server server-hello 3",
      "server change-cipher-spec 3",
      "server encrypted-handshake 3",
      "client change-cipher-spec 2",
      "client encrypted-handshake 2",
      "client application-data 4",
      "server application-data 5",
    ]);
    expect(facts.handshakeCompleteWhere).toMatchObject({ frame: 2 });
  });

  it("are set right where the ServerHello stands before the ClientHello", () => {
    const { facts, ladder } = play([server(flight), client(hello), client(finished)]);
    expect(steps(ladder)[0]).toBe("client client-hello");
    expect(facts.handshakeComplete).toBe(true);
    expect(facts.serverHello?.where.frame).toBe(1);
  });

  it("are set right wherever the server's flight is cut", () => {
    for (let at = 1; at < flight.length; at++) {
      const { facts } = play([
        client(hello),
        server(flight.slice(0, at)),
        client(finished),
        server(flight.slice(at)),
        client(request),
        server(answer),
      ]);
      expect(facts.handshakeComplete, `cut at ${at}`).toBe(true);
    }
  });

  it("take the client's Finished for one although no record of the server's flight is whole yet", () => {
    // The client lost bytes: nobody waits, and the Finished comes before the flight.
    const { facts } = play([
      client(hello),
      server(flight.slice(0, -600)),
      { from: "client", gap: 6 },
      client(record(23, new Uint8Array(53))),
      server(flight.slice(-600)),
    ]);
    expect(facts.handshakeComplete).toBe(true);
  });
});

describe("what waits", () => {
  /** Plays steps with a clock that tells the time of what waited. */
  function timed(all: readonly { from: TlsRole; bytes: Uint8Array }[]) {
    let now = 0n;
    const { facts, ...sinks } = createTlsConversation({
      note() {},
      now: () => now,
      during(time, action) {
        const before = now;
        now = time;
        action();
        now = before;
      },
      opener: null,
      sink: null,
    });
    for (const [i, { from, bytes }] of all.entries()) {
      now = BigInt(i + 1);
      sinks[from].skippable = 0;
      sinks[from].push(bytes, 0, bytes.length, i + 1);
    }
    return { facts, ...sinks };
  }

  it("keeps its time", () => {
    const { facts } = timed([client(hello), client(finished), server(flight)]);
    expect(facts.marks.map(({ from, time }) => `${from} ${time}`)).toEqual(["server 3", "client 2"]);
  });

  it("leaves nothing to pass over that whoever pushes was not told of", () => {
    const head = record(23, new Uint8Array(5000)).slice(0, 1000);
    const { facts, client: sink } = timed([client(hello), client(finished), client(head), server(flight)]);
    expect(sink.skippable).toBe(0);
    sink.push(new Uint8Array(4005), 0, 4005, 5);
    expect(facts.applicationBytes.client).toBe(5053);
  });

  it("is given up beyond a limit, and goes on as it came", () => {
    const much = record(23, new Uint8Array(16_000));
    const { facts } = timed([client(hello), client(much), client(much)]);
    expect(facts.applicationBytes.client).toBe(32_000);
  });

  it("is 16 KiB, wherever it lay", () => {
    const part = new Uint8Array(20_000);
    part.set(record(23, new Uint8Array(8187)), 10_000);
    for (const [times, waits] of [
      [2, true],
      [3, false],
    ] as const) {
      const { facts, client: sink } = timed([client(hello)]);
      for (let i = 0; i < times; i++) sink.push(part, 10_000, 18_192, 2);
      expect(facts.applicationBytes.client === 0).toBe(waits);
    }
  });

  it("is given up where the other side ends or has lost bytes", () => {
    for (const how of ["end", "gap"] as const) {
      const { facts, server: other } = timed([client(hello), client(finished)]);
      expect(facts.applicationBytes.client).toBe(0);
      if (how === "end") other.end("fin", 3);
      else other.gap(700, "lost", 3);
      expect(facts.applicationBytes.client).toBe(53);
    }
  });

  it("is nothing of a connection that was joined late", () => {
    const { facts } = timed([client(request), server(answer)]);
    expect(facts.applicationBytes).toEqual({ client: 120, server: 300 });
    expect(timed([server(answer), client(request)]).facts.applicationBytes).toEqual({ client: 120, server: 300 });
  });
});
