// IP addresses that people write, in the one way in which captures show them.
import { unmapped } from "../pcap-parser/index.ts";

const BYTE = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** The address as captures show it: IPv6 as RFC 5952 writes it, or the IPv4 address that it stands for. null if it is none. */
export function ipAddress(text: string): string | null {
  if (IPV4.test(text)) return text;
  if (!text.includes(":")) return null;
  try {
    // The zone says through which interface an address is reached, and is in no packet (RFC 4007 §11).
    return unmapped(new URL(`http://[${text.replace(/%[^%]+$/, "")}]`).hostname.slice(1, -1));
  } catch {
    return null;
  }
}
