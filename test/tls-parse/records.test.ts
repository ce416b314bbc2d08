// The record layer by itself: messages over records, sizes, other bytes, losses, and where records are found again.
import { describe, expect, it } from "vitest";
import { looksLikeTls } from "../../src/tls-parse/index.ts";
import { clientHello, concat, fixture, fromHex, message, play, playPassing, record, serverHello, u16 } from "./play.ts";

const hello = clientHello();
/** With early data, which does not wait for the server. */
const eager = clientHello({ extensions: [[42, []]] });

/** Bytes that are no record anywhere. */
const noise = (length: number) => new Uint8Array(length).fill(0x41);

describe("messages and records", () => {
  it("reads several messages in one record, and one over several", () => {
    const server = concat(serverHello({ extensions: [] }), message(14, []));
    const one = play([{ from: "server", bytes: record(22, server) }]);
    expect(one.ladder).toEqual(["server server-hello 1", "server server-hello-done 1"]);
    const cut = [...server].map((byte): { from: "server"; bytes: Uint8Array } => ({
      from: "server",
      bytes: record(22, [byte]),
    }));
    const many = play(cut);
    expect(many.ladder).toEqual([
      `server server-hello ${server.length - 4}`,
      `server server-hello-done ${server.length}`,
    ]);
    expect(many.facts.serverHello?.where).toMatchObject({ firstFrame: 1, at: 5 });
    expect(many.facts.records.server.handshake).toBe(server.length);
  });

  it("gives the offset of a message, not of its record", () => {
    const { facts } = play([{ from: "server", bytes: record(22, concat(serverHello(), message(14, []))) }]);
    expect(facts.transitions.map(({ where }) => where.at)).toEqual([5, 5 + serverHello().length]);
  });

  it("notes what is no message, and reads the next record", () => {
    const { ladder, noteIds } = play([
      { from: "client", bytes: concat(record(22, hello), record(22, [99, 0, 0, 1, 0]), record(22, message(16, [1]))) },
    ]);
    expect(ladder).toEqual(["client client-hello 1", "client client-key-exchange 1"]);
    expect(noteIds).toEqual(["tls-handshake-malformed"]);
  });

  it("does not gather a message of 16 MiB", () => {
    const { noteIds, facts } = play([
      { from: "client", bytes: concat(record(22, hello), record(22, [11, 0xff, 0xff, 0xff, 1, 2, 3])) },
    ]);
    expect(noteIds).toEqual(["tls-handshake-malformed"]);
    expect(facts.records.client.handshake).toBe(2);
  });

  it("reads the name of a ClientHello whose end never comes", () => {
    const cutAt = hello.length - 3;
    for (const step of [
      [{ from: "client", bytes: record(22, hello).slice(0, 5 + cutAt) }],
      [
        { from: "client", bytes: record(22, hello).slice(0, 5 + cutAt) },
        { from: "client", gap: 100 },
      ],
    ] as const) {
      const { facts, noteIds, ladder } = play(step);
      expect(facts.clientHello).toMatchObject({ whole: false, cipherSuites: [0x1301], sni: null });
      expect(noteIds).toContain("tls-handshake-malformed");
      expect(ladder).toHaveLength(1);
    }
    const long = clientHello({
      extensions: [
        [0, [0, 4, 0, 0, 1, 0x78]],
        [21, Array.from({ length: 300 }, () => 0)],
      ],
    });
    const { facts } = play([{ from: "client", bytes: record(22, long).slice(0, 120) }]);
    expect(facts.clientHello).toMatchObject({ whole: false, sni: "x" });
  });

  it("reads what is in front of a hole in a ClientHello, and the record behind it", () => {
    const bytes = record(
      22,
      clientHello({
        extensions: [
          [0, [0, 4, 0, 0, 1, 0x78]],
          [21, Array.from({ length: 300 }, () => 0)],
        ],
      }),
    );
    const { facts, ladder, noteIds } = play([
      { from: "client", bytes: bytes.slice(0, 150) },
      { from: "client", gap: 100 },
      { from: "client", bytes: concat(bytes.slice(250), record(20, [1])) },
    ]);
    expect(facts.clientHello).toMatchObject({ whole: false, sni: "x" });
    expect(ladder).toEqual(["client client-hello 2", "client change-cipher-spec 3"]);
    expect(noteIds).toEqual(["tls-gap", "tls-handshake-malformed"]);
    expect(facts.gaps).toBe(1);
  });

  it("keeps nothing of a first message whose hole begins behind its header", () => {
    const bytes = record(22, clientHello());
    const { facts, ladder } = play([
      { from: "client", bytes: bytes.slice(0, 9) },
      { from: "client", gap: bytes.length - 9 },
      { from: "client", bytes: record(20, [1]) },
    ]);
    expect(facts.clientHello).toBeNull();
    expect(ladder).toEqual(["client change-cipher-spec 3"]);
  });

  it("finds the message behind one with a hole", () => {
    const body = concat(message(11, noise(400)), message(14, []));
    const bytes = record(22, body);
    const { ladder } = play([
      { from: "server", bytes: bytes.slice(0, 100) },
      { from: "server", gap: 200 },
      { from: "server", bytes: bytes.slice(300) },
    ]);
    expect(ladder).toEqual(["server server-hello-done 3"]);
  });
});

describe("what is skipped", () => {
  it("announces the rest of a body that nobody wants, and takes what was passed over", () => {
    const data = record(23, new Uint8Array(16_000));
    const { facts, notes, passed } = playPassing([
      concat(record(22, eager), data.slice(0, 100)),
      data.slice(100),
      record(21, [1, 0]),
    ]);
    expect(notes).toEqual([]);
    expect(passed).toBe(15_904);
    expect(facts.applicationBytes.client).toBe(16_000);
    expect(facts.alerts).toMatchObject([
      { description: "close_notify", where: { at: 5 + eager.length + data.length } },
    ]);
  });

  it("keeps the place across a hole in application data", () => {
    const data = record(23, new Uint8Array(9_000));
    const { facts, noteIds } = play([
      { from: "client", bytes: concat(record(22, hello), data.slice(0, 1000)) },
      { from: "client", gap: 2000 },
      { from: "client", bytes: concat(data.slice(3000), record(21, [1, 0])) },
    ]);
    expect(noteIds).toEqual(["tls-gap"]);
    expect(facts.records.client).toMatchObject({ applicationData: 1, alert: 1 });
    expect(facts.gaps).toBe(1);
  });

  it("is at the next record when a hole ends with this one", () => {
    const data = record(23, new Uint8Array(9_000));
    const { facts, noteIds } = play([
      { from: "client", bytes: data.slice(0, 1000) },
      { from: "client", gap: data.length - 1000 },
      { from: "client", bytes: record(21, [1, 0]) },
    ]);
    expect(noteIds).toEqual(["tls-gap"]);
    expect(facts.records.client).toMatchObject({ applicationData: 1, alert: 1 });
  });
});

describe("losses", () => {
  const data = record(23, new Uint8Array(500).fill(0x99));

  it("finds records again behind a hole of any length, at once or in the middle of a push", () => {
    for (const tail of [data, data.slice(77)]) {
      for (const gap of [0, 5000]) {
        const { facts, noteIds } = play([
          { from: "server", bytes: concat(data, data.slice(0, 60)) },
          { from: "server", gap },
          { from: "server", bytes: concat(tail, data, data) },
        ]);
        expect(noteIds).toEqual(["tls-gap", "tls-resynchronised"]);
        expect(facts.records.server.applicationData).toBe(tail === data ? 4 : 3);
        expect(facts.gaps).toBe(1);
      }
    }
  });

  it("starts in the middle of a record, without a note for what was before the capture", () => {
    const { facts, noteIds } = play([
      { from: "server", gap: 0, cause: "late-start" },
      { from: "server", bytes: concat(data.slice(123), data, data) },
    ]);
    expect(noteIds).toEqual(["tls-resynchronised"]);
    expect(facts.records.server.applicationData).toBe(2);
  });

  it("does not believe in a record of another version than before", () => {
    const { facts } = play([
      { from: "server", bytes: data },
      { from: "server", gap: 100 },
      { from: "server", bytes: concat(record(23, noise(20), 0x0301), noise(50), data) },
    ]);
    expect(facts.records.server.applicationData).toBe(2);
  });

  it("finds the records behind a ClientHello whose record says the oldest version, RFC 8446 §5.1", () => {
    const behind = (first: Uint8Array) =>
      play([
        { from: "client", bytes: first },
        { from: "client", gap: 80 },
        { from: "client", bytes: concat(data, data) },
      ]);
    const { facts, noteIds } = behind(record(22, hello, 0x0301));
    expect(noteIds).toEqual(["tls-gap", "tls-resynchronised"]);
    expect(facts.records.client.applicationData).toBe(2);
    // A second one, as after a HelloRetryRequest, says what all others say.
    expect(behind(concat(record(22, hello, 0x0301), record(22, hello))).facts.records.client.applicationData).toBe(2);
    expect(behind(record(22, hello, 0x0301).slice(0, 60)).facts.records.client.applicationData).toBe(2);
    expect(behind(concat(record(22, hello), record(22, hello, 0x0301))).facts.records.client.applicationData).toBe(0);
  });

  it("leaves what is not TLS, and comes back to it", () => {
    const { facts, noteIds, notes } = play([{ from: "server", bytes: concat(data, noise(300), data, data) }]);
    expect(noteIds).toEqual(["tls-not-tls", "tls-resynchronised"]);
    expect(facts.records.server.applicationData).toBe(3);
    expect(facts.notTls).toMatchObject({ client: null, server: { at: data.length } });
    expect(notes[1]!.at).toBe(data.length + 300);
  });

  it("finds a record that begins within the five bytes that were taken for a header", () => {
    const { facts } = play([{ from: "server", bytes: concat(data, noise(3), data) }]);
    expect(facts.records.server.applicationData).toBe(2);
  });

  it("gives up where no record comes for a long time", () => {
    const { facts } = play([{ from: "server", bytes: concat(data, noise(256 * 1024 + 10), data) }]);
    expect(facts.records.server.applicationData).toBe(1);
  });

  it("gives up where it comes in pieces, too", () => {
    const pieces = Array.from({ length: 300 }, () => ({ from: "server", bytes: noise(1024) }) as const);
    const { facts } = play([{ from: "server", bytes: data }, ...pieces, { from: "server", bytes: data }]);
    expect(facts.records.server.applicationData).toBe(1);
  });
});

describe("odd records", () => {
  it("notes one that is too long, and goes on behind it", () => {
    const { facts, notes } = play([
      { from: "client", bytes: concat(record(23, new Uint8Array(40_000)), record(21, [2, 22])) },
    ]);
    expect(notes).toMatchObject([
      { id: "tls-record-too-long", frame: 1, at: 0, detail: { length: 40_000, max: 18_432 } },
    ]);
    expect(facts.alerts).toHaveLength(1);
  });

  it("passes over a content type that it does not know", () => {
    const { facts, notes } = play([
      { from: "client", bytes: concat(record(22, hello), record(31, noise(9)), record(21, [1, 0])) },
    ]);
    expect(notes).toMatchObject([{ id: "tls-not-tls", detail: { contentType: 31 } }]);
    expect(facts.alerts).toHaveLength(1);
    expect(facts.notTls.client).toBeNull();
  });

  it("counts empty records and heartbeats", () => {
    const { facts, notes } = play([
      { from: "client", bytes: concat(record(23, []), record(24, noise(40)), record(23, [])) },
    ]);
    expect(facts.records.client).toMatchObject({ applicationData: 2, heartbeat: 1 });
    expect(notes).toEqual([]);
  });

  it("reads HTTP as what is not TLS", () => {
    const { facts, noteIds } = play([
      { from: "client", bytes: record(22, hello) },
      { from: "server", bytes: Buffer.from("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") },
    ]);
    expect(facts.notTls.server).toMatchObject({ at: 0, frame: 2 });
    expect(noteIds).toEqual(["tls-not-tls"]);
  });
});

describe("an SSLv2-compatible ClientHello", () => {
  const body = concat([1], u16(0x0301), u16(9), u16(0), u16(16), [0, 0, 0x2f, 1, 0, 0x80, 0, 0, 0xff], noise(16));
  const bytes = concat([0x80, body.length], body);

  it("is read, and TLS records follow it", () => {
    const { facts, notes, ladder } = play([{ from: "client", bytes: concat(bytes, record(22, message(16, [1]))) }]);
    expect(facts.clientHello).toMatchObject({ sslv2: true, version: 0x0301, cipherSuites: [0x2f, 0xff], whole: true });
    expect(facts.clientHello).toMatchObject({ compressionMethods: [], extensions: [], alpn: [], sni: null });
    expect(facts.transitions[0]).toMatchObject({ what: "client-hello", decrypted: false });
    expect(facts.clientHello?.random).toEqual(noise(16));
    expect(facts.clientHello?.raw).toEqual(body);
    expect(facts.records.client.handshake).toBe(1);
    expect(ladder).toEqual(["client client-hello 1", "client client-key-exchange 1"]);
    expect(notes).toEqual([]);
  });

  it("is not looked for later", () => {
    expect(play([{ from: "client", bytes: concat(record(22, hello), bytes) }]).facts.clientHellos).toBe(0);
  });
});

describe("looksLikeTls", () => {
  const tell = (hexadecimal: string) => {
    const bytes = concat(noise(3), fromHex(hexadecimal), noise(3));
    return looksLikeTls(bytes, 3, bytes.length - 3);
  };

  it.each([
    ["a ClientHello", "16 0301 0200 01", "yes"],
    ["application data, joined late", "17 0303 4000", "yes"],
    ["an alert", "15 0303 0002", "yes"],
    ["nothing", "", "more"],
    ["the beginning of a header", "16 0303 02", "more"],
    ["a request", "474554202f20", "no"],
    ["a greeting", "5353482d322e30", "no"],
    ["another major version", "16 0200 0010", "no"],
    ["another minor version", "16 0309 0010", "no"],
    ["an empty handshake record", "16 0303 0000", "no"],
    ["a record that is too long", "16 0303 ffff", "no"],
    ["a type that is not known", "1a 0303 0010", "no"],
    ["SSLv2", `802e 01 0301 0015 0000 0010${"00".repeat(36)}`, "yes"],
    ["SSLv2 with 86 suites", `8123 01 0301 0102 0000 0018${"00".repeat(282)}`, "yes"],
    ["SSLv2 without suites", `8019 01 0301 0000 0000 0010${"00".repeat(16)}`, "no"],
    ["SSLv2 with half a suite", `801b 01 0301 0002 0000 0010${"00".repeat(18)}`, "no"],
    ["SSLv2, cut", "802e 01 0301", "more"],
    ["SSLv2 with lengths that do not add up", `802f 01 0301 0015 0000 0010${"00".repeat(36)}`, "no"],
    ["a first byte as SSLv2 has it", "80ff41", "no"],
  ] as const)("says of %s: %s is %s", (_what, bytes, answer) => {
    expect(tell(bytes)).toBe(answer);
  });

  it("says of every prefix of a conversation that more is needed, until it is known", () => {
    const [first] = fixture("tls13");
    for (let end = 0; end < 5; end++) expect(looksLikeTls(first!.bytes, 0, end)).toBe("more");
    for (let end = 5; end < 60; end++) expect(looksLikeTls(first!.bytes, 0, end)).toBe("yes");
  });
});
