// Times of packets as numbers, and the clock that stands at the packet being worked on.
import type { FrameNo } from "../bytes/index.ts";
import type { TcpClock } from "./types.ts";

/** Stands the clock somewhere else. */
export function setClock(clock: TcpClock, frame: FrameNo, seconds: number, nanoseconds: number): void {
  clock.frame = frame;
  clock.seconds = seconds;
  clock.nanoseconds = nanoseconds;
}

/** Microseconds modulo 2^32, signed. */
export function stampOf({ seconds, nanoseconds }: { seconds: number; nanoseconds: number }): number {
  return (Math.imul(seconds, 1_000_000) + ((nanoseconds / 1000) | 0)) | 0;
}

/** Microseconds since 1970. */
export function microseconds({ seconds, nanoseconds }: { seconds: number; nanoseconds: number }): number {
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}
