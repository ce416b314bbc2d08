// What every conversation needs from outside: the clock, where notes and results go, and what the platform lends.
import type { Nanos, Note, NoteSink } from "../bytes/index.ts";
import type { TlsOpener } from "../tls-decrypt/index.ts";
import type { KnownProxies } from "./known-proxies.ts";
import type { ClearAnswer, NamedClient, ServerLeg, Timeline } from "./types.ts";

export interface ProxyContext {
  readonly known: KnownProxies;
  readonly note: NoteSink;
  /** Time of the frame being worked on. */
  now(): Nanos;
  /** Keyed hash, the same key for the whole run: recognises equality, tells nothing else. */
  tag(bytes: Uint8Array): string;
  /** Names the product marks in the text of a small page (ids of the table of products); the text is not kept. */
  bodyMarks(bytes: Uint8Array, coding: string | null): readonly string[];
  /** Whether the steps of the record layer are wanted; see `TlsSetup`. */
  readonly transitions: boolean;
  /** A fresh opener for a TLS connection, or null without keys. */
  opener(): TlsOpener | null;
  /** Whether there are any keys. */
  anyKeys(): boolean;
  /** Whether keys for the TLS connection with this client random are at hand. */
  hasKeys(random: Uint8Array): boolean;
  /** Whom the connection was passed on for; see `Timeline`. Of the context of one connection only. */
  readonly namedClient?: NamedClient | null;
  /** What answered the client's TLS in the clear; see `Timeline`. Of the context of one connection only. */
  readonly clearAnswer?: ClearAnswer | null;
  timeline(timeline: Timeline): void;
  leg(leg: ServerLeg): void;
}

/** Notes kept of one connection. */
const MAX_NOTES = 16;

/** The context of one connection: keeps its notes, and knows the time of bytes that were held back. */
export class ConnectionContext implements ProxyContext {
  readonly notes: Note[] = [];
  /** Time of the held bytes that are given on now; null outside of a replay. */
  replaying: Nanos | null = null;
  namedClient: NamedClient | null;
  clearAnswer: ClearAnswer | null;
  readonly #base: ProxyContext;

  constructor(base: ProxyContext) {
    this.#base = base;
    this.namedClient = base.namedClient ?? null;
    this.clearAnswer = base.clearAnswer ?? null;
    this.note = this.note.bind(this);
    this.now = this.now.bind(this);
    this.during = this.during.bind(this);
  }

  get known(): KnownProxies {
    return this.#base.known;
  }

  get tag(): ProxyContext["tag"] {
    return this.#base.tag;
  }

  get bodyMarks(): ProxyContext["bodyMarks"] {
    return this.#base.bodyMarks;
  }

  get transitions(): boolean {
    return this.#base.transitions;
  }

  get opener(): ProxyContext["opener"] {
    return this.#base.opener;
  }

  get anyKeys(): ProxyContext["anyKeys"] {
    return this.#base.anyKeys;
  }

  get hasKeys(): ProxyContext["hasKeys"] {
    return this.#base.hasKeys;
  }

  get timeline(): ProxyContext["timeline"] {
    return this.#base.timeline;
  }

  get leg(): ProxyContext["leg"] {
    return this.#base.leg;
  }

  note(note: Note): void {
    if (this.notes.length < MAX_NOTES) this.notes.push(note);
    this.#base.note(note);
  }

  /** Runs `action`, in which bytes that were held back are given on, with `now()` at `time`. */
  during(time: Nanos, action: () => void): void {
    const before = this.replaying;
    this.replaying = time;
    action();
    this.replaying = before;
  }

  now(): Nanos {
    return this.replaying ?? this.#base.now();
  }
}
