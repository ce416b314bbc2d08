// The states of a connection to a proxy between its first request and its tunnel, as one table (RFC 9110 §9.3.6).

/** Where a connection stands. `open` is left by nothing: behind a 2xx to CONNECT there is no HTTP of the proxy any more. */
export type TunnelState = "idle" | "asked" | "challenged" | "refused" | "open";

/** What can happen to it. `inferred`: the bytes behind a CONNECT can only be those of a tunnel, though its 2xx was not captured. */
export type TunnelInput = "connect" | "interim" | "success" | "challenge" | "refusal" | "inferred";

/** An input that a state does not list leaves the state as it is. */
export const NEXT = {
  idle: { connect: "asked", inferred: "open" },
  asked: {
    connect: "asked",
    interim: "asked",
    success: "open",
    challenge: "challenged",
    refusal: "refused",
    inferred: "open",
  },
  challenged: { connect: "asked" },
  refused: { connect: "asked" },
  open: {},
} as const satisfies Record<TunnelState, Partial<Record<TunnelInput, TunnelState>>>;

/** The state after `input`. */
export function next(state: TunnelState, input: TunnelInput): TunnelState {
  const row: Partial<Record<TunnelInput, TunnelState>> = NEXT[state];
  return row[input] ?? state;
}

/** How a final or interim status answers a CONNECT: any 2xx opens the tunnel, not only 200. */
export function answerOf(status: number): TunnelInput {
  // 101 is no interim answer but means nothing for CONNECT (RFC 9110 §7.8 excludes an upgrade here): counted as one.
  if (status < 200) return "interim";
  if (status < 300) return "success";
  return status === 407 ? "challenge" : "refusal";
}
