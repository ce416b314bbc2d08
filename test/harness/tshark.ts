// What tshark reads in a recorded capture, with the same keys and proxies: one process per capture, all fields at once.
import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import type { RecordedCapture } from "./truth.ts";

/** Fields that are compared, and those that hold what no output may show. */
const FIELDS = {
  frame: "frame.number",
  stream: "tcp.stream",
  ip: "ip.src",
  ip6: "ipv6.src",
  port: "tcp.srcport",
  method: "http.request.method",
  uri: "http.request.uri",
  status: "http.response.code",
  sni: "tls.handshake.extensions_server_name",
  ja3: "tls.handshake.ja3",
  h2Stream: "http2.streamid",
  h2Type: "http2.type",
  h2Method: "http2.headers.method",
  h2Authority: "http2.headers.authority",
  h2Path: "http2.headers.path",
  h2Status: "http2.headers.status",
  authorization: "http.authorization",
  proxyAuthorization: "http.proxy_authorization",
  authenticate: "http.www_authenticate",
  proxyAuthenticate: "http.proxy_authenticate",
  cookie: "http.cookie",
  setCookie: "http.set_cookie",
  body: "http.file_data",
  h2Authorization: "http2.headers.authorization",
  h2Cookie: "http2.headers.cookie",
  h2SetCookie: "http2.headers.set_cookie",
  h2Body: "http2.data.data",
  location: "http.location",
  h2Location: "http2.headers.location",
  requestFields: "http.request.line",
  responseFields: "http.response.line",
} as const;

/** A frame: each field with all its occurrences in order. */
export type TsharkFrame = Readonly<Record<keyof typeof FIELDS, readonly string[]>>;

export const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
/** Behind the title of what needs it. */
export const TSHARK_SKIP = hasTshark ? "" : " (skipped: tshark is not installed)";

const NAMES = Object.keys(FIELDS) as (keyof typeof FIELDS)[];
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** All frames of a capture. Two passes, so that a frame's stream and reassembly are final. */
export function tshark({ path, keysPath, truth }: RecordedCapture): Promise<readonly TsharkFrame[]> {
  const rsaKey = truth.options[truth.options.indexOf("--rsa-key") + 1];
  const args = [
    ...["-n", "-2", "-r", path, "-o", "tcp.reassemble_out_of_order:TRUE"],
    ...(keysPath === null ? [] : ["-o", `tls.keylog_file:${keysPath}`]),
    ...(truth.options.includes("--rsa-key") ? ["-o", `uat:rsa_keys:"${join(path, "..", rsaKey!)}",""`] : []),
    ...[truth.proxy, ...truth.otherProxies].flatMap(({ port, tls }) =>
      tls ? ["-d", `tcp.port==${port},tls`, "-d", `tls.port==${port},http`] : ["-d", `tcp.port==${port},http`],
    ),
    ...["-T", "fields", "-E", "separator=\x1f", "-E", "occurrence=a", "-E", "aggregator=\x1e"],
    ...NAMES.flatMap((name) => ["-e", FIELDS[name]]),
  ];
  return new Promise((resolve, reject) => {
    execFile("tshark", args, { maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      // tshark ends with 2 on a capture that is cut, behind all it could read.
      if (error !== null && !stderr.includes("appears to have been cut short")) reject(error);
      else resolve(stdout.split("\n").filter(Boolean).map(frameOf));
    });
  });
}

function frameOf(line: string): TsharkFrame {
  const values = line.split("\x1f");
  return Object.fromEntries(
    NAMES.map((name, i) => [name, (values[i] ?? "") === "" ? [] : values[i]!.split("\x1e")]),
  ) as unknown as TsharkFrame;
}
