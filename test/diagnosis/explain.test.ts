// Every verdict and every finding is explained, with all its parts.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { explanations, type FindingId, VERDICTS } from "../../src/diagnosis/index.ts";

const OWN: Readonly<Record<Exclude<FindingId, (typeof VERDICTS)[number]>, true>> = {
  "capture-quality": true,
  "keys-missing": true,
  "ntlm-broken-connection": true,
  "scheme-mismatch": true,
  "basic-in-clear": true,
  "untrusted-interception": true,
  "mixed-auth-context": true,
  "challenge-after-success": true,
};

const all = explanations();

describe("explanations", () => {
  it("are there for every verdict, worst first, and for every finding of its own, once each", () => {
    expect(all.slice(0, VERDICTS.length).map(({ id }) => id)).toEqual([...VERDICTS]);
    const rest = all.slice(VERDICTS.length).map(({ id }) => id);
    expect([...rest].sort()).toEqual(Object.keys(OWN).sort());
  });

  it.each(all.map((one) => [one.id, one] as const))("of %s has every part", (_id, one) => {
    for (const text of [
      one.title,
      one.meaning,
      one.looksLike,
      one.evidence,
      one.advice.helpdesk,
      one.advice.proxyAdmin,
    ]) {
      expect(text.trim().length).toBeGreaterThan(8);
      expect(text).not.toMatch(/ {2}|undefined|TODO/);
    }
    for (const text of [one.meaning, one.looksLike, one.evidence, one.advice.helpdesk, one.advice.proxyAdmin]) {
      expect(text).toMatch(/[.?)]$/);
    }
    expect(one.example.length).toBeGreaterThan(0);
    expect(one.references.length).toBeGreaterThan(0);
    for (const line of [...one.example, ...one.references]) expect(line.trim().length).toBeGreaterThan(4);
  });

  it.each(all.filter(({ severity }) => severity === "error").map((one) => [one.id, one] as const))(
    "of %s, an error, is more than 'nothing to do' for both people",
    (_id, { advice }) => {
      expect(advice.helpdesk).not.toMatch(/^Nothing/);
      expect(advice.proxyAdmin).not.toMatch(/^Nothing/);
    },
  );

  it.each(["tunnel-401-proxy", "mixed-auth-context", "tunnel-401-suspected", "challenge-after-success"])(
    "of %s names conditions of policy to look for",
    (id) => {
      const found = all.find((one) => one.id === id);
      expect(found?.advice.proxyAdmin).toMatch(/url\.(scheme|domain)=|authenticate\.(mode|force)\(/);
    },
  );

  it("cite sections of RFCs in one form", () => {
    for (const { references } of all) {
      for (const reference of references) {
        if (/^RFC/.test(reference)) expect(reference).toMatch(/^RFC \d{4} §[A-Z\d.]+( \(.+\))?$/);
      }
    }
  });

  it("have one file each, but for the calm ones", () => {
    const files = new Set(readdirSync(new URL("../../src/diagnosis/rules/", import.meta.url)));
    const calm = readFileSync(new URL("../../src/diagnosis/rules/calm.ts", import.meta.url), "utf8");
    for (const { id } of all) expect(files.has(`${id}.ts`) || calm.includes(`id: "${id}"`), id).toBe(true);
  });
});
