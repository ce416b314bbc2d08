// Which sites belong together: the registrable domain by the public suffix list (publicsuffix.org, through tldts).
import { getDomain } from "tldts";

/** "example.co.uk" for "www.example.co.uk"; addresses and single labels are sites of their own. */
export function siteOf(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}
