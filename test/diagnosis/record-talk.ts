// Timelines of tunnels by hand: who sent how many bytes in a record, and when. For what can be told without keys.
import type { Nanos, Where } from "../../src/bytes/index.ts";
import type { RequestHead, ResponseHead } from "../../src/http/index.ts";
import type { ConnectFact, ExchangeFact, Timeline } from "../../src/proxy/index.ts";
import {
  type ClientHello,
  isTls13,
  type RecordMark,
  type ServerHello,
  type TlsFacts,
  type TlsRole,
} from "../../src/tls-parse/index.ts";

/** One protected record behind the handshake: plaintext bytes, milliseconds since the handshake was complete. */
export interface Said {
  readonly from: TlsRole;
  readonly bytes: number;
  readonly ms: number;
}

/** What a tunnel is like; the rest is that of an ordinary TLS 1.3 tunnel of HTTP/1.1. */
export interface Talk {
  readonly host?: string;
  readonly client?: string;
  readonly stream?: number;
  /** When it begins, after the capture's start. */
  readonly startMs?: number;
  /** To the proxy. */
  readonly roundTripMs?: number;
  /** CONNECT to 2xx, and ClientHello to ServerHello. */
  readonly connectMs?: number;
  readonly helloMs?: number;
  readonly version?: number;
  readonly cipherSuite?: number;
  readonly alpnOffered?: readonly string[];
  readonly closedBy?: Timeline["closedBy"];
  readonly inside?: "full" | "partial" | "none";
  readonly earlyData?: boolean;
  readonly records: readonly Said[];
}

const TLS13 = 0x0304;
const AES_128_GCM = 0x1301;
/** TLS 1.3 with AES-GCM: inner type and tag. */
const OVERHEAD_13 = 17;
/** TLS 1.2 with AES-GCM: explicit nonce and tag. */
const OVERHEAD_12 = 24;
const FINISHED = 36;

/** 2026-03-09T08:15:00Z. */
const START = 1_773_044_100_000_000_000n;

export function atMs(ms: number): Nanos {
  return START + BigInt(Math.round(ms * 1e6));
}

export function where(frame: number, ms: number): Where {
  return { frame, firstFrame: frame, at: 0, time: atMs(ms) };
}

const HEAD = {
  end: 0,
  version: "HTTP/1.1",
  cut: false,
  names: [],
  fields: [],
  contentLength: null,
  chunked: false,
  connection: null,
  upgrade: null,
} as const;

export function requestHead(place: Where, change: Partial<RequestHead> = {}): RequestHead {
  return {
    ...HEAD,
    kind: "request",
    where: place,
    method: "CONNECT",
    target: "www.example.com:443",
    form: "authority",
    scheme: null,
    host: null,
    proxyAuthorization: null,
    authorization: null,
    userAgent: null,
    ...change,
  };
}

export function responseHead(place: Where, status: number, change: Partial<ResponseHead> = {}): ResponseHead {
  return {
    ...HEAD,
    kind: "response",
    where: place,
    status,
    reason: "",
    proxyChallenges: [],
    challenges: [],
    ...change,
  };
}

export function connectFact(
  target: string,
  asked: Where,
  response: ResponseHead | null,
  change: Partial<RequestHead> = {},
): ConnectFact {
  const [host = "", port = ""] = target.split(":");
  return {
    request: requestHead(asked, { target, ...change }),
    target: { host, port: Number(port), kind: "name", text: target },
    response,
    interim: 0,
    unanswered: response === null ? "still-open" : null,
    droppedBefore: 0,
  };
}

export function exchangeFact(
  request: RequestHead | null,
  response: ResponseHead | null,
  change: Partial<ExchangeFact> = {},
): ExchangeFact {
  return {
    protocol: "http/1.1",
    request,
    response,
    url: request === null ? null : `https://${request.host ?? "www.example.com"}${request.target}`,
    unanswered: response === null ? "still-open" : null,
    requestBytes: 100,
    responseBytes: 200,
    body: null,
    ...change,
  };
}

const DIRECTION = {
  segments: 10,
  bytes: 1_000,
  retransmissions: 0,
  outOfOrder: 0,
  filled: null,
  gaps: 0,
  missingBytes: 0,
  overlapsDiffering: 0,
  early: null,
  synSeen: true,
  finFrame: null,
  resetFrame: null,
};

/** A timeline with nothing in it. */
export function timeline(change: Partial<Timeline> = {}): Timeline {
  return {
    stream: 0,
    namedClient: null,
    client: { ip: "192.0.2.17", port: 52_110 },
    proxy: { ip: "192.0.2.80", port: 8080 },
    detectedBy: "connect",
    firstFrame: 1,
    lastFrame: 99,
    start: atMs(0),
    end: atMs(1_000),
    closedBy: "fin",
    clientEnd: "fin",
    proxyEnd: "fin",
    lateStart: false,
    oneSided: false,
    fromClient: DIRECTION,
    fromProxy: DIRECTION,
    gaps: [],
    roundTripMs: 1,
    secure: null,
    clearAnswer: null,
    http2Stream: null,
    connects: [],
    tunnel: null,
    forwards: [],
    forwardsDropped: 0,
    notes: [],
    ...change,
  };
}

/** The timeline of a tunnel whose records passed as `talk` says. Frames count up with the records. */
export function tunnelOf(talk: Talk): Timeline {
  const { host = "www.example.com", stream = 0, startMs = stream * 10_000, connectMs = 2, helloMs = 3 } = talk;
  const roundTripMs = talk.roundTripMs ?? 1;
  const version = talk.version ?? TLS13;
  const first = 1 + stream * 1_000;
  const asked = where(first + 3, startMs + roundTripMs);
  const opened = where(first + 5, startMs + roundTripMs + connectMs);
  const hello = where(first + 7, startMs + roundTripMs + connectMs + 0.1);
  const answered = where(first + 9, startMs + roundTripMs + connectMs + 0.1 + helloMs);
  const completeMs = startMs + 2 * roundTripMs + connectMs + helloMs + 0.2;
  const complete = where(first + 11, completeMs);
  const overhead = isTls13(version) ? OVERHEAD_13 : OVERHEAD_12;
  const marks: RecordMark[] = isTls13(version)
    ? [mark("server", "applicationData", 1_200, first + 9, answered.time)]
    : [];
  marks.push(
    mark(
      "client",
      isTls13(version) ? "applicationData" : "handshake",
      isTls13(version) ? FINISHED + OVERHEAD_13 : 40,
      first + 11,
      complete.time,
    ),
  );
  for (const [i, said] of talk.records.entries()) {
    marks.push(
      mark(said.from, "applicationData", said.bytes + overhead, first + 13 + 2 * i, atMs(completeMs + said.ms)),
    );
  }
  const lastMs = completeMs + (talk.records.at(-1)?.ms ?? 0) + 1;
  const target = `${host}:443`;
  return timeline({
    stream,
    client: { ip: talk.client ?? "192.0.2.17", port: 52_110 + stream },
    firstFrame: first,
    lastFrame: first + 15 + 2 * talk.records.length,
    start: atMs(startMs),
    end: atMs(lastMs),
    closedBy: talk.closedBy ?? "fin",
    roundTripMs,
    connects: [connectFact(target, asked, responseHead(opened, 200))],
    tunnel: {
      target: { host, port: 443, kind: "name", text: target },
      opened,
      protocol: "tls",
      clientBytes: 1_000,
      serverBytes: 1_000,
      firstClient: hello,
      firstServer: answered,
      tls: tlsFacts(talk, version, hello, answered, complete, marks),
      plaintextAnswer: false,
      exchanges: [],
      exchangesDropped: 0,
      inside: talk.inside ?? "none",
    },
  });
}

function mark(from: TlsRole, kind: RecordMark["kind"], length: number, frame: number, time: Nanos): RecordMark {
  return { from, kind, length, firstFrame: frame, frame, firstTime: time, time };
}

const NONE = new Uint8Array(0);

function tlsFacts(
  talk: Talk,
  version: number,
  hello: Where,
  answered: Where,
  complete: Where,
  marks: readonly RecordMark[],
): TlsFacts {
  const clientHello: ClientHello = {
    where: hello,
    sslv2: false,
    version: 0x0303,
    random: NONE,
    sessionId: NONE,
    cipherSuites: [AES_128_GCM],
    compressionMethods: [0],
    extensions: [],
    sni: talk.host ?? "www.example.com",
    alpn: talk.alpnOffered ?? ["http/1.1"],
    supportedVersions: [TLS13],
    groups: [],
    signatureAlgorithms: [],
    ech: "none",
    offersResumption: false,
    earlyData: talk.earlyData ?? false,
    whole: true,
    raw: NONE,
  };
  const serverHello: ServerHello = {
    where: answered,
    retry: false,
    version,
    random: NONE,
    sessionId: NONE,
    cipherSuite: talk.cipherSuite ?? (isTls13(version) ? AES_128_GCM : 0xc02f),
    extensions: [],
    alpn: null,
    group: null,
    certificateType: 0,
    resumed: false,
    raw: NONE,
  };
  const counts = { changeCipherSpec: 1, alert: 0, handshake: 2, applicationData: marks.length, heartbeat: 0 };
  return {
    clientHello,
    clientHellos: 0,
    serverHello,
    helloRetryRequest: null,
    certificates: [],
    certificateWhere: null,
    alerts: [],
    records: { client: counts, server: counts },
    transitions: [],
    marks,
    applicationBytes: { client: 1_000, server: 1_000 },
    handshakeComplete: true,
    handshakeCompleteWhere: complete,
    alpn: null,
    closeNotify: { client: false, server: false },
    notTls: { client: null, server: null },
    gaps: 0,
    opened: 0,
    damaged: 0,
    closed: marks.length,
    unsupported: false,
  };
}
