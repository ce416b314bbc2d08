// A TLS 1.3 connection whose keys are known (RFC 8446): records under TLS_AES_128_GCM_SHA256, and the lines of its key log.
import { createCipheriv, createHash, createHmac } from "node:crypto";
import { clientHello, serverHello } from "./tls-bytes.mjs";

const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const MAX_PLAINTEXT = 16_384;

export class KeyedTls {
  #client;
  #server;

  constructor(number, host) {
    const random = made(number, "random");
    const secret = (label) => ({ label, value: made(number, label) });
    const [clientHandshake, serverHandshake, client, server] = [
      "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
      "SERVER_HANDSHAKE_TRAFFIC_SECRET",
      "CLIENT_TRAFFIC_SECRET_0",
      "SERVER_TRAFFIC_SECRET_0",
    ].map(secret);
    this.keyLog = [clientHandshake, serverHandshake, client, server].map(
      ({ label, value }) => `${label} ${random.toString("hex")} ${value.toString("hex")}`,
    );
    this.clientHello = clientHello(host, random);
    const encryptedExtensions = Buffer.from([8, 0, 0, 2, 0, 0]);
    const flight = Buffer.concat([encryptedExtensions, finished()]);
    this.serverFlight = Buffer.concat([serverHello(), new Sealer(serverHandshake.value).seal(HANDSHAKE, flight)]);
    const changeCipherSpec = Buffer.from([20, 3, 3, 0, 1, 1]);
    this.clientFinished = Buffer.concat([
      changeCipherSpec,
      new Sealer(clientHandshake.value).seal(HANDSHAKE, finished()),
    ]);
    this.#client = new Sealer(client.value);
    this.#server = new Sealer(server.value);
  }

  fromClient(bytes) {
    return this.#client.seal(APPLICATION_DATA, bytes);
  }

  fromServer(bytes) {
    return this.#server.seal(APPLICATION_DATA, bytes);
  }
}

/** 32 bytes, the same for the same connection and use. */
function made(number, use) {
  return createHash("sha256").update(`bench ${number} ${use}`).digest();
}

/** Nobody who watches can check it. */
function finished() {
  return Buffer.from([20, 0, 0, 32, ...Array(32).fill(5)]);
}

/** Protects one direction (RFC 8446 §5.2, §5.3). */
class Sealer {
  #key;
  #iv;
  #sequence = 0;

  constructor(secret) {
    this.#key = expandLabel(secret, "key", 16);
    this.#iv = expandLabel(secret, "iv", 12);
  }

  /** As many records as it takes. */
  seal(type, bytes) {
    const records = [];
    for (let at = 0; at < bytes.length; at += MAX_PLAINTEXT) {
      const piece = bytes.subarray(at, at + MAX_PLAINTEXT);
      const length = piece.length + 1 + 16;
      const header = Buffer.from([APPLICATION_DATA, 3, 3, length >> 8, length & 255]);
      const nonce = Buffer.from(this.#iv);
      nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.#sequence++) >>> 0, 8);
      const cipher = createCipheriv("aes-128-gcm", this.#key, nonce).setAAD(header);
      records.push(header, cipher.update(piece), cipher.update(Buffer.from([type])), cipher.final());
      records.push(cipher.getAuthTag());
    }
    return Buffer.concat(records);
  }
}

/** HKDF-Expand-Label with an empty context (RFC 8446 §7.1); one block of HMAC is enough for these lengths. */
function expandLabel(secret, label, length) {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.from([length >> 8, length & 255, full.length, ...full, 0, 1]);
  return createHmac("sha256", secret).update(info).digest().subarray(0, length);
}
