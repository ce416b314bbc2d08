// The report: plain data that survives JSON. Its names are a contract with other programs (schemaVersion 1).
import type { Certainty, FindingId, Sender, Severity, Verdict } from "../diagnosis/index.ts";
import type { TraceFindingId } from "../policy-trace/index.ts";

/** RFC 3339 with nanoseconds, UTC. */
export type Timestamp = string;

/** An IP address, IPv6 as RFC 5952 writes it, and a port. */
export interface ReportEndpoint {
  readonly ip: string;
  readonly port: number;
}

/** One challenge of a 401 or 407 (RFC 9110 §11.3), as it was sent. */
export interface ReportChallenge {
  readonly scheme: string;
  readonly realm: string | null;
}

/** Credentials that a request carried, without what is secret. `step`: which message of a scheme that takes several; else null. */
export interface ReportCredentials {
  readonly scheme: string;
  readonly step: string | null;
  /** User name where it can be seen (redactable). */
  readonly user: string | null;
}

/** A final response. `challenges`: of a 407 its Proxy-Authenticate, of a 401 its WWW-Authenticate. */
export interface ReportResponse {
  readonly frame: number;
  readonly time: Timestamp;
  readonly status: number;
  readonly reason: string;
  readonly challenges: readonly ReportChallenge[];
}

/** A CONNECT; `target` is host and port as it was sent, `response` null where none was seen. */
export interface ReportConnect {
  readonly frame: number;
  readonly time: Timestamp;
  readonly target: string;
  readonly credentials: ReportCredentials | null;
  readonly response: ReportResponse | null;
}

/** A request and its response, in a tunnel or forwarded; null is what is not there, or was not seen. `frame`: of the request, or of the response where that alone was seen. */
export interface ReportExchange {
  readonly frame: number;
  readonly time: Timestamp;
  readonly protocol: "http/1.0" | "http/1.1" | "h2";
  readonly method: string | null;
  readonly url: string | null;
  readonly credentials: ReportCredentials | null;
  readonly response: ReportResponse | null;
  /** Who sent the response, where that was asked (401, 407); else null. */
  readonly sentBy: Sender | null;
  readonly certainty: Certainty | null;
  readonly evidence: readonly string[];
}

/** Records of one side by their type, as far as the outside shows it. */
export interface ReportRecordCounts {
  readonly handshake: number;
  readonly changeCipherSpec: number;
  readonly applicationData: number;
  readonly alert: number;
}

/** A TLS alert (RFC 8446 §6). */
export interface ReportAlert {
  readonly frame: number;
  readonly from: "client" | "proxy";
  readonly level: "warning" | "fatal" | null;
  /** Registry name; null if it is encrypted. */
  readonly description: string | null;
  readonly encrypted: boolean;
}

/** A certificate (RFC 5280); what of it is damaged is null or empty. */
export interface ReportCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Timestamp | null;
  readonly notAfter: Timestamp | null;
  readonly names: readonly string[];
  /** SHA-256 of the DER, hexadecimal. */
  readonly fingerprint: string;
  /** null if it is damaged. */
  readonly key: ReportKey | null;
  /** How the issuer signed, "sha256WithRSAEncryption"; dotted numbers where the name is not known, null if it is damaged. */
  readonly signatureAlgorithm: string | null;
  /** Subject and issuer are the same name (RFC 5280 §3.2): a root, or one that nobody vouches for. */
  readonly selfIssued: boolean;
}

/** A public key. */
export interface ReportKey {
  /** "RSA", "EC", "Ed25519"; dotted numbers where the name is not known. */
  readonly algorithm: string;
  readonly bits: number | null;
  /** Of an EC key. */
  readonly curve: string | null;
}

/** The TLS of a tunnel; null is what is not there, or was not seen. */
export interface ReportTls {
  readonly version: string | null;
  readonly sni: string | null;
  readonly alpnOffered: readonly string[];
  readonly alpn: string | null;
  readonly cipher: string | null;
  readonly ja3: string | null;
  readonly ja4: string | null;
  /** "offered": or GREASE, which looks the same (RFC 9849 §6.2). "grease": most likely, as the hello names no server. */
  readonly ech: "none" | "grease" | "offered";
  readonly clientHelloFrame: number | null;
  readonly serverHelloFrame: number | null;
  readonly handshakeComplete: boolean;
  readonly records: { readonly client: ReportRecordCounts; readonly proxy: ReportRecordCounts };
  readonly alerts: readonly ReportAlert[];
  /** Of the server side: what the proxy presents. */
  readonly certificate: ReportCertificate | null;
  /** The certificates that were sent behind it, in this order; at most 10. */
  readonly chain: readonly ReportCertificate[];
  readonly intercepted: "yes" | "no" | "unknown";
  /** What tells it, in words with frames; null where nothing does. */
  readonly interceptedWhy: string | null;
  readonly decrypted: "full" | "partial" | "none";
  /** Steps of the record layer with frames and times, for the ladder: at most 64. */
  readonly transitions: readonly ReportTransition[];
}

/** A step of the record layer. */
export interface ReportTransition {
  readonly frame: number;
  readonly time: Timestamp;
  readonly from: "client" | "proxy";
  readonly what: string;
}

/** What came after the 2xx to a CONNECT. `bytes`: of TCP data in it. */
export interface ReportTunnel {
  readonly target: string;
  /** Frame of the 2xx; null if its answer is not in the capture. */
  readonly frame: number | null;
  readonly time: Timestamp | null;
  readonly protocol: "tls" | "http" | "http2" | "ssh" | "smtp" | "unknown" | "none";
  readonly stages: { readonly connect: string; readonly tls: string; readonly https: string };
  readonly bytes: { readonly client: number; readonly proxy: number };
  readonly tls: ReportTls | null;
  readonly exchanges: readonly ReportExchange[];
  /** What sizes and times of records tell where there are no keys; in order of frames. */
  readonly signs: readonly ReportSign[];
}

/** A sign speaks for a challenge by the proxy inside the tunnel, and is no proof of it. */
export interface ReportSign {
  readonly id: "near-answer" | "never-forwarded" | "credentials-repeat" | "same-answer" | "quick-succession";
  /** The record at which it shows. */
  readonly frame: number;
  readonly time: Timestamp;
  /** All frames that it cites. */
  readonly frames: readonly number[];
  readonly text: string;
}

/** Whom a balancer passes a connection on for, as its PROXY header says: whoever connects may write there what they like. */
export interface ReportNamedClient {
  readonly ip: string;
  readonly port: number;
  /** Of the header. */
  readonly frame: number;
  readonly time: Timestamp;
}

/** One connection to a proxy; over HTTP/2 each of its tunnels. */
export interface ReportConnection {
  readonly stream: number;
  /** Who connects: the balancer where `namedClient` is somebody. */
  readonly client: ReportEndpoint;
  readonly proxy: ReportEndpoint;
  /** Null without a PROXY header, or with one that names nobody. */
  readonly namedClient: ReportNamedClient | null;
  readonly start: Timestamp;
  readonly end: Timestamp;
  readonly closedBy: "fin" | "reset-by-client" | "reset-by-proxy" | "open";
  readonly firstFrame: number;
  readonly lastFrame: number;
  readonly verdict: Verdict;
  /** One sentence: why this verdict. */
  readonly summary: string;
  /** Challenged here and answered there (stream of the successor), or the other way round. */
  readonly continuedBy: number | null;
  readonly continues: number | null;
  readonly connects: readonly ReportConnect[];
  readonly tunnel: ReportTunnel | null;
  readonly forwards: readonly ReportExchange[];
  readonly notes: readonly ReportNote[];
}

/** An oddity that was met and gone on behind. `frame` 0: it concerns none. */
export interface ReportNote {
  readonly id: string;
  readonly frame: number;
  readonly text: string;
}

/** A proxy, by address and port. `connections`: to it, those that are only counted too. */
export interface ReportProxy {
  readonly ip: string;
  readonly port: number;
  readonly detectedBy: "connect" | "absolute-form" | "option";
  readonly product: {
    readonly name: string;
    readonly certainty: Certainty;
    readonly evidence: readonly string[];
  } | null;
  readonly intercepts: "yes" | "no" | "unknown";
  readonly connections: number;
}

/** What was found, with what shows it and what to do. `stream` null: it is about several connections or the whole capture. */
export interface ReportFinding {
  readonly id: FindingId | TraceFindingId;
  readonly severity: Severity;
  readonly certainty: Certainty | null;
  readonly stream: number | null;
  readonly frames: readonly number[];
  readonly title: string;
  readonly detail: string;
  readonly evidence: readonly string[];
  readonly advice: { readonly helpdesk: string; readonly proxyAdmin: string };
  readonly displayFilter: string | null;
}

/** Oddities of one id, summed up. */
export interface ReportWarning {
  readonly id: string;
  readonly count: number;
  /** First frame concerned; null where none is. */
  readonly frame: number | null;
  readonly text: string;
}

/** The file, and how whole it is. */
export interface ReportCapture {
  readonly path: string;
  readonly format: "pcap" | "pcapng";
  readonly compression: "gzip" | "zstd" | null;
  readonly linkTypes: readonly string[];
  readonly packets: number;
  readonly bytes: number;
  readonly start: Timestamp | null;
  readonly end: Timestamp | null;
  readonly quality: {
    readonly cutShort: boolean;
    readonly truncatedPackets: number;
    readonly gaps: number;
    readonly missingBytes: number;
    readonly lateStarts: number;
    readonly oneSided: number;
    readonly warnings: readonly ReportWarning[];
  };
  readonly keys: { readonly sources: readonly string[]; readonly sessions: number; readonly decrypted: number };
}

/** Connections that were judged and counted, but of which only these sums were kept (limit on memory). */
export interface ReportFolded {
  readonly verdict: Verdict;
  /** Whom a PROXY header names, else who connects; "several" for the sum of many. */
  readonly client: string;
  readonly proxy: string;
  readonly target: string | null;
  readonly count: number;
  readonly firstStream: number;
  readonly firstFrame: number;
}

/** A policy trace or access log beside the capture. */
export interface ReportPolicySource {
  readonly path: string;
  readonly kind: "policy-trace" | "access-log";
  /** Transactions or lines with time and host. */
  readonly records: number;
  /** The proxy's clock less that of the capture; null where nothing could be compared. */
  readonly clockDifferenceMs: number | null;
  /** CONNECTs that meet at this difference; and whether the records surely are of the capture's minutes. */
  readonly clockMatches: number;
  readonly clockCertain: boolean;
  /** Records that belong to one connection, to one of several, to none. */
  readonly joined: number;
  readonly ambiguous: number;
  readonly unmatched: number;
  readonly notes: readonly {
    readonly id: string;
    readonly text: string;
    readonly count: number;
    readonly line: number;
  }[];
}

/** The lines of one file that are about one connection and no other. */
export interface ReportPolicyJoin {
  readonly stream: number;
  /** Its place in `sources`. */
  readonly source: number;
  /** First lines of transactions, or lines of the log. */
  readonly lines: readonly number[];
}

/** What the proxy's own records brought. */
export interface ReportPolicy {
  readonly sources: readonly ReportPolicySource[];
  readonly joins: readonly ReportPolicyJoin[];
  /** Records beyond the limit that were not looked at. */
  readonly dropped: number;
}

/** The report of one capture; null is what is not known, frames count from 1. */
export interface Report {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "pcapcheck"; readonly version: string };
  readonly capture: ReportCapture;
  readonly verdict: Verdict;
  readonly exitCode: 0 | 1 | 3;
  /** Of all connections to proxies, kept and folded ones. */
  readonly totals: {
    readonly connections: number;
    readonly tunnels: number;
    readonly wrong: number;
    readonly unseen: number;
    readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
  };
  readonly proxies: readonly ReportProxy[];
  readonly connections: readonly ReportConnection[];
  readonly folded: readonly ReportFolded[];
  /** What was read beside the capture of the proxy's own records; null where nothing was. */
  readonly policy: ReportPolicy | null;
  readonly findings: readonly ReportFinding[];
}
