// Whole conversations: real ones step by step, and made ones for what real ones rarely show.
import { describe, expect, it } from "vitest";
import {
  clientHello,
  concat,
  FIXTURES,
  fixture,
  message,
  numberList,
  play,
  record,
  serverHello,
  serverName,
  u16,
} from "./play.ts";

const FULL_12 = [
  "client client-hello 1",
  "server server-hello 2",
  "server certificate 2",
  "server server-key-exchange 2",
  "server server-hello-done 2",
  "client client-key-exchange 3",
  "client change-cipher-spec 3",
  "client encrypted-handshake 3",
  "server new-session-ticket 4",
  "server change-cipher-spec 4",
  "server encrypted-handshake 4",
  "client application-data 5",
  "server application-data 6",
];

const LADDERS: Readonly<Record<(typeof FIXTURES)[number], readonly string[]>> = {
  tls13: [
    "client client-hello 1",
    "server server-hello 2",
    "server change-cipher-spec 2",
    "server encrypted-handshake 2",
    "client change-cipher-spec 3",
    "client encrypted-handshake 3",
    "client application-data 3",
    "server application-data 4",
  ],
  "tls13-retry": [
    "client client-hello 1",
    "server hello-retry-request 2",
    "server change-cipher-spec 2",
    "client change-cipher-spec 3",
    "client client-hello 3",
    "server server-hello 4",
    "server encrypted-handshake 4",
    "client encrypted-handshake 5",
    "client application-data 5",
    "server application-data 6",
  ],
  tls12: [...FULL_12, "client alert 7"],
  "tls12-resumed": [
    "client client-hello 1",
    "server server-hello 2",
    "server change-cipher-spec 2",
    "server encrypted-handshake 2",
    "client change-cipher-spec 3",
    "client encrypted-handshake 3",
    "client application-data 3",
    "server application-data 4",
    "client alert 5",
  ],
  // Frame 7 is empty: the second handshake is all encrypted but for the types of its records.
  "tls12-renegotiated": [
    ...FULL_12,
    "client encrypted-handshake 8",
    ...Array.from({ length: 4 }, () => "server encrypted-handshake 9"),
    "client encrypted-handshake 10",
    "client change-cipher-spec 10",
    "client encrypted-handshake 10",
    "server encrypted-handshake 11",
    "server change-cipher-spec 11",
    "server encrypted-handshake 11",
    "client alert 14",
  ],
  tls10: [...FULL_12, "client alert 7"],
};

describe("a recorded conversation", () => {
  it.each(FIXTURES)("%s", (name) => {
    const { ladder, notes, facts } = play([...fixture(name), { from: "client", end: "fin" }]);
    expect(ladder).toEqual(LADDERS[name]);
    expect(notes).toEqual([]);
    expect(facts.handshakeComplete).toBe(true);
    expect(facts.clientHello?.sni).toBe("origin.example");
    expect(facts.closeNotify).toEqual({ client: true, server: false });
  });

  it("shows what was negotiated", () => {
    expect(play(fixture("tls13")).facts.serverHello).toMatchObject({ version: 0x0304, group: 29, resumed: false });
    expect(play(fixture("tls13-retry")).facts.helloRetryRequest).toMatchObject({
      version: 0x0304,
      group: 24,
      retry: true,
    });
    expect(play(fixture("tls13-retry")).facts.clientHellos).toBe(1);
    const { facts } = play(fixture("tls12"));
    expect(facts.serverHello).toMatchObject({ version: 0x0303, group: 29, cipherSuite: 0xc02b, resumed: false });
    expect(facts.alpn).toBe("http/1.1");
    expect(facts.certificates.map(({ subject }) => subject)).toEqual(["CN=origin.example"]);
    expect(facts.certificateWhere).toMatchObject({ frame: 2, firstFrame: 2 });
    expect(play(fixture("tls12-resumed")).facts.serverHello).toMatchObject({ resumed: true, group: null });
  });

  it("gives size, frames and time of each protected record", () => {
    const { facts } = play(fixture("tls13"));
    expect(facts.marks.map(({ from, length, frame }) => `${from} ${length} ${frame}`)).toEqual(
      "server 38 2,server 425 2,server 96 2,server 69 2,client 69 3,client 57 3,server 250 4,server 250 4,server 65 5,client 19 6".split(
        ",",
      ),
    );
    expect(facts.marks[9]).toMatchObject({ time: 6_000_000n, firstTime: 6_000_000n });
    expect(facts.applicationBytes).toEqual({ client: 145, server: 1193 });
    expect(facts.closed).toBe(10);
  });
});

const hello = record(22, clientHello());
const hello13 = record(22, serverHello());
const flight = record(23, new Uint8Array(700));
const finished = record(23, new Uint8Array(53));

describe("TLS 1.3 without keys", () => {
  it("is complete with the first record of the client that can hold a Finished", () => {
    const { facts, ladder } = play([
      { from: "client", bytes: hello },
      { from: "server", bytes: concat(hello13, flight) },
      { from: "client", bytes: finished },
      { from: "server", bytes: record(23, new Uint8Array(250)) },
      { from: "client", bytes: record(23, new Uint8Array(90)) },
      { from: "server", bytes: record(23, new Uint8Array(400)) },
    ]);
    expect(facts.handshakeCompleteWhere?.frame).toBe(3);
    // Frame 4 may be a ticket.
    expect(ladder.slice(2)).toEqual([
      "server encrypted-handshake 2",
      "client encrypted-handshake 3",
      "client application-data 5",
      "server application-data 6",
    ]);
  });

  it("is not complete when the client refuses with an alert", () => {
    const { facts } = play([
      { from: "client", bytes: hello },
      { from: "server", bytes: concat(hello13, flight) },
      { from: "client", bytes: record(23, new Uint8Array(19)) },
      { from: "client", end: "fin" },
    ]);
    expect(facts.handshakeComplete).toBe(false);
    expect(facts.closeNotify.client).toBe(false);
  });

  it("knows the longer Finished of SHA-384 and the shorter tag of CCM_8", () => {
    const completeAfter = (suite: number, length: number) =>
      play([
        { from: "client", bytes: hello },
        { from: "server", bytes: concat(record(22, serverHello({ suite })), flight) },
        { from: "client", bytes: record(23, new Uint8Array(length)) },
      ]).facts.handshakeComplete;
    expect([completeAfter(0x1302, 68), completeAfter(0x1302, 69)]).toEqual([false, true]);
    expect([completeAfter(0x1305, 44), completeAfter(0x1305, 45)]).toEqual([false, true]);
  });

  it("tells early data from the Finished by its size", () => {
    const early = record(
      22,
      clientHello({ extensions: [serverName("origin.example"), [42, []], [43, numberList([0x0304], 1)]] }),
    );
    const { facts, ladder } = play([
      { from: "client", bytes: concat(early, record(20, [1]), record(23, new Uint8Array(300))) },
      { from: "client", bytes: record(23, new Uint8Array(300)) },
      { from: "server", bytes: concat(hello13, flight) },
      { from: "client", bytes: record(23, new Uint8Array(200)) },
      { from: "client", bytes: concat(record(23, new Uint8Array(21)), finished) },
      { from: "client", bytes: record(23, new Uint8Array(100)) },
    ]);
    expect(facts.clientHello).toMatchObject({ earlyData: true });
    expect(facts.transitions.filter(({ decrypted }) => decrypted)).toEqual([]);
    expect(facts.handshakeCompleteWhere?.frame).toBe(5);
    expect(ladder).toEqual([
      "client client-hello 1",
      "client change-cipher-spec 1",
      "client early-data 1",
      "server server-hello 3",
      "server encrypted-handshake 3",
      "client encrypted-handshake 4",
      "client application-data 6",
    ]);
  });

  it("takes a short last record for close_notify only where a FIN follows", () => {
    const steps = [
      { from: "client", bytes: hello },
      { from: "server", bytes: concat(hello13, flight) },
      { from: "client", bytes: concat(finished, record(23, new Uint8Array(19))) },
    ] as const;
    expect(play([...steps, { from: "client", end: "fin" }]).facts.closeNotify.client).toBe(true);
    expect(play([...steps, { from: "client", end: "reset" }]).facts.closeNotify.client).toBe(false);
    const more = { from: "client", bytes: record(23, new Uint8Array(20)) } as const;
    expect(play([...steps, more, { from: "client", end: "fin" }]).facts.closeNotify.client).toBe(false);
  });

  it("reads drafts, whose ServerHello had no session id", () => {
    // draft-ietf-tls-tls13-18 §4.1.3: version, random, suite, extensions.
    const body = concat(u16(0x7f12), new Uint8Array(32), u16(0x1301), u16(0));
    const { facts, notes } = play([{ from: "server", bytes: record(22, message(2, body)) }]);
    expect(facts.serverHello).toMatchObject({ version: 0x7f12, cipherSuite: 0x1301 });
    expect(notes).toEqual([]);
  });
});

describe("alerts", () => {
  it("are read before encryption, with level and name", () => {
    const { facts, ladder } = play([
      { from: "client", bytes: hello },
      { from: "server", bytes: record(21, [2, 40]) },
      { from: "client", bytes: record(21, [1, 0]) },
      { from: "client", bytes: record(21, [2, 200]) },
    ]);
    expect(facts.alerts.map(({ from, level, description }) => [from, level, description])).toEqual([
      ["server", "fatal", "handshake_failure"],
      ["client", "warning", "close_notify"],
      ["client", "fatal", "200"],
    ]);
    expect(ladder.slice(1)).toEqual(["server alert 2", "client close-notify 3", "client alert 4"]);
    expect(facts.closeNotify).toEqual({ client: true, server: false });
  });

  it("are read in the clear at TLS 1.3 too, also behind the ServerHello", () => {
    const { facts } = play([
      { from: "client", bytes: hello },
      { from: "server", bytes: concat(hello13, record(20, [1]), flight) },
      { from: "client", bytes: concat(record(20, [1]), record(21, [2, 48])) },
    ]);
    expect(facts.alerts).toMatchObject([
      { from: "client", encrypted: false, level: "fatal", description: "unknown_ca" },
    ]);
    expect(facts.handshakeComplete).toBe(false);
  });

  it("say nothing when encrypted", () => {
    const { facts } = play([...fixture("tls12"), { from: "server", bytes: record(21, new Uint8Array(26)) }]);
    expect(facts.alerts.at(-1)).toMatchObject({ from: "server", encrypted: true, level: null, description: null });
    expect(facts.closeNotify.server).toBe(false);
  });

  it("are kept up to a limit, counted beyond it", () => {
    const warnings = concat(...Array.from({ length: 100 }, () => record(21, [1, 90])));
    const { facts } = play([{ from: "client", bytes: warnings }]);
    expect(facts.alerts).toHaveLength(16);
    expect(facts.transitions).toHaveLength(64);
    expect(facts.records.client.alert).toBe(100);
  });
});

describe("TLS 1.2 behind a middle", () => {
  it("does not take the zero nonce of an encrypted Finished for a HelloRequest", () => {
    // The ChangeCipherSpec and everything before it is lost.
    const { facts, ladder } = play([
      { from: "client", gap: 0, cause: "late-start" },
      { from: "client", bytes: concat(record(22, new Uint8Array(40)), record(23, new Uint8Array(90))) },
    ]);
    expect(ladder).toEqual(["client encrypted-handshake 2", "client application-data 2"]);
    expect(facts.records.client).toMatchObject({ handshake: 1, applicationData: 1 });
  });

  it.each([
    ["lost", [{ from: "client", gap: 90 }]],
    ["not understood, since the server was not captured", [{ from: "client", bytes: record(20, [1]) }]],
  ] as const)("knows a Finished whose ChangeCipherSpec was %s", (_what, between) => {
    const { ladder, noteIds, facts } = play([
      { from: "client", bytes: hello },
      ...between,
      { from: "client", bytes: record(22, new Uint8Array(40).fill(0xee)) },
    ]);
    expect(ladder.at(-1)).toBe("client encrypted-handshake 3");
    expect(noteIds).not.toContain("tls-handshake-malformed");
    expect(facts.marks).toMatchObject([{ kind: "handshake", length: 40, frame: 3 }]);
  });

  it("knows a HelloRequest", () => {
    expect(play([{ from: "server", bytes: record(22, [0, 0, 0, 0]) }]).ladder).toEqual(["server other-handshake 1"]);
  });

  it("takes data of both sides for the end of a handshake it did not see", () => {
    const { facts } = play([
      { from: "client", bytes: hello },
      { from: "server", bytes: record(22, serverHello({ suite: 0xc02f, extensions: [] })) },
      { from: "server", gap: 2000 },
      { from: "client", gap: 150 },
      { from: "client", bytes: record(23, new Uint8Array(90)) },
      { from: "server", bytes: record(23, new Uint8Array(90)) },
    ]);
    expect(facts.handshakeCompleteWhere?.frame).toBe(6);
    expect(facts.gaps).toBe(2);
  });

  it("reads a client's second hello behind its ChangeCipherSpec although the server was not captured", () => {
    const { ladder } = play([{ from: "client", bytes: concat(hello, record(20, [1]), hello) }]);
    expect(ladder).toEqual(["client client-hello 1", "client change-cipher-spec 1", "client client-hello 1"]);
  });
});
