// Time stamps of the report: RFC 3339 with nanoseconds, UTC.
import type { Nanos } from "../bytes/index.ts";
import type { Timestamp } from "./types.ts";

const SECOND = 1_000_000_000n;
/** The range of years that RFC 3339 can write; a broken clock gives times outside. */
const MIN_SECONDS = -62_167_219_200n;
const MAX_SECONDS = 253_402_300_799n;

/** `2026-01-02T03:04:05.000000006Z`. Times outside the years 0 to 9999 are clamped. */
export function timestamp(time: Nanos): Timestamp {
  let seconds = time / SECOND;
  let rest = time % SECOND;
  if (rest < 0n) {
    seconds -= 1n;
    rest += SECOND;
  }
  if (seconds < MIN_SECONDS) [seconds, rest] = [MIN_SECONDS, 0n];
  if (seconds > MAX_SECONDS) [seconds, rest] = [MAX_SECONDS, SECOND - 1n];
  const date = new Date(Number(seconds) * 1000).toISOString();
  return `${date.slice(0, date.length - 5)}.${rest.toString().padStart(9, "0")}Z`;
}
