// What to do about a 401 that is the web site's own, inside a tunnel or for a forwarded request.
import type { Advice } from "../types.ts";

export const SITE_LOGIN: Advice = {
  helpdesk: "The login box belongs to the web site: the user needs an account there. Nothing is wrong with the proxy.",
  proxyAdmin: "Nothing to do.",
};

/** Where it is not certain that the site asks. */
export const PERHAPS_SITE_LOGIN: Advice = {
  helpdesk:
    "The login box seems to belong to the web site: as a rule the user needs an account there. Open the site without the proxy: if it asks for no password there, the proxy asks for one in the site's name, and its administrator needs this report.",
  proxyAdmin:
    "Nothing to do, if it is the site's own: look for this request in the access log, where a 401 of the proxy has no status of the server beside it.",
};
