// Reads policy traces as a ProxySG writes them, or as they are pasted from one: lines in, transactions out.
import { TransactionBuilder } from "./builder.ts";
import { LineSplitter } from "./lines.ts";
import { RuleReader } from "./rule-line.ts";
import type { TraceNoteSink, TraceTransaction } from "./types.ts";

const START = /^\W*start transaction\b/i;
const STOP = /^\W*(?:stop|end) transaction\b/i;

/** Lines with dashes around `start transaction` are short. */
const MAX_BRACKET = 200;

/** What a reader of traces gives. */
export interface TraceSink {
  transaction(transaction: TraceTransaction): void;
  readonly note: TraceNoteSink;
}

export interface TraceCounts {
  readonly lines: number;
  readonly bytes: number;
  readonly transactions: number;
}

/** Takes a trace in pieces of any size. */
export class TraceReader {
  readonly #sink: TraceSink;
  readonly #splitter: LineSplitter;
  readonly #rules = new RuleReader();
  #open: TransactionBuilder | null = null;
  /** Whether the open transaction began with `start transaction`. */
  #bracketed = false;
  #transactions = 0;

  constructor(sink: TraceSink) {
    this.#sink = sink;
    this.#splitter = new LineSplitter({ line: (text, number) => this.#line(text, number), note: sink.note });
  }

  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#splitter.push(bytes, start, end);
  }

  end(): TraceCounts {
    this.#splitter.end();
    const { lines, bytes } = this.#splitter;
    this.#close(true);
    return { lines, bytes, transactions: this.#transactions };
  }

  #line(text: string, number: number): void {
    if (text.trim() === "") return;
    const bracket = text.length <= MAX_BRACKET && (text.includes("ransaction") || text.includes("RANSACTION"));
    if (bracket && START.test(text)) {
      this.#close(true);
      this.#open = new TransactionBuilder(number, this.#rules);
      this.#bracketed = true;
      return;
    }
    if (bracket && STOP.test(text)) {
      if (this.#open === null) this.#sink.note("trace-transaction-unopened", number);
      else {
        this.#open.touch(number);
        if (!this.#bracketed) this.#sink.note("trace-transaction-unopened", number);
        this.#close(false);
      }
      return;
    }
    if (this.#open !== null && !this.#bracketed && this.#open.startsAnother(text)) this.#close(false);
    if (this.#open === null) {
      this.#open = new TransactionBuilder(number, this.#rules);
      this.#bracketed = false;
    }
    this.#open.add(text, number, this.#sink.note);
  }

  /** `early`: its end was not seen. What was pasted without brackets has none. */
  #close(early: boolean): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    const cut = early && this.#bracketed;
    const transaction = open.finish(this.#bracketed, cut);
    if (cut) this.#sink.note("trace-transaction-cut", transaction.firstLine);
    if (transaction.request === null) {
      // Prose around a pasted trace is no transaction.
      if (open.hasFacts) this.#sink.note("trace-incomplete", transaction.firstLine);
      else if (!this.#bracketed) return;
    }
    this.#transactions++;
    this.#sink.transaction(transaction);
  }
}
