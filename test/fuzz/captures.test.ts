// Recorded captures, damaged: checking them never throws, always ends, gives a report by the schema, and shows no secret.
import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { type Report, reportSchema } from "../../src/report/index.ts";
import { dresses } from "../harness/dresses.ts";
import { optionsOf, recordedReport } from "../harness/recorded-reports.ts";
import { secretsOf } from "../harness/secrets.ts";
import { times } from "../harness/times.ts";
import { loadTruth } from "../harness/truth.ts";
import { wound, wounded } from "./mutate.ts";

const RUNS = times(150);
/** A run that takes longer than this on a capture of some kilobytes does not end. */
const MAX_MS_PER_RUN = 10_000;

const validate = new Ajv2020({ strict: false }).compile(reportSchema);
const recorded = loadTruth().filter(({ path }) => !path.endsWith(".gz"));
const bytesOf = recorded.map(({ path }) => Uint8Array.from(readFileSync(path)));

/** What was said inside TLS, as the undamaged captures show it: damage may hide some of it, and add nothing. */
const said = new Map<number, Promise<ReadonlySet<string>>>();

function insideTls(report: Report): Set<string> {
  const inside = report.connections.flatMap(({ tunnel }) =>
    tunnel?.protocol === "tls" && tunnel.tls?.decrypted !== "none" ? tunnel.exchanges : [],
  );
  return new Set(
    inside.flatMap(({ method, url, response }) => [
      ...(method === null ? [] : [`${method} ${url?.replace(/^[a-z]+:\/\/[^/]*/, "")}`]),
      ...(response === null ? [] : [`${response.status} ${response.reason}`]),
    ]),
  );
}

async function inspect(index: number, bytes: Uint8Array, searched: boolean): Promise<Report | null> {
  const capture = recorded[index]!;
  const { keysPath } = capture;
  const options = { ...optionsOf(capture), name: capture.name, ...(keysPath === null ? {} : { keylogs: [keysPath] }) };
  const result = await checkCapture(bytes, options);
  if ("kind" in result) {
    expect(result.message).not.toBe("");
    return null;
  }
  expect(validate(JSON.parse(JSON.stringify(result))), JSON.stringify(validate.errors)).toBe(true);
  const secrets = searched ? secretsOf(capture, []) : [];
  for (const [dress, text] of await dresses(result)) {
    const lower = text.toLowerCase();
    expect(
      secrets.filter((secret) => lower.includes(secret.text.toLowerCase())),
      dress,
    ).toEqual([]);
    expect(text, dress).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  }
  return result;
}

describe("damaged captures", () => {
  it(
    "give a report or say why there is none",
    async () => {
      let reports = 0;
      const damage = fc.tuple(
        fc.nat(recorded.length - 1),
        fc.nat(recorded.length - 1),
        fc.array(wound, { minLength: 1, maxLength: 12 }),
      );
      await fc.assert(
        fc.asyncProperty(damage, async ([index, other, wounds]) => {
          const bytes = wounded(bytesOf[index]!, wounds, bytesOf[other]!);
          // Joining bytes that never stood together may put a password where a product's name belongs.
          const joined = wounds.some(({ kind }) => kind === "splice" || kind === "cut-out");
          const report = await inspect(index, bytes, !joined);
          if (report === null) return;
          reports++;
          // Packets of another capture may carry plaintext into what looks like a tunnel of this one.
          if (wounds.some(({ kind }) => kind === "foreign-packet")) return;
          if (!said.has(index)) said.set(index, recordedReport(recorded[index]!).then(insideTls));
          const truth = await said.get(index)!;
          expect([...insideTls(report)].filter((text) => !truth.has(text))).toEqual([]);
        }),
        { numRuns: RUNS, timeout: MAX_MS_PER_RUN },
      );
      // Most damage leaves something to report on: if not, the parsers behind the file's header were not reached.
      expect(reports).toBeGreaterThan(RUNS / 2);
    },
    RUNS * 1_000,
  );
});
