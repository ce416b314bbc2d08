// The JSON Schema of an audit's report.
import { FINDINGS, VERDICTS } from "../diagnosis/index.ts";
import { TRACE_FINDINGS } from "../policy-trace/index.ts";
import {
  boolean,
  count,
  list,
  nullable,
  object,
  oneOf,
  ref,
  type Schema,
  said,
  schemaVersion,
  string,
  tally,
  time,
  tool,
} from "./schema-parts.ts";

const verdict = said("worst first", oneOf(...VERDICTS));
const finding = said("see pcapcheck explain", oneOf(...FINDINGS, ...TRACE_FINDINGS));
const proxy = said("IP address and port", string);
const client = said(
  "IP address: whom a PROXY header names where a balancer passes connections on, else who connects",
  string,
);
const host = said("of the tunnel or request; null where it was not seen", nullable(string));
const exitCode = (what: string): Schema =>
  said(
    `${what}: 0 nothing wrong and all seen, 1 something is wrong, 2 could not be checked, 3 not all could be seen`,
    oneOf(0, 1, 2, 3),
  );

const amount = { type: "number", exclusiveMinimum: 0 };
const givenUp = {
  time: object({
    limit: said("which one", { const: "time" }),
    limitMs: said("milliseconds for one capture", amount),
  }),
  memory: object({
    limit: said("which one", { const: "memory" }),
    limitMiB: said("MiB of heap; null: none was set, and what Node grants was too little", nullable(amount)),
  }),
};

const $defs = {
  tally: object({
    name: said("of what is counted: verdict, finding, proxy, host or client", string),
    connections: said("that show it", count),
    wrong: said("of these, wrong ones", count),
    unseen: said("of these, those of which not all could be seen", count),
    captures: said("that show it", count),
    since: said("when it was seen first; null where that is not known", nullable(time)),
    worst: said("of the verdicts of these; null where there are none", nullable(verdict)),
  }),
  problem: object({
    verdict,
    proxy,
    client,
    host,
    connections: said("that show it", count),
    possible: said("of them, those that have one sign only for it", count),
    since: said("start of the first; null where that is not known", nullable(time)),
    path: said("of a capture that shows it", string),
    stream: said("tcp.stream in that capture", count),
    frame: said("where to look in it, from 1", count),
  }),
  row: object({
    path: said("as found: below the path that was given", string),
    size: said("of the file in bytes", count),
    modified: said("when the file was changed last, in milliseconds since 1970", { type: "integer" }),
    hash: said("SHA-256 of the file in hexadecimal; null where that was not asked for", {
      anyOf: [{ type: "string", pattern: "^[0-9a-f]{64}$" }, { type: "null" }],
    }),
    verdict: said("the worst of its connections; null: it could not be checked", nullable(verdict)),
    exitCode: exitCode("of this capture"),
    message: said("why it could not be checked; null where it was", nullable(string)),
    givenUp: said("the limit that ended it; null if none did", nullable({ oneOf: [givenUp.time, givenUp.memory] })),
    start: said("of the earliest packet; null where there is none", nullable(time)),
    end: said("of the latest packet; null where there is none", nullable(time)),
    packets: said("in the file", count),
    connections: said("to proxies", count),
    tunnels: said("that were opened", count),
    wrong: said("connections with a verdict that is wrong", count),
    unseen: said("connections of which not all could be seen", count),
    verdicts: said("connections by verdict", tally(verdict)),
    findings: said("how often each was found", tally(finding)),
    groups: said(
      "connections that are alike",
      list(
        object({
          proxy,
          client,
          host,
          verdict,
          count: said("of connections", count),
          possible: said(
            "of them, those that have one sign only for the verdict; of connections that were only counted it is not known",
            count,
          ),
          since: said("start of the first; null where that is not known", nullable(time)),
          stream: said("tcp.stream of the first, or of the first of which more than one sign says it", count),
          frame: said("where to look, from 1", count),
        }),
      ),
    ),
    ungrouped: said("connections in no group, since there were too many of them", count),
    text: said("one sentence: the worst that was seen", string),
  }),
};

const problems = (what: string): Schema => said(what, list(ref("problem")));
const tallies = (what: string): Schema => said(what, list(ref("tally")));

/** The schema of `AuditReport`. Of ndjson that is the last line, and `#/$defs/row` is the schema of those before it. */
export const auditSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:pcapcheck:audit:1",
  title: "pcapcheck audit",
  description:
    "Many captures, summed up; $defs/row is a line of ndjson for each of them. Times are RFC 3339 in UTC with nanoseconds; what is not known is null.",
  ...object({
    schemaVersion,
    kind: said("tells it from the report of one capture", { const: "audit" }),
    tool,
    captures: said(
      "how many",
      object({
        total: said("that were to be checked", count),
        checked: said("that were", count),
        failed: said("that could not be", count),
        skipped: said("files in folders that are no captures", count),
        interrupted: said("ended before all of them were done", boolean),
      }),
    ),
    connections: said("to proxies, of all captures", count),
    verdict: said("the worst of all captures; null if none could be checked", nullable(verdict)),
    exitCode: exitCode("of the audit"),
    verdicts: tallies("by verdict, worst first"),
    findings: tallies("by finding; those that go with a verdict have its name"),
    proxies: tallies("by proxy"),
    hosts: tallies("by host"),
    clients: tallies("by client"),
    problems: problems("what is wrong, worst first"),
    dropped: said("entries of the tables above that were too many to be told apart", count),
    changes: said(
      "against an earlier audit; null where none was named",
      nullable(
        object({
          journal: said("of the earlier audit", string),
          new: problems("not there then"),
          perhapsNew: problems(
            "not seen then, where not all was seen that may have shown them: whether they are new is not known",
          ),
          gone: problems("not there now"),
          still: problems("there both times"),
          unclear: problems(
            "not seen now, where not all was seen that may show them: whether they are gone is not known",
          ),
        }),
      ),
    ),
    rows: said(
      "captures: all of them where they were asked for, else those that are wrong or could not be checked, worst first",
      list(ref("row")),
    ),
  }),
  $defs,
};
