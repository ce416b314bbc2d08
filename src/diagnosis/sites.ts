// Which sites belong together: the registrable domain by the public suffix list (publicsuffix.org, through tldts).
import { getDomain, parse } from "tldts";

/** "example.co.uk" for "www.example.co.uk"; addresses and single labels are sites of their own. */
export function siteOf(host: string): string {
  return getDomain(host, { allowPrivateDomains: true }) ?? host;
}

/** RFC 2606 §2: in laboratories and in examples these stand for public names. */
const STANDS_FOR_PUBLIC = /\.(?:example|test)$/i;

/** Whether the host is named below a public suffix of the DNS root: names of internal zones and addresses are not. */
export function isPublicSite(host: string): boolean {
  return parse(host).isIcann === true || STANDS_FOR_PUBLIC.test(host);
}
