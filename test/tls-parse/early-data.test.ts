// Early data (RFC 8446 §2.3): what the sink is given of it, and when, with each way in which the server's answer may show.
import { describe, expect, it } from "vitest";
import {
  createTlsConversation,
  type OpenedRecord,
  type RecordOpener,
  type TlsSink,
} from "../../src/tls-parse/index.ts";
import { clientHello, concat, message, numberList, play, record, type Step, serverHello, u16 } from "./play.ts";

const EARLY = 0x80;

/** A "protected" body is its type, with the highest bit set if it is early, and its content in the clear; 0xff does not open. */
function opener(): RecordOpener & { lastFailure: RecordOpener["lastFailure"] } {
  // Plaintext is valid until the next call, as that of real ciphers.
  const plaintext = new Uint8Array(20_000);
  const opened: OpenedRecord = { type: 0, early: false, bytes: new Uint8Array(0), start: 0, end: 0 };
  const spy: ReturnType<typeof opener> = {
    lastFailure: null,
    unsupported: false,
    kept: 0,
    clientHello() {},
    serverHello() {},
    handshake() {},
    changeCipherSpec() {},
    wants: () => true,
    open(_from, _type, _version, bytes, start, end) {
      spy.lastFailure = bytes[start] === 0xff ? "damaged" : null;
      if (spy.lastFailure !== null) return null;
      opened.early = (bytes[start]! & EARLY) !== 0;
      opened.type = bytes[start]! & ~EARLY;
      plaintext.set(bytes.subarray(start + 1, end));
      opened.bytes = plaintext;
      opened.start = 0;
      opened.end = end - start - 1;
      return opened;
    },
    decompressCertificates: () => "unsupported",
    skipped() {},
    gap() {},
  };
  return spy;
}

/** What the sink is told of both sides, in order. */
function told(steps: readonly Step[]): string[] {
  const calls: string[] = [];
  const sink: TlsSink = {
    data: (from, bytes, start, end, frame) =>
      void calls.push(`${from} ${Buffer.from(bytes.slice(start, end)).toString("latin1")} ${frame}`),
    gap: (from, _length, frame) => void calls.push(`${from} gap ${frame}`),
    end: (from) => void calls.push(`${from} end`),
  };
  play(steps, { opener: opener(), sink });
  return calls;
}

const sealed = (type: number, content: Uint8Array | readonly number[]) => record(23, concat([type], content));
const client = (...records: Uint8Array[]): Step => ({ from: "client", bytes: concat(...records) });
const server = (...records: Uint8Array[]): Step => ({ from: "server", bytes: concat(...records) });
const early = (text: string) => sealed(23 | EARLY, Buffer.from(text));
const data = (text: string) => sealed(23, Buffer.from(text));

const TLS13 = [43, u16(0x0304)] as const;
const hello = record(
  22,
  clientHello({
    extensions: [
      [42, []],
      [43, numberList([0x0304], 1)],
      [41, [0, 0]],
    ],
  }),
);
const resumes = record(22, serverHello({ extensions: [TLS13, [41, [0, 0]]] }));
const accepts = sealed(22, message(8, [0, 4, 0, 42, 0, 0]));
const refuses = sealed(22, message(8, [0, 0]));
const finished = sealed(22, message(20, new Uint8Array(32)));
const endOfEarlyData = sealed(22 | EARLY, message(5, []));

describe("early data", () => {
  it("is given with its frames once the server has taken it", () => {
    expect(
      told([
        client(hello, early("GE")),
        client(early("T 1")),
        server(resumes, accepts, finished, data("200")),
        client(early("GET 2"), endOfEarlyData, finished, data("GET 3")),
      ]),
    ).toEqual([
      "client GE 1",
      "client T 1 2",
      "server 200 3",
      "client GET 2 4",
      "client GET 3 4",
      "client end",
      "server end",
    ]);
  });

  it("is given where only the client's EndOfEarlyData says that it was taken", () => {
    expect(
      told([
        client(hello, early("GET 1")),
        server(resumes),
        client(endOfEarlyData, data("GET 2")),
        server(data("200")),
      ]),
    ).toEqual(["client GET 1 1", "client GET 2 3", "server 200 4", "client end", "server end"]);
  });

  it.each([
    ["that goes on without early_data", [server(resumes, refuses, finished)]],
    ["that starts anew", [server(record(22, serverHello()))]],
    ["that negotiates TLS 1.2", [server(record(22, serverHello({ extensions: [] })))]],
    [
      "that asks for another ClientHello",
      [
        server(record(22, serverHello({ extensions: [TLS13], random: retryRandom() }))),
        client(record(22, clientHello({ extensions: [[43, numberList([0x0304], 1)]] }))),
        server(resumes, finished),
      ],
    ],
  ] as const)("was not read by a server %s", (_name, answer) => {
    expect(
      told([client(hello, early("GET 1")), ...answer, client(finished, data("GET again")), server(data("401"))]),
    ).toEqual([`client GET again ${answer.length + 2}`, `server 401 ${answer.length + 3}`, "client end", "server end"]);
  });

  it("that was offered and not sent is not missing, where nothing tells whether it would have been taken", () => {
    const shut = record(23, [0xff, 1, 2, 3]);
    expect(told([client(hello), server(resumes, shut), client(finished, data("GET 1")), server(data("401"))])).toEqual([
      "server gap 2",
      "client GET 1 3",
      "server 401 4",
      "client end",
      "server end",
    ]);
  });

  it("may be missing where nothing tells whether it was taken", () => {
    expect(told([client(hello, early("GET 1")), server(resumes), client(finished, data("GET 2"))])).toEqual([
      "client gap 3",
      "client GET 2 3",
      "client end",
      "server end",
    ]);
  });

  it("is not settled by EncryptedExtensions in the clear", () => {
    const inClear = record(22, message(8, [0, 0]));
    expect(told([client(hello, early("GET 1")), server(resumes, inClear), client(endOfEarlyData)])).toEqual([
      "client GET 1 1",
      "client end",
      "server end",
    ]);
  });

  it("is not settled by EncryptedExtensions that break off", () => {
    const broken = sealed(22, message(8, [0, 9, 0, 16, 0, 2]));
    expect(told([client(hello, early("GET 1")), server(resumes, broken), client(endOfEarlyData)])).toEqual([
      "client GET 1 1",
      "client end",
      "server end",
    ]);
  });

  it("that was refused is none, whatever the client says of it", () => {
    const steps = [client(hello, early("GET 1")), server(resumes, refuses), client(endOfEarlyData, early("GET 2"))];
    expect(told(steps)).toEqual(["client end", "server end"]);
  });

  it("keeps its place among what is lost", () => {
    expect(
      told([
        client(hello, early("GET 1")),
        { from: "client", gap: 100 },
        client(early("GET 2"), sealed(0xff, [1]), early("GET 3")),
        server(resumes, accepts),
        client(endOfEarlyData),
      ]),
    ).toEqual([
      "client GET 1 1",
      "client gap 2",
      "client GET 2 3",
      "client gap 3",
      "client GET 3 3",
      "client end",
      "server end",
    ]);
  });

  it("stands where the connection ends before an answer", () => {
    expect(told([client(hello, early("GET 1")), { from: "client", end: "fin" }])).toEqual([
      "client GET 1 1",
      "client end",
      "server end",
    ]);
  });

  it("waits within a limit, beyond which it is missing", () => {
    const piece = "x".repeat(16_000);
    const calls = told([
      client(hello),
      ...Array.from({ length: 12 }, () => client(early(piece))),
      server(resumes, accepts),
    ]);
    expect(calls.slice(8)).toEqual([`client ${piece} 10`, "client gap 11", "client end", "server end"]);
  });

  it("ends with the client's Finished, as a step of its own", () => {
    const { ladder } = play(
      [
        client(hello, early("GET 1")),
        server(resumes, accepts, finished),
        client(endOfEarlyData, finished, data("GET 2")),
        server(data("200")),
      ],
      { opener: opener() },
    );
    expect(ladder).toEqual([
      "client client-hello 1",
      "client early-data 1",
      "server server-hello 2",
      "server encrypted-extensions 2",
      "server finished 2",
      "client other-handshake 3",
      "client finished 3",
      "client application-data 3",
      "server application-data 4",
    ]);
  });

  it("is none of a client that offered none, although its Finished was lost", () => {
    const offers = record(22, clientHello({ extensions: [[43, numberList([0x0304], 1)]] }));
    const steps = [client(offers), server(record(22, serverHello()), finished), client(data("GET"))];
    const { ladder, facts } = play(steps, { opener: opener() });
    expect(ladder.at(-1)).toBe("client application-data 3");
    expect(facts.handshakeComplete).toBe(true);
  });

  it("is counted while it waits", () => {
    const conversation = createTlsConversation({ note() {}, now: () => 0n, opener: opener(), sink: null });
    const push = (from: "client" | "server", bytes: Uint8Array) => conversation[from].push(bytes, 0, bytes.length, 1);
    push("client", concat(hello, early("x".repeat(5_000))));
    expect(conversation.kept).toBeGreaterThan(5_000);
    push("server", concat(resumes, accepts));
    expect(conversation.kept).toBe(0);
  });
});

/** RFC 8446 §4.1.3: SHA-256 of "HelloRetryRequest". */
function retryRandom(): Uint8Array {
  return Uint8Array.from(Buffer.from("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c", "hex"));
}
