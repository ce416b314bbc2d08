// Time stamps of the report: RFC 3339 with nanoseconds, UTC.
import type { Nanos } from "../bytes/index.ts";
import type { Timestamp } from "./types.ts";

const SECOND = 1_000_000_000n;
/** The range of years that RFC 3339 can write; a broken clock gives times outside. */
const MIN_SECONDS = -62_167_219_200n;
const MAX_SECONDS = 253_402_300_799n;

/** The last second that was written, and its text up to the digits of the fraction: times of one connection share it. */
let lastSecond = 0n;
let lastText = "1970-01-01T00:00:00.";

/** `2026-01-02T03:04:05.000000006Z`. Times outside the years 0 to 9999 are clamped. */
export function timestamp(time: Nanos): Timestamp {
  const rest = time - lastSecond * SECOND;
  if (rest >= 0n && rest < SECOND) return text(Number(rest));
  let seconds = time / SECOND;
  let fraction = time % SECOND;
  if (fraction < 0n) {
    seconds -= 1n;
    fraction += SECOND;
  }
  if (seconds < MIN_SECONDS) [seconds, fraction] = [MIN_SECONDS, 0n];
  if (seconds > MAX_SECONDS) [seconds, fraction] = [MAX_SECONDS, SECOND - 1n];
  const date = new Date(Number(seconds) * 1000).toISOString();
  lastSecond = seconds;
  lastText = date.slice(0, date.length - "000Z".length);
  return text(Number(fraction));
}

function text(nanoseconds: number): Timestamp {
  // In two pieces: what is put together of more V8 keeps as a tree of them, and a report has a dozen times for each connection.
  const fraction = `${String(nanoseconds).padStart(9, "0")}Z`;
  return `${lastText}${fraction}`;
}
