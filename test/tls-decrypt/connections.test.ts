// Connections of many kinds between Node's TLS client and server: resumption, renegotiation, retry, RSA keys, half key logs.
import { beforeAll, describe, expect, it } from "vitest";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import { createKeyStore, createRecordOpener, createSessionCache } from "../../src/tls-decrypt/index.ts";
import { identity, SSL_OP_NO_EXTENDED_MASTER_SECRET, type TappedTalk, talk } from "../harness/tls-talk.ts";
import { openerFor, recordsOf, storeOf, walk } from "./walk.ts";

const tls12 = (ciphers: string, secureOptions = 0) => ({
  minVersion: "TLSv1.2" as const,
  maxVersion: "TLSv1.2" as const,
  ciphers: `${ciphers}:@SECLEVEL=0`,
  secureOptions,
});
const both = <T>(options: T) => ({ server: options, client: options });
const without = (talked: TappedTalk, label: string): string =>
  talked.keyLog.replaceAll(new RegExp(`^${label} .*$`, "gm"), "");

describe("TLS 1.2", () => {
  it("opens both handshakes of a renegotiation", async () => {
    const options = both(tls12("ECDHE-RSA-AES128-GCM-SHA256"));
    const talked = await talk({ ...options, turns: ["one", "two", "three", "four"], renegotiate: true });
    const walked = walk(recordsOf(talked.pieces), openerFor(talked.keyLog));
    expect(walked.data).toEqual(talked.said);
    expect(walked.messages.client).toContain(1);
    expect(walked.messages.client.filter((type) => type === 20)).toHaveLength(2);
    expect(walked.failed).toBe(0);
  });

  it("opens a renegotiation of TLS 1.0's chained IVs", async () => {
    const options = both({ ...tls12("AES128-SHA"), minVersion: "TLSv1" as const, maxVersion: "TLSv1" as const });
    const talked = await talk({ ...options, turns: ["one", "two", "three", "four"], renegotiate: true });
    expect(walk(recordsOf(talked.pieces), openerFor(talked.keyLog)).data).toEqual(talked.said);
  });

  describe("with the server's RSA key and no key log", () => {
    const rows = [
      { name: "extended master secret", ciphers: "AES128-GCM-SHA256", options: 0 },
      { name: "extended master secret, SHA-384", ciphers: "AES256-GCM-SHA384", options: 0 },
      { name: "plain master secret", ciphers: "AES128-SHA", options: SSL_OP_NO_EXTENDED_MASTER_SECRET },
    ];
    it.each(rows)("opens RSA key exchange: $name", async ({ ciphers, options }) => {
      const talked = await talk(both(tls12(ciphers, options)));
      const keys = createKeyStore();
      expect(keys.addRsaKey(identity("rsa").key, nodeCrypto)).toBe(true);
      const walked = walk(recordsOf(talked.pieces), openerFor(keys));
      expect(walked.data).toEqual(talked.said);
      expect(walked.opener.stats.source).toBe("rsa-key");
    });

    it.each(["TLSv1", "TLSv1.1"] as const)("opens %s with an extended master secret", async (version) => {
      const talked = await talk(both({ ...tls12("AES128-SHA"), minVersion: version, maxVersion: version }));
      const keys = createKeyStore();
      keys.addRsaKey(identity("rsa").key, nodeCrypto);
      expect(walk(recordsOf(talked.pieces), openerFor(keys)).data).toEqual(talked.said);
    });

    it("opens what is resumed by ticket, and only behind the first connection", async () => {
      const options = both(tls12("AES128-GCM-SHA256"));
      // One server context for both: its ticket keys are made once.
      const ticketKeys = Buffer.alloc(48, 7);
      const server = { ...options.server, ticketKeys };
      const first = await talk({ ...options, server });
      const second = await talk({ server, client: { ...options.client, session: first.session! } });
      expect(second.resumed).toBe(true);
      const keys = createKeyStore();
      keys.addRsaKey(identity("rsa").key, nodeCrypto);
      const sessions = createSessionCache();
      walk(recordsOf(first.pieces), openerFor(keys, sessions));
      const walked = walk(recordsOf(second.pieces), openerFor(keys, sessions));
      expect(walked.data).toEqual(second.said);
      expect(walked.opener.stats.source).toBe("resumed");
      expect(walk(recordsOf(second.pieces), openerFor(keys)).opened).toBe(0);
    });

    it("leaves ephemeral key exchange closed", async () => {
      const talked = await talk(both(tls12("ECDHE-RSA-AES128-GCM-SHA256")));
      const keys = createKeyStore();
      keys.addRsaKey(identity("rsa").key, nodeCrypto);
      const walked = walk(recordsOf(talked.pieces), openerFor(keys));
      expect(walked.opened + walked.failed).toBe(0);
      expect(walked.opener.stats).toMatchObject({
        source: "none",
        client: { why: "no-keys" },
        server: { why: "no-keys" },
      });
    });
  });

  it("opens what is resumed with the key log of either connection", async () => {
    const options = both(tls12("ECDHE-RSA-AES128-GCM-SHA256"));
    const server = { ...options.server, ticketKeys: Buffer.alloc(48, 9) };
    const first = await talk({ ...options, server });
    const second = await talk({ server, client: { ...options.client, session: first.session! } });
    expect(second.resumed).toBe(true);
    const sessions = createSessionCache();
    const keys = storeOf(first.keyLog);
    walk(recordsOf(first.pieces), openerFor(keys, sessions));
    expect(walk(recordsOf(second.pieces), openerFor(keys, sessions)).data).toEqual(second.said);
    if (second.keyLog !== "")
      expect(walk(recordsOf(second.pieces), openerFor(second.keyLog)).data).toEqual(second.said);
  });

  it("has no keys where a ticket was offered in vain, nor for what is resumed from there", async () => {
    const options = both(tls12("ECDHE-RSA-AES128-GCM-SHA256"));
    const first = await talk({ ...options, server: { ...options.server, ticketKeys: Buffer.alloc(48, 9) } });
    // Another server, or the same one with new ticket keys, does not know the ticket.
    const server = { ...options.server, ticketKeys: Buffer.alloc(48, 10) };
    const declined = await talk({ server, client: { ...options.client, session: first.session! } });
    const behind = await talk({ server, client: { ...options.client, session: declined.session! } });
    expect([declined.resumed, behind.resumed]).toEqual([false, true]);
    const sessions = createSessionCache();
    const keys = storeOf(first.keyLog);
    expect(walk(recordsOf(first.pieces), openerFor(keys, sessions)).data).toEqual(first.said);
    for (const { pieces } of [declined, behind]) {
      const { opener, opened, failed } = walk(recordsOf(pieces), openerFor(keys, sessions));
      expect([opened, failed, opener.stats.source, opener.stats.server.why]).toEqual([0, 0, "none", "no-keys"]);
    }
  });
});

describe("TLS 1.3", () => {
  it("opens a connection behind a HelloRetryRequest", async () => {
    const client = { ecdhCurve: "X25519:P-384" };
    const talked = await talk({ server: { ecdhCurve: "P-384" }, client });
    const records = recordsOf(talked.pieces);
    const hellos = records.filter((record) => record.type === 22 && record.body[0] === 1);
    expect(hellos).toHaveLength(2);
    const walked = walk(records, openerFor(talked.keyLog));
    expect(walked.data).toEqual(talked.said);
    expect(walked.failed + walked.notWanted).toBe(0);
  });

  it("opens a resumed connection (PSK)", async () => {
    const server = { ticketKeys: Buffer.alloc(48, 3) };
    const first = await talk({ server });
    const second = await talk({ server, client: { session: first.session! } });
    expect(second.resumed).toBe(true);
    const walked = walk(recordsOf(second.pieces), openerFor(second.keyLog));
    expect(walked.data).toEqual(second.said);
    // No Certificate: EncryptedExtensions, Finished, and tickets.
    expect(walked.messages.server.filter((type) => type !== 4)).toEqual([8, 20]);
  });

  it("opens the handshake of a client with a certificate", async () => {
    const server = { requestCert: true, rejectUnauthorized: false };
    const talked = await talk({ server, client: identity("ec") });
    const walked = walk(recordsOf(talked.pieces), openerFor(talked.keyLog));
    expect(walked.data).toEqual(talked.said);
    expect(walked.messages.client).toEqual([11, 15, 20]);
    expect(walked.messages.server.filter((type) => type !== 4)).toEqual([8, 13, 11, 15, 20]);
  });

  it("is not led astray by handshake messages in the clear", async () => {
    const talked = await talk();
    const opener = openerFor(talked.keyLog);
    const records = recordsOf(talked.pieces);
    const forged = { type: 22, version: 0x0303, body: Uint8Array.of(20, 0, 0, 0, 24, 0, 0, 0) };
    // A Finished and a KeyUpdate that nobody protected, of each side, right behind the ServerHello.
    const at = records.findIndex((record) => record.from === "server" && record.type === 22) + 1;
    const injected = [
      { from: "client" as const, ...forged },
      { from: "server" as const, ...forged },
    ];
    const walked = walk([...records.slice(0, at), ...injected, ...records.slice(at)], opener);
    expect(walked.data).toEqual(talked.said);
    expect(walked.failed).toBe(0);
    expect(opener.stats.server.tries + opener.stats.client.tries).toBe(0);
  });

  describe("with half a key log", () => {
    let talked: TappedTalk;
    beforeAll(async () => {
      talked = await talk({ turns: ["ask", "answer", "ask again", "answer again"] });
    });

    it("finds the data without the handshake secrets", () => {
      const walked = walk(recordsOf(talked.pieces), openerFor(without(talked, "\\w+_HANDSHAKE_TRAFFIC_SECRET")));
      expect(walked.data).toEqual(talked.said);
      expect(walked.messages.client).toEqual([]);
      expect(new Set(walked.failures)).toEqual(new Set(["no-keys"]));
    });

    it("reads the handshake without the traffic secrets", () => {
      const walked = walk(recordsOf(talked.pieces), openerFor(without(talked, "\\w+_TRAFFIC_SECRET_0")));
      expect(walked.data).toEqual({ client: "", server: "" });
      expect(walked.messages.server).toEqual([8, 11, 15, 20]);
      expect(walked.opener.stats.server.why).toBe("no-keys");
    });

    it("reads one side with the secrets of that side", () => {
      const walked = walk(recordsOf(talked.pieces), openerFor(without(talked, "CLIENT_\\w+")));
      expect(walked.data).toEqual({ client: "", server: talked.said.server });
    });

    it("reads on from where keys come late", () => {
      const keys = createKeyStore();
      const opener = createRecordOpener(keys, nodeCrypto, createSessionCache());
      const records = recordsOf(talked.pieces);
      const late = records.length - 3;
      const walked = walk(records, opener, (record, index) => {
        if (index === late) {
          for (const line of talked.keyLog.trim().split("\n")) {
            const [label, random, secret] = line.split(" ");
            const kind = { CLIENT_TRAFFIC_SECRET_0: 5, SERVER_TRAFFIC_SECRET_0: 6 }[label!] as 5 | 6 | undefined;
            if (kind !== undefined) keys.add(kind, Buffer.from(random!, "hex"), Buffer.from(secret!, "hex"));
          }
        }
        return record;
      });
      expect(talked.said.server.endsWith(walked.data.server)).toBe(true);
      expect(walked.opened).toBeGreaterThan(0);
    });
  });
});
