// The door of this folder: its patterns are compiled when pseudonyms are asked for, which is seldom.
import type { createRedactor } from "./redact.ts";

/** What makes redactors. */
export async function loadRedactor(): Promise<typeof createRedactor> {
  return (await import("./redact.ts")).createRedactor;
}
