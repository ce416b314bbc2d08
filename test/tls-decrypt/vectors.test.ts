// Published vectors: RFC 8448 (traces of TLS 1.3), the TLS 1.2 PRF vector of the IETF TLS list, RFC 2268 §5, RFC 4269 §B.
import { describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { legacyCbc } from "../../src/tls-decrypt/legacy/cbc.ts";
import { Rc4 } from "../../src/tls-decrypt/legacy/rc4.ts";
import { prf } from "../../src/tls-decrypt/schedule-1.2.ts";
import { expandLabel } from "../../src/tls-decrypt/schedule-1.3.ts";
import { openerFor, recordsOf, walk } from "./walk.ts";

const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
const tohex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

// RFC 8448 §3: Simple 1-RTT Handshake.
const CLIENT_HELLO = `010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000
  910000000b0009000006736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d0020
  99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e04030503060302030804080508
  06040105010601020104020502060202 02002d00020101001c00024001`;
const SERVER_HELLO = `020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d
  0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304`;
const RANDOM = "cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7";
const CLIENT_HANDSHAKE_SECRET = "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21";
const CLIENT_TRAFFIC_SECRET = "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5";
const SERVER_TRAFFIC_SECRET = "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";
const CLIENT_FINISHED = `170303003575ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb384bd1caeac
  ab6867d726c40546`;
const CLIENT_DATA = `1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f
  5a6292a2977014bd1e3deae63aeebb21694915e4`;
const CLIENT_ALERT = "1703030013c98727606556 66b74d7ff1153efd6db6d0b0e3";
const SERVER_TICKET = `17030300de3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758db289a0159
  40252f55713e061dc13e078891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0d4a3d03f75e09c30ba1e62972ac46f75f7b981
  be63439b2999ce13064615139891d5e4c5b406f16e3fc181a77ca475840025db2f0a77f81b5ab05b94c01346755f69232c86519d86cbeeac87aac3
  47d143f9605d64f650db4d023e70e952ca49fe5137121c74bc2697687e248746d6df353005f3bce18696129c8153556b3b6c6779b37bf15985684f`;
const SERVER_DATA = `17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c
  4bf2e5f0a21c0047c2abf332540dd032e167c2955d`;
const SERVER_ALERT = "1703030013b58fd67166ebf599d24720cfbe7efa7a886 4a9";
const PAYLOAD = Buffer.from(Uint8Array.from({ length: 50 }, (_, i) => i)).toString("latin1");

const inRecord = (message: string): Uint8Array => {
  const body = unhex(message);
  return Uint8Array.from([22, 3, 3, body.length >> 8, body.length & 0xff, ...body]);
};
const client = (record: string) => ({ from: "client", bytes: unhex(record) }) as const;
const server = (record: string) => ({ from: "server", bytes: unhex(record) }) as const;
const HELLOS = [
  { from: "client", bytes: inRecord(CLIENT_HELLO) },
  { from: "server", bytes: inRecord(SERVER_HELLO) },
] as const;

describe("RFC 8448", () => {
  it("§3 derives the keys of the client's application data", () => {
    const secret = unhex(CLIENT_TRAFFIC_SECRET);
    expect(tohex(expandLabel(nodeCrypto, "sha256", secret, "key", 16))).toBe("17422dda596ed5d9acd890e3c63f5051");
    expect(tohex(expandLabel(nodeCrypto, "sha256", secret, "iv", 12))).toBe("5b78923dee08579033e523d9");
  });

  it("§3 opens the records of a handshake, its data and its alerts", () => {
    const keyLog = [
      `CLIENT_HANDSHAKE_TRAFFIC_SECRET ${RANDOM} ${CLIENT_HANDSHAKE_SECRET}`,
      `CLIENT_TRAFFIC_SECRET_0 ${RANDOM} ${CLIENT_TRAFFIC_SECRET}`,
      `SERVER_TRAFFIC_SECRET_0 ${RANDOM} ${SERVER_TRAFFIC_SECRET}`,
    ].join("\n");
    const rest = [server(SERVER_TICKET), client(CLIENT_FINISHED), client(CLIENT_DATA), server(SERVER_DATA)];
    const pieces = [...HELLOS, ...rest, client(CLIENT_ALERT), server(SERVER_ALERT)];
    const walked = walk(recordsOf(pieces), openerFor(keyLog));
    expect(walked.data).toEqual({ client: PAYLOAD, server: PAYLOAD });
    // Without the server's handshake secret its first application record is found by trying.
    expect(walked.messages).toEqual({ client: [20], server: [4] });
    expect(walked.alerts).toEqual({ client: ["0100"], server: ["0100"] });
    expect(walked.failed + walked.notWanted).toBe(0);
  });

  it("§4 opens early data before the ServerHello", () => {
    const early = "3fbbe6a60deb66c30a32795aba0eff7eaa10105586e7be5c09678d63b6caab62";
    // The ClientHello of §3 with early_data (42) added: only its random, suites and extensions count here.
    const hello = unhex(CLIENT_HELLO);
    const withEarlyData = Uint8Array.from([...hello, 0, 42, 0, 0]);
    withEarlyData[3]! += 4;
    withEarlyData[51]! += 4;
    const pieces = [
      { from: "client", bytes: inRecord(tohex(withEarlyData)) } as const,
      client("1703030017ab1df420e75c457a7cc5d2844f76d5aee4b4edbf049be0"),
    ];
    const opener = () => openerFor(`CLIENT_EARLY_TRAFFIC_SECRET ${RANDOM} ${early}`);
    expect(walk(recordsOf(pieces), opener()).data.client).toBe("ABCDEF");
    // Whichever of the suites it may be: what was changed on the way opens with none.
    const flipped = walk(recordsOf(pieces), opener(), (record) =>
      record.type === 23 ? { ...record, body: record.body.map((byte, i) => (i === 3 ? byte ^ 1 : byte)) } : record,
    );
    expect(flipped.data.client).toBe("");
    expect(flipped.failed).toBe(1);
  });
});

describe("the pseudorandom function of TLS 1.2 (RFC 5246 §5)", () => {
  it("gives the vector for SHA-256 that was published on the TLS working group's list", () => {
    const secret = unhex("9bbe436ba940f017b17652849a71db35");
    const seed = unhex("a0ba9f936cda311827a6f796ffd5198c");
    const out = prf({ platform: nodeCrypto, era: "tls1.2", hash: "sha256" }, secret, "test label", [seed], 100);
    expect(tohex(out)).toBe(
      "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7" +
        "077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66",
    );
  });
});

describe("ciphers that current platforms have dropped", () => {
  const decryptBlock = (name: "rc2-cbc" | "seed-cbc" | "idea-cbc", key: string, block: string): string => {
    const bytes = unhex(block);
    return tohex(legacyCbc(name, unhex(key))!.decrypt(new Uint8Array(16), bytes, 0, bytes.length));
  };

  it("RC2, RFC 2268 §5, keys with 64 and 128 effective bits", () => {
    expect(decryptBlock("rc2-cbc", "ffffffffffffffff", "278b27e42e2f0d49")).toBe("ffffffffffffffff");
    expect(decryptBlock("rc2-cbc", "88bca90e90875a7f0f79c384627bafb2", "2269552ab0f85ca6")).toBe("0000000000000000");
  });

  it("SEED, RFC 4269 §B.1 and §B.3", () => {
    expect(decryptBlock("seed-cbc", "00".repeat(16), "5ebac6e0054e166819aff1cc6d346cdb")).toBe(
      "000102030405060708090a0b0c0d0e0f",
    );
    expect(decryptBlock("seed-cbc", "4706480851e61be85d74bfb3fd956185", "ee54d13ebcae706d226bc3142cd40d4a")).toBe(
      "83a2f8a288641fb9a4e9a5cc2f131c7d",
    );
  });

  it("IDEA, the example of its specification", () => {
    expect(decryptBlock("idea-cbc", "00010002000300040005000600070008", "11fbed2b01986de5")).toBe("0000000100020003");
  });

  it("RC4, RFC 6229 §2, a key of 128 bits", () => {
    const out = new Uint8Array(16);
    new Rc4(unhex("0102030405060708090a0b0c0d0e0f10")).apply(new Uint8Array(16), 0, 16, out);
    expect(tohex(out)).toBe("9ac7cc9a609d1ef7b2932899cde41b97");
  });
});
