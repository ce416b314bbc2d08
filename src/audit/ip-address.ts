// IP addresses that people write, in the one way in which captures show them.

const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** The address as captures show it: IPv6 as RFC 5952 writes it. null if it is none. */
export function ipAddress(text: string): string | null {
  if (IPV4.test(text)) return text;
  if (!text.includes(":")) return null;
  let address: string;
  try {
    // The zone says through which interface an address is reached, and is in no packet (RFC 4007 §11).
    address = new URL(`http://[${text.replace(/%[^%]+$/, "")}]`).hostname.slice(1, -1);
  } catch {
    return null;
  }
  // Captures have the IPv4 address that an IPv6 one of this kind stands for (RFC 4291 §2.5.5.2).
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped === null) return address;
  const [high, low] = [Number.parseInt(mapped[1]!, 16), Number.parseInt(mapped[2]!, 16)];
  return `${high >>> 8}.${high & 0xff}.${low >>> 8}.${low & 0xff}`;
}
