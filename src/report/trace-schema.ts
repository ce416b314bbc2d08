// The JSON Schema of a policy trace's report.
import { TRACE_FINDINGS, TRACE_NOTES } from "../policy-trace/index.ts";
import {
  advice,
  boolean,
  certainty,
  count,
  list,
  nullable,
  object,
  oneOf,
  port,
  ref,
  type Schema,
  said,
  schemaVersion,
  string,
  tally,
  time,
  tool,
} from "./schema-parts.ts";

const finding = said("worst first", oneOf(...TRACE_FINDINGS));
const verdict = said(
  "the worst finding; incomplete: nothing wrong was seen, but the trace could not be read as a whole",
  oneOf(...TRACE_FINDINGS, "incomplete", "ok"),
);
const line: Schema = { type: "integer", minimum: 1, description: "line number, from 1" };
const rules = (what: string): Schema =>
  said(
    what,
    list(
      object({
        line,
        layer: said("of the policy; null where the trace does not tell it", nullable(string)),
        text: said("the rule as the trace has it", string),
      }),
    ),
  );

const $defs = {
  stage: object({
    line,
    time: said("null where the trace has none", nullable(time)),
    method: said("of the first request of the stage; null where it was not read", nullable(string)),
    url: said("of that request", string),
    transactions: said("of this stage", count),
    rules: rules("rules about authentication that matched"),
    logouts: rules("rules that log the user out"),
    missed: rules("rules about authentication that were asked and did not hold"),
    rulesTraced: said("the trace shows rules at all", boolean),
    realm: said("null where none was named", nullable(string)),
    mode: said("authenticate.mode; null where it is not in the trace", nullable(string)),
    force: said("authenticate.force; null where it is not in the trace", nullable(string)),
    user: said("null: unauthenticated, or not in the trace: authenticated tells which", nullable(string)),
    authenticated: said("null where the trace does not tell it", nullable(boolean)),
    status: said("of the authentication, in the words of the trace; null where there are none", nullable(string)),
    answers: said(
      "what the client got",
      list(
        object({
          line,
          status: said("client.response.code", count),
          serverStatus: said("server.response.code; 0: no server was asked; null: not in the trace", nullable(count)),
          exception: said("null where none was made", nullable(string)),
          count: said("of such answers", count),
        }),
      ),
    ),
  }),
};

/** The schema of `TraceReport`. */
export const traceSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:pcapcheck:trace:1",
  title: "pcapcheck report of a policy trace",
  description: "One trace. Times are RFC 3339 in UTC with nanoseconds; lines count from 1; what is not known is null.",
  ...object({
    schemaVersion,
    tool,
    trace: said(
      "the file",
      object({
        path: said("as it was named; - for standard input and bytes without a name", string),
        bytes: said("read of it, uncompressed", count),
        lines: said("read of it", count),
        transactions: said("in it", count),
        forwards: said("requests outside of tunnels", count),
        others: said("transactions of other kinds", count),
        start: said("of the first that has a time; null where none has", nullable(time)),
        end: said("of the last that has a time; null where none has", nullable(time)),
        warnings: said(
          "oddities by their id",
          list(
            object({
              id: said("stable name", oneOf(...Object.keys(TRACE_NOTES), "trace-damaged")),
              text: said("in words", string),
              count: said("how often", count),
              line: said("of the first; 0 where none is concerned", count),
            }),
          ),
        ),
      }),
    ),
    verdict,
    exitCode: said("0: nothing wrong; 1: something is wrong; 3: not all could be read", oneOf(0, 1, 3)),
    totals: said(
      "of all tunnels, listed or only counted",
      object({
        tunnels: said("in the trace", count),
        wrong: said("with a 401 by the proxy", count),
        findings: said("tunnels by finding", tally(finding)),
      }),
    ),
    tunnels: said(
      "those with findings first, those of one site together",
      list(
        object({
          tunnel: said("its place in this list", count),
          client: said("IP address as the trace has it, masked or not; null where it has none", nullable(string)),
          clientPort: said("null where the trace has none", nullable(port)),
          target: said("host and port", string),
          site: said("the registrable domain", string),
          service: said("null where the trace has none", nullable(string)),
          start: said("null where the trace has no time", nullable(time)),
          firstLine: line,
          lastLine: line,
          ambiguous: said("some of its transactions may be those of another tunnel", boolean),
          verdict,
          stages: said(
            "null for one that is not in the trace",
            object({
              connect: said("CONNECT tcp://", nullable(ref("stage"))),
              tls: said("unknown ssl://", nullable(ref("stage"))),
              https: said("GET https://", nullable(ref("stage"))),
            }),
          ),
        }),
      ),
    ),
    findings: said(
      "worst first",
      list(
        object({
          id: finding,
          severity: said("how bad it is", oneOf("error", "warning")),
          certainty,
          tunnel: said("its place in tunnels", count),
          lines: said("where to look", list(line)),
          title: said("one line", string),
          detail: said("what happened, in sentences", string),
          evidence: said("what it was concluded from, a sentence each, with lines", list(string)),
          advice,
        }),
      ),
    ),
  }),
  $defs,
};
