// What gives reports pseudonyms: those of one run, or the same in every run that has the key.
import { createHmac } from "node:crypto";
import { loadRedactor, REDACT_KINDS, type RedactKind, type Redactor } from "../report/index.ts";
import { wrong } from "./wrong-argument.ts";

/** All IPv4 addresses can be tried against a key that can be guessed. */
export const LEAST_KEY_BYTES = 16;

/**
 * Gives what makes copies of reports (of captures, audits and traces, and of failures) with pseudonyms instead of addresses,
 * names and users. One redactor gives the same value the same name in all of them, numbered in the order in which they are met;
 * with a `key` of at least 16 bytes names are the same wherever that key is.
 *
 * @throws {TypeError} (the promise rejects) for a kind that is none, for none, and for a key that is too short.
 */
export async function createRedactor(kinds: Iterable<RedactKind>, key: Uint8Array | null = null): Promise<Redactor> {
  const all = `some of ${REDACT_KINDS.join(", ")}`;
  // Letter by letter a text is a list, too.
  if (typeof kinds === "string" || typeof Object(kinds)[Symbol.iterator] !== "function")
    throw wrong("kinds", `a list: ${all}`, kinds);
  const wanted = new Set(kinds);
  for (const kind of wanted)
    if (!REDACT_KINDS.includes(kind)) throw wrong("a kind", `one of ${REDACT_KINDS.join(", ")}`, kind);
  if (wanted.size === 0) throw wrong("kinds", `a list: ${all}`, []);
  if (key !== null && !(key instanceof Uint8Array && key.length >= LEAST_KEY_BYTES))
    throw wrong("key", `${LEAST_KEY_BYTES} bytes or more, or null`, key instanceof Uint8Array ? key.length : key);
  const create = await loadRedactor();
  if (key === null) return create(wanted);
  // A Buffer's slice() is a view: whoever wipes the key would change the names.
  const own = new Uint8Array(key);
  return create(wanted, (text) => createHmac("sha256", own).update(text).digest("hex"));
}
