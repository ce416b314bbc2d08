// From the bytes of one connection to its timeline: CONNECT, TLS, HTTPS; facts with frames.
export type { ProxyContext } from "./context.ts";
export { MAX_EXCHANGES } from "./exchanges.ts";
export { KnownProxies } from "./known-proxies.ts";
export { EARLY_NS } from "./pairing.ts";
export { type CarriedFact, PassedOver } from "./passed-over.ts";
export { createProxyTracker } from "./tracker.ts";
export type * from "./types.ts";
export { weightOfLeg, weightOfTimeline } from "./weight.ts";
