// The door to decryption: what the opener is called with, in which order, and what becomes of what it opens.
import { describe, expect, it } from "vitest";
import {
  createTlsConversation,
  type OpenedRecord,
  type RecordOpener,
  type TlsRole,
  type TlsSink,
} from "../../src/tls-parse/index.ts";
import {
  alpnList,
  clientHello,
  concat,
  fixture,
  fromHex,
  message,
  play,
  record,
  type Step,
  serverHello,
} from "./play.ts";

/** An opener that writes down its calls. A "protected" body is its type and content in the clear; 0xff does not open. */
function spy(wants: (from: TlsRole, type: number) => boolean = () => true) {
  const calls: string[] = [];
  const opened: OpenedRecord = { type: 0, early: false, bytes: new Uint8Array(0), start: 0, end: 0 };
  const opener: RecordOpener & { lastFailure: RecordOpener["lastFailure"] } = {
    lastFailure: null,
    unsupported: false,
    kept: 0,
    clientHello: (hello) => void calls.push(`clientHello ${hello.sni}`),
    serverHello: (hello) => void calls.push(`serverHello ${hello.retry ? "retry" : hello.version}`),
    handshake: (from, bytes, start, end) => void calls.push(`${from} handshake ${bytes[start]} (${end - start})`),
    changeCipherSpec: (from) => void calls.push(`${from} ccs`),
    wants(from, type) {
      return wants(from, type);
    },
    open(from, type, version, bytes, start, end) {
      calls.push(`${from} open ${type} ${version.toString(16)} (${end - start})`);
      opener.lastFailure = bytes[start] === 0xff ? "damaged" : bytes[start] === 0xfe ? "no-keys" : null;
      if (opener.lastFailure !== null) return null;
      opened.type = bytes[start]!;
      opened.bytes = bytes;
      opened.start = start + 1;
      opened.end = end;
      return opened;
    },
    decompressCertificates: (algorithm, compressed, length) => {
      calls.push(`decompress ${algorithm} (${compressed.length}) ${length}`);
      return "unsupported";
    },
    skipped: (from, type, length) => void calls.push(`${from} skipped ${type} (${length})`),
    gap: (from) => void calls.push(`${from} gap`),
  };
  const sink: TlsSink = {
    data: (from, bytes, start, end, frame) =>
      void calls.push(`${from} data ${Buffer.from(bytes.slice(start, end)).toString("latin1")} in ${frame}`),
    gap: (from, length) => void calls.push(`${from} sink gap ${length}`),
    end: (from) => void calls.push(`${from} end`),
  };
  return { calls, opener, sink };
}

function run(steps: readonly Step[], wants?: (from: TlsRole, type: number) => boolean) {
  const { calls, opener, sink } = spy(wants);
  return { calls, ...play(steps, { opener, sink }) };
}

const sealed = (type: number, content: Uint8Array | readonly number[]) => record(23, concat([type], content));
const data = (text: string) => sealed(23, Buffer.from(text));
const hello = record(22, clientHello());
const begun: Step[] = [
  { from: "client", bytes: hello },
  { from: "server", bytes: record(22, serverHello()) },
];

it("application data is told of where it begins, once on each side, however much there is", () => {
  const said = (from: TlsRole): Step => ({ from, bytes: data("abc") });
  const more = [said("client"), said("server"), said("client"), said("server"), said("client")];
  const { facts } = run([...begun, ...more]);
  const beginnings = facts.transitions.filter(({ what }) => what === "application-data");
  expect(beginnings.map(({ from, where }) => `${from} ${where.frame}`).sort()).toEqual(["client 3", "server 4"]);
});

describe("a compressed certificate (RFC 8879)", () => {
  const asked = (from: TlsRole, body: readonly number[]) => {
    const { calls, noteIds } = run([...begun, { from, bytes: sealed(22, message(25, body)) }]);
    return [...calls.filter((call) => call.startsWith("decompress")), ...noteIds];
  };
  const KIB_128 = [2, 0, 0];

  it("of the server is given to the opener, up to 128 KiB", () => {
    expect(asked("server", [0, 2, 0, 1, 44, 0, 0, 3, 7, 7, 7])).toEqual(["decompress 2 (3) 300"]);
    expect(asked("server", [0, 2, ...KIB_128, 0, 0, 1, 7])).toEqual(["decompress 2 (1) 131072"]);
    expect(asked("server", [0, 2, 2, 0, 1, 0, 0, 1, 7])).toEqual([]);
  });

  it("of the client is not looked at", () => {
    expect(asked("client", [0, 2, 0, 1, 44, 0, 0, 3, 7, 7, 7])).toEqual([]);
  });

  it("that is shorter than it says is noted", () => {
    expect(asked("server", [0, 2, 0, 1, 44, 0, 0, 3, 7, 7])).toEqual(["tls-handshake-malformed"]);
    expect(asked("server", [0, 2, 0])).toEqual(["tls-handshake-malformed"]);
  });
});

describe("a public key without a certificate (RFC 7250)", () => {
  const spki = fromHex(
    "3059301306072a8648ce3d020106082a8648ce3d03010703420004f8c2263309d2813256c3aa43b0251c2c1e58855246b463f0" +
      "7e859b17456b9c3ce0ccafd9861aee4dea2efe4fa532f975170cabdccd1301a9f3fd1b5bbd3c9e8e",
  );

  it("is no chain at TLS 1.2, where the ServerHello says it", () => {
    // As GnuTLS 3.7.9 sends it: the key stands where the list of certificates would.
    const certificate = record(22, message(11, concat([0, 0, spki.length], spki)));
    const answer = (type: number) => record(22, serverHello({ suite: 0xc02c, extensions: [[20, [type]]] }));
    const told = (type: number) =>
      play([
        { from: "client", bytes: hello },
        { from: "server", bytes: concat(answer(type), certificate) },
      ]);
    expect(told(2)).toMatchObject({ noteIds: [], facts: { certificates: [], certificateWhere: null } });
    expect(told(2).ladder.at(-1)).toBe("server certificate 2");
    expect(told(0).noteIds).toEqual(["tls-handshake-malformed"]);
  });

  it("is no chain at TLS 1.3, where EncryptedExtensions say it", () => {
    const entry = concat([0, 0, spki.length], spki, [0, 0]);
    const certificate = message(11, concat([0, 0, 0, entry.length], entry));
    const compressed = message(25, [0, 2, 0, 1, 44, 0, 0, 3, 7, 7, 7]);
    const told = (extensions: readonly number[]) => {
      const flight = concat(message(8, [0, extensions.length, ...extensions]), compressed, certificate);
      const { calls, facts } = run([...begun, { from: "server", bytes: sealed(22, flight) }]);
      return { looked: calls.some((call) => call.startsWith("decompress")), chain: facts.certificateWhere !== null };
    };
    expect(told([0, 20, 0, 1, 2])).toEqual({ looked: false, chain: false });
    expect(told([0, 20, 0, 1, 0])).toEqual({ looked: true, chain: true });
    expect(told([])).toEqual({ looked: true, chain: true });
  });
});

describe("TLS 1.3 with an opener", () => {
  const extensions = message(8, concat([0, 9, 0, 16, 0, 5], alpnList(["h2"])));
  const certificate = message(11, [0, 0, 0, 11, 0, 0, 6, 0x30, 4, 1, 2, 3, 4, 0, 0]);
  const finished = message(20, new Uint8Array(32));

  it("reads the encrypted handshake, one message over two records included", () => {
    const { calls, facts, ladder } = run([
      ...begun,
      { from: "server", bytes: concat(record(20, [1]), sealed(22, concat(extensions, certificate.slice(0, 6)))) },
      { from: "server", bytes: sealed(22, concat(certificate.slice(6), finished)) },
      { from: "client", bytes: concat(record(20, [1]), sealed(22, finished), data("GET")) },
      {
        from: "server",
        bytes: concat(sealed(22, message(4, [1, 2])), data("401"), sealed(22, message(24, [0])), sealed(21, [1, 0])),
      },
    ]);
    expect(calls).toEqual([
      "clientHello origin.example",
      "client handshake 1 (70)",
      "serverHello 772",
      "server handshake 2 (50)",
      "server ccs",
      "server open 23 303 (22)",
      "server handshake 8 (15)",
      "server open 23 303 (50)",
      "server handshake 11 (19)",
      "server handshake 20 (36)",
      "client ccs",
      "client open 23 303 (37)",
      "client handshake 20 (36)",
      "client open 23 303 (4)",
      "client data GET in 5",
      "server open 23 303 (7)",
      "server handshake 4 (6)",
      "server open 23 303 (4)",
      "server data 401 in 6",
      "server open 23 303 (6)",
      "server handshake 24 (5)",
      "server open 23 303 (3)",
      "server end",
      "client end",
    ]);
    expect(facts).toMatchObject({ opened: 8, damaged: 0, closed: 0, alpn: "h2", handshakeComplete: true });
    expect(facts.handshakeCompleteWhere?.frame).toBe(5);
    expect(facts.certificates).toHaveLength(1);
    expect(facts.certificateWhere).toMatchObject({ frame: 4, firstFrame: 3 });
    expect(facts.closeNotify).toEqual({ client: false, server: true });
    expect(facts.alerts).toMatchObject([{ encrypted: true, level: "warning", description: "close_notify" }]);
    expect(ladder.slice(2)).toEqual([
      "server change-cipher-spec 3",
      "server encrypted-extensions 3",
      "server certificate 4",
      "server finished 4",
      "client change-cipher-spec 5",
      "client finished 5",
      "client application-data 5",
      "server new-session-ticket 6",
      "server application-data 6",
      "server key-update 6",
      "server close-notify 6",
    ]);
    expect(
      facts.transitions.slice(-8).every(({ what, decrypted }) => decrypted === (what !== "change-cipher-spec")),
    ).toBe(true);
  });

  it("gives the whole body however it arrives", () => {
    const bytes = data("x".repeat(9000));
    const pieces = [bytes.slice(0, 3), bytes.slice(3, 5000), bytes.slice(5000)];
    const { calls } = run([...begun, ...pieces.map((piece): Step => ({ from: "client", bytes: piece }))]);
    expect(calls).toContain(`client data ${"x".repeat(9000)} in 5`);
  });

  it("says that records stay closed because their cipher is not known here", () => {
    for (const unsupported of [false, true]) {
      const { opener } = spy(() => false);
      const steps: Step[] = [
        { from: "client", bytes: record(22, clientHello()) },
        { from: "server", bytes: concat(record(22, serverHello()), record(23, [23, 1])) },
      ];
      const { facts } = play(steps, { opener: { ...opener, unsupported } });
      expect(facts).toMatchObject({ closed: 1, unsupported });
    }
  });

  it("asks the opener nothing about records that can't be protected", () => {
    const asked: number[] = [];
    run(
      [...begun, { from: "client", bytes: concat(record(20, [1]), record(21, [2, 48]), data("x")) }],
      (_from, type) => {
        asked.push(type);
        return true;
      },
    );
    expect(asked).toEqual([23]);
  });

  it("tells the sink of data that did not open, but not of the handshake that keys are missing for", () => {
    const { calls, facts } = run([
      ...begun,
      {
        from: "server",
        bytes: concat(record(23, [0xfe, 1, 2]), data("a"), record(23, [0xff, 1]), data("b"), record(23, [0xfe])),
      },
    ]);
    expect(calls.filter((call) => call.includes("sink") || call.includes("data"))).toEqual([
      "server data a in 3",
      "server sink gap 0",
      "server data b in 3",
      "server sink gap 0",
    ]);
    // What went through `open` has had its number there.
    expect(calls.filter((call) => call.includes("skipped"))).toEqual([]);
    expect(facts).toMatchObject({ opened: 2, damaged: 1, closed: 2 });
  });

  it("passes records over that nobody needs, but only behind opened ones", () => {
    let need = false;
    const steps: Step[] = [
      ...begun,
      { from: "server", bytes: data("not needed") },
      { from: "server", bytes: data("head") },
      { from: "server", bytes: data("body") },
      { from: "server", bytes: data("next") },
    ];
    let asked = 0;
    const { calls, facts } = run(steps, () => {
      need = asked === 1 || asked === 3;
      asked++;
      return need;
    });
    expect(calls.slice(4)).toEqual([
      "server skipped 23 (11)",
      "server open 23 303 (5)",
      "server data head in 4",
      "server skipped 23 (5)",
      "server open 23 303 (5)",
      "server data next in 6",
      "client end",
      "server end",
    ]);
    // The first one stays closed for want of keys, for all that is known.
    expect(facts).toMatchObject({ opened: 2, closed: 1, damaged: 0 });
  });

  it("tells of losses: a record by its number where it can be counted, else a gap", () => {
    const bytes = data("0123456789");
    const { calls } = run([
      ...begun,
      { from: "client", bytes: data("a") },
      { from: "client", bytes: bytes.slice(0, 8) },
      { from: "client", gap: 4 },
      { from: "client", bytes: concat(bytes.slice(12), data("b")) },
      { from: "client", gap: 400 },
      { from: "client", bytes: data("c") },
    ]);
    expect(calls.slice(4)).toEqual([
      "client open 23 303 (2)",
      "client data a in 3",
      "client skipped 23 (11)",
      "client sink gap 0",
      "client open 23 303 (2)",
      "client data b in 6",
      "client gap",
      "client sink gap 0",
      "client open 23 303 (2)",
      "client data c in 8",
      "client end",
      "server end",
    ]);
  });
});

describe("TLS 1.2 with an opener", () => {
  const begun12: Step[] = [
    { from: "client", bytes: hello },
    { from: "server", bytes: record(22, serverHello({ suite: 0xc02f, extensions: [] })) },
  ];
  const finished = record(22, concat([22], message(20, new Uint8Array(12))));

  it("opens everything behind ChangeCipherSpec", () => {
    const { calls, facts } = run([
      ...begun12,
      { from: "client", bytes: concat(record(20, [1]), finished) },
      { from: "server", bytes: concat(record(20, [1]), finished, data("x"), record(21, [21, 1, 0])) },
    ]);
    expect(calls.slice(4)).toEqual([
      "client ccs",
      "client open 22 303 (17)",
      "client handshake 20 (16)",
      "server ccs",
      "server open 22 303 (17)",
      "server handshake 20 (16)",
      "server open 23 303 (2)",
      "server data x in 4",
      "server open 21 303 (3)",
      "server end",
      "client end",
    ]);
    expect(facts.handshakeCompleteWhere?.frame).toBe(4);
    expect(facts.closeNotify.server).toBe(true);
  });

  it("says that a ChangeCipherSpec was lost once data flows", () => {
    const { calls } = run([...begun12, { from: "client", gap: 300 }, { from: "client", bytes: data("x") }]);
    expect(calls.slice(4, 8)).toEqual(["client gap", "client sink gap 0", "client ccs", "client gap"]);
    expect(calls[8]).toBe("client open 23 303 (2)");
  });

  it("takes in a second ClientHello inside the first protection", () => {
    const { calls, facts } = run([
      ...begun12,
      { from: "client", bytes: concat(record(20, [1]), finished, record(22, concat([22], clientHello()))) },
    ]);
    expect(calls).toContain("clientHello origin.example");
    expect(calls.filter((call) => call === "clientHello origin.example")).toHaveLength(2);
    expect(facts.clientHellos).toBe(1);
  });
});

it("does not disturb what is read without keys", () => {
  const pieces = fixture("tls12");
  const without = play(pieces).facts;
  const { facts } = run(pieces, () => false);
  expect(facts.records).toEqual(without.records);
  expect(facts.marks).toEqual(without.marks);
  expect(facts.closed).toBe(without.closed);
});

it("keeps nothing at first but what its opener keeps", () => {
  const setup = { note: () => undefined, now: () => 0n, sink: null };
  expect(createTlsConversation({ ...setup, opener: null }).kept).toBe(0);
  expect(createTlsConversation({ ...setup, opener: { ...spy().opener, kept: 77 } }).kept).toBe(77);
});
