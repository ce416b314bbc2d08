// What every conversation needs from outside: the clock, where notes and results go, and what the platform lends.
import type { Nanos, NoteSink } from "../bytes/index.ts";
import type { TlsOpener } from "../tls-decrypt/index.ts";
import type { KnownProxies } from "./known-proxies.ts";
import type { ServerLeg, Timeline } from "./types.ts";

export interface ProxyContext {
  readonly known: KnownProxies;
  readonly note: NoteSink;
  /** Time of the frame being worked on. */
  now(): Nanos;
  /** Keyed hash, the same key for the whole run: recognises equality, tells nothing else. */
  tag(bytes: Uint8Array): string;
  /** Names the product marks in the text of a small page (ids of the table of products); the text is not kept. */
  bodyMarks(bytes: Uint8Array, coding: string | null): readonly string[];
  /** A fresh opener for a TLS connection, or null without keys. */
  opener(): TlsOpener | null;
  /** Whether keys for the TLS connection with this client random are at hand. */
  hasKeys(random: Uint8Array): boolean;
  timeline(timeline: Timeline): void;
  leg(leg: ServerLeg): void;
}
