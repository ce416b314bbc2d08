// The JSON Schema (draft 2020-12) of the report. Object shapes are closed and every field is required, as in types.ts.
import { NOTES } from "../bytes/index.ts";
import { FINDINGS, VERDICTS } from "../diagnosis/index.ts";
import { TRACE_FINDINGS, TRACE_NOTES } from "../policy-trace/index.ts";
import {
  advice,
  boolean,
  certainty,
  count,
  frame,
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

const side = oneOf("client", "proxy");
const noteId = said("stable name of the oddity", oneOf(...Object.keys(NOTES)));
const evidence = said("what it was concluded from, a sentence each, with frames", list(string));

const $defs = {
  verdict: said("worst first", oneOf(...VERDICTS)),
  endpoint: object({ ip: said("IP address; IPv6 as RFC 5952 writes it", string), port }),
  credentials: object({
    scheme: said("as registered: Basic, Digest, NTLM, Negotiate, ...; unknown for any other first word", string),
    step: said("which message of a scheme that takes several; null for others", nullable(string)),
    user: said("user name, with DOMAIN\\ where one was sent; null where the wire does not show it", nullable(string)),
  }),
  response: object({
    frame,
    time,
    status: said("status code", { type: "integer", minimum: 100, maximum: 999 }),
    reason: said("reason phrase; empty where there is none, as always with HTTP/2", string),
    challenges: said(
      "of a 407 its Proxy-Authenticate fields, of a 401 its WWW-Authenticate fields",
      list(
        object({
          scheme: said("as it was sent", string),
          realm: said("null where none was sent", nullable(string)),
        }),
      ),
    ),
  }),
  exchange: object({
    frame: said("of the request, or of the response where that alone was seen", frame),
    time: said("likewise", time),
    protocol: said("HTTP version", oneOf("http/1.0", "http/1.1", "h2")),
    method: said("null where the request was not seen; unknown for a word that is no known method", nullable(string)),
    url: said("without user information; null where it was not seen", nullable(string)),
    credentials: said("what the request carried; null: none, or not seen", nullable(ref("credentials"))),
    response: said("null where none was seen", nullable(ref("response"))),
    sentBy: said("who sent a 401 or 407; null for other responses", nullable(oneOf("proxy", "origin", "unknown"))),
    certainty: said("of sentBy; null where that is unknown or null", nullable(certainty)),
    evidence: said("for and against sentBy, a sentence each, with frames", list(string)),
  }),
  recordCounts: object({
    handshake: said("records of that type, as far as the outside shows", count),
    changeCipherSpec: said("likewise", count),
    applicationData: said("likewise; TLS 1.3 wraps all that is encrypted in them", count),
    alert: said("likewise", count),
  }),
  tls: object({
    version: said("of the ServerHello, as people write it: TLS 1.3; null where that was not seen", nullable(string)),
    sni: said("the name that the client asked for; null: none, or no ClientHello was seen", nullable(string)),
    alpnOffered: said("protocols that the client offered, in its order", list(string)),
    alpn: said("the one that was chosen; null: none, or not seen", nullable(string)),
    cipher: said("name of the cipher suite in IANA's registry; null where no ServerHello was seen", nullable(string)),
    ja3: said("MD5 of the JA3 text; null: no whole ClientHello, or fingerprints were left out", {
      anyOf: [{ type: "string", pattern: "^[0-9a-f]{32}$" }, { type: "null" }],
    }),
    ja4: said("JA4; null as ja3", {
      anyOf: [{ type: "string", pattern: "^t.{9}_[0-9a-f]{12}_[0-9a-f]{12}$" }, { type: "null" }],
    }),
    ech: said(
      "Encrypted ClientHello; offered: a real one, or GREASE that is made to look like it (RFC 9849 section 6.2), which nobody on the way can tell apart; grease: most likely such a placeholder, as the hello names no server",
      oneOf("none", "grease", "offered"),
    ),
    clientHelloFrame: said("null where none was seen", nullable(frame)),
    serverHelloFrame: said("null where none was seen", nullable(frame)),
    handshakeComplete: said("both sides finished it, as far as the capture shows", boolean),
    records: said(
      "how many of each type",
      object({
        client: said("that the client sent", ref("recordCounts")),
        proxy: said("that came back", ref("recordCounts")),
      }),
    ),
    alerts: said(
      "in order",
      list(
        object({
          frame,
          from: said("who sent it; proxy: whoever is at its end of the connection", side),
          level: said("null where it is encrypted", nullable(oneOf("warning", "fatal"))),
          description: said("name in the registry; null where it is encrypted", nullable(string)),
          encrypted: said("it could not be read", boolean),
        }),
      ),
    ),
    certificate: said(
      "of the server side: what the proxy presents; null: none was seen, as always in TLS 1.3 without keys",
      nullable(ref("certificate")),
    ),
    chain: said(
      "the certificates behind it, in the order in which they were sent, at most 10",
      list(ref("certificate")),
    ),
    intercepted: said("whether this TLS ends at the proxy", oneOf("yes", "no", "unknown")),
    interceptedWhy: said("what tells it, in words; null where nothing does", nullable(string)),
    decrypted: said("how much of the inside was read with keys", oneOf("full", "partial", "none")),
    transitions: said(
      "steps of the record layer, for the ladder, at most 64",
      list(object({ frame, time, from: said("who took it", side), what: said("in words", string) })),
    ),
  }),
  certificate: object({
    subject: said("distinguished name; empty where there is none or it is damaged", string),
    issuer: said("likewise", string),
    notBefore: said("null where it is damaged", nullable(time)),
    notAfter: said("likewise", nullable(time)),
    names: said("subjectAltName: host names and addresses", list(string)),
    fingerprint: said("SHA-256 of the DER in hexadecimal; empty where fingerprints were left out", string),
    key: said(
      "the public key; null where it is damaged",
      nullable(
        object({
          algorithm: said("RSA, EC, Ed25519; dotted numbers where the name is not known", string),
          bits: said("its length; null where that is not known", nullable(count)),
          curve: said("of an EC key; null for others", nullable(string)),
        }),
      ),
    ),
    signatureAlgorithm: said(
      "how the issuer signed; dotted numbers where the name is not known, null where it is damaged",
      nullable(string),
    ),
    selfIssued: said("subject and issuer are the same name (RFC 5280 section 3.2)", boolean),
  }),
  tunnel: object({
    target: said("host and port of the CONNECT, as sent", string),
    frame: said("of the 2xx that opened it; null where that is not in the capture", nullable(frame)),
    time: said("likewise", nullable(time)),
    protocol: said(
      "what was sent through it; none: nothing",
      oneOf("tls", "http", "http2", "ssh", "smtp", "unknown", "none"),
    ),
    stages: said(
      "a few words on each of the three stages",
      object({
        connect: said("CONNECT tcp://", string),
        tls: said("unknown ssl://", string),
        https: said("GET https://", string),
      }),
    ),
    bytes: said(
      "bytes of TCP data inside the tunnel",
      object({ client: said("that the client sent", count), proxy: said("that came back", count) }),
    ),
    tls: said("null where the tunnel carries none", nullable(ref("tls"))),
    exchanges: said("requests inside, readable ones only, in order", list(ref("exchange"))),
    signs: said(
      "what sizes and times of records tell where there are no keys, in order of frames; a sign speaks for a challenge by the proxy inside the tunnel and is no proof of it",
      list(
        object({
          id: said(
            "which sign",
            oneOf("near-answer", "never-forwarded", "credentials-repeat", "same-answer", "quick-succession"),
          ),
          frame: said("the record at which it shows", frame),
          time: said("of that record", time),
          frames: said("all frames that it cites", list(frame)),
          text: said("a sentence with figures and frames", string),
        }),
      ),
    ),
  }),
  namedClient: object({
    ip: said("address in the header", string),
    port: said("likewise", port),
    frame: said("of the header", frame),
    time: said("likewise", time),
  }),
  connection: object({
    stream: said("Wireshark's tcp.stream", count),
    client: said("where it comes from", ref("endpoint")),
    proxy: said("where it goes to", ref("endpoint")),
    namedClient: said(
      "whom a load balancer passes it on for, as its PROXY header says, which nothing in the capture proves; null: no such header, or one that names nobody",
      nullable(ref("namedClient")),
    ),
    start: said("time of its first packet", time),
    end: said("time of its last packet", time),
    closedBy: said("open: its end is not in the capture", oneOf("fin", "reset-by-client", "reset-by-proxy", "open")),
    firstFrame: frame,
    lastFrame: frame,
    verdict: said("the worst of what was seen in it", ref("verdict")),
    summary: said("one sentence: why this verdict", string),
    continuedBy: said("stream of the connection that answers a challenge of this one", nullable(count)),
    continues: said("stream of the connection whose challenge this one answers", nullable(count)),
    connects: said(
      "its CONNECT requests, in order",
      list(
        object({
          frame,
          time,
          target: said("host and port, as sent", string),
          credentials: said("what it carried; null: none, or not seen", nullable(ref("credentials"))),
          response: said("null where none was seen", nullable(ref("response"))),
        }),
      ),
    ),
    tunnel: said("null where none was opened", nullable(ref("tunnel"))),
    forwards: said("requests to the proxy that are no CONNECT, in order", list(ref("exchange"))),
    notes: said(
      "oddities that were met and gone on behind",
      list(object({ id: noteId, frame: said("0 where no frame is concerned", count), text: said("in words", string) })),
    ),
  }),
  finding: object({
    id: said("stable name: see pcapcheck explain", oneOf(...FINDINGS, ...TRACE_FINDINGS)),
    severity: said("how bad it is", oneOf("error", "warning", "info")),
    certainty: said("null where there is nothing to doubt", nullable(certainty)),
    stream: said("the connection; null where it is about several or the whole capture", nullable(count)),
    frames: said("where to look", list(frame)),
    title: said("one line", string),
    detail: said("what happened, in sentences", string),
    evidence,
    advice,
    displayFilter: said("for Wireshark; null where no frame is concerned", nullable(string)),
  }),
};

/** The schema itself; `dist/report.schema.json` is this. */
export const reportSchema: Schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:pcapcheck:report:1",
  title: "pcapcheck report",
  description:
    "One capture. Times are RFC 3339 in UTC with nanoseconds; frames count from 1; what is not known is null.",
  ...object({
    schemaVersion,
    tool,
    capture: said(
      "the file",
      object({
        path: said("as it was named; - for standard input and bytes without a name", string),
        format: said("of the file", oneOf("pcap", "pcapng")),
        compression: said("null where there is none", nullable(oneOf("gzip", "zstd"))),
        linkTypes: said("LINKTYPE_ names without prefix, LINKTYPE_n for an unassigned number; each once", list(string)),
        packets: said("in the file", count),
        bytes: said("read of the file, uncompressed", count),
        start: said("of the earliest packet; null where there is none", nullable(time)),
        end: said("of the latest packet; null where there is none", nullable(time)),
        quality: said(
          "what the capture lacks",
          object({
            cutShort: said("the file ends in the middle of a packet or block", boolean),
            truncatedPackets: said("packets of which the snap length cut bytes", count),
            gaps: said(
              "places where bytes of a connection to a proxy, or of one that was looked into for that, are missing",
              count,
            ),
            missingBytes: said("how many bytes are missing there", count),
            lateStarts: said("connections whose beginning is not in the capture", count),
            oneSided: said("connections of which one direction only is in the capture", count),
            warnings: said(
              "oddities by their id, a line each",
              list(
                object({
                  id: said("stable name; stopped: reading ended there", oneOf(...Object.keys(NOTES), "stopped")),
                  count: said("how often", count),
                  frame: said("of the first; null where no frame is concerned", nullable(count)),
                  text: said("in words", string),
                }),
              ),
            ),
          }),
        ),
        keys: said(
          "for opening TLS",
          object({
            sources: said(
              "where keys came from, each once: named by option, found beside the capture, in the pcapng, an RSA key",
              list(oneOf("keylog", "beside", "embedded", "rsa-key")),
            ),
            sessions: said("sessions for which there are secrets", count),
            decrypted: said("tunnels of which the inside could be read, in part at least", count),
          }),
        ),
      }),
    ),
    verdict: said("the worst of all connections", ref("verdict")),
    exitCode: said(
      "0: nothing wrong, and all of it could be seen; 1: something is wrong; 3: nothing wrong seen, but not all could be seen",
      oneOf(0, 1, 3),
    ),
    totals: said(
      "of all connections to proxies, kept and folded ones",
      object({
        connections: said("to proxies", count),
        tunnels: said("that were opened", count),
        wrong: said("connections with a verdict that is wrong", count),
        unseen: said("connections of which not all could be seen", count),
        verdicts: said("connections by verdict; those that do not occur are left out", tally(ref("verdict"))),
      }),
    ),
    proxies: said(
      "an endpoint each",
      list(
        object({
          ip: said("IP address", string),
          port,
          detectedBy: said("what told that it is one", oneOf("connect", "absolute-form", "option")),
          product: said(
            "null where nothing tells it",
            nullable(object({ name: said("of the product", string), certainty, evidence })),
          ),
          intercepts: said("whether TLS ends at it, in any of its tunnels", oneOf("yes", "no", "unknown")),
          connections: said("to it", count),
        }),
      ),
    ),
    connections: said("those that are kept in full, in order of stream", list(ref("connection"))),
    folded: said(
      "sums of those that are not, beyond the limit of connections",
      list(
        object({
          verdict: ref("verdict"),
          client: said("IP address", string),
          proxy: said("IP address and port", string),
          target: said("host; null where it was not seen", nullable(string)),
          count: said("of connections", count),
          firstStream: said("tcp.stream of the first of them", count),
          firstFrame: said("first frame of that", frame),
        }),
      ),
    ),
    policy: said(
      "what was read beside the capture of the proxy's own records; null where nothing was",
      nullable(
        object({
          sources: said(
            "a file each",
            list(
              object({
                path: said("as it was named", string),
                kind: said("what it is", oneOf("policy-trace", "access-log")),
                records: said("transactions or lines with time and host", count),
                clockDifferenceMs: said(
                  "the proxy's clock less that of the capture, in milliseconds; null where nothing could be compared",
                  nullable({ type: "integer" }),
                ),
                clockMatches: said("CONNECTs that meet at this difference", count),
                clockCertain: said(
                  "the records surely are of the capture's minutes: no other difference does as well",
                  boolean,
                ),
                joined: said("records that belong to one connection", count),
                ambiguous: said("records that may belong to one of several", count),
                unmatched: said("records that belong to none", count),
                notes: said(
                  "oddities by their id",
                  list(
                    object({
                      id: said("stable name", oneOf(...Object.keys(TRACE_NOTES))),
                      text: said("in words", string),
                      count: said("how often", count),
                      line: said("of the first", count),
                    }),
                  ),
                ),
              }),
            ),
          ),
          joins: said(
            "lines of one file that are about one connection and no other",
            list(
              object({
                stream: said("of the connection", count),
                source: said("its place in sources, from 0", count),
                lines: said("first lines of transactions, or lines of the log", list(count)),
              }),
            ),
          ),
          dropped: said("records beyond the limit that were not looked at", count),
        }),
      ),
    ),
    findings: said(
      "verdicts worst first, then what is no verdict, then those of the records of the proxy",
      list(ref("finding")),
    ),
  }),
  $defs,
};
