// The JSON Schema of a policy trace's report.
import { TRACE_FINDINGS } from "../policy-trace/index.ts";
import { boolean, count, list, nullable, object, oneOf, ref, type Schema, string, time } from "./schema-parts.ts";

const verdict = oneOf(...TRACE_FINDINGS, "incomplete", "ok");
const line: Schema = { type: "integer", minimum: 1, description: "line number, from 1" };
const rules = list(object({ line, layer: nullable(string), text: string }));

const $defs = {
  stage: object({
    line,
    time: nullable(time),
    method: nullable(string),
    url: string,
    transactions: count,
    rules,
    logouts: rules,
    missed: rules,
    rulesTraced: boolean,
    realm: nullable(string),
    mode: nullable(string),
    force: nullable(string),
    user: nullable(string),
    authenticated: nullable(boolean),
    status: nullable(string),
    answers: list(object({ line, status: count, serverStatus: nullable(count), exception: nullable(string), count })),
  }),
};

/** The schema of `TraceReport`. */
export const traceSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "pcapcheck report of a policy trace",
  ...object({
    schemaVersion: { const: 1 },
    tool: object({ name: { const: "pcapcheck" }, version: string }),
    trace: object({
      path: string,
      bytes: count,
      lines: count,
      transactions: count,
      forwards: count,
      others: count,
      start: nullable(time),
      end: nullable(time),
      warnings: list(object({ id: string, text: string, count, line: count })),
    }),
    verdict,
    exitCode: oneOf(0, 1, 3),
    totals: object({ tunnels: count, wrong: count, findings: { type: "object", additionalProperties: count } }),
    tunnels: list(
      object({
        tunnel: count,
        client: nullable(string),
        clientPort: nullable(count),
        target: string,
        site: string,
        service: nullable(string),
        start: nullable(time),
        firstLine: line,
        lastLine: line,
        ambiguous: boolean,
        verdict,
        stages: object({
          connect: nullable(ref("stage")),
          tls: nullable(ref("stage")),
          https: nullable(ref("stage")),
        }),
      }),
    ),
    findings: list(
      object({
        id: oneOf(...TRACE_FINDINGS),
        severity: oneOf("error", "warning"),
        certainty: oneOf("certain", "likely", "possible"),
        tunnel: count,
        lines: list(line),
        title: string,
        detail: string,
        evidence: list(string),
        advice: object({ helpdesk: string, proxyAdmin: string }),
      }),
    ),
  }),
  $defs,
};
