// Words for a client that cannot use what the proxy offers.
import type { Advice } from "../types.ts";

export const SCHEME_ADVICE: Advice = {
  helpdesk:
    "The password is not the problem: this program cannot use what the proxy offers. Name the program and its version in the ticket.",
  proxyAdmin:
    "Offer a scheme that the client supports, or exempt it. Java does not use Basic for tunnels unless it is started with -Djdk.http.auth.tunneling.disabledSchemes= (empty); many agents know Basic only; some know no Negotiate.",
};

/** It sent what was not asked for. */
export const FOREIGN_TITLE = "The client sent credentials of a scheme that the proxy does not offer";
