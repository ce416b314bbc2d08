// Pseudonyms instead of addresses, names and users, in a whole report: what each field is, is told by its name.
import { displayFilter, SEVERAL } from "../../diagnosis/index.ts";
import { isKnownScheme } from "../../http/index.ts";
import { type Entries, madeOf } from "../lazy.ts";
import { KnownNames } from "./known-names.ts";
import { Pseudonyms, type RedactKind } from "./pseudonyms.ts";
import { Texts } from "./texts.ts";

/** How the texts of a field are taken. What is not listed is a sentence that may quote the wire: the careful way. */
type Treatment =
  | "fixed"
  | "ip"
  | "host"
  | "hostPort"
  | "url"
  | "user"
  | "realm"
  | "dn"
  | "fingerprint"
  | "path"
  | "own"
  | "filter"
  | "ja4"
  | "scheme"
  | "free"
  | "rule"
  | "source";

/** By name, or by the name of the object or list around it and name. */
const FIELDS: Readonly<Record<string, Treatment>> = {
  ip: "ip",
  // Sums of an audit have the names of what they are about.
  "proxies.name": "hostPort",
  "hosts.name": "host",
  "clients.name": "ip",
  client: "ip",
  proxy: "hostPort",
  target: "hostPort",
  url: "url",
  sni: "host",
  site: "host",
  names: "host",
  user: "user",
  realm: "realm",
  subject: "dn",
  issuer: "dn",
  fingerprint: "fingerprint",
  host: "host",
  journal: "path",
  path: "path",
  title: "own",
  helpdesk: "own",
  proxyAdmin: "own",
  displayFilter: "filter",
  ja4: "ja4",
  scheme: "scheme",
  // What servers, proxies and administrators write as they like.
  ...Object.fromEntries(
    ["reason", "alpn", "alpnOffered", "exception", "service", "layer", "status"].map((name) => [name, "free"] as const),
  ),
  ...Object.fromEntries(["rules", "logouts", "missed"].map((list) => [`${list}.text`, "rule"] as const)),
  "sources.path": "source",
  // Values that the types of the report list, numbers in words, digests of what a program offers.
  ...Object.fromEntries(
    [
      ...["schemaVersion", "version", "name", "verdict", "closedBy", "detectedBy", "severity", "certainty", "sentBy"],
      ...["from", "protocol", "id", "start", "end", "time", "notBefore", "notAfter", "intercepts", "intercepted"],
      ...["decrypted", "ech", "level", "format", "compression", "linkTypes", "sources", "ja3", "cipher", "what"],
      ...["kind", "since", "worst", "hash", "mode", "force"],
      ...["algorithm", "curve", "signatureAlgorithm"],
    ].map((name) => [name, "fixed"] as const),
  ),
};

/** Gives reports in which the kinds that were asked for are pseudonyms. */
export interface Redactor {
  /** A copy; `value` is a report or any other plain data with its field names. */
  redact<T>(value: T): T;
}

/** `keyed`: a keyed digest of a text in hexadecimal, for pseudonyms that are the same in every run; null numbers them. */
export function createRedactor(
  kinds: ReadonlySet<RedactKind>,
  keyed: ((text: string) => string) | null = null,
): Redactor {
  const known = new KnownNames();
  const names = new Pseudonyms(kinds, keyed, (value, pseudonym) => known.add(value, pseudonym));
  const texts = new Texts(names, known);

  /** What stands in a field of its own; null where it is a sentence. */
  const whole = (text: string, treatment: Treatment | undefined): string | null => {
    switch (treatment) {
      case "fixed":
        return text;
      case "ip":
        return text === SEVERAL ? text : names.ip(text);
      case "host":
        return names.host(text);
      case "hostPort":
        return names.hostPort(text);
      case "user":
        return names.user(text);
      case "realm":
        return names.wants("host") ? names.realm(text) : null;
      case "scheme":
        return isKnownScheme(text) || text === "unknown" || !names.wantsNames ? text : names.scheme(text);
      case "source":
        return names.wantsNames ? names.source(text) : null;
      case "dn":
        return names.wants("host") ? names.distinguishedName(text) : null;
      case "fingerprint":
        return names.fingerprint(text);
      default:
        return null;
    }
  };

  const sentence = (text: string, treatment: Treatment | undefined, parent: Parent): string => {
    switch (treatment) {
      case "url":
        return texts.url(text);
      case "path":
        return names.wantsNames ? names.capture(text) : texts.sentence(text);
      case "free":
        return texts.free(text);
      case "rule":
        return texts.rule(text);
      case "own":
        return texts.own(text);
      case "filter":
        return filter(text, parent);
      case "ja4":
        return fingerprint(text, parent);
      default:
        return texts.sentence(text);
    }
  };

  /** JA4 has the first and the last character of the first protocol that is offered: of one that is somebody's own they go with it. */
  const fingerprint = (text: string, { alpnOffered }: Parent): string => {
    const first: unknown = Array.isArray(alpnOffered) ? alpnOffered[0] : undefined;
    if (typeof first !== "string" || texts.free(first) === first) return text;
    return text.replace(/^(.{8})..(?=_)/, "$1--");
  };

  /** `final` false: only meets the values that stand in fields of their own, so that sentences can be searched for all. */
  const walk = (value: unknown, field: string, parent: Parent, final: boolean, within = ""): unknown => {
    if (typeof value === "string") {
      const treatment = FIELDS[`${within}.${field}`] ?? FIELDS[field];
      const answer = whole(value, treatment);
      if (answer === null && !final && treatment === "url") texts.url(value);
      if (!final && (treatment === "url" || treatment === "hostPort")) texts.quotes(value, treatment);
      return answer ?? (final ? sentence(value, treatment, parent) : value);
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, field, parent, final, within));
    if (typeof value !== "object" || value === null) return value;
    if (Symbol.iterator in value) {
      const entries = value as Entries<unknown>;
      if (final) return madeOf(entries, (item) => walk(item, field, parent, final, within));
      for (const item of entries) walk(item, field, parent, final, within);
      return value;
    }
    const fields = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.entries(fields).map(([name, item]) => [name, walk(item, name, fields, final, field)]),
    );
  };

  return {
    redact<T>(value: T): T {
      walk(value, "", {}, false);
      return walk(value, "", {}, true) as T;
    },
  };
}

type Parent = Readonly<Record<string, unknown>>;

/** Filters of streams and frames name nobody; any other one is made anew from stream and frames, so that it stays valid. */
function filter(text: string, { stream, frames }: Parent): string {
  if (/^(?:tcp\.stream eq \d+)?(?: and )?(?:frame\.number in \{[\d, ]+\})?$/.test(text)) return text;
  return displayFilter(typeof stream === "number" ? stream : null, Array.isArray(frames) ? frames : []) ?? "";
}
