// Values inside sentences and URLs: those that were met, and what looks like an address, a host or a user.
import { canonicalAddress } from "./addresses.ts";
import { FOREIGN, HEADER, ODD_BEHIND, PASSED, PLAIN_TARGET, PLAIN_URL } from "./foreign.ts";
import { isHarmless, isOrdinary, isUsualInHeaders, vocabulary } from "./free-text.ts";
import { isWord, KnownNames, partEnd, wholeWord } from "./known-names.ts";
import type { Pseudonyms } from "./pseudonyms.ts";

/** A label of a host name: at most 63 characters (RFC 1035 §2.3.4). */
const LABEL = "[\\p{L}\\p{N}\\p{M}_](?:[\\p{L}\\p{N}\\p{M}_-]{0,61}[\\p{L}\\p{N}\\p{M}_])?";
/** Labels in one name: more are no host, and would make hostile text slow to read. */
const HOST = new RegExp(`${LABEL}(?:\\.${LABEL}){1,40}`, "uy");
const IPV4 = /(?:\d{1,3}\.){3}\d{1,3}(?![\d])/y;
const IPV6 = /(?:[0-9a-f]{0,4}:){2,8}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f]{1,4})?(?:%[\w.]+)?/iy;
const MAIL = new RegExp(`[\\p{L}\\p{N}_.+-]{1,64}@${LABEL}(?:\\.${LABEL}){0,40}`, "uy");
const DOMAIN_USER = /[\p{L}\p{N}_.-]{1,64}\\[\p{L}\p{N}_.$-]{1,64}/uy;
/** In a rule of a policy: what conditions compare with, what properties are set to, and what is in quotes. */
const RULE_VALUES = /"[^"]*"?|(?<==)[^\s"]+|(?<=\()[^()"]+/g;
/** Segments of a path behind which the name of somebody stands. */
const BEFORE_USERS = /^(?:users?|home|profiles?|people|accounts?|members?|u|personal|mailbox)$/i;

type Groups = Readonly<Record<string, string | undefined>>;

/** Texts of one run, for one book of pseudonyms. */
export class Texts {
  readonly #names: Pseudonyms;
  readonly #known: KnownNames;
  /** Targets and URLs of which a pattern could not tell where they end in a sentence. */
  readonly #odd = new KnownNames();

  constructor(names: Pseudonyms, known: KnownNames) {
    this.#names = names;
    this.#known = known;
  }

  /** Notes a target or URL that sentences quote as it stands in its own field. */
  quotes(text: string, treatment: "hostPort" | "url"): void {
    const plain = treatment === "url" ? PLAIN_URL : PLAIN_TARGET;
    if (!plain.test(text)) this.#odd.add(text, treatment);
  }

  /** A sentence that may quote the wire. */
  sentence(text: string): string {
    if (!this.#names.wantsNames) return this.#scan(text, true);
    let out = "";
    let from = 0;
    if (!this.#odd.isEmpty) {
      for (const { index, 0: before } of text.matchAll(ODD_BEHIND)) {
        const at = index + before.length;
        const odd = at < from ? null : this.#odd.at(text, at);
        if (odd === null) continue;
        const raw = text.slice(at, odd.end);
        out += this.#parts(text.slice(from, at), FOREIGN, (groups) => this.#foreign(groups));
        out += odd.pseudonym === "url" ? this.url(raw) : this.#names.hostPort(raw);
        from = odd.end;
      }
    }
    return out + this.#parts(from === 0 ? text : text.slice(from), FOREIGN, (groups) => this.#foreign(groups));
  }

  /** Text that somebody else wrote: a word that could be a name does not stay, known or not. */
  free(text: string): string {
    return this.#names.wantsNames ? this.#scan(text, true, isHarmless) : this.#scan(text, true);
  }

  /** A rule of a proxy's policy: its conditions and properties stay, their values are free text. */
  rule(text: string): string {
    return this.#parts(text, RULE_VALUES, (_, value) => this.free(value));
  }

  /** The realm of a challenge. */
  realm(text: string): string {
    return this.#names.wants("host") ? this.#names.realm(text) : this.#scan(text, true);
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
    const {
      connect,
      target,
      bare,
      reason,
      url,
      path,
      other,
      what,
      value = "",
      free,
      short,
      rule,
      exception,
      headers,
      told,
    } = groups;
    const host = connect ?? target;
    if (host !== undefined) return names.hostPort(host);
    if (bare !== undefined) return names.hostIfMet(bare) ?? this.#scan(bare, true);
    const address = url ?? path ?? other;
    if (address !== undefined) return this.url(address);
    if (what !== undefined) {
      const named = what.startsWith("issuer") && names.wants("host");
      return `${what} "${named ? names.distinguishedName(value) : this.realm(value)}"`;
    }
    if (free !== undefined) return `"${this.#quoted(free)}"`;
    if (short !== undefined) return `\`${this.rule(short)}\``;
    if (rule !== undefined) return this.rule(rule);
    if (headers !== undefined) return this.#scan(headers, false, isUsualInHeaders);
    return this.free(reason ?? exception ?? told ?? "");
  }

  /** What stands in quotes: a header as `name: value`, or anything. */
  #quoted(text: string): string {
    const [, passed, host, behind] = PASSED.exec(text) ?? [];
    if (passed !== undefined) return passed + this.#names.hostPort(host ?? "") + this.free(behind ?? "");
    const [, name = "", value = text] = HEADER.exec(text) ?? [];
    return this.#scan(name, false, isUsualInHeaders) + this.free(value);
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
    if (query === "" || !names.wantsNames) return kept.join("/") + this.sentence(query);
    return `${kept.join("/")}?redacted`;
  }

  /** One segment of a path, decoded, behind `before`. */
  #segment(plain: string, before: string): string {
    const names = this.#names;
    const person = plain.startsWith("~") || plain.includes("@") || BEFORE_USERS.test(before);
    if (plain !== "" && person && names.wants("user")) return names.user(plain.replace(/^~/, ""));
    // What only looks like a host may be a file.
    const shown = this.#scan(plain, !FILE.test(plain), this.#names.wantsNames ? isHarmless : null);
    return shown === plain ? plain : encodeURIComponent(shown.replace(/\p{Cs}/gu, "\ufffd"));
  }

  /** `foreign`: also what only looks like an address, a host or a user; `stays`: and every word but those that it is true of. */
  #scan(text: string, foreign: boolean, stays: ((word: string) => boolean) | null = null): string {
    let out = "";
    let kept = 0;
    for (let at = 0; at < text.length; ) {
      let found = this.#at(text, at, foreign);
      if (found === null) {
        const end = partEnd(text, at);
        const word = text.slice(at, end);
        if (stays === null || !isWord(text, at) || stays(word)) {
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
    if (foreign && names.wantsNames) {
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
