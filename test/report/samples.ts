// Reports written by hand, one for every verdict, for the tests of outputs. Addresses and names are those of documentation (RFC 5737, RFC 2606).
import type { FindingId, Severity, Verdict } from "../../src/diagnosis/index.ts";
import { VERDICTS } from "../../src/diagnosis/index.ts";
import type {
  Report,
  ReportConnect,
  ReportConnection,
  ReportExchange,
  ReportFinding,
  ReportResponse,
  ReportTls,
  ReportTunnel,
} from "../../src/report/index.ts";
import { exitCodeOf, isUnseen, isWrong } from "../../src/report/index.ts";

/** Time stamp of `ms` milliseconds after the capture's start. */
function at(ms: number): string {
  return `2026-03-09T08:15:${String(2 + Math.floor(ms / 1000)).padStart(2, "0")}.${String((ms % 1000) * 1_000_000).padStart(9, "0")}Z`;
}

function response(frame: number, ms: number, status: number, change: Partial<ReportResponse> = {}): ReportResponse {
  const reason = {
    200: "Connection established",
    401: "Unauthorized",
    403: "Forbidden",
    407: "Proxy Authentication Required",
  };
  return {
    frame,
    time: at(ms),
    status,
    reason: reason[status as keyof typeof reason] ?? "",
    challenges: status === 401 || status === 407 ? [{ scheme: "NTLM", realm: null }] : [],
    ...change,
  };
}

function connect(frame: number, ms: number, change: Partial<ReportConnect> = {}): ReportConnect {
  return { frame, time: at(ms), target: "news.example.com:443", credentials: null, response: null, ...change };
}

function exchange(frame: number, ms: number, change: Partial<ReportExchange> = {}): ReportExchange {
  return {
    frame,
    time: at(ms),
    protocol: "http/1.1",
    method: "GET",
    url: "https://news.example.com/",
    credentials: null,
    response: null,
    sentBy: null,
    certainty: null,
    evidence: [],
    ...change,
  };
}

const RECORDS = { handshake: 3, changeCipherSpec: 1, applicationData: 9, alert: 0 };

function tls(change: Partial<ReportTls> = {}): ReportTls {
  return {
    version: "TLS 1.3",
    sni: "news.example.com",
    alpnOffered: ["h2", "http/1.1"],
    alpn: "http/1.1",
    cipher: "TLS_AES_128_GCM_SHA256",
    ja3: "cd08e31494f9531f560d64c695473da9",
    ja4: "t13d1516h2_8daaf6152771_b0da82dd1658",
    ech: "grease",
    clientHelloFrame: 20,
    serverHelloFrame: 22,
    handshakeComplete: true,
    records: { client: RECORDS, proxy: RECORDS },
    alerts: [],
    certificate: {
      subject: "CN=news.example.com",
      issuer: "CN=Example Interception CA,O=Example",
      notBefore: "2026-03-09T08:10:00.000000000Z",
      notAfter: "2027-03-09T08:10:00.000000000Z",
      names: ["news.example.com"],
      fingerprint: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      key: { algorithm: "EC", bits: 256, curve: "P-256" },
      signatureAlgorithm: "sha256WithRSAEncryption",
      selfIssued: false,
    },
    chain: [
      {
        subject: "CN=Example Interception CA,O=Example",
        issuer: "CN=Example Interception CA,O=Example",
        notBefore: "2020-01-01T00:00:00.000000000Z",
        notAfter: "2040-01-01T00:00:00.000000000Z",
        names: [],
        fingerprint: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
        key: { algorithm: "RSA", bits: 2048, curve: null },
        signatureAlgorithm: "sha256WithRSAEncryption",
        selfIssued: true,
      },
    ],
    intercepted: "yes",
    interceptedWhy:
      'the certificate of frame 22 (issuer "CN=Example Interception CA,O=Example") had been made only 5 min before',
    decrypted: "full",
    transitions: [
      { frame: 20, time: at(31), from: "client", what: "client-hello" },
      { frame: 22, time: at(33), from: "proxy", what: "server-hello" },
      { frame: 22, time: at(33), from: "proxy", what: "certificate" },
      { frame: 23, time: at(34), from: "client", what: "finished" },
      { frame: 40, time: at(35), from: "client", what: "application-data" },
    ],
    ...change,
  };
}

function tunnel(change: Partial<ReportTunnel> = {}): ReportTunnel {
  return {
    target: "news.example.com:443",
    frame: 18,
    time: at(30),
    protocol: "tls",
    stages: { connect: "answered 200 after 407, 407", tls: "handshake complete", https: "401 by the proxy (NTLM)" },
    bytes: { client: 2_310, proxy: 9_872 },
    tls: tls(),
    exchanges: [],
    signs: [],
    ...change,
  };
}

/** The ordinary case: challenged with 407, NTLM in two steps, a tunnel that was read. */
function connection(stream: number, verdict: Verdict, change: Partial<ReportConnection> = {}): ReportConnection {
  return {
    stream,
    namedClient: null,
    client: { ip: "192.0.2.17", port: 52_110 + stream },
    proxy: { ip: "192.0.2.80", port: 8080 },
    start: at(0),
    end: at(1_900),
    closedBy: "fin",
    firstFrame: 9,
    lastFrame: 66,
    verdict,
    summary: SUMMARIES[verdict],
    continuedBy: null,
    continues: null,
    connects: [
      connect(12, 1, { response: response(14, 2, 407) }),
      connect(15, 3, {
        credentials: { scheme: "NTLM", step: "type 1", user: null },
        response: response(16, 4, 407),
      }),
      connect(17, 5, {
        credentials: { scheme: "NTLM", step: "type 3", user: "EXAMPLE\\kim" },
        response: response(18, 30, 200),
      }),
    ],
    tunnel: tunnel({ exchanges: [exchange(40, 35, { response: response(43, 36, 200, { reason: "OK" }) })] }),
    forwards: [],
    notes: [],
    ...change,
  };
}

export function finding(id: FindingId, stream: number | null, change: Partial<ReportFinding> = {}): ReportFinding {
  const frames = stream === null ? [] : [12, 14, 43];
  return {
    id,
    severity: severityOf(id),
    certainty: null,
    stream,
    frames,
    title: `Title of ${id}`,
    detail: `Detail of ${id}.`,
    evidence: [],
    advice: { helpdesk: `What the helpdesk does about ${id}.`, proxyAdmin: `What the administrator does about ${id}.` },
    displayFilter: stream === null ? null : `tcp.stream eq ${stream} and frame.number in {${frames.join(", ")}}`,
    ...change,
  };
}

function severityOf(id: FindingId): Severity {
  const verdict = VERDICTS.find((candidate) => candidate === id);
  return verdict !== undefined && isWrong(verdict) ? "error" : "info";
}

/** A report of these connections, with the sums that belong to them. */
export function report(connections: readonly ReportConnection[], change: Partial<Report> = {}): Report {
  const verdicts: Partial<Record<Verdict, number>> = {};
  for (const { verdict } of connections) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const verdict = VERDICTS.find((candidate) => candidate in verdicts) ?? "incomplete";
  return {
    schemaVersion: 1,
    tool: { name: "pcapcheck", version: "0.1.0" },
    capture: {
      path: "morning.pcapng",
      format: "pcapng",
      compression: null,
      linkTypes: ["EN10MB"],
      packets: 812,
      bytes: 402_113,
      start: at(0),
      end: at(12_400),
      quality: {
        cutShort: false,
        truncatedPackets: 0,
        gaps: 0,
        missingBytes: 0,
        lateStarts: 0,
        oneSided: 0,
        warnings: [],
      },
      keys: { sources: ["keylog"], sessions: 12, decrypted: 3 },
    },
    verdict,
    exitCode: exitCodeOf(verdict),
    totals: {
      connections: connections.length,
      tunnels: connections.filter((candidate) => candidate.tunnel !== null).length,
      wrong: connections.filter((candidate) => isWrong(candidate.verdict)).length,
      unseen: connections.filter((candidate) => isUnseen(candidate.verdict)).length,
      verdicts,
    },
    proxies: [
      {
        ip: "192.0.2.80",
        port: 8080,
        detectedBy: "connect",
        product: { name: "Squid", certainty: "certain", evidence: ["frame 14: Server: squid"] },
        intercepts: "yes",
        connections: connections.length,
      },
    ],
    connections,
    folded: [],
    policy: null,
    findings: [],
    ...change,
  };
}

const SUMMARIES: Readonly<Record<Verdict, string>> = {
  "tunnel-401-proxy":
    "GET https://news.example.com/ (frame 40) was answered 401 inside the tunnel (frame 43) by the proxy, which should have asked with 407 on the CONNECT.",
  "tunnel-407":
    "GET https://news.example.com/ (frame 40) was answered 407 inside the tunnel (frame 43): too late, the client accepts a 407 only on the CONNECT.",
  "connect-401": "CONNECT news.example.com:443 (frame 12) was answered 401 (frame 14): a proxy must ask with 407.",
  "forward-401-proxy":
    "GET http://intranet.example.com/ (frame 12) was answered 401 (frame 14) by the proxy, which should have asked with 407.",
  "tunnel-401-unattributed":
    "GET https://news.example.com/ (frame 40) was answered 401 inside the tunnel (frame 43); who sent it cannot be told from this capture.",
  "tunnel-401-suspected":
    "Two signs in the records of the tunnel to news.example.com:443 look like a challenge by the proxy.",
  "auth-loop": "The proxy refused complete credentials 2 times (frames 16, 18), until the client gave up.",
  "auth-no-scheme": "The 407 of frame 14 names no authentication scheme: no client can answer it.",
  "auth-abandoned":
    "The proxy asked for credentials (407 with NTLM, frame 14), and the client never came back with any.",
  "tunnel-refused":
    "CONNECT news.example.com:443 (frame 12) was answered 403 (frame 14) Forbidden: the proxy did not open the tunnel.",
  "no-response": "CONNECT news.example.com:443 (frame 12) was not answered before the connection was closed.",
  "tls-failed":
    "The TLS handshake in the tunnel to news.example.com:443 failed: the client sent the alert unknown_ca (frame 60).",
  incomplete: "The answer to CONNECT news.example.com:443 (frame 12) is not in the capture.",
  encrypted: "The tunnel to news.example.com:443 was set up as it should be; its inside cannot be read without keys.",
  "not-tls": "The tunnel to git.example.com:22 carries SSH.",
  "tunnel-401-origin":
    "GET https://news.example.com/ (frame 40) was answered 401 inside the tunnel (frame 43) by the site itself: its own login.",
  "forward-401-origin":
    "GET http://intranet.example.com/ (frame 12) was answered 401 (frame 14) by the site itself: its own login.",
  "auth-ok": "The inside of the tunnel to news.example.com:443 was read: nothing wrong.",
  ok: "The inside of the tunnel to news.example.com:443 was read: nothing wrong.",
};

const EVIDENCE = [
  "frame 43: the same challenge (NTLM) as the 407 of this proxy in frame 14",
  "frame 43: answered 1.0 ms after the request; the way to the origin takes 25 ms",
];

function answered(status: 401 | 407, sentBy: "proxy" | "origin" | "unknown"): ReportTunnel {
  const certainty = sentBy === "unknown" ? null : "likely";
  const evidence = sentBy === "unknown" ? [] : EVIDENCE;
  return tunnel({
    exchanges: [exchange(40, 35, { response: response(43, 36, status), sentBy, certainty, evidence })],
  });
}

function forwarded(sentBy: "proxy" | "origin"): Partial<ReportConnection> {
  const url = "http://intranet.example.com/";
  return {
    connects: [],
    tunnel: null,
    forwards: [
      exchange(12, 1, { url, response: response(14, 2, 401), sentBy, certainty: "likely", evidence: EVIDENCE }),
    ],
  };
}

const asked = (status: number | null): Partial<ReportConnection> => ({
  connects: [connect(12, 1, { response: status === null ? null : response(14, 2, status) })],
  tunnel: null,
});

const SHUT = tunnel({
  stages: {
    connect: "answered 200 after 407, 407",
    tls: "handshake complete",
    https: "cannot be seen without keys",
  },
  tls: tls({
    certificate: null,
    chain: [],
    intercepted: "unknown",
    interceptedWhy: null,
    decrypted: "none",
    alpn: null,
  }),
});

/** What a connection with each verdict differs in from the ordinary case. */
const SHAPES: Readonly<Record<Verdict, Partial<ReportConnection>>> = {
  "tunnel-401-proxy": { tunnel: answered(401, "proxy") },
  "tunnel-407": { tunnel: answered(407, "proxy") },
  "connect-401": asked(401),
  "forward-401-proxy": forwarded("proxy"),
  "tunnel-401-unattributed": { tunnel: answered(401, "unknown") },
  "tunnel-401-suspected": {
    tunnel: {
      ...SHUT,
      signs: [
        {
          id: "near-answer",
          frame: 43,
          time: at(36),
          frames: [40, 43],
          text: "the answer of 450 bytes (frame 43) was there 1.0 ms after the request (frame 40): the proxy's way to the site takes 25 ms (CONNECT to its answer, frames 17 to 18)",
        },
        {
          id: "credentials-repeat",
          frame: 43,
          time: at(36),
          frames: [40, 43, 45],
          text: "after an answer of 450 bytes (frame 43) the client asked again 3.0 ms later (frame 45), with 39 bytes more than before (frame 40): as much as Basic credentials would add",
        },
      ],
    },
  },
  "auth-loop": {
    tunnel: null,
    connects: [12, 15, 17].map((frame, i) =>
      connect(frame, i * 2, {
        credentials: i === 0 ? null : { scheme: "Basic", step: null, user: "kim" },
        response: response(frame + 1, i * 2 + 1, 407, { challenges: [{ scheme: "Basic", realm: "Example proxy" }] }),
      }),
    ),
  },
  "auth-no-scheme": {
    tunnel: null,
    connects: [connect(12, 1, { response: response(14, 2, 407, { challenges: [] }) })],
  },
  "auth-abandoned": asked(407),
  "tunnel-refused": asked(403),
  "no-response": asked(null),
  "tls-failed": {
    closedBy: "reset-by-client",
    tunnel: tunnel({
      stages: {
        connect: "answered 200",
        tls: "failed: the client sent the alert unknown_ca (frame 60)",
        https: "cannot be seen without keys",
      },
      tls: tls({
        version: "TLS 1.2",
        handshakeComplete: false,
        decrypted: "none",
        alerts: [{ frame: 60, from: "client", level: "fatal", description: "unknown_ca", encrypted: false }],
        transitions: [
          { frame: 20, time: at(31), from: "client", what: "client-hello" },
          { frame: 22, time: at(33), from: "proxy", what: "server-hello" },
          { frame: 60, time: at(40), from: "client", what: "alert" },
        ],
      }),
    }),
  },
  incomplete: { ...asked(null), closedBy: "open" },
  encrypted: { tunnel: SHUT },
  "not-tls": {
    connects: [connect(12, 1, { target: "git.example.com:22", response: response(14, 2, 200) })],
    tunnel: tunnel({
      target: "git.example.com:22",
      protocol: "ssh",
      stages: { connect: "answered 200", tls: "not TLS", https: "carries ssh" },
      tls: null,
    }),
  },
  "tunnel-401-origin": { tunnel: answered(401, "origin") },
  "forward-401-origin": forwarded("origin"),
  "auth-ok": {},
  ok: { connects: [connect(12, 1, { response: response(14, 2, 200) })] },
};

/** A connection with this verdict. */
export function judged(stream: number, verdict: Verdict, change: Partial<ReportConnection> = {}): ReportConnection {
  return connection(stream, verdict, { ...SHAPES[verdict], ...change });
}

/** One report for every verdict: a single connection and its finding. */
export const SAMPLES: ReadonlyMap<Verdict, Report> = new Map(
  VERDICTS.map((verdict) => {
    const one = judged(3, verdict);
    const told = finding(verdict, 3, { certainty: "likely", detail: one.summary, evidence: EVIDENCE });
    return [verdict, report([one], { findings: exitCodeOf(verdict) === 0 ? [] : [told] })];
  }),
);
