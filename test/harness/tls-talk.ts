// Lets Node's own TLS client and server talk over a pair of streams in memory, and keeps every byte between them.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import * as tls from "node:tls";

/** Bytes of one side, in the order in which they passed. */
export interface TappedPiece {
  readonly from: "client" | "server";
  readonly bytes: Uint8Array;
}

/** What passed between client and server, and what both of them know about it. */
export interface TappedTalk {
  readonly pieces: readonly TappedPiece[];
  /** The lines of SSLKEYLOGFILE. */
  readonly keyLog: string;
  /** Application data of each side. */
  readonly said: { readonly client: string; readonly server: string };
  /** As negotiated: "TLSv1.3", and OpenSSL's name of the suite. */
  readonly protocol: string;
  readonly cipher: string;
  /** For resumption: the last session the client was given, if it was. */
  readonly session: Buffer | null;
  readonly resumed: boolean;
}

export interface TalkOptions {
  readonly server?: tls.TlsOptions;
  readonly client?: tls.ConnectionOptions;
  /** What is said in turn; the client begins. Default: a request and a response. */
  readonly turns?: readonly string[];
  /** After the first two turns the client renegotiates (TLS 1.2). */
  readonly renegotiate?: boolean;
}

/** A self-signed certificate with its key, PEM. */
export interface Identity {
  readonly key: string;
  readonly cert: string;
}

const identities = new Map<string, Identity>();

/** Made once per process by OpenSSL. */
export function identity(kind: "rsa" | "ec"): Identity {
  let known = identities.get(kind);
  if (known === undefined) {
    const type = kind === "rsa" ? ["-newkey", "rsa:2048"] : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const args = ["req", "-x509", ...type, "-nodes", "-keyout", "-", "-out", "-", "-subj", "/CN=origin.example"];
    const pem = execFileSync("openssl", args, { encoding: "latin1", stdio: ["ignore", "pipe", "ignore"] });
    const part = (label: RegExp) =>
      new RegExp(`-----BEGIN ${label.source}[^]*?-----END ${label.source}-----`).exec(pem)![0];
    known = { key: part(/[A-Z ]*PRIVATE KEY/), cert: part(/CERTIFICATE/) };
    identities.set(kind, known);
  }
  return known;
}

/** SSL_OP flags of OpenSSL 3 that Node has no names for. */
export const SSL_OP_NO_ENCRYPT_THEN_MAC = 1 << 19;
export const SSL_OP_NO_EXTENDED_MASTER_SECRET = 1 << 0;

const DEFAULT_TURNS = [
  "GET / HTTP/1.1\r\nHost: origin.example\r\n\r\n",
  "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
];

/** Runs one conversation to its end. */
export async function talk(options: TalkOptions = {}): Promise<TappedTalk> {
  const pieces: TappedPiece[] = [];
  const [clientEnd, serverEnd] = pair(pieces);
  const server = new tls.TLSSocket(serverEnd, {
    isServer: true,
    ...identity("rsa"),
    ...options.server,
  } as tls.TLSSocketOptions);
  let keyLog = "";
  let session: Buffer | null = null;
  const client = tls.connect({ socket: clientEnd, rejectUnauthorized: false, ...options.client });
  client.on("keylog", (line: Buffer) => {
    keyLog += line.toString("latin1");
  });
  client.on("session", (given: Buffer) => {
    session = given;
  });
  const failed = (error: Error) => {
    client.destroy(error);
    server.destroy(error);
  };
  server.on("error", failed);
  client.on("error", failed);
  await once(client, "secureConnect");
  const said = { client: "", server: "" };
  const turns = options.turns ?? DEFAULT_TURNS;
  for (const [i, text] of turns.entries()) {
    const [from, to] = i % 2 === 0 ? ([client, server] as const) : ([server, client] as const);
    said[i % 2 === 0 ? "client" : "server"] += text;
    if (text !== "") await deliver(from, to, text);
    if (options.renegotiate && i === 1) await renegotiate(client);
  }
  const protocol = client.getProtocol()!;
  const cipher = client.getCipher().name;
  const resumed = client.isSessionReused();
  // The server has read close_notify when its side ends; streams without a socket never close by themselves.
  const ended = once(server.resume(), "end");
  client.resume().end();
  await ended;
  server.destroy();
  client.destroy();
  return { pieces, keyLog, said, protocol, cipher, session, resumed };
}

async function deliver(from: tls.TLSSocket, to: tls.TLSSocket, text: string): Promise<void> {
  const whole = Buffer.byteLength(text);
  let got = 0;
  const arrived = new Promise<void>((resolve, reject) => {
    to.once("error", reject);
    to.on("data", function onData(chunk: Buffer) {
      got += chunk.length;
      if (got < whole) return;
      to.off("data", onData);
      to.off("error", reject);
      resolve();
    });
  });
  from.write(text);
  await arrived;
}

function renegotiate(client: tls.TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    client.renegotiate({ rejectUnauthorized: false }, (error) => (error ? reject(error) : resolve()));
  });
}

/** Two connected streams; what one writes is noted and given to the other. */
function pair(pieces: TappedPiece[]): [Duplex, Duplex] {
  const make = (from: "client" | "server", other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        pieces.push({ from, bytes: new Uint8Array(chunk) });
        // Not within the writer's own call: its state is not ready for an answer yet.
        setImmediate(() => {
          other().push(chunk);
          done();
        });
      },
      final(done) {
        setImmediate(() => {
          other().push(null);
          done();
        });
      },
    });
  const client: Duplex = make("client", () => server);
  const server: Duplex = make("server", () => client);
  return [client, server];
}
