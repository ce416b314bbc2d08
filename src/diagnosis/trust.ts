// What the platform lends to judge certificate chains: roots, signatures and dates are its business.
import type { Nanos } from "../bytes/index.ts";

/**
 * Where a chain ends: at a root of the public web PKI, at one that was named as trusted (`--trust`), at the proxy's own
 * authority (`--proxy-ca`), or at none of them. `unknown`: there are no roots to compare with, or it cannot be read.
 */
export type ChainEnd = "public-root" | "trusted" | "proxy-ca" | "other" | "unknown";

export interface Trust {
  /** `chain`: DER, leaf first, as it was sent; `at`: when it was sent. Never throws. */
  chainEnd(chain: readonly Uint8Array[], at: Nanos): ChainEnd;
}

/** Without a platform nothing is known of any chain. */
export const NO_TRUST: Trust = { chainEnd: () => "unknown" };
