// The book of pseudonyms of one run: the same value gets the same name everywhere, and related values stay related.
import { siteOf } from "../../diagnosis/index.ts";
import { canonicalAddress, isAddress } from "./addresses.ts";

/** What may be asked to be redacted. */
export const REDACT_KINDS = ["ip", "host", "user"] as const;
export type RedactKind = (typeof REDACT_KINDS)[number];

/** `user@REALM`, `DOMAIN\user`; either half may be empty. */
const USER = /^(?:([^\\]*)\\)?(.*?)(?:@([^@]*))?$/s;
/** Endings of captures, which tell nothing. */
const CAPTURE = /(?:\.(?:pcap|pcapng|cap|dmp|ntar))?(?:\.(?:gz|zst))?$/i;

/**
 * Without a key the names are numbered in the order in which values are first met, so the same input gives the same
 * output; with one (`keyed`: a digest of the text in hexadecimal) they are the same in every run. The book grows with the
 * number of different values in the reports of a run.
 */
export class Pseudonyms {
  readonly #kinds: ReadonlySet<RedactKind>;
  readonly #keyed: ((text: string) => string) | null;
  readonly #books = new Map<string, Map<string, string>>();
  readonly #met: (value: string, pseudonym: string) => void;

  /** `met` is told every value that is replaced, for the search in texts. */
  constructor(
    kinds: ReadonlySet<RedactKind>,
    keyed: ((text: string) => string) | null,
    met: (value: string, pseudonym: string) => void,
  ) {
    this.#kinds = kinds;
    this.#keyed = keyed;
    this.#met = met;
  }

  wants(kind: RedactKind): boolean {
    return this.#kinds.has(kind);
  }

  /** Whether names of any kind go: then so does free text, in which they may stand. */
  get wantsNames(): boolean {
    return this.wants("host") || this.wants("user");
  }

  /** An IP address; IPv4 inside IPv6 is the IPv4 address. */
  ip(text: string): string {
    if (!this.wants("ip")) return text;
    // What is no address stands where one should be, and goes all the same.
    return this.#name("ip", canonicalAddress(text) ?? text, text);
  }

  /** A host name without port: `site-1.example`, `host-2.site-1.example`, `host-3` for a single label. */
  host(text: string): string {
    if (text === "" || text === "*") return text;
    const bare = text.replace(/^\[(.*)\]$/s, "$1");
    if (isAddress(bare)) return text.startsWith("[") ? `[${this.ip(bare)}]` : this.ip(bare);
    if (!this.wants("host")) return text;
    const wildcard = text.startsWith("*.");
    const name = (wildcard ? text.slice(2) : text).replace(/\.$/, "").toLowerCase();
    const site = siteOf(name);
    if (!name.includes(".")) return (wildcard ? "*." : "") + this.#name("host", name, text);
    const siteName = `${this.#name("site", site, "")}.example`;
    const known = name === site ? siteName : `${this.#name("host", name, "")}.${siteName}`;
    this.#met(text, known);
    this.#met(name, known);
    this.#met(site, siteName);
    return (wildcard ? "*." : "") + known;
  }

  /** The name of a host that stands somewhere in a field of its own; null for what is none. */
  hostIfMet(text: string): string | null {
    return this.#books.get("host")?.has(text.toLowerCase()) === true ? this.host(text) : null;
  }

  /** `www.example.com:443`, `[2001:db8::1]:443`, with or without port. */
  hostPort(text: string): string {
    const [, host = text, port = ""] = /^(\[[^\]]*\]|[^:]*)(:\d*)$/.exec(text) ?? [];
    return this.host(host) + port;
  }

  /** A user name with its domain or realm. */
  user(text: string): string {
    if (!this.wantsNames) return text;
    const [, domain, name = "", realm] = USER.exec(text) ?? [];
    const user = name === "" || !this.wants("user") ? name : this.#name("user", name.toLowerCase(), name);
    const parts = [domain === undefined ? "" : `${this.domain(domain)}\\`, user];
    const whole = parts.join("") + (realm === undefined ? "" : `@${this.domain(realm)}`);
    // What stays as it is may be the name of a host as well.
    if (whole !== text) this.#met(text, whole);
    return whole;
  }

  /** The domain of a user or the name of a workstation. */
  domain(text: string): string {
    return text === "" ? "" : this.#name("domain", text.toLowerCase(), text);
  }

  /** The realm of a challenge, which is free text. */
  realm(text: string): string {
    if (!this.wants("host") || text === "") return text;
    // Sentences quote it without the quotes inside it.
    const name = this.#name("realm", text.replaceAll('"', "'"), text);
    if (text.includes('"')) this.#met(text.replaceAll('"', "'"), name);
    return name;
  }

  /** The scheme of a challenge that is the name of none. */
  scheme(text: string): string {
    return text === "" ? text : this.#name("scheme", text.toLowerCase(), text);
  }

  /** A word of free text: it goes there, and stays where it stands in a sentence. */
  text(word: string): string {
    return this.#name("text", word.toLowerCase(), "");
  }

  /** A distinguished name of a certificate: its CN if that is a host, else nothing of it. */
  distinguishedName(name: string): string {
    if (name === "") return name;
    const text = name.replaceAll('"', "'");
    const common = /(?:^|,)CN=([^,]*)/i.exec(text)?.[1] ?? "";
    const plain = /^(?:\*\.)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+\.?$/u.test(common);
    const shown = `CN=${plain ? this.host(common) : this.#name("issuer", text, "")}`;
    this.#met(name, shown);
    if (text !== name) this.#met(text, shown);
    return shown;
  }

  /** A fingerprint names a certificate, which is public with its site. */
  fingerprint(text: string): string {
    return this.wants("host") ? this.#name("fingerprint", text, text) : text;
  }

  /** The path of a file that sentences name, by its last part as well. */
  source(path: string): string {
    const name = this.capture(path);
    for (const said of [path, path.replace(/^.*[/\\]/s, "")]) this.#met(said, name);
    return name;
  }

  /** The path of a capture: folders and file names are full of people and machines. */
  capture(path: string): string {
    if (path === "-") return path;
    return this.#name("capture", path, "") + (CAPTURE.exec(path)?.[0] ?? "").toLowerCase();
  }

  /** What was replaced by `name` stands elsewhere as `raw`, in the percent-encoding of a URL. */
  spelled(raw: string, name: string): void {
    this.#met(raw, name);
  }

  #name(prefix: string, value: string, met: string): string {
    let book = this.#books.get(prefix);
    if (book === undefined) {
      book = new Map();
      this.#books.set(prefix, book);
    }
    let name = book.get(value);
    if (name === undefined) {
      name = `${prefix}-${this.#keyed === null ? book.size + 1 : this.#keyed(`${prefix}\n${value}`).slice(0, KEYED_DIGITS)}`;
      book.set(value, name);
    }
    if (met !== "") this.#met(met, name);
    return name;
  }
}

/** Hexadecimal digits of a keyed pseudonym: 48 bits keep a million values apart (a collision is as likely as 1 in 500). */
const KEYED_DIGITS = 12;
