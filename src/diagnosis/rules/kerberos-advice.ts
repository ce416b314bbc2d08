// What to do about a Kerberos ticket that a proxy refused (RFC 4559 §4): no password is in it.
import type { Advice } from "../types.ts";

export const KERBEROS_ADVICE: Advice = {
  helpdesk:
    "A Kerberos ticket was refused, not a password. Check that the computer's clock is right, let the user get new tickets (klist purge, or sign out and in again), and try once more.",
  proxyAdmin:
    "Look for this request in the authentication log: a clock that is off by more than five minutes, a service principal name (HTTP/ with the proxy's name) that belongs to another account, or a keytab that is older than the account's password.",
};
