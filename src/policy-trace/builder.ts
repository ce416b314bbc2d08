// Collects the lines of one transaction of a policy trace.
import type { Nanos } from "../bytes/index.ts";
import {
  connectionFrom,
  continuesConnection,
  readAssignments,
  readAuthStatus,
  readException,
  readTime,
  readUser,
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

const LAYER = /^\s*<\s*([A-Z][\w-]*(?:\s[^<>]*)?)>/i;
/** What only stands behind the rules of its transaction. */
const BEHIND_RULES = /^\s*(connection|time|user|server\.response\.code|client\.response\.code)\s*:/i;
/** As of a request: what stands in `User-Agent: ...` is the client's word. */
const HEADER = /^\s*[\w.-]+:(?:\s|$)/;

function isLayer(text: string): boolean {
  return text.includes("<") && LAYER.test(text);
}

/** One transaction in the making. */
export class TransactionBuilder {
  readonly #firstLine: number;
  #lastLine: number;
  #layer: string | null = null;
  readonly #rules: TraceRule[] = [];
  readonly #ruleCounts: Record<RuleOutcome, number> = { match: 0, miss: 0, "n/a": 0 };
  #connection: TraceConnection | null = null;
  #connectionLine = 0;
  #time: Nanos | null = null;
  #timeLine = 0;
  #request: TraceRequest | null = null;
  #user: TraceUser | null = null;
  #authStatus: string | null = null;
  #exception: Told<string> | null = null;
  #serverStatus: Told<number> | null = null;
  #clientStatus: Told<number> | null = null;

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

  /** Takes a line; of kinds that nothing is concluded from, nothing is kept. */
  add(text: string, line: number, note: TraceNoteSink): void {
    this.#lastLine = line;
    if (mayBeRule(text)) {
      const rule = this.#ruleReader.read(text, line, this.#layer);
      if (rule !== null) {
        this.#addRule(rule, note);
        return;
      }
    } else if (isLayer(text)) {
      this.#layer = LAYER.exec(text)?.[1]?.trim() ?? null;
      return;
    }
    if (this.#named(text, line, note)) return;
    const request = this.#request === null ? readRequest(text, line) : null;
    if (request !== null) this.#request = request;
    else this.#unnamed(text, line);
  }

  finish(bracketed: boolean, cut: boolean): TraceTransaction {
    return {
      firstLine: this.#firstLine,
      lastLine: this.#lastLine,
      bracketed,
      cut,
      rules: this.#rules,
      ruleCounts: this.#ruleCounts,
      connection: this.#connection,
      time: this.#time,
      request: this.#request,
      user: this.#user,
      authStatus: this.#authStatus,
      exception: this.#exception,
      serverStatus: this.#serverStatus,
      clientStatus: this.#clientStatus,
    };
  }

  #addRule(rule: TraceRule, note: TraceNoteSink): void {
    this.#ruleCounts[rule.outcome]++;
    if (this.#clientStatus !== null && this.#request !== null) note("trace-unordered", rule.line);
    const worthKeeping = rule.outcome === "match" || isAuthentication(rule) || isDeauthentication(rule);
    if (worthKeeping && this.#rules.length < MAX_RULES) this.#rules.push(rule);
  }

  /** Lines `name: value`; returns whether this is one that is read. */
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
      case "server.response.code":
        this.#serverStatus = this.#status(this.#serverStatus, value, line, note);
        return true;
      case "client.response.code":
        this.#clientStatus = this.#status(this.#clientStatus, value, line, note);
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
  #unnamed(text: string, line: number): void {
    if (HEADER.test(text)) return;
    const authStatus = readAuthStatus(text);
    const exception = authStatus === null ? readException(text) : null;
    if (authStatus !== null) this.#authStatus = authStatus;
    else if (exception !== null) this.#exception ??= { value: exception, line };
    else if (/^\s/.test(text) && this.#connection !== null && line - this.#connectionLine <= 3) {
      const values = readAssignments(text);
      if (continuesConnection(values)) this.#connection = connectionFrom(values, this.#connection);
    }
  }
}
