// --redact and its key: pseudonyms of this run, or the same in every run that has the key.
import type { Command } from "commander";
import { createRedactor, LEAST_KEY_BYTES, readFailure, readSmall } from "../audit/index.ts";
import type { RedactKind, Redactor } from "../report/index.ts";
import { fileName, redactKinds } from "./option-values.ts";

/** A key on the command line would be in the list of processes and in the shell's history. */
export const KEY_VARIABLE = "PCAPCHECK_REDACT_KEY";
const MAX_KEY_BYTES = 1024 * 1024;

export interface RedactArguments {
  readonly redact?: readonly RedactKind[];
  /** A file. */
  readonly redactKey?: string;
}

/** Adds the options to `command`. */
export function redactOptions(command: Command): Command {
  return command
    .option("--redact <kind,...>", "pseudonyms instead of addresses, names and users: ip, host, user", redactKinds)
    .option(
      "--redact-key <file>",
      `makes pseudonyms the same in every run; the key may also stand in ${KEY_VARIABLE}`,
      fileName,
    );
}

/** What gives reports their pseudonyms; null if none were asked for; a text if the key cannot be used. */
export async function redaction(options: RedactArguments): Promise<Redactor | string | null> {
  const { redact, redactKey } = options;
  if (redact === undefined) return redactKey === undefined ? null : "--redact-key needs --redact";
  const key = redactKey === undefined ? keyOfEnvironment() : keyOfFile(redactKey);
  if (typeof key === "string") return key;
  if (key !== null && key.length < LEAST_KEY_BYTES) return `the key of --redact needs ${LEAST_KEY_BYTES} bytes or more`;
  return createRedactor(redact, key);
}

function keyOfEnvironment(): Uint8Array | null {
  const value = process.env[KEY_VARIABLE];
  return value === undefined || value === "" ? null : Buffer.from(value);
}

/** The bytes of the file without a line end behind them; a text if it cannot be read. */
function keyOfFile(file: string): Uint8Array | string {
  try {
    const bytes = readSmall(file, MAX_KEY_BYTES);
    let end = bytes.length;
    while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
    return bytes.subarray(0, end);
  } catch (error) {
    return `the key of --redact cannot be read from ${file}: ${readFailure(error)}`;
  }
}
