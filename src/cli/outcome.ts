// What all commands that report begin and end with: where the output goes, what hides names, and one line for what went wrong.
import type { CheckFailure } from "../audit/index.ts";
import { type TerminalStyle, terminalText } from "../report/index.ts";
import { type RedactArguments, redaction } from "./redaction.ts";
import { warn } from "./standard-streams.ts";
import { type LookOptions, terminalStyle } from "./terminal.ts";
import { type Output, openOutput } from "./write-output.ts";

interface OutcomeArguments extends LookOptions, RedactArguments {
  readonly output?: string;
}

/** Ready to print. */
export interface Outcome {
  readonly output: Output;
  readonly style: TerminalStyle;
  /** Gives a value with the pseudonyms that were asked for. */
  shown<T>(value: T): T;
}

/** null: the output must not be written there, or the key for pseudonyms cannot be used, and that was told. `inputs`: files that are read. */
export async function beginOutput(options: OutcomeArguments, inputs: readonly string[]): Promise<Outcome | null> {
  const { redactKey } = options;
  const output = openOutput(options.output, redactKey === undefined ? inputs : [...inputs, redactKey]);
  const redactor = typeof output === "string" ? output : await redaction(options);
  if (typeof output === "string" || typeof redactor === "string") {
    complain(null, `${redactor}`);
    return null;
  }
  return {
    output,
    style: terminalStyle(options, output.file !== null),
    shown: (value) => (redactor === null ? value : redactor.redact(value)),
  };
}

/** Puts the output in its place; false: it could not be written, and that was told. */
export function endOutput(output: Output): boolean {
  const failure = output.finish();
  if (failure !== null) complain(output.file ?? "-", failure);
  return failure === null;
}

/** One line on standard error, with the name of a file if it is about one. */
export function complain(path: string | null, message: string): void {
  warn(`pcapcheck: ${path === null ? "" : `${terminalText(path) || "''"}: `}${terminalText(message)}\n`);
}

/** Of a key log that was named and opens nothing: what is read goes on without it. */
export function tellKeyless(keylog: string): void {
  complain(
    keylog,
    "no key was found in this key log: it is empty, or another file than the one that SSLKEYLOGFILE names",
  );
}

/** What a file could not be checked for, and what to do about it. */
export function tell({ path, message, advice }: CheckFailure): void {
  complain(path, advice === null ? message : `${message}; ${advice}`);
}
