// What no output may show of a recorded capture: what the recording's programs were given, its keys, and what tshark reads.
import { existsSync, readFileSync } from "node:fs";
import type { RecordedCapture } from "./truth.ts";
import type { TsharkFrame } from "./tshark.ts";

/** captures/record/lab/proxies.py, lab/kerberos.py and scenarios/: all passwords that any of them uses. */
const PASSWORDS = ["secret-for-test", "wrong-for-test", "not-a-secret"];
const USERS = ["user", "EXAMPLE\\user"];
/** Shorter texts stand in reports by chance (a digit, `GET`). */
const MIN_SECRET = 7;
/** Shorter lines of pages are names of hosts, rules of styles and words of product marks. */
const MIN_BODY_LINE = 24;
/** Lines of pages that say what the status line says, or where the page is. */
const SAID_ELSEWHERE = /^(\d{3} )?[A-Z][a-z]+( [A-Z][a-z]+)*$|^https?:\/\/[^/]*\/$|^[\w.:[\]-]+$/;
/** Parameters of challenges and of credentials that are shown, or that everybody knows. */
const PUBLIC_PARAMETERS = /^(realm|username|uri|algorithm|qop|nc|error|charset|scope|stale|domain)$/i;

/** Fields of which a value is shown, or is shown as what another says: hosts, addresses, products, pages and framing. */
const SHOWN =
  /^(host|server|via|proxy-agent|x-cache|x-cache-lookup|user-agent|referer|x-forwarded-for|transfer-encoding|upgrade|date|(www|proxy)-authenticate)$/i;

/** The id of a page that Squid has, and the number of an error. */
const SQUID_REASON = /^X-Squid-Error: ERR_[A-Z_]+ \d+(\\r\\n|\s)*$/;

/** A secret, and what it is. */
export interface Secret {
  readonly what: string;
  readonly text: string;
}

export function secretsOf({ keysPath, path }: RecordedCapture, frames: readonly TsharkFrame[]): readonly Secret[] {
  const secrets: Secret[] = [
    ...PASSWORDS.map((text) => ({ what: "password", text })),
    ...PASSWORDS.flatMap((password) =>
      USERS.map((user) => ({ what: "credentials", text: Buffer.from(`${user}:${password}`).toString("base64") })),
    ),
    ...frames.flatMap(ofFrame),
  ];
  if (keysPath !== null && existsSync(keysPath)) secrets.push(...ofKeyLog(readFileSync(keysPath, "latin1")));
  if (path.endsWith(".pcapng")) secrets.push(...ofKeyLog(readFileSync(path, "latin1")));
  return secrets.filter(({ text }) => text.length >= MIN_SECRET);
}

/** The third column is the secret; the random before it went over the wire in the clear. */
function ofKeyLog(text: string): Secret[] {
  return [...text.matchAll(/^[A-Z][A-Z_0-9]+ [0-9a-f]{64} ([0-9a-f]{64,})/gim)].map((match) => ({
    what: "key log",
    text: match[1]!.toLowerCase(),
  }));
}

function ofFrame(frame: TsharkFrame): Secret[] {
  const of = (what: string, texts: readonly string[]): Secret[] => texts.map((text) => ({ what, text }));
  const credentials = [...frame.authorization, ...frame.proxyAuthorization, ...frame.h2Authorization];
  const challenges = [...frame.authenticate, ...frame.proxyAuthenticate];
  const cookies = [...frame.cookie, ...frame.h2Cookie].flatMap((line) => line.split(/;\s*/));
  const set = [...frame.setCookie, ...frame.h2SetCookie].map((line) => line.split(";")[0]!);
  const urls = [...frame.uri, ...frame.h2Path, ...frame.location, ...frame.h2Location];
  const fields = [...frame.requestFields, ...frame.responseFields].map(
    (line) => /^([^:]+):\s*(.*?)(?:\\r\\n|\s)*$/s.exec(line)!,
  );
  const pages = [...frame.body, ...frame.h2Body.map((hex) => Buffer.from(hex, "hex").toString("latin1"))];
  return [
    ...of("credentials", [...credentials, ...challenges].flatMap(secretParts)),
    ...of(
      "cookie",
      [...cookies, ...set].flatMap((pair) => [pair, pair.slice(pair.indexOf("=") + 1)]),
    ),
    ...of(
      "query",
      urls.flatMap((url) => /[?#](.*)$/s.exec(url)?.[1] ?? []),
    ),
    ...of(
      "field",
      fields.flatMap(([line, name, value]) => (SHOWN.test(name!) || SQUID_REASON.test(line) ? [] : [value!])),
    ),
    ...of(
      "page",
      pages
        .flatMap((page) => page.split(/\\[rn]|[\r\n<>]/))
        .map((line) => line.trim().replace(/\.{2,}$/, ""))
        .filter((line) => line.length >= MIN_BODY_LINE && !SAID_ELSEWHERE.test(line)),
    ),
  ];
}

/** The token behind a scheme, or the values of its parameters. */
function secretParts(value: string): string[] {
  const [, rest = ""] = /^\S+\s+(.*)$/s.exec(value) ?? [];
  if (!/^\w+\s*=\s*[^=\s]/.test(rest)) return [rest];
  return [...rest.matchAll(/(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))/g)]
    .filter((match) => !PUBLIC_PARAMETERS.test(match[1]!))
    .map((match) => match[2] ?? match[3]!);
}
