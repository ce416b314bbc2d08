// ClientHello fields, and the fingerprints made of them: JA3 and JA4 against values that others published.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type ClientHello, ja3, ja3String, ja4 } from "../../src/tls-parse/index.ts";
import {
  alpnList,
  clientHello,
  type HelloShape,
  numberList,
  play,
  type RawExtension,
  record,
  serverName,
} from "./play.ts";

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest();
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

function read(shape: HelloShape): ClientHello {
  const { facts, notes } = play([{ from: "client", bytes: record(22, clientHello(shape)) }]);
  expect(notes).toEqual([]);
  return facts.clientHello!;
}

const withExtensions = (...extensions: RawExtension[]) => read({ extensions });

describe("a ClientHello", () => {
  it("gives its fields in order, unknown ones and GREASE included", () => {
    const hello = read({
      version: 0x0303,
      sessionId: [1, 2, 3],
      suites: [0x1a1a, 0x1301, 0xfefe, 0xc02f],
      extensions: [
        [0x2a2a, []],
        serverName("origin.example"),
        [16, alpnList(["h2", "http/1.1"])],
        [43, numberList([0x3a3a, 0x0304, 0x0303], 1)],
        [10, numberList([0x4a4a, 29, 23])],
        [13, numberList([0x0403, 0x0804])],
        [0xabcd, [1, 2, 3]],
      ],
    });
    expect(hello).toMatchObject({
      version: 0x0303,
      sslv2: false,
      whole: true,
      cipherSuites: [0x1a1a, 0x1301, 0xfefe, 0xc02f],
      compressionMethods: [0],
      sni: "origin.example",
      alpn: ["h2", "http/1.1"],
      supportedVersions: [0x3a3a, 0x0304, 0x0303],
      groups: [0x4a4a, 29, 23],
      signatureAlgorithms: [0x0403, 0x0804],
      ech: "none",
      offersResumption: false,
      earlyData: false,
    });
    expect(hello.sessionId).toEqual(Uint8Array.of(1, 2, 3));
    expect(hello.random).toEqual(new Uint8Array(32).fill(0xc1));
    expect(hello.extensions.map(({ type }) => type)).toEqual([0x2a2a, 0, 16, 43, 10, 13, 0xabcd]);
    expect(hello.extensions.at(-1)!.data).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("may have no extensions at all", () => {
    expect(read({ extensions: null })).toMatchObject({ whole: true, extensions: [], sni: null, alpn: [] });
    expect(read({ extensions: [] })).toMatchObject({ whole: true, extensions: [] });
  });

  it("offers resumption with a ticket that is not empty, or a pre-shared key", () => {
    expect(withExtensions([35, []]).offersResumption).toBe(false);
    expect(withExtensions([35, [1, 2]]).offersResumption).toBe(true);
    expect(withExtensions([41, [0, 0]]).offersResumption).toBe(true);
    expect(withExtensions([42, []]).earlyData).toBe(true);
  });

  it("cannot tell a real ECH from GREASE, but where no server is named", () => {
    const ech: RawExtension = [0xfe0d, [0, 0, 1, 0, 1, 77]];
    expect(withExtensions(serverName("cover.example"), ech).ech).toBe("offered");
    expect(withExtensions(ech).ech).toBe("grease");
  });

  it.each([
    ["is empty", []],
    ["has an empty list", [0, 0]],
    ["has a name of another type", [0, 4, 7, 0, 1, 0x78]],
    ["has an empty name", [0, 3, 0, 0, 0]],
    ["has a name that is longer than its list", [0, 4, 0, 0, 9, 0x78]],
  ])("has no name where server_name %s", (_what, data) => {
    expect(withExtensions([0, data]).sni).toBeNull();
  });

  it("keeps what is in front of a fault", () => {
    const bytes = clientHello({ extensions: [serverName("origin.example"), [10, [0, 2, 0, 29]]] });
    // The length of the last extension says more than is there.
    bytes[bytes.length - 5] = 200;
    const { facts, notes } = play([{ from: "client", bytes: record(22, bytes) }]);
    expect(facts.clientHello).toMatchObject({ whole: false, sni: "origin.example", groups: [] });
    expect(notes).toMatchObject([{ id: "tls-handshake-malformed", frame: 1, at: 5, detail: { type: 1 } }]);
  });
});

/** A hello of the raw form that FoxIO publishes beside a fingerprint: suites, extensions and algorithms in order. */
function ofRaw(raw: {
  suites: string;
  extensions: string;
  algorithms?: string;
  alpn?: string[];
  version?: number;
}): ClientHello {
  const numbers = (text: string) => text.split(",").map((value) => Number.parseInt(value, 16));
  const contents: Record<number, number[]> = {
    0: [...serverName("origin.example")[1]],
    16: alpnList(raw.alpn ?? ["h2", "http/1.1"]),
    13: numberList(raw.algorithms === undefined ? [] : numbers(raw.algorithms)),
    43: numberList([0x7a7a, 0x0303, 0x0304], 1),
  };
  return read({
    version: raw.version ?? 0x0303,
    suites: [0x6a6a, ...numbers(raw.suites)],
    extensions: [
      [0xdada, []],
      ...numbers(raw.extensions).map((type): RawExtension => [type, contents[type] ?? []]),
      [0xfafa, [0]],
    ],
  });
}

const CHROME = "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035";
const ALGORITHMS = "0403,0804,0401,0503,0805,0501,0806,0601";

describe("JA4", () => {
  // FoxIO ja4, python/test/testdata: tls3.pcapng, badcurveball.pcap, sigalg-grease.pcapng, socks-https-example.pcap.
  it.each([
    [
      "t13d1516h2_8daaf6152771_e5627efa2ab1",
      {
        suites: CHROME,
        extensions: "0023,0033,ff01,000a,0012,0005,0017,4469,0000,001b,000d,002d,000b,002b,0010,0015",
        algorithms: ALGORITHMS,
      },
    ],
    [
      "t13d1516h2_8daaf6152771_9b887d9acb53",
      {
        suites: CHROME,
        extensions: "0033,000a,0005,000d,0012,0000,0010,002b,0023,001b,0017,002d,ff01,4469,000b,0029",
        algorithms: ALGORITHMS,
      },
    ],
    [
      "t13d1615h2_46e7e9700bed_45f260be83e2",
      {
        suites: `${CHROME},000a`,
        extensions: "0000,0017,ff01,000a,000b,0023,0010,0005,000d,0012,0033,002d,002b,001b,0015",
        algorithms: `${ALGORITHMS},0201`,
      },
    ],
    [
      "t13d1517h2_8daaf6152771_cb7bf5808d99",
      {
        suites: CHROME,
        extensions: "fe0d,0010,0017,0033,44cd,ff01,000a,000d,0023,002b,000b,ca34,002d,0000,0005,001b,0012",
        algorithms: `dada,0904,0905,0906,${ALGORITHMS}`,
      },
    ],
    [
      "t10d230100_6a57a6f57151_000000000000",
      {
        suites:
          "0039,0038,0035,0016,0013,000a,0033,0032,002f,009a,0099,0096,0005,0004,0015,0012,0009,0014,0011,0008,0006,0003,00ff",
        extensions: "0000",
        version: 0x0301,
      },
    ],
  ])("is %s", (fingerprint, raw) => {
    expect(ja4(ofRaw(raw), sha256)).toBe(fingerprint);
  });

  const readable = (shape: HelloShape) => ja4(read(shape), sha256).split("_")[0];

  it("has zeros for what is empty", () => {
    expect(ja4(read({ suites: [], extensions: null }), sha256)).toBe("t12i000000_000000000000_000000000000");
    expect(ja4(read({ suites: [0x0a0a], extensions: [serverName("x"), [16, alpnList(["h2"])]] }), sha256)).toBe(
      "t12d0002h2_000000000000_000000000000",
    );
  });

  it("counts to 99", () => {
    const many = Array.from({ length: 120 }, (_, i) => 0x2000 + i);
    const extensions = many.map((type): RawExtension => [type, []]);
    expect(readable({ suites: many, extensions })).toBe("t12i999900");
  });

  it.each([
    [[0x0304, 0x0303], 0x0303, "13"],
    [[0x0303, 0x0302], 0x0303, "12"],
    [[0x5a5a], 0x0303, "12"],
    [[], 0x0303, "12"],
    [[], 0x0302, "11"],
    [[], 0x0301, "10"],
    [[], 0x0300, "s3"],
    [[0x7f1c, 0x0304], 0x0303, "00"],
    [[], 0x0505, "00"],
  ])("takes the highest of %j, or else %i, for %s", (supported, version, code) => {
    const extensions: RawExtension[] = supported.length === 0 ? [] : [[43, numberList(supported, 1)]];
    expect(readable({ version, extensions })!.slice(1, 3)).toBe(code);
  });

  // The bytes of FoxIO's own examples, and real names.
  it.each([
    ["h2", "h2"],
    ["http/1.1", "h1"],
    ["h", "hh"],
    ["", "00"],
    ["\xab", "ab"],
    ["\xab\xcd", "ad"],
    ["0\xab", "3b"],
    ["01\xab\xcd", "3d"],
    ["0\xab\xcd1", "01"],
    ["spdy/3", "s3"],
    ["x/", "7f"],
  ])("takes ALPN %j for %s", (protocol, code) => {
    expect(readable({ extensions: [[16, alpnList([protocol])]] })!.slice(-2)).toBe(code);
  });
});

describe("JA3", () => {
  it("lists decimal numbers without GREASE, empty lists included", () => {
    const hello = read({
      version: 0x0301,
      suites: [0x0a0a, 47, 53],
      extensions: [[0x1a1a, []], serverName("x"), [10, numberList([0x2a2a, 29, 23])], [11, [1, 0, 2]]],
    });
    expect(ja3String(hello)).toBe("769,47-53,0-10-11,29-23,0");
    expect(ja3String(read({ suites: [4, 5], extensions: null }))).toBe("771,4-5,,,");
  });

  it("is the MD5 of the string", () => {
    // Salesforce ja3, README: the string and its hash.
    const suites = [4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99];
    const hello = read({ version: 0x0301, suites, extensions: null });
    expect(ja3String(hello)).toBe("769,4-5-10-9-100-98-3-6-19-18-99,,,");
    expect(ja3(hello, md5)).toBe("de350869b8c85de67a350c8d186f11e6");
  });
});
