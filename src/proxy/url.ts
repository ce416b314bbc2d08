// The URL of a request as a report may show it: no user information, no query, no fragment, no values in the path.
import { ownText } from "../bytes/index.ts";
import { type RequestHead, shownUrl } from "../http/index.ts";

/** URLs kept are for people to recognise a page; longer ones are cut. */
const MAX_URL = 1_024;

/**
 * The absolute URL of a request, or null if it cannot be told. `scheme` and `authority` are used for origin-form targets
 * (the authority only where there is no Host field).
 */
export function absoluteUrl(
  head: RequestHead,
  scheme: "http" | "https",
  authority: string | null = null,
): string | null {
  if (head.form === "absolute") return tidy(head.target);
  if (head.form === "origin" || head.form === "asterisk") {
    const host = head.host ?? withoutDefaultPort(authority, scheme);
    if (host === null || host === "") return null;
    return tidy(`${head.scheme ?? scheme}://${host}${head.form === "asterisk" ? "/" : head.target}`);
  }
  return null;
}

/** A CONNECT names the port always, a URL only if it is another than the scheme's (RFC 9110 §4.2.3). */
function withoutDefaultPort(authority: string | null, scheme: "http" | "https"): string | null {
  return authority?.replace(scheme === "https" ? /:443$/ : /:80$/, "") ?? null;
}

function tidy(url: string): string {
  const shown = shownUrl(url).slice(0, MAX_URL);
  // Most are as they were: a part would keep the query in memory, which is longer than all the rest.
  return shown.length < url.length ? ownText(shown) : shown;
}
