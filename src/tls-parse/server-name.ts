// The server name of a ClientHello (RFC 8446 §4.1.2, RFC 6066 §3) read on the spot, for connections that may be of no interest.
import { RECORD_HEADER } from "./looks-like.ts";
import { CLIENT_HELLO, HANDSHAKE_HEADER } from "./registry/handshake-types.ts";
import { HANDSHAKE } from "./registry/versions.ts";

const VERSION_AND_RANDOM = 34;
const SERVER_NAME = 0;
/** Length of the list, type of the name, length of the name. */
const NAME_HEADER = 5;
/** RFC 1035 §2.3.4. */
const MAX_NAME = 255;

/** The name in lower case; null where `bytes` are no ClientHello, or what there is of it names no server. */
export function peekServerName(bytes: Uint8Array, start: number, end: number): string | null {
  const u16 = (at: number): number => (at + 2 <= end ? (bytes[at]! << 8) | bytes[at + 1]! : 0);
  let at = start + RECORD_HEADER;
  if (at + HANDSHAKE_HEADER + VERSION_AND_RANDOM >= end || bytes[start] !== HANDSHAKE || bytes[at] !== CLIENT_HELLO)
    return null;
  at += HANDSHAKE_HEADER + VERSION_AND_RANDOM;
  at += 1 + bytes[at]!;
  at += 2 + u16(at);
  if (at >= end) return null;
  at += 1 + bytes[at]!;
  const stop = Math.min(end, at + 2 + u16(at));
  for (at += 2; at + 4 <= stop; at += 4 + u16(at + 2)) {
    if (u16(at) !== SERVER_NAME) continue;
    const name = at + 4 + NAME_HEADER;
    const length = u16(name - 2);
    if (length === 0 || length > MAX_NAME || name + length > stop) return null;
    let text = "";
    for (let i = name; i < name + length; i++) text += String.fromCharCode(bytes[i]!);
    return text.toLowerCase();
  }
  return null;
}
