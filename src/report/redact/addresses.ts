// IP addresses in all their spellings (RFC 4291 §2.2, RFC 5952), for telling that two texts are one address.

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$/;

/** The address as RFC 5952 writes it, IPv4 inside IPv6 as IPv4, without zone; null if `text` is none. */
export function canonicalAddress(text: string): string | null {
  if (IPV4.test(text)) return text;
  if (!text.includes(":") || !/^[0-9a-f:.]+(?:%.*)?$/is.test(text)) return null;
  const url = `http://[${text.replace(/%.*$/s, "")}]/`;
  if (!URL.canParse(url)) return null;
  const canonical = new URL(url).hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  if (mapped === null) return canonical;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}

/** Whether `text` is an IP address, without a port. */
export function isAddress(text: string): boolean {
  return canonicalAddress(text) !== null;
}
