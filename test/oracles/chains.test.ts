// Chains that real sites sent, in captures that nobody on this project made: leads to a public root here and by `openssl verify`, or in neither.
import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { afterAll, describe, expect, it } from "vitest";
import { loadTrust } from "../../src/audit/node-trust.ts";
import { CORPUS_SKIP, corpusBytes, corpusRows, hasCorpus } from "../harness/corpus.ts";
import { followTls } from "../harness/tls-follow.ts";

/** Larger captures hold the same sites again. */
const MAX_BYTES = 4_000_000;

const folder = mkdtempSync(join(tmpdir(), "pcapcheck-chains-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Distinct chains by their leaf, leaf first. */
function chains(): ReadonlyMap<string, readonly Uint8Array[]> {
  const found = new Map<string, readonly Uint8Array[]>();
  for (const [name, { size }] of corpusRows()) {
    if (size > MAX_BYTES) continue;
    for (const { facts } of followTls(corpusBytes(name))) {
      const whole = facts.certificates.every(({ malformed }) => !malformed);
      if (facts.certificates.length === 0 || !whole) continue;
      const chain = facts.certificates.map(({ der }) => der);
      found.set(`${facts.certificates[0]!.subject} of ${name}`, chain);
    }
  }
  return found;
}

function pem(der: Uint8Array): string | null {
  try {
    return new X509Certificate(der).toString();
  } catch {
    return null;
  }
}

/** Dates, purposes and strength aside: none of them says who made a certificate. */
function verifies(chain: readonly string[]): boolean {
  writeFileSync(join(folder, "roots.pem"), rootCertificates.join("\n"));
  writeFileSync(join(folder, "leaf.pem"), chain[0]!);
  writeFileSync(join(folder, "rest.pem"), chain.slice(1).join(""));
  const lax = ["-no_check_time", "-auth_level", "0", "-purpose", "any", "-no-CApath", "-no-CAstore"];
  const untrusted = chain.length > 1 ? ["-untrusted", join(folder, "rest.pem")] : [];
  const roots = ["-CAfile", join(folder, "roots.pem")];
  const run = spawnSync("openssl", ["verify", ...lax, ...roots, ...untrusted, join(folder, "leaf.pem")]);
  return run.status === 0;
}

describe.skipIf(!hasCorpus)(`against openssl verify${CORPUS_SKIP}`, () => {
  it("the same chains lead to public roots", () => {
    const loaded = loadTrust({});
    if ("why" in loaded) throw new Error(loaded.why);
    const ends = new Map<string, string>();
    const expected = new Map<string, string>();
    for (const [name, chain] of chains()) {
      const texts = chain.map(pem);
      if (texts.some((text) => text === null)) continue;
      const end = loaded.trust.chainEnd(chain, 0n);
      ends.set(name, end === "public-root" ? "public" : "not public");
      expected.set(name, verifies(texts.filter((text) => text !== null)) ? "public" : "not public");
    }
    expect([...ends]).toEqual([...expected]);
    expect([...ends.values()].filter((end) => end === "public").length).toBeGreaterThan(20);
  });
});
