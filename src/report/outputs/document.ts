// What every output over captures is to those who fill it.
import type { LazyReport } from "../lazy.ts";
import type { Report } from "../types.ts";

/** A capture that could not be checked: its path, and why, as one sentence. */
export interface UncheckedCapture {
  readonly path: string;
  readonly message: string;
}

/** One output over all captures of a run. What `add` and `end` return is written in this order, and is one valid document. */
export interface OutputDocument {
  add(report: Report): string;
  /** What `add` gives, in pieces, by those outputs that tell of every connection: it may be more than one string can hold. */
  pieces?(report: LazyReport): Iterable<string>;
  /** Told by those outputs that have a place for it. */
  failed(capture: UncheckedCapture): void;
  /** What is left, ending with a line end; empty if no report was added. */
  end(): string;
}
