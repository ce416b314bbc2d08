// Values inside sentences and URLs: those that were met, and what looks like an address, a host or a user.
import { canonicalAddress } from "./addresses.ts";
import { isHarmless, vocabulary } from "./free-text.ts";
import { isWord, type KnownNames, partEnd, wholeWord } from "./known-names.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

/** A label of a host name: at most 63 characters (RFC 1035 §2.3.4). */
const LABEL = "[\\p{L}\\p{N}\\p{M}_](?:[\\p{L}\\p{N}\\p{M}_-]{0,61}[\\p{L}\\p{N}\\p{M}_])?";
/** Labels in one name: more are no host, and would make hostile text slow to read. */
const HOST = new RegExp(`${LABEL}(?:\\.${LABEL}){1,40}`, "uy");
const IPV4 = /(?:\d{1,3}\.){3}\d{1,3}(?![\d])/y;
const IPV6 = /(?:[0-9a-f]{0,4}:){2,8}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4})?(?:%[\w.]+)?/iy;
const MAIL = new RegExp(`[\\p{L}\\p{N}_.+-]{1,64}@${LABEL}(?:\\.${LABEL}){0,40}`, "uy");
const DOMAIN_USER = /[\p{L}\p{N}_.-]{1,64}\\[\p{L}\p{N}_.$-]{1,64}/uy;
/** Who passed a message on, in the headers that say so (RFC 9110 §7.6.3): a host that may be a single label. */
const PASSED = /^((?:via: (?:[a-z]+\/)?[\d.]+ |x-cache(?:-lookup)?: [a-z_]{1,40} from ))([^\s",;()]+)(.*)$/is;
const HEADER = /^([a-z][a-z0-9-]{0,60}: )(.*)$/is;
/** Before the frame of a request or answer: what was asked for. A frame ends it, so that it is found in one pass. */
const ASKED = "(?:(?!frame \\d).){1,2000}?(?= \\(frame \\d+\\) (?:was |is not in the capture))";
/** Where the program's sentences have something off the wire, and what it is. */
const FOREIGN = new RegExp(
  [
    `(?<=\\bCONNECT )(?<connect>${ASKED})`,
    '(?<=\\btunnels? to )(?<target>[^\\s"]+:\\d{1,5})',
    "(?<=\\(frame \\d+\\) )(?<reason>.{1,1000})(?=: the (?:proxy did not open the tunnel|tunnel was not opened))",
    '(?<url>\\b[a-z][a-z0-9+.-]{1,20}:\\/\\/[^\\s"\'`,;:)][^\\s"`]*[^\\s"`.,:;)])',
    "(?<=\\b[A-Z][A-Z_-]{2,19} )(?<path>\\/\\S*)(?= \\(frame \\d)",
    '(?<what>issuer|issuer is|realm|the realm is|, at [^"]{1,20} it is) "(?<value>[^"]*)"',
    '"(?<free>[^"]*)"',
    "`(?<short>[^`]*)`",
    "(?<=MATCH at (?:CONNECT tcp|unknown ssl|GET https):\\/\\/: )(?<rule>.*)$",
    "(?<=\\bEXCEPTION\\()(?<exception>[^)]*)",
  ].join("|"),
  "gs",
);
/** In a rule of a policy: what conditions compare with, what properties are set to, and what is in quotes. */
const RULE_VALUES = /"[^"]*"?|(?<==)[^\s"]+|(?<=\()[^()"]+/g;
/** Segments of a path behind which the name of somebody stands. */
const BEFORE_USERS = /^(?:users?|home|profiles?|people|accounts?|members?|u|personal|mailbox)$/i;

type Groups = Readonly<Record<string, string | undefined>>;

/** Texts of one run, for one book of pseudonyms. */
export class Texts {
  readonly #names: Pseudonyms;
  readonly #known: KnownNames;

  constructor(names: Pseudonyms, known: KnownNames) {
    this.#names = names;
    this.#known = known;
  }

  /** A sentence that may quote the wire. */
  sentence(text: string): string {
    if (!this.#anyName) return this.#scan(text, true);
    return this.#parts(text, FOREIGN, (groups) => this.#foreign(groups));
  }

  /** Text that somebody else wrote: a word that could be a name does not stay, known or not. */
  free(text: string): string {
    return this.#anyName ? this.#scan(text, true, true) : this.#scan(text, true);
  }

  /** A rule of a proxy's policy: its conditions and properties stay, their values are free text. */
  rule(text: string): string {
    if (!this.#anyName) return this.#scan(text, true);
    return this.#parts(text, RULE_VALUES, (_, value) => this.free(value));
  }

  /** The realm of a challenge. */
  realm(text: string): string {
    return this.#names.wants("host") ? this.#names.realm(text) : this.#scan(text, true);
  }

  get #anyName(): boolean {
    return this.#names.wants("host") || this.#names.wants("user");
  }

  /** What `pattern` finds goes through `shown`, and what is between as a part of a sentence. */
  #parts(text: string, pattern: RegExp, shown: (groups: Groups, found: string) => string): string {
    let out = "";
    let from = 0;
    for (const match of text.matchAll(pattern)) {
      out += this.#scan(text.slice(from, match.index), true) + shown(match.groups ?? {}, match[0]);
      from = match.index + match[0].length;
    }
    return out + this.#scan(text.slice(from), true);
  }

  #foreign(groups: Groups): string {
    const names = this.#names;
    const { connect, target, reason, url, path, what, value = "", free, short, rule, exception } = groups;
    const host = connect ?? target;
    if (host !== undefined) return names.hostPort(host);
    const address = url ?? path;
    if (address !== undefined) return this.url(address);
    if (what !== undefined) {
      const named = what.startsWith("issuer") && names.wants("host");
      return `${what} "${named ? names.distinguishedName(value) : this.realm(value)}"`;
    }
    if (free !== undefined) return `"${this.#quoted(free)}"`;
    if (short !== undefined) return `\`${this.rule(short)}\``;
    if (rule !== undefined) return this.rule(rule);
    return this.free(reason ?? exception ?? "");
  }

  /** What stands in quotes: a header as `name: value`, whose name the program knows, or anything. */
  #quoted(text: string): string {
    const [, passed, host, behind] = PASSED.exec(text) ?? [];
    if (passed !== undefined) return passed + this.#names.hostPort(host ?? "") + this.free(behind ?? "");
    const [, name = "", value = text] = HEADER.exec(text) ?? [];
    return name + this.free(value);
  }

  /** The program's own words: only values that were met are looked for, as `keys.log` is no host. */
  own(text: string): string {
    return this.#scan(text, false);
  }

  /** An absolute URL or what a request line has instead. */
  url(text: string): string {
    const match = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/?#]*)@)?([^/?#]*)(.*)$/is.exec(text);
    if (match === null) return this.#path(text);
    const [, scheme = "", user, host = "", rest = ""] = match;
    // A password may stand behind the user.
    const who = user === undefined ? "" : `${this.#names.user(user.replace(/:.*$/s, ""))}@`;
    return `${scheme}${who}${this.#names.hostPort(host)}${this.#path(rest)}`;
  }

  /** Path and query: the query goes as a whole, as it may hold anything. */
  #path(text: string): string {
    const names = this.#names;
    const [, path = "", query = ""] = /^([^?#]*)(.*)$/s.exec(text) ?? [];
    const segments = path.split("/");
    const kept = segments.map((segment, i) => {
      const plain = decoded(segment);
      const shown = this.#segment(plain, segments[i - 1] ?? "");
      if (shown === plain) return segment;
      // Sentences quote it as it was sent.
      if (segment !== plain) names.spelled(segment, shown);
      return shown;
    });
    if (query === "" || (!names.wants("host") && !names.wants("user"))) return kept.join("/") + this.sentence(query);
    return `${kept.join("/")}?redacted`;
  }

  /** One segment of a path, decoded, behind `before`. */
  #segment(plain: string, before: string): string {
    const names = this.#names;
    const person = plain.startsWith("~") || plain.includes("@") || BEFORE_USERS.test(before);
    if (plain !== "" && person && names.wants("user")) return names.user(plain.replace(/^~/, ""));
    // A file is no host, unless its name is made of one.
    const file = FILE.test(plain) && this.own(plain) === plain;
    const shown = this.#scan(plain, !file, this.#anyName);
    return shown === plain ? plain : encodeURIComponent(shown.replace(/\p{Cs}/gu, "\ufffd"));
  }

  /** `foreign`: also what only looks like an address, a host or a user; `strict`: and every word that might be a name. */
  #scan(text: string, foreign: boolean, strict = false): string {
    let out = "";
    let kept = 0;
    for (let at = 0; at < text.length; ) {
      let found = this.#at(text, at, foreign);
      if (found === null) {
        const end = partEnd(text, at);
        const word = text.slice(at, end);
        if (!strict || !isWord(text, at) || isHarmless(word)) {
          at = end;
          continue;
        }
        found = { end, pseudonym: this.#names.text(word) };
      }
      out += text.slice(kept, at) + found.pseudonym;
      kept = found.end;
      at = found.end;
    }
    return kept === 0 ? text : out + text.slice(kept);
  }

  #at(text: string, at: number, foreign: boolean): { readonly end: number; readonly pseudonym: string } | null {
    const known = this.#known.at(text, at);
    const looks = this.#looksLike(text, at, foreign);
    if (known === null || isOrdinary(text.slice(at, known.end))) return looks;
    return looks !== null && looks.end > known.end ? looks : known;
  }

  #looksLike(text: string, at: number, foreign: boolean): { readonly end: number; readonly pseudonym: string } | null {
    const names = this.#names;
    const match = (pattern: RegExp): string | null => {
      pattern.lastIndex = at;
      const found = pattern.exec(text)?.[0] ?? null;
      return found === null ? null : text.slice(at, wholeWord(text, at + found.length));
    };
    const answer = (value: string, pseudonym: string) => ({ end: at + value.length, pseudonym });
    if (foreign && (names.wants("user") || names.wants("host"))) {
      const user = match(DOMAIN_USER) ?? match(MAIL);
      if (user !== null) return answer(user, names.user(user));
    }
    if (names.wants("ip")) {
      for (const found of [match(IPV6), match(IPV4)]) {
        // A colon or dot behind an address belongs to the sentence; "::" alone is two colons in one.
        const ip = [found ?? "", found?.replace(/[:.]$/, "") ?? ""].find((text) => canonicalAddress(text) !== null);
        if (ip !== undefined && /[0-9a-f]/i.test(ip)) return answer(ip, names.ip(ip));
      }
    }
    if (!foreign || !names.wants("host")) return null;
    const host = match(HOST);
    if (host === null || !isHost(host)) return null;
    // As a whole, so that no part of it is taken for a host.
    if (isProgramsOwn(host, text[at + host.length])) return answer(host, host);
    return answer(host, names.host(host));
  }
}

/** The last label of a host has a letter: versions and addresses have none. */
function isHost(text: string): boolean {
  const last = text.slice(text.lastIndexOf(".") + 1);
  return last.length > 1 && /\p{L}/u.test(last);
}

/**
 * What a value may be without telling anything: a word or number that the program's own sentences have anyway. A user
 * called "user" would make them unreadable.
 */
function isOrdinary(value: string): boolean {
  return value.length < 2 || /^\d{1,3}$/.test(value) || vocabulary().words.has(value.toLowerCase());
}

/** What conditions and properties of a proxy's policy begin with (Content Policy Language Reference). */
const POLICY =
  /^(?:url|server_url|client|server|request|response|authenticate|user|service|ssl|http)(?:\.[a-z_]+)+(?:\.[\w-]+)?$/;

/**
 * Words with dots that are no hosts: those of the program's own sentences, conditions in a rule of a policy
 * (`url.domain=`, `authenticate.mode(`), and what traces say of answers.
 */
function isProgramsOwn(text: string, next: string | undefined): boolean {
  if (vocabulary().dotted.has(text.toLowerCase()) || /^(?:client|server)\.response\.code$/.test(text)) return true;
  return POLICY.test(text) && (next === "=" || next === "(");
}

/** Files of a site that look like hosts in the path of a URL; top-level domains are not among their endings. */
const FILE =
  /^[^.]+(?:\.[^.]+)*\.(?:html?|php|aspx?|jspx?|m?js|css|json|xml|txt|gif|png|jpe?g|svg|ico|webp|woff2?|ttf|pdf|gz|exe|msi|pac|dat|crl|crt|cgi|mp4|wasm)$/i;

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // No percent-encoding, or a broken one: it is taken as it stands.
    return segment;
  }
}
