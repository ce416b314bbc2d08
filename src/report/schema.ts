// The JSON Schema (draft 2020-12) of the report. Object shapes are closed and every field is required, as in types.ts.
import { VERDICTS } from "../diagnosis/index.ts";

type Schema = Readonly<Record<string, unknown>>;

const string: Schema = { type: "string" };
const boolean: Schema = { type: "boolean" };
const count: Schema = { type: "integer", minimum: 0 };
const frame: Schema = { type: "integer", minimum: 1, description: "frame number, from 1" };
const time: Schema = {
  type: "string",
  pattern: "^-?\\d{4,}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$",
  description: "RFC 3339, UTC, nanoseconds",
};
const ref = (name: string): Schema => ({ $ref: `#/$defs/${name}` });
const list = (items: Schema): Schema => ({ type: "array", items });
const nullable = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });
const oneOf = (...values: readonly (string | number)[]): Schema => ({ enum: values });
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const certainty = oneOf("certain", "likely", "possible");
const side = oneOf("client", "proxy");

const $defs = {
  verdict: oneOf(...VERDICTS),
  endpoint: object({ ip: string, port: { type: "integer", minimum: 0, maximum: 65_535 } }),
  credentials: object({ scheme: string, step: nullable(string), user: nullable(string) }),
  response: object({
    frame,
    time,
    status: { type: "integer", minimum: 100, maximum: 999 },
    reason: string,
    challenges: list(object({ scheme: string, realm: nullable(string) })),
  }),
  exchange: object({
    frame,
    time,
    protocol: oneOf("http/1.0", "http/1.1", "h2"),
    method: nullable(string),
    url: nullable(string),
    credentials: nullable(ref("credentials")),
    response: nullable(ref("response")),
    sentBy: nullable(oneOf("proxy", "origin", "unknown")),
    certainty: nullable(certainty),
    evidence: list(string),
  }),
  recordCounts: object({ handshake: count, changeCipherSpec: count, applicationData: count, alert: count }),
  tls: object({
    version: nullable(string),
    sni: nullable(string),
    alpnOffered: list(string),
    alpn: nullable(string),
    cipher: nullable(string),
    ja3: nullable(string),
    ja4: nullable(string),
    ech: oneOf("none", "grease", "offered"),
    clientHelloFrame: nullable(frame),
    serverHelloFrame: nullable(frame),
    handshakeComplete: boolean,
    records: object({ client: ref("recordCounts"), proxy: ref("recordCounts") }),
    alerts: list(
      object({
        frame,
        from: side,
        level: nullable(oneOf("warning", "fatal")),
        description: nullable(string),
        encrypted: boolean,
      }),
    ),
    certificate: nullable(
      object({
        subject: string,
        issuer: string,
        notBefore: nullable(time),
        notAfter: nullable(time),
        names: list(string),
        fingerprint: string,
      }),
    ),
    intercepted: oneOf("yes", "no", "unknown"),
    interceptedWhy: nullable(string),
    decrypted: oneOf("full", "partial", "none"),
    transitions: list(object({ frame, time, from: side, what: string })),
  }),
  tunnel: object({
    target: string,
    frame: nullable(frame),
    time: nullable(time),
    protocol: oneOf("tls", "http", "http2", "ssh", "smtp", "unknown", "none"),
    stages: object({ connect: string, tls: string, https: string }),
    bytes: object({ client: count, proxy: count }),
    tls: nullable(ref("tls")),
    exchanges: list(ref("exchange")),
    signs: list(
      object({
        id: oneOf("near-answer", "never-forwarded", "credentials-repeat", "same-answer", "quick-succession"),
        frame,
        time,
        frames: list(frame),
        text: string,
      }),
    ),
  }),
  connection: object({
    stream: count,
    client: ref("endpoint"),
    proxy: ref("endpoint"),
    start: time,
    end: time,
    closedBy: oneOf("fin", "reset-by-client", "reset-by-proxy", "open"),
    firstFrame: frame,
    lastFrame: frame,
    verdict: ref("verdict"),
    summary: string,
    continuedBy: nullable(count),
    continues: nullable(count),
    connects: list(
      object({
        frame,
        time,
        target: string,
        credentials: nullable(ref("credentials")),
        response: nullable(ref("response")),
      }),
    ),
    tunnel: nullable(ref("tunnel")),
    forwards: list(ref("exchange")),
    notes: list(object({ id: string, frame: count, text: string })),
  }),
  finding: object({
    id: string,
    severity: oneOf("error", "warning", "info"),
    certainty: nullable(certainty),
    stream: nullable(count),
    frames: list(frame),
    title: string,
    detail: string,
    evidence: list(string),
    advice: object({ helpdesk: string, proxyAdmin: string }),
    displayFilter: nullable(string),
  }),
};

/** The schema itself; `dist/report.schema.json` is this. */
export const reportSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:pcapcheck:report:1",
  title: "pcapcheck report",
  ...object({
    schemaVersion: { const: 1 },
    tool: object({ name: { const: "pcapcheck" }, version: string }),
    capture: object({
      path: string,
      format: oneOf("pcap", "pcapng"),
      compression: nullable(oneOf("gzip", "zstd")),
      linkTypes: list(string),
      packets: count,
      bytes: count,
      start: nullable(time),
      end: nullable(time),
      quality: object({
        cutShort: boolean,
        truncatedPackets: count,
        gaps: count,
        missingBytes: count,
        lateStarts: count,
        oneSided: count,
        warnings: list(object({ id: string, count, frame: nullable(count), text: string })),
      }),
      keys: object({ sources: list(string), sessions: count, decrypted: count }),
    }),
    verdict: ref("verdict"),
    exitCode: oneOf(0, 1, 3),
    totals: object({
      connections: count,
      tunnels: count,
      wrong: count,
      unseen: count,
      verdicts: { type: "object", propertyNames: ref("verdict"), additionalProperties: count },
    }),
    proxies: list(
      object({
        ip: string,
        port: count,
        detectedBy: oneOf("connect", "absolute-form", "option"),
        product: nullable(object({ name: string, certainty, evidence: list(string) })),
        intercepts: oneOf("yes", "no", "unknown"),
        connections: count,
      }),
    ),
    connections: list(ref("connection")),
    folded: list(
      object({
        verdict: ref("verdict"),
        client: string,
        proxy: string,
        target: nullable(string),
        count,
        firstStream: count,
        firstFrame: count,
      }),
    ),
    findings: list(ref("finding")),
  }),
  $defs,
};
