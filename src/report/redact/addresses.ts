// IP addresses in all their spellings (RFC 4291 §2.2, RFC 5952), for telling that two texts are one address.
import { unmapped } from "../../pcap-parser/index.ts";

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

/** The address as RFC 5952 writes it, IPv4 inside IPv6 as IPv4, without zone; null if `text` is none. */
export function canonicalAddress(text: string): string | null {
  if (IPV4.test(text)) return text;
  if (!text.includes(":") || !/^[0-9a-f:.]+(?:%.*)?$/is.test(text)) return null;
  const url = `http://[${text.replace(/%.*$/s, "")}]/`;
  return URL.canParse(url) ? unmapped(new URL(url).hostname.slice(1, -1)) : null;
}

/** Whether `text` is an IP address, without a port. */
export function isAddress(text: string): boolean {
  return canonicalAddress(text) !== null;
}
