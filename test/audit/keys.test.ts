// Key logs as they lie about: more than can be kept, several, CRLF, duplicates; and one that fits nothing.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { type CaptureSource, type CheckOptions, checkCapture } from "../../src/audit/index.ts";
import type { Report } from "../../src/report/index.ts";

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-keys-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CAPTURES = new URL("../../captures/", import.meta.url);
const bytesOf = (name: string) => Uint8Array.from(readFileSync(new URL(name, CAPTURES)));
const keysOf = (name: string) => readFileSync(new URL(name, CAPTURES), "latin1");

function keyLog(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

async function checked(source: CaptureSource, options: CheckOptions): Promise<Report> {
  const result = await checkCapture(source, options);
  if ("kind" in result) throw new Error(result.message);
  return result;
}

/** More secrets than the store has room for, and then those of the capture. */
function crowded(name: string, last: string): string {
  const path = join(folder, name);
  const descriptor = openSync(path, "w");
  for (let block = 0; block < 200; block++) {
    const lines = Array.from({ length: 5_000 }, (_, i) => {
      const random = (block * 5_000 + i).toString(16).padStart(64, "0");
      return `CLIENT_RANDOM ${random} ${"ab".repeat(48)}\n`;
    });
    writeSync(descriptor, lines.join(""));
  }
  writeSync(descriptor, last);
  closeSync(descriptor);
  return path;
}

describe("key logs", () => {
  it("of a million sessions: what the capture needs is kept, wherever it stands", async () => {
    const keylogs = [crowded("crowded.keys", keysOf("mitm-401-basic.keys"))];
    const report = await checked(bytesOf("mitm-401-basic.pcap"), { keylogs });
    expect(report.verdict).toBe("tunnel-401-proxy");
    expect(report.capture.keys.decrypted).toBe(1);
    expect(report.capture.quality.warnings.map(({ id }) => id)).not.toContain("tls-keys-dropped");
  });

  it("of a million sessions, for TLS inside TLS: the inner handshake is seen only with the outer keys", async () => {
    const keylogs = [crowded("crowded-inner.keys", keysOf("https-proxy.keys"))];
    const report = await checked(bytesOf("https-proxy.pcap"), { keylogs, proxies: [{ port: 3443 }] });
    expect(report.connections[0]?.tunnel?.exchanges.map(({ response }) => response?.status)).toEqual([200]);
  });

  it("of a million sessions, for a capture that can be read only once: what was dropped is said", async () => {
    const keylogs = [crowded("crowded-once.keys", keysOf("mitm-401-basic.keys"))];
    const report = await checked(Readable.from([Buffer.from(bytesOf("mitm-401-basic.pcap"))]), { keylogs });
    expect(report.verdict).toBe("encrypted");
    const [warning] = report.capture.quality.warnings.filter(({ id }) => id === "tls-keys-dropped");
    expect(warning?.count).toBeGreaterThan(1);
  });

  it.skipIf(process.platform === "win32")(
    "of a million sessions, for a named pipe: it is not opened again",
    async () => {
      const keylogs = [crowded("crowded-pipe.keys", keysOf("mitm-401-basic.keys"))];
      const pipe = join(folder, "pipe.pcap");
      execFileSync("mkfifo", [pipe]);
      // Whoever opens it once more finds nothing in it.
      const writer = spawn("sh", [
        "-c",
        `cat "$1" > "$2"; sleep 1; : > "$2"`,
        "sh",
        fileURLToPath(new URL("mitm-401-basic.pcap", CAPTURES)),
        pipe,
      ]);
      try {
        const report = await checked(pipe, { keylogs });
        expect(report.verdict).toBe("encrypted");
        expect(report.capture.quality.warnings.map(({ id }) => id)).toContain("tls-keys-dropped");
      } finally {
        writer.kill();
      }
    },
  );

  it("of a million sessions that fit nothing: how many there are is known although none is kept", async () => {
    const keylogs = [crowded("crowded-other.keys", "")];
    const report = await checked(bytesOf("mitm-401-basic.pcap"), { keylogs });
    expect(report.verdict).toBe("encrypted");
    // They are told apart by 32 bits: of a million some hundred are taken for others.
    expect(report.capture.keys.sessions).toBeGreaterThan(999_500);
    expect(report.capture.keys.sessions).toBeLessThanOrEqual(1_000_000);
  });

  it("several, with CRLF, comments and duplicates", async () => {
    const lines = keysOf("mitm-401-basic.keys").split("\n").filter(Boolean);
    const keylogs = lines.map((line, i) =>
      keyLog(`part-${i}.keys`, `# a comment\r\n\r\n${line}\r\n${line}\r\nnot a line of a key log\r\n`),
    );
    const report = await checked(bytesOf("mitm-401-basic.pcap"), { keylogs });
    expect(report.verdict).toBe("tunnel-401-proxy");
  });

  it("given as bytes, as a service gets them: what the same file gives, also where there are too many", async () => {
    const paths = [crowded("crowded-bytes.keys", keysOf("mitm-401-basic.keys"))];
    const bytes = paths.map((path) => new Uint8Array(readFileSync(path)));
    const capture = bytesOf("mitm-401-basic.pcap");
    const report = await checked(capture, { keylogs: bytes });
    expect(report).toEqual(await checked(capture, { keylogs: paths }));
    expect(report.capture.keys).toMatchObject({ sources: ["keylog"], decrypted: 1 });
  });

  it("and RSA keys and certificates as bytes: used, and named by no path where they cannot be", async () => {
    const capture = bytesOf("tls-12-rsa-private-key.pcap");
    const pem = fileURLToPath(new URL("tls-12-rsa-private-key.rsa.pem", CAPTURES));
    const rsaKeys = [new Uint8Array(readFileSync(pem))];
    const report = await checked(capture, { rsaKeys });
    expect(report).toEqual(await checked(capture, { rsaKeys: [pem] }));
    expect(report.capture.keys.decrypted).toBeGreaterThan(0);
    const wrong = new TextEncoder().encode("no key and no certificate");
    for (const options of [{ rsaKeys: [wrong] }, { trust: [wrong] }, { proxyCa: [wrong] }])
      expect(await checkCapture(capture, options)).toMatchObject({ kind: "failed", path: "-" });
  });

  it("that fit nothing: said, with what they were tried on", async () => {
    const keylogs = [keyLog("other.keys", keysOf("tls-12-gcm.keys"))];
    const report = await checked(bytesOf("mitm-401-basic.pcap"), { keylogs });
    const [missing] = report.findings.filter(({ id }) => id === "keys-missing");
    expect(missing?.detail).toMatch(
      /holds 1 session, but none of them fits the ClientHello of the 1 TLS connection that it was tried on/,
    );
  });
});

describe("key logs beside captures", () => {
  it("are found for each capture of a folder, also those that are put there while it is worked on", async () => {
    const own = mkdtempSync(join(folder, "beside-"));
    const place = (name: string, from: string): string => {
      const path = join(own, name);
      writeFileSync(path, bytesOf(from));
      return path;
    };
    const captures = ["a.pcap", "b.pcap", "c.pcap"].map((name) => place(name, "mitm-401-basic.pcap"));
    place("b.keys", "mitm-401-basic.keys");
    // As if nothing had been changed for a while: then the folder is listed once for all.
    const before = new Date(Date.now() - 60_000);
    utimesSync(own, before, before);
    const verdicts = async () => {
      const reports: Report[] = [];
      for (const path of captures) reports.push(await checked(path, {}));
      return reports.map(({ verdict }) => verdict);
    };
    expect(await verdicts()).toEqual(["encrypted", "tunnel-401-proxy", "encrypted"]);
    place("c.keylog", "mitm-401-basic.keys");
    expect(await verdicts()).toEqual(["encrypted", "tunnel-401-proxy", "tunnel-401-proxy"]);
    rmSync(join(own, "b.keys"));
    expect(await verdicts()).toEqual(["encrypted", "encrypted", "tunnel-401-proxy"]);
  });
});
