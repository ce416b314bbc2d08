// WWW-Authenticate and Proxy-Authenticate (RFC 9110 §11.6.1, §11.7.1): several challenges in one field, commas inside quotes.
import { ownText, readable } from "../bytes/index.ts";
import { decodeBase64 } from "./base64.ts";
import { isLetterOrDigit } from "./detect.ts";
import { readNegotiate } from "./negotiate.ts";
import { readNtlm } from "./ntlm.ts";
import type { Challenge } from "./types.ts";

/** Challenges kept of one message; real ones offer a handful. */
const MAX_CHALLENGES = 16;
/** Parameter names kept of one challenge. */
const MAX_PARAMETERS = 16;
/** A longer word before "=" is a token68 with its padding. */
const MAX_PARAMETER_NAME = 16;
/** No scheme and no parameter that is registered or known has more than half as many characters. */
const MAX_SCHEME = 64;
const MAX_SHOWN_NAME = 64;
/** Realms are shown to people. */
const MAX_REALM = 200;

/** Reads the challenges of one field value; garbage gives what could be read. */
export function readChallenges(value: string): Challenge[] {
  const found: Challenge[] = [];
  const scanner = new Scanner(value);
  while (!scanner.done && found.length < MAX_CHALLENGES) {
    scanner.skip(", \t");
    const scheme = scanner.token();
    if (scheme === "") {
      // No scheme begins here: what it is ends at the next comma at the latest.
      scanner.bare();
      continue;
    }
    found.push(readOne(scheme, scanner));
  }
  return found;
}

function readOne(scheme: string, scanner: Scanner): Challenge {
  let realm: string | null = null;
  let stale = false;
  const parameters: string[] = [];
  scanner.skip(" \t");
  // token68 (RFC 9110 §11.2): base64 that is followed by the end or a comma, and is no parameter.
  const token68 = scanner.token68();
  while (token68 === null && !scanner.done) {
    const before = scanner.at;
    scanner.skip(", \t");
    const name = scanner.token().toLowerCase();
    scanner.skip(" \t");
    if (name === "" || !scanner.take("=")) {
      // The next challenge's scheme, or nothing that is understood.
      scanner.at = before;
      break;
    }
    scanner.skip(" \t");
    const text = scanner.take('"') ? scanner.quoted() : scanner.bare();
    if (name === "realm") realm ??= ownText(readable(text).slice(0, MAX_REALM));
    else if (parameters.length < MAX_PARAMETERS) parameters.push(ownText(name.slice(0, MAX_SHOWN_NAME)));
    if (name === "stale") stale = text.toLowerCase() === "true";
  }
  const token = token68 === null ? null : decodeBase64(token68);
  const lower = scheme.toLowerCase();
  const ntlm = token === null || lower !== "ntlm" ? null : readNtlm(token);
  const negotiate = token === null || lower !== "negotiate" ? null : readNegotiate(token);
  const inner = negotiate?.kind === "ntlm" ? negotiate.message : null;
  return { scheme: ownText(scheme.slice(0, MAX_SCHEME)), realm, parameters, stale, ntlm: ntlm ?? inner, negotiate };
}

const SPACE = 0x20;
const TAB = 0x09;
const COMMA = 0x2c;

/** Walks over a field value once. */
class Scanner {
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.at >= this.#text.length;
  }

  skip(characters: " \t" | ", \t"): void {
    const commas = characters.length > 2;
    for (; this.at < this.#text.length; this.at++) {
      const code = this.#text.charCodeAt(this.at);
      if (code !== SPACE && code !== TAB && !(commas && code === COMMA)) return;
    }
  }

  take(character: string): boolean {
    if (this.#text[this.at] !== character) return false;
    this.at++;
    return true;
  }

  /** RFC 9110 §5.6.2; empty if none begins here. */
  token(): string {
    const start = this.at;
    while (this.at < this.#text.length && isTokenChar(this.#text.charCodeAt(this.at))) this.at++;
    return this.#text.slice(start, this.at);
  }

  /** A value without quotes: some servers put none around a realm of several words, so it goes up to the comma. */
  bare(): string {
    const comma = this.#text.indexOf(",", this.at);
    const end = comma < 0 ? this.#text.length : comma;
    const text = this.#text.slice(this.at, end).trim();
    this.at = end;
    return text;
  }

  /** RFC 9110 §5.6.4, behind the opening quote; without a closing quote up to the end. */
  quoted(): string {
    const start = this.at;
    let escapes = false;
    while (this.at < this.#text.length && this.#text[this.at] !== '"') {
      const escaped = this.#text[this.at] === "\\";
      escapes ||= escaped;
      this.at += escaped ? 2 : 1;
    }
    const text = this.#text.slice(start, this.at);
    this.at = Math.min(this.at + 1, this.#text.length);
    return escapes ? text.replace(/\\(.)/gs, "$1") : text;
  }

  /** A token68 that ends the challenge; null (and nothing consumed) if it is no such thing. */
  token68(): string | null {
    const start = this.at;
    let end = start;
    while (end < this.#text.length && isToken68Char(this.#text.charCodeAt(end))) end++;
    const base = end;
    while (this.#text[end] === "=") end++;
    let behind = end;
    while (this.#text[behind] === " " || this.#text[behind] === "\t") behind++;
    const closes = behind >= this.#text.length || this.#text[behind] === ",";
    if (base === start || !closes) return null;
    // `realm=, …` would pass for a token68 too: a parameter without a value.
    if (end === base + 1 && base - start <= MAX_PARAMETER_NAME && /^[a-z_-]+$/i.test(this.#text.slice(start, base)))
      return null;
    this.at = end;
    return this.#text.slice(start, end);
  }
}

function isTokenChar(code: number): boolean {
  return isLetterOrDigit(code) || (code < 128 && "!#$%&'*+-.^_`|~".includes(String.fromCharCode(code)));
}

function isToken68Char(code: number): boolean {
  return isLetterOrDigit(code) || (code < 128 && "-._~+/".includes(String.fromCharCode(code)));
}
