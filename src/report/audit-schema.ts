// The JSON Schema of an audit's report.
import { VERDICTS } from "../diagnosis/index.ts";
import { boolean, count, list, nullable, object, oneOf, ref, type Schema, string, time } from "./schema-parts.ts";

const verdict = oneOf(...VERDICTS);
const counts = { type: "object", additionalProperties: count };

const amount = { type: "number", exclusiveMinimum: 0 };
const givenUp = {
  time: object({ limit: { const: "time" }, limitMs: amount }),
  memory: object({ limit: { const: "memory" }, limitMiB: nullable(amount) }),
};

const $defs = {
  tally: object({
    name: string,
    connections: count,
    wrong: count,
    unseen: count,
    captures: count,
    since: nullable(time),
    worst: nullable(verdict),
  }),
  problem: object({
    verdict,
    proxy: string,
    client: string,
    host: nullable(string),
    connections: count,
    since: nullable(time),
    path: string,
    stream: count,
    frame: count,
  }),
  row: object({
    path: string,
    size: count,
    modified: { type: "integer" },
    hash: nullable({ type: "string", pattern: "^[0-9a-f]{64}$" }),
    verdict: nullable(verdict),
    exitCode: oneOf(0, 1, 2, 3),
    message: nullable(string),
    givenUp: nullable({ oneOf: [givenUp.time, givenUp.memory] }),
    start: nullable(time),
    end: nullable(time),
    packets: count,
    connections: count,
    tunnels: count,
    wrong: count,
    unseen: count,
    verdicts: { ...counts, propertyNames: verdict },
    findings: counts,
    groups: list(
      object({
        proxy: string,
        client: string,
        host: nullable(string),
        verdict,
        count,
        since: nullable(time),
        stream: count,
        frame: count,
      }),
    ),
    ungrouped: count,
    text: string,
  }),
};

export const auditSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "pcapcheck audit",
  ...object({
    schemaVersion: { const: 1 },
    kind: { const: "audit" },
    tool: object({ name: { const: "pcapcheck" }, version: string }),
    captures: object({ total: count, checked: count, failed: count, skipped: count, interrupted: boolean }),
    connections: count,
    verdict: nullable(verdict),
    exitCode: oneOf(0, 1, 2, 3),
    verdicts: list(ref("tally")),
    findings: list(ref("tally")),
    proxies: list(ref("tally")),
    hosts: list(ref("tally")),
    clients: list(ref("tally")),
    problems: list(ref("problem")),
    dropped: count,
    changes: nullable(
      object({ journal: string, new: list(ref("problem")), gone: list(ref("problem")), still: list(ref("problem")) }),
    ),
    rows: list(ref("row")),
  }),
  $defs,
};
