// Ciphers without a platform against those of Node, alone, over whole captures, and in a browser.
import { createCipheriv, generateKeyPairSync, publicEncrypt, constants as rsa } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import fc from "fast-check";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { nodeCrypto } from "../../src/audit/node-crypto.ts";
import type { AeadName, CbcName, HashName } from "../../src/tls-decrypt/index.ts";
import { legacyCbc } from "../../src/tls-decrypt/legacy/cbc.ts";
import { portableCiphers } from "../../src/web/index.ts";
import { optionsOf, recordedReport } from "../harness/recorded-reports.ts";
import { times } from "../harness/times.ts";
import { loadTruth } from "../harness/truth.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const some = (maxLength: number) => fc.uint8Array({ maxLength });

/** Name, key bytes, tag bytes. */
const AEADS: readonly (readonly [AeadName, string, number, number])[] = [
  ["aes-128-gcm", "aes-128-gcm", 16, 16],
  ["aes-256-gcm", "aes-256-gcm", 32, 16],
  ["aes-128-ccm", "aes-128-ccm", 16, 16],
  ["aes-256-ccm", "aes-256-ccm", 32, 16],
  ["aes-128-ccm8", "aes-128-ccm", 16, 8],
  ["aes-256-ccm8", "aes-256-ccm", 32, 8],
  ["chacha20-poly1305", "chacha20-poly1305", 32, 16],
];

/** Sealed by Node: ciphertext, then the tag. */
function seal(cipher: string, tag: number, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) {
  const c = createCipheriv(cipher as "aes-128-ccm", key, nonce, { authTagLength: tag });
  c.setAAD(aad, { plaintextLength: plain.length });
  return Uint8Array.from(Buffer.concat([c.update(plain), c.final(), c.getAuthTag()]));
}

describe("portable ciphers", () => {
  it.each<HashName>(["md5", "sha1", "sha256", "sha384"])("%s and its HMAC are Node's", (hash) => {
    fc.assert(
      fc.property(some(200), fc.array(some(300), { maxLength: 4 }), (key, parts) => {
        expect(Buffer.from(portableCiphers.digest(hash, parts))).toEqual(Buffer.from(nodeCrypto.digest(hash, parts)));
        const ours = portableCiphers.hmac(hash, key, parts);
        expect(Buffer.from(ours)).toEqual(Buffer.from(nodeCrypto.hmac(hash, key, parts)));
      }),
      { numRuns: times(50) },
    );
  });

  it.each(AEADS)("%s opens what Node sealed, and nothing that was touched", (name, cipher, keyBytes, tag) => {
    fc.assert(
      fc.property(bytes(keyBytes), bytes(12), some(40), some(600), fc.nat(), (key, nonce, aad, plain, at) => {
        const sealed = seal(cipher, tag, key, nonce, aad, plain);
        const padded = Uint8Array.from([1, 2, 3, ...sealed, 4]);
        const opener = portableCiphers.aead(name, key)!;
        const opened = opener.open(nonce, aad, padded, 3, 3 + sealed.length);
        expect(opened === null ? null : Buffer.from(opened)).toEqual(Buffer.from(plain));
        const flipped = sealed.slice();
        flipped[at % sealed.length]! ^= 1 + (at % 255);
        expect(opener.open(nonce, aad, flipped, 0, flipped.length)).toBeNull();
        expect(opener.open(nonce, Uint8Array.from([...aad, 0]), sealed, 0, sealed.length)).toBeNull();
        expect(opener.open(nonce, aad, sealed, 0, at % sealed.length)).toBeNull();
      }),
      { numRuns: times(60) },
    );
  });

  it.each<[CbcName, string, number, number]>([
    ["aes-128-cbc", "aes-128-cbc", 16, 16],
    ["aes-256-cbc", "aes-256-cbc", 32, 16],
    ["3des-ede-cbc", "des-ede3-cbc", 24, 8],
  ])("%s decrypts what Node encrypted", (name, cipher, keyBytes, block) => {
    fc.assert(
      fc.property(bytes(keyBytes), bytes(block), fc.integer({ min: 1, max: 30 }), fc.nat(255), (key, iv, n, fill) => {
        const plain = Uint8Array.from({ length: n * block }, (_, i) => (i * 7 + fill) & 0xff);
        const c = createCipheriv(cipher, key, iv).setAutoPadding(false);
        const sealed = Uint8Array.from([9, ...c.update(plain), ...c.final()]);
        const ours = portableCiphers.cbc(name, key) ?? legacyCbc(name, key);
        expect(Buffer.from(ours!.decrypt(iv, sealed, 1, sealed.length))).toEqual(Buffer.from(plain));
      }),
      { numRuns: times(60) },
    );
  });

  it("say what they have not", () => {
    expect(portableCiphers.aead("aria-128-gcm", new Uint8Array(16))).toBeNull();
    expect(portableCiphers.cbc("camellia-128-cbc", new Uint8Array(16))).toBeNull();
  });
});

describe("portable RSA keys", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });

  it.each(["pkcs1", "pkcs8"] as const)("of %s decrypt as Node's do", (type) => {
    const pem = `some text\n${privateKey.export({ type, format: "pem" })}`;
    const [ours, nodes] = [portableCiphers.rsaKey(pem), nodeCrypto.rsaKey(pem)];
    expect(ours?.size).toBe(128);
    for (const first of [0, 1, 99]) {
      const plain = Buffer.alloc(128, 7);
      plain[0] = first;
      const sealed = publicEncrypt({ key: publicKey, padding: rsa.RSA_NO_PADDING }, plain);
      expect(Buffer.from(ours!.decrypt(sealed)!)).toEqual(plain);
      expect(Buffer.from(nodes!.decrypt(sealed)!)).toEqual(plain);
    }
    expect(ours!.decrypt(new Uint8Array(128).fill(255))).toBeNull();
    expect(ours!.decrypt(new Uint8Array(127))).toBeNull();
  });

  it("are not made of anything else", () => {
    const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const sealed = { type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" } as const;
    for (const pem of [
      "",
      "text",
      ec.export({ type: "pkcs8", format: "pem" }).toString(),
      privateKey.export(sealed).toString(),
      publicKey.export({ type: "spki", format: "pem" }).toString(),
    ]) {
      expect(portableCiphers.rsaKey(pem)).toBeNull();
    }
  });

  it("that are damaged give a key or none", () => {
    const der = privateKey.export({ type: "pkcs8", format: "der" });
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, flip, cut) => {
        const damaged = Buffer.from(cut ? der.subarray(0, at) : der);
        if (!cut) damaged[at]! ^= flip;
        const pem = `-----BEGIN PRIVATE KEY-----\n${damaged.toString("base64")}\n-----END PRIVATE KEY-----\n`;
        expect(portableCiphers.rsaKey(pem)?.size ?? 0).toBeLessThanOrEqual(2048);
      }),
      { numRuns: times(300) },
    );
  });
});

/** The one suite among the recorded captures that the portable ciphers do not have. */
const NOT_PORTABLE = "tls-12-camellia";

describe("recorded captures with portable ciphers", () => {
  const recorded = loadTruth();

  it.each(recorded.filter(({ name }) => name !== NOT_PORTABLE))("$name says the same", async (capture) => {
    const ours = await checkCapture(capture.path, { ...optionsOf(capture), ciphers: portableCiphers });
    expect(ours).toEqual(await recordedReport(capture));
  });

  it(`${NOT_PORTABLE} stays closed, and the report says why`, async () => {
    const capture = recorded.find(({ name }) => name === NOT_PORTABLE)!;
    const ours = await checkCapture(capture.path, { ciphers: portableCiphers });
    if ("kind" in ours) throw new Error(ours.message);
    const suite = "TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256";
    expect(ours).toMatchObject({
      verdict: "encrypted",
      connections: [{ summary: expect.stringContaining(suite), tunnel: { exchanges: [] } }],
    });
    const missing = ours.findings.find(({ id }) => id === "keys-missing")?.detail;
    expect(missing).toContain(`cannot be opened with any keys here: ${suite}`);
  });
});

const ENTRY = fileURLToPath(new URL("../../src/web/index.ts", import.meta.url));

/** As a page has it. What a browser does not have does not resolve, and the build fails. */
async function bundled() {
  return build({
    entryPoints: [ENTRY],
    ...{ bundle: true, write: false, metafile: true, platform: "browser", format: "iife", globalName: "pcapcheck" },
  });
}

/** A record that Node sealed, and an expression that opens it with what is bundled. */
function opening(): { readonly said: string; readonly expression: string } {
  const said = "GET /";
  const filled = (length: number, value: number) => new Uint8Array(length).fill(value);
  const sealed = seal("aes-128-ccm", 8, filled(16, 1), filled(12, 2), Uint8Array.of(3), Buffer.from(said));
  return {
    said,
    expression: `String.fromCharCode(...pcapcheck.portableCiphers.aead("aes-128-ccm8", new Uint8Array(16).fill(1))
      .open(new Uint8Array(12).fill(2), Uint8Array.of(3), Uint8Array.from([${sealed.join()}]), 0, ${sealed.length}))`,
  };
}

describe("portable ciphers in a bundle", () => {
  it("need of a platform no more than atob and TextDecoder", async () => {
    const { outputFiles, metafile } = await bundled();
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    expect(imports.filter(({ external }) => external === true)).toEqual([]);
    // No process, Buffer, require, crypto: beside these two a context has only what ECMAScript has.
    const page = createContext({ atob, TextDecoder });
    runInContext(outputFiles[0]!.text, page);
    const { said, expression } = opening();
    expect(runInContext(expression, page)).toBe(said);
    const pem = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" });
    expect(runInContext(`pcapcheck.portableCiphers.rsaKey(${JSON.stringify(pem)}).size`, page)).toBe(128);
  });

  it.each(["../../src/cli/main.ts", "../../src/audit/worker.ts"])("are not in the program (%s)", async (entry) => {
    const { metafile } = await build({
      entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
      ...{
        bundle: true,
        write: false,
        metafile: true,
        platform: "node",
        format: "cjs",
        define: { "import.meta.url": "__filename" },
      },
      external: ["piscina", "@colors/colors/safe"],
    });
    const files = Object.keys(metafile.inputs);
    expect(files.some((file) => file.includes("node-crypto"))).toBe(true);
    expect(files.filter((file) => file.includes("@noble/") || file.includes("src/web/"))).toEqual([]);
  });
});

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

describe.skipIf(CHROMIUM === undefined)("portable ciphers in Chromium (skipped where there is no Chromium)", () => {
  it("open a record", async () => {
    const { outputFiles } = await bundled();
    const { said, expression } = opening();
    const browser = await chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage();
      await page.addScriptTag({ content: outputFiles[0]!.text });
      expect(await page.evaluate(expression)).toBe(said);
    } finally {
      await browser.close();
    }
  });
});
