// Master secrets of earlier connections of a capture, for resumption by session id (RFC 5246 §F.1.4) and ticket (RFC 5077).

/** Remembers master secrets; shared by all openers of a capture. */
export interface SessionCache {
  remember(handle: Uint8Array, master: Uint8Array): void;
  recall(handle: Uint8Array): Uint8Array | null;
}

/** Sessions that may be resumed at one time; the oldest is forgotten. A session costs some 300 bytes. */
const MAX_SESSIONS = 20_000;
/** Tickets are compared by their first bytes: key name and IV (RFC 5077 §4) are 32 bytes, some ciphertext follows. */
const HANDLE_BYTES = 64;

/** An empty cache. A ticket and a session id never collide: an id has at most 32 bytes, a ticket more. */
export function createSessionCache(): SessionCache {
  const sessions = new Map<string, Uint8Array>();
  const name = (handle: Uint8Array) => String.fromCharCode(handle.length & 0xff, ...handle.subarray(0, HANDLE_BYTES));
  return {
    remember(handle, master) {
      const key = name(handle);
      sessions.delete(key);
      sessions.set(key, master);
      if (sessions.size > MAX_SESSIONS) sessions.delete(sessions.keys().next().value!);
    },
    recall: (handle) => sessions.get(name(handle)) ?? null,
  };
}
