// What only OpenSSL's own programs do: KeyUpdate on both sides, and early data that is accepted or refused.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTlsConversation } from "../../src/tls-parse/index.ts";
import { identity, type TappedPiece } from "../harness/tls-talk.ts";
import { openerFor, recordsOf, walk } from "./walk.ts";

const folder = mkdtempSync(join(tmpdir(), "tls-"));
const file = (name: string): string => join(folder, name);
let server: ChildProcess;
let tap: Server;
/** Pieces of each connection through the tap. */
const connections: TappedPiece[][] = [];

beforeAll(async () => {
  const { key, cert } = identity("ec");
  writeFileSync(file("key"), key);
  writeFileSync(file("cert"), cert);
  const port = await freePort();
  const options = [
    "-tls1_3",
    "-early_data",
    "-accept",
    `127.0.0.1:${port}`,
    "-key",
    file("key"),
    "-cert",
    file("cert"),
  ];
  server = spawn("openssl", ["s_server", ...options], { stdio: ["pipe", "pipe", "pipe"] });
  await said(server, "ACCEPT");
  tap = createServer((client) => {
    const pieces: TappedPiece[] = [];
    connections.push(pieces);
    const origin = connect(port, "127.0.0.1");
    client.on("data", (bytes) => {
      pieces.push({ from: "client", bytes: new Uint8Array(bytes) });
      origin.write(bytes);
    });
    origin.on("data", (bytes) => {
      pieces.push({ from: "server", bytes: new Uint8Array(bytes) });
      client.write(bytes);
    });
    client.on("close", () => origin.destroy()).on("error", () => {});
    origin.on("close", () => client.destroy()).on("error", () => {});
  });
  tap.listen(0, "127.0.0.1");
  await once(tap, "listening");
});

afterAll(() => {
  server?.kill();
  tap?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Waits until a program has written `text`. */
function said(program: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let heard = "";
    const listen = (bytes: Buffer): void => {
      heard += bytes.toString("latin1");
      if (!heard.includes(text)) return;
      program.stdout!.off("data", listen);
      program.stderr!.off("data", listen);
      resolve();
    };
    program.stdout!.on("data", listen);
    program.stderr!.on("data", listen);
    program.once("exit", () => reject(new Error(`ended without saying ${text}: ${heard.slice(-300)}`)));
  });
}

/** One line to a program, and the wait for its arrival at the other one. */
async function line(from: ChildProcess, to: ChildProcess, text: string): Promise<void> {
  const arrived = said(to, text);
  from.stdin!.write(`${text}\n`);
  await arrived;
}

function client(name: string, ...options: string[]): ChildProcess {
  const { port } = tap.address() as AddressInfo;
  const common = ["-connect", `127.0.0.1:${port}`, "-tls1_3", "-keylogfile", file(name)];
  return spawn("openssl", ["s_client", ...common, ...options], { stdio: ["pipe", "pipe", "pipe"] });
}

async function end(program: ChildProcess): Promise<void> {
  const ended = once(program, "exit");
  program.stdin!.write("Q\n");
  await ended;
}

/** Application data of the client that a conversation gives on. */
function heardOfClient(pieces: readonly TappedPiece[], keyLog: string): string {
  let heard = "";
  const conversation = createTlsConversation({
    note() {},
    now: () => 0n,
    opener: openerFor(keyLog),
    sink: {
      data(from, bytes, start, end) {
        if (from === "client") heard += Buffer.from(bytes.slice(start, end)).toString("latin1");
      },
      gap() {},
      end() {},
    },
  });
  for (const { from, bytes } of pieces) conversation[from].push(bytes, 0, bytes.length, 1);
  return heard;
}

describe("OpenSSL's programs", () => {
  it("changes keys on both sides by KeyUpdate, several times", async () => {
    const program = client("update.keys", "-sess_out", file("session"));
    await said(program, "Verify return code");
    await line(program, server, "one-of-client");
    await line(server, program, "one-of-server");
    for (const round of ["two", "three", "four"]) {
      program.stdin!.write("K\n");
      await said(program, "KEYUPDATE");
      await line(program, server, `${round}-of-client`);
      await line(server, program, `${round}-of-server`);
    }
    await end(program);
    const walked = walk(recordsOf(connections.at(-1)!), openerFor(readFileSync(file("update.keys"), "latin1")));
    expect(walked.messages.client.filter((type) => type === 24)).toHaveLength(3);
    expect(walked.messages.server.filter((type) => type === 24)).toHaveLength(3);
    expect(walked.data.client).toBe("one-of-client\ntwo-of-client\nthree-of-client\nfour-of-client\n");
    expect(walked.data.server).toBe("one-of-server\ntwo-of-server\nthree-of-server\nfour-of-server\n");
    expect(walked.failed + walked.notWanted).toBe(0);

    // The KeyUpdate itself is lost: the next generation is found by trying.
    const records = recordsOf(connections.at(-1)!);
    let updates = 0;
    const behind = walk(records, openerFor(readFileSync(file("update.keys"), "latin1")), (record) => {
      const update = record.type === 23 && record.body.length === 5 + 1 + 16;
      return update && updates++ < 2 ? "gap" : record;
    });
    expect(updates).toBe(6);
    expect(behind.data).toEqual(walked.data);
  });

  it("sends early data, which the server takes", async () => {
    writeFileSync(file("early"), "early-data-of-client\n");
    const program = client("early.keys", "-sess_in", file("session"), "-early_data", file("early"));
    await said(server, "early-data-of-client");
    await line(program, server, "later-data");
    await end(program);
    const keyLog = readFileSync(file("early.keys"), "latin1");
    const walked = walk(recordsOf(connections.at(-1)!), openerFor(keyLog));
    expect(walked.data.client).toBe("early-data-of-client\nlater-data\n");
    // EndOfEarlyData (RFC 8446 §4.5), Finished.
    expect(walked.messages.client).toEqual([5, 20]);
    expect(walked.failed + walked.notWanted).toBe(0);

    expect(heardOfClient(connections.at(-1)!, keyLog)).toBe("early-data-of-client\nlater-data\n");

    // Without the early secret the rest is read all the same.
    const without = keyLog.replaceAll(/^CLIENT_EARLY.*$/gm, "");
    expect(walk(recordsOf(connections.at(-1)!), openerFor(without)).data.client).toBe("later-data\n");
  });

  it("sends early data, which the server refuses", async () => {
    writeFileSync(file("again"), "again-early-data\n");
    // A session can be used once for early data: the same one again is refused (RFC 8446 §8).
    const program = client("again.keys", "-sess_in", file("session"), "-early_data", file("again"));
    await line(program, server, "data-in-its-turn");
    await end(program);
    const keyLog = readFileSync(file("again.keys"), "latin1");
    const walked = walk(recordsOf(connections.at(-1)!), openerFor(keyLog));
    expect(walked.messages.client).toContain(20);
    expect(walked.messages.client).not.toContain(5);
    expect(walked.data.client).toBe("again-early-data\ndata-in-its-turn\n");
    expect(walked.failed + walked.notWanted).toBe(0);
    // It opens, and the server never read it.
    expect(heardOfClient(connections.at(-1)!, keyLog)).toBe("data-in-its-turn\n");
  });
});
