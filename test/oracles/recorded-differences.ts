// Where tshark 4.0.17 misses something in a recorded capture: what is there by the logs of the recording, and why it is missed.

/** What is compared of a connection, as text. */
export interface RecordedFacts {
  readonly connects: string;
  readonly requests: string;
  readonly statuses: string;
  readonly sni: string;
  readonly ja3: string;
}

/** What the recording's programs logged (the truth beside the capture), by field. */
interface Difference {
  readonly why: string;
  readonly logged: Partial<RecordedFacts>;
  /** The one that is meant, where there are others. */
  readonly stream?: number;
}

const CURL = "0149f47eabf9a20d0893e2a44e5a6323";
const PORT_80 = "to port 80 tshark hands the tunnel to no dissector: its HTTP is shown as TCP payload";
const PLAIN_ANSWER = "tshark keeps the stream with TLS: plaintext that answers a ClientHello is ignored";
const TLS_IN_TLS =
  "tshark follows no CONNECT inside TLS: what the tunnel carries is missing, SNI and JA3 are the outer ones";
const UNTIL_CLOSE =
  "an answer until close: tshark waits for an end that TLS tells and TCP does not, and then shows no head";
const PORT_3128 =
  "to port 3128 tshark hands the tunnel to HTTP: its ClientHello, and what answers it, are no messages then";
const LOST_ANSWER = "without the 2xx tshark takes what follows for the CONNECT's continuation";

/** By capture; the connection is its first one. */
export const RECORDED_DIFFERENCES: Readonly<Record<string, Difference>> = {
  "early-client-hello": {
    why: "the ClientHello came in the CONNECT's segment: tshark takes it for the request's body, and has no session to decrypt",
    logged: { requests: "GET /", statuses: "200 200", sni: "www.example.com", ja3: "d39e1be3241d516b1f714bd47c2bc968" },
  },
  "tls-to-plain-port": {
    why: "the 400 answers a ClientHello and no request: the connection's sentence tells of it, and no list of answers",
    logged: { statuses: "" },
    stream: 0,
  },
  "scripted-204": {
    why: "only 200 opens a tunnel for tshark; RFC 9110 section 9.3.6 has any 2xx open it",
    logged: { requests: "GET /", statuses: "204 200", sni: "www.example.com", ja3: CURL },
  },
  "gap-at-answer": {
    why: LOST_ANSWER,
    logged: { requests: "GET /", statuses: "200", sni: "www.example.com", ja3: CURL },
  },
  "one-direction-client": { why: LOST_ANSWER, logged: { sni: "www.example.com", ja3: CURL } },
  "one-direction-proxy": {
    why: "the 200 has no request that the capture shows: it is the beginning of a tunnel, and not in the list of answers",
    logged: { statuses: "407" },
  },
  "gap-in-records": {
    why: "tshark shows no answer whose body has a hole, and decrypts nothing behind the hole: the answers' heads are both there",
    logged: { statuses: "200 200 200" },
  },
  "tls-12-renegotiation": { why: UNTIL_CLOSE, logged: { statuses: "200 200" } },
  "tls-12-3des": { why: UNTIL_CLOSE, logged: { statuses: "200 200" } },
  "tls-13-padding": { why: UNTIL_CLOSE, logged: { statuses: "200 200" } },
  "tls-nothing-sent": {
    why: "tshark waits for a body behind the last 200, as nothing follows it: it is shown as a segment only",
    logged: { statuses: "200" },
  },
  "squid-parent-other-scheme": {
    why: "the body of the parent's 407 ends before its length: tshark waits for the rest, and shows it as a segment only",
    logged: { statuses: "407 407" },
  },
  "client-breaks-off": {
    why: "tshark shows no request whose head has no end: the client broke it off",
    logged: { connects: "www.example.com:443 www.example.com:443" },
  },
  "two-realms": {
    why: "the proxy closes before the end of the second 407's body: tshark waits for it",
    logged: { statuses: "407 407" },
  },
  "connect-401-parent": {
    why: "the 401 to the CONNECT names no length and has no body: tshark waits for one, and shows a segment only",
    logged: { statuses: "401" },
  },
  "h2-proxy-chromium": {
    why: TLS_IN_TLS,
    logged: {
      requests: "GET /, GET /favicon.ico, GET /, GET /favicon.ico",
      statuses: "200 200 200 200 200 200",
      sni: "www.example.com",
      ja3: "218e3e1b75fbe8cec7e2b63527149b8e",
    },
  },
  "https-proxy": { why: TLS_IN_TLS, logged: { requests: "GET /", statuses: "407 200 200", sni: "www.example.com" } },
  "https-proxy-origin-401": {
    why: TLS_IN_TLS,
    logged: { requests: "GET /members", statuses: "200 401", sni: "shop.example.net" },
  },
  "scripted-plain-401": { why: PLAIN_ANSWER, logged: { statuses: "200 401" } },
  "scripted-plain-407": { why: PLAIN_ANSWER, logged: { statuses: "200 407" } },
  "gvfs-asks-for-the-proxy": {
    why: PORT_3128,
    logged: { statuses: "407 200 400", sni: "www.example.com", ja3: "2cbcec37dfff29e4c6a34dd35ebe1d70" },
  },
  "tls-plain-http-origin": { why: PLAIN_ANSWER, logged: { statuses: "200 400" } },
  "tunnel-http": { why: PORT_80, logged: { requests: "GET /", statuses: "200 200" } },
  "tunnel-http-origin-401": { why: PORT_80, logged: { requests: "GET /members", statuses: "200 401" } },
  "tunnel-http-proxy-401": { why: PORT_80, logged: { requests: "GET /", statuses: "200 401" } },
  "tunnel-websocket": { why: PORT_80, logged: { requests: "GET /ws", statuses: "200 101" } },
};

/** With keys for HTTP/2 tshark numbers the streams behind it too high; without, it counts them as pcapcheck does. */
export const RENUMBERED: ReadonlySet<string> = new Set([
  "far-401-h2",
  "labelled-proxy-h2",
  "labelled-site-h2",
  "mitm-h2-401",
  "near-site-401",
]);
