// Words for credentials that the proxy had let through before: whoever asks again wants others, or refuses the user and not the password.
import type { Advice } from "../types.ts";

/** Somebody else asks, and a client has one set of credentials for its proxy. */
export const OTHERS_TITLE = "The proxy took the credentials, and the client was then asked for others";
export const OTHERS_ADVICE: Advice = {
  helpdesk:
    "The password need not be wrong: two proxies in a row, or two rules of one, each want credentials of their own. Give this report to the administrator of the proxy.",
  proxyAdmin:
    "Find the second one by the realm of its challenge and by the Via field of its answer. Let the first proxy sign in to the further one itself, or pass the client's credentials on (Squid: login= of cache_peer), or let only one of them ask.",
};

/** The very same ones are refused. */
export const KNOWN_ADVICE: Advice = {
  helpdesk:
    "The password was right before: if it is refused for some sites only, another one will not help, and the administrator of the proxy needs the frame numbers. If it is refused everywhere from then on, ask whether it was changed, or the account locked, meanwhile.",
  proxyAdmin:
    "Look for a rule that admits only some users to this target and asks anew where it should refuse (Squid: an http_access deny line whose last ACL is a proxy_auth one; with all behind it, it refuses), and for this user in the authentication log: an account that was locked meanwhile, a directory server that did not answer.",
};
