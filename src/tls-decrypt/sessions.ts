// What the connections of a capture share: master secrets of earlier ones, for resumption by session id (RFC 5246 §F.1.4) and ticket (RFC 5077).

/** Trial decryptions that the connections of a capture may still make beyond those that their records earn. */
export interface Trials {
  left: number;
}

/** Remembers master secrets; shared by all openers of a capture. */
export interface SessionCache {
  readonly trials: Trials;
  /** The capture is read again: as many trials as at first may be made. */
  refill(): void;
  remember(handle: Uint8Array, master: Uint8Array): void;
  recall(handle: Uint8Array): Uint8Array | null;
}

/** Sessions that may be resumed at one time; the oldest is forgotten. A session costs some 300 bytes. */
const MAX_SESSIONS = 20_000;
/**
 * A connection of a kilobyte that loses a few bytes can ask for thousands of trials, and a capture has a hundred thousand of them.
 * These cost some three seconds; behind them what was lost is still found where records are not much shorter than usual.
 */
const MAX_TRIALS = 256 * 1024;
/** Tickets are compared by their first bytes: key name and IV (RFC 5077 §4) are 32 bytes, some ciphertext follows. */
const HANDLE_BYTES = 64;

/** An empty cache. A ticket and a session id never collide: an id has at most 32 bytes, a ticket more. */
export function createSessionCache(): SessionCache {
  const sessions = new Map<string, Uint8Array>();
  const name = (handle: Uint8Array) => String.fromCharCode(handle.length & 0xff, ...handle.subarray(0, HANDLE_BYTES));
  const trials = { left: MAX_TRIALS };
  return {
    trials,
    refill() {
      trials.left = MAX_TRIALS;
    },
    remember(handle, master) {
      const key = name(handle);
      sessions.delete(key);
      sessions.set(key, master);
      if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value!);
    },
    recall: (handle) => sessions.get(name(handle)) ?? null,
  };
}
