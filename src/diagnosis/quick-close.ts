// How soon a close comes that is no end of patience.

/** Waiting for an answer takes longer: whoever closes sooner had another reason. */
export const QUICK_CLOSE_MS = 1_000;
