// Secrets in every place where HTTP has room for them, planted by hand: no output shows one. Those of real programs are looked for in
// test/oracles/recorded.test.ts.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { ascii } from "../harness/capture-file.ts";
import { dresses, journalled } from "../harness/dresses.ts";
import type { TappedPiece } from "../harness/tls-talk.ts";
import { OPENING, toProxy } from "../harness/tunnelled.ts";

const SECRET = "s3cr3t";

const client = (...lines: readonly string[]): TappedPiece => ({ from: "client", bytes: ascii(lines.join("\r\n")) });
const proxy = (...lines: readonly string[]): TappedPiece => ({ from: "server", bytes: ascii(lines.join("\r\n")) });
const base64 = (text: string): string => Buffer.from(text).toString("base64");

const HOST = "Host: www.example.com:443";
const CHALLENGE = proxy(
  "HTTP/1.1 407 Proxy Authentication Required",
  'Proxy-Authenticate: Basic realm="x"',
  "Content-Length: 0",
  "",
  "",
);
/** A CONNECT with these credentials, which are refused. */
const refused = (credentials: string): readonly TappedPiece[] => [
  client("CONNECT www.example.com:443 HTTP/1.1", HOST, `Proxy-Authorization: ${credentials}`, "", ""),
  CHALLENGE,
];
/** A request that the proxy forwards, and its answer. */
const forwarded = (target: string, ...answer: readonly string[]): readonly TappedPiece[] => [
  client(`GET ${target} HTTP/1.1`, "Host: www.example.com", "", ""),
  proxy(...answer, "Content-Length: 0", "", ""),
];
/** A request inside a tunnel that is asked for credentials. */
const asked = (target: string, ...fields: readonly string[]): readonly TappedPiece[] => [
  ...OPENING,
  client(`GET ${target} HTTP/1.1`, "Host: www.example.com", ...fields, "", ""),
  proxy("HTTP/1.1 401 Unauthorized", 'WWW-Authenticate: Basic realm="x"', "Content-Length: 0", "", ""),
];

const PLANTED: Readonly<Record<string, readonly TappedPiece[]>> = {
  "user information of a CONNECT": [
    client(`CONNECT kim:${SECRET}@www.example.com:443 HTTP/1.1`, `Host: kim:${SECRET}@www.example.com:443`, "", ""),
    CHALLENGE,
  ],
  "a CONNECT to a URL": [
    client(
      `CONNECT https://kim:${SECRET}@www.example.com/p;sid=${SECRET}?t=${SECRET}#${SECRET} HTTP/1.1`,
      HOST,
      "",
      "",
    ),
    CHALLENGE,
  ],
  "a CONNECT to a path": [client(`CONNECT /p?t=${SECRET} HTTP/1.1`, HOST, "", ""), CHALLENGE],
  "credentials without a scheme": refused(SECRET),
  "credentials of an unknown scheme": refused(`Custom ${SECRET}`),
  Basic: refused(`Basic ${base64(`kim:${SECRET}:${SECRET}`)}`),
  "Basic without a password": refused(`Basic ${base64(SECRET)}`),
  "Basic that is no base64": refused(`Basic kim:${SECRET}`),
  Bearer: refused(`Bearer ${SECRET}`),
  Digest: refused(
    `Digest username="kim", realm="x", nonce="${SECRET}", uri="/?${SECRET}", response="${SECRET}", cnonce="${SECRET}"`,
  ),
  "a forwarded URL": forwarded(
    `http://kim:${SECRET}@www.example.com/p;jsessionid=${SECRET}/a?t=${SECRET}#${SECRET}`,
    "HTTP/1.1 407 Proxy Authentication Required",
    `Proxy-Authenticate: Digest realm="r", nonce="${SECRET}", opaque="${SECRET}"`,
  ),
  "a redirect": forwarded(
    "http://www.example.com/",
    "HTTP/1.1 302 Found",
    `Location: http://kim:${SECRET}@login.example.com/in;sid=${SECRET}?t=${SECRET}#${SECRET}`,
    `Set-Cookie: a=${SECRET}; Path=/${SECRET}`,
    `Refresh: 0; url=http://login.example.com/?${SECRET}`,
  ),
  "fields of a request in a tunnel": asked(
    "/",
    `Authorization: Bearer ${SECRET}`,
    `Cookie: a=${SECRET}`,
    `Referer: https://www.example.com/?${SECRET}`,
    `X-Api-Key: ${SECRET}`,
  ),
  "the path in a tunnel": asked(`/p;jsessionid=${SECRET};v=${SECRET}/a?t=${SECRET}`),
  bodies: [
    client("POST http://www.example.com/ HTTP/1.1", "Host: www.example.com", "Content-Length: 8", "", `p=${SECRET}`),
    proxy("HTTP/1.1 401 Unauthorized", 'WWW-Authenticate: Basic realm="x"', "Content-Length: 6", "", SECRET),
  ],
  WebSocket: [
    client(
      "GET http://www.example.com/ws HTTP/1.1",
      "Host: www.example.com",
      "Upgrade: websocket",
      "Connection: upgrade",
      `Sec-WebSocket-Key: ${SECRET}`,
      `Sec-WebSocket-Protocol: ${SECRET}`,
      "",
      "",
    ),
    proxy("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: upgrade", "", `\x81\x06${SECRET}`),
    client(`\x81\x06${SECRET}`),
  ],
  "what else a tunnel carries": [...OPENING, proxy(`220 ${SECRET} ESMTP\r\n`), client(`AUTH PLAIN ${SECRET}\r\n`)],
  "an answer behind an answer": [
    client("CONNECT www.example.com:443 HTTP/1.1", HOST, "", ""),
    proxy("HTTP/1.1 200 OK", "", "HTTP/1.1 407 No", 'Proxy-Authenticate: Basic realm="z"', "", `<p>${SECRET}</p>`),
  ],
  "a hop of Via that is nobody's mark": forwarded(
    "http://www.example.com/",
    "HTTP/1.1 407 Proxy Authentication Required",
    `Via: 1.1 other (${SECRET}), 1.1 squid (squid/5.7)`,
    'Proxy-Authenticate: Basic realm="x"',
  ),
};

const FORMS = [SECRET, base64(SECRET), base64(`kim:${SECRET}:${SECRET}`)].map((form) => form.toLowerCase());
const folder = mkdtempSync(join(tmpdir(), "pcapcheck-secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("secrets that were planted", () => {
  it.each(Object.entries(PLANTED))("%s: no output has them", async (_place, pieces) => {
    const capture = toProxy([pieces]);
    const path = join(folder, "planted.pcap");
    writeFileSync(path, capture);
    const onTheWire = Buffer.from(capture).toString("latin1").toLowerCase();
    expect(FORMS.some((form) => onTheWire.includes(form))).toBe(true);
    const report = await checkCapture(path, {});
    if ("kind" in report) throw new Error(report.message);
    expect(report.connections).toHaveLength(1);
    for (const [output, text] of [
      ...(await dresses(report)),
      ["audit and journal", await journalled(path, {})] as const,
    ]) {
      for (const form of FORMS) expect(text.toLowerCase().includes(form), output).toBe(false);
    }
  });
});
