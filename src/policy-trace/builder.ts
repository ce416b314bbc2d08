// Collects the lines of one transaction of a policy trace.
import type { Nanos } from "../bytes/index.ts";
import {
  connectionFrom,
  continuesConnection,
  readAssignments,
  readAuthentication,
  readException,
  readTime,
  readTiming,
  readUser,
  withoutSecrets,
} from "./field-lines.ts";
import { readRequest } from "./request-line.ts";
import { isAuthentication, isDeauthentication, mayBeRule, type RuleReader } from "./rule-line.ts";
import type {
  RuleOutcome,
  Told,
  TraceConnection,
  TraceNoteSink,
  TraceRequest,
  TraceRule,
  TraceTransaction,
  TraceUser,
} from "./types.ts";

/** Rules kept of one transaction: a policy has thousands, of which few match and fewer are about authentication. */
const MAX_RULES = 256;
/** Lines of no known kind kept of one transaction, and characters of each. */
const MAX_TEXTS = 32;
const MAX_TEXT = 500;
/** Timings and categories kept of one transaction. */
const MAX_TIMINGS = 32;
const MAX_CATEGORIES = 32;

const LAYER = /^\s*<\s*([A-Z][\w-]*(?:\s[^<>]*)?)>/i;
/** What only stands behind the rules of its transaction. */
const BEHIND_RULES = /^\s*(connection|time|user|server\.response\.code|client\.response\.code)\s*:/i;

function isLayer(text: string): boolean {
  return text.includes("<") && LAYER.test(text);
}

/** One transaction in the making. */
export class TransactionBuilder {
  readonly #firstLine: number;
  #lastLine: number;
  #layer: string | null = null;
  #id: string | null = null;
  readonly #rules: TraceRule[] = [];
  readonly #ruleCounts: Record<RuleOutcome, number> = { match: 0, miss: 0, "n/a": 0 };
  #connection: TraceConnection | null = null;
  #connectionLine = 0;
  #time: Nanos | null = null;
  #timeLine = 0;
  #request: TraceRequest | null = null;
  #userAgent: string | null = null;
  #referer: string | null = null;
  #user: TraceUser | null = null;
  #authentication: TraceTransaction["authentication"] = null;
  readonly #timings: { what: string; ms: number }[] = [];
  #exception: TraceTransaction["exception"] = null;
  readonly #categories: string[] = [];
  #dns: string | null = null;
  #nextHop: string | null = null;
  #application: string | null = null;
  #serverStatus: Told<number> | null = null;
  #clientStatus: Told<number> | null = null;
  readonly #texts: Told<string>[] = [];
  #textsDropped = 0;

  readonly #ruleReader: RuleReader;

  constructor(line: number, rules: RuleReader) {
    this.#ruleReader = rules;
    this.#firstLine = line;
    this.#lastLine = line;
  }

  /** Whether anything but text was read. */
  get hasFacts(): boolean {
    return (
      this.#connection !== null || this.#ruleCounts.match > 0 || this.#clientStatus !== null || this.#time !== null
    );
  }

  touch(line: number): void {
    this.#lastLine = line;
  }

  /**
   * Whether this line can only belong to a further transaction, where no brackets tell it: a proxy writes rules, then
   * connection, time and request, then the rest.
   */
  startsAnother(text: string): boolean {
    const placed = this.#connection !== null || this.#time !== null || this.#request !== null;
    if (!placed) return false;
    if (isLayer(text) || this.#ruleReader.read(text, 0, null) !== null) return true;
    const name = BEHIND_RULES.exec(text)?.[1]?.toLowerCase();
    if (name === "connection") return this.#connection !== null || this.#request !== null;
    if (name === "time") return this.#timeLine > 0 || this.#request !== null;
    return this.#request !== null && readRequest(text, 0) !== null;
  }

  /** Takes a line; returns whether its kind is known. */
  add(text: string, line: number, note: TraceNoteSink): boolean {
    this.#lastLine = line;
    if (mayBeRule(text)) {
      const rule = this.#ruleReader.read(text, line, this.#layer);
      if (rule !== null) {
        this.#addRule(rule, note);
        return true;
      }
    } else if (isLayer(text)) {
      this.#layer = LAYER.exec(text)?.[1]?.trim() ?? null;
      return true;
    }
    if (this.#named(text, line, note)) return true;
    const request = this.#request === null ? readRequest(text, line) : null;
    if (request !== null) {
      this.#request = request;
      return true;
    }
    if (this.#unnamed(text, line)) return true;
    if (this.#texts.length >= MAX_TEXTS) this.#textsDropped++;
    else this.#texts.push({ value: withoutSecrets(text.trim()).slice(0, MAX_TEXT), line });
    return false;
  }

  finish(bracketed: boolean, cut: boolean): TraceTransaction {
    return {
      firstLine: this.#firstLine,
      lastLine: this.#lastLine,
      bracketed,
      cut,
      id: this.#id,
      rules: this.#rules,
      ruleCounts: this.#ruleCounts,
      connection: this.#connection,
      time: this.#time,
      request: this.#request,
      userAgent: this.#userAgent,
      referer: this.#referer,
      user: this.#user,
      authentication: this.#authentication,
      timings: this.#timings,
      exception: this.#exception,
      categories: this.#categories,
      dns: this.#dns,
      nextHop: this.#nextHop,
      application: this.#application,
      serverStatus: this.#serverStatus,
      clientStatus: this.#clientStatus,
      texts: this.#texts,
      textsDropped: this.#textsDropped,
    };
  }

  #addRule(rule: TraceRule, note: TraceNoteSink): void {
    this.#ruleCounts[rule.outcome]++;
    if (this.#clientStatus !== null && this.#request !== null) note("trace-unordered", rule.line);
    const worthKeeping = rule.outcome === "match" || isAuthentication(rule) || isDeauthentication(rule);
    if (worthKeeping && this.#rules.length < MAX_RULES) this.#rules.push(rule);
  }

  /** Lines `name: value`. */
  #named(text: string, line: number, note: TraceNoteSink): boolean {
    const colon = text.indexOf(":");
    if (colon < 0) return false;
    const value = text.slice(colon + 1).trim();
    switch (text.slice(0, colon).trim().toLowerCase()) {
      case "connection":
        // A header `Connection: keep-alive` of the request has no assignments.
        if (!value.includes("=")) return false;
        this.#connection = connectionFrom(readAssignments(value), this.#connection);
        this.#connectionLine = line;
        return true;
      case "time": {
        const time = readTime(value);
        if (time === null) note("trace-time-unreadable", line);
        else if (this.#time !== null && time !== this.#time) note("trace-unordered", line);
        this.#time ??= time;
        this.#timeLine = line;
        return true;
      }
      case "user":
        this.#user = readUser(value, line);
        return true;
      case "user-agent":
        this.#userAgent ??= value.slice(0, MAX_TEXT);
        return true;
      case "referer":
        this.#referer ??= withoutSecrets(value).slice(0, MAX_TEXT);
        return true;
      case "server.response.code":
        this.#serverStatus = this.#status(this.#serverStatus, value, line, note);
        return true;
      case "client.response.code":
        this.#clientStatus = this.#status(this.#clientStatus, value, line, note);
        return true;
      case "url.category":
      case "category":
        for (const category of value.split(/\s*;\s*/)) {
          if (category !== "" && this.#categories.length < MAX_CATEGORIES) this.#categories.push(category);
        }
        return true;
      case "application.name":
        this.#application = value;
        return true;
      default:
        return false;
    }
  }

  /** A second, different code in one transaction: two of them ran together. The first is kept. */
  #status(before: Told<number> | null, value: string, line: number, note: TraceNoteSink): Told<number> | null {
    const found = /^(\d{1,3})\b/.exec(value);
    if (found === null) return before;
    const status = Number(found[1]);
    if (before !== null && before.value !== status) note("trace-unordered", line);
    return before ?? { value: status, line };
  }

  /** Lines that begin with words, and continuations. */
  #unnamed(text: string, line: number): boolean {
    const id = /^\s*transaction\s+(?:id|number)\s*[=:]?\s*(\S+)/i.exec(text);
    if (id !== null) {
      this.#id = id[1]!;
      return true;
    }
    const authentication = readAuthentication(text);
    if (authentication !== null) {
      this.#authentication = { value: authentication, line };
      return true;
    }
    const timing = readTiming(text);
    if (timing !== null) {
      if (this.#timings.length < MAX_TIMINGS) this.#timings.push(timing);
      return true;
    }
    const exception = readException(text);
    if (exception !== null) {
      this.#exception ??= { value: exception, line };
      return true;
    }
    if (/^\s*DNS lookup\b/i.test(text)) {
      this.#dns = text.trim().slice(0, MAX_TEXT);
      return true;
    }
    const hop = /^\s*origin server next-hop IP address\s*=\s*(\S*)/i.exec(text);
    if (hop !== null) {
      this.#nextHop = hop[1]!;
      return true;
    }
    if (/^\s/.test(text) && this.#connection !== null && line - this.#connectionLine <= 3) {
      const values = readAssignments(text);
      if (continuesConnection(values)) {
        this.#connection = connectionFrom(values, this.#connection);
        return true;
      }
    }
    return false;
  }
}
