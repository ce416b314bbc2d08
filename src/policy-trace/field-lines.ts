// Lines of a transaction that have a name: `connection: ...`, `time: ...`, `user: ...`, `client.response.code: 401`.
import type { Nanos } from "../bytes/index.ts";
import type { TraceConnection, TraceUser } from "./types.ts";

/** `name=value name=value`, where a value may hold spaces up to the next name: `service.name=Explicit HTTP client.address=...`. */
export function readAssignments(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const names = [...text.matchAll(/(?:^|\s)([A-Za-z][\w.-]*)=/g)];
  for (const [i, name] of names.entries()) {
    const from = name.index + name[0].length;
    const to = names[i + 1]?.index ?? text.length;
    const value = text
      .slice(from, to)
      .trim()
      .replace(/^"(.*)"$/, "$1");
    if (!found.has(name[1]!.toLowerCase())) found.set(name[1]!.toLowerCase(), value);
  }
  return found;
}

/** Both spellings: `client.address=` and the older `client_address=`. */
export function connectionFrom(values: ReadonlyMap<string, string>, before: TraceConnection | null): TraceConnection {
  const text = (...names: string[]): string | null => {
    for (const name of names) {
      const value = values.get(name);
      if (value !== undefined && value !== "") return value;
    }
    return null;
  };
  const number = (...names: string[]): number | null => {
    const value = text(...names);
    return value !== null && /^\d{1,5}$/.test(value) ? Number(value) : null;
  };
  const address = clientAddress(text("client.address", "client_address"));
  return {
    service: text("service.name", "service_name") ?? before?.service ?? null,
    clientAddress: address.ip ?? before?.clientAddress ?? null,
    clientPort: number("client.port", "client_port") ?? address.port ?? before?.clientPort ?? null,
    proxyPort: number("proxy.port", "proxy_port") ?? before?.proxyPort ?? null,
  };
}

/** Whether a continuation line belongs to `connection:`. */
export function continuesConnection(values: ReadonlyMap<string, string>): boolean {
  return [...values.keys()].some((name) => /^(client|proxy|service)[._]/.test(name));
}

/** "10.0.0.1", "10.0.0.1:52110", "[fd00::1]:52110". */
function clientAddress(text: string | null): { ip: string | null; port: number | null } {
  if (text === null) return { ip: null, port: null };
  const found = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  if (found === null) return { ip: text.replace(/^\[|\]$/g, ""), port: null };
  return { ip: found[1] ?? found[2] ?? null, port: Number(found[3]) };
}

const TIME = /^(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?\s*(UTC|GMT|Z|[+-]\d{2}:?\d{2})?\s*$/i;

/** `2019-05-24 11:17:14 UTC`; without a zone it is UTC, as a ProxySG writes it. Null if it is no time. */
export function readTime(text: string): Nanos | null {
  const found = TIME.exec(text.trim());
  if (found === null) return null;
  const [, year, month, day, hour, minute, second, fraction = "", zone = "UTC"] = found;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // 31 February, 25 o'clock or a 13th month would silently become another time.
  if (new Date(ms).toISOString().slice(0, 19) !== `${year}-${month}-${day}T${hour}:${minute}:${second}`) return null;
  const nanos = BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
  return nanos - BigInt(zoneMinutes(zone)) * 60_000_000_000n;
}

function zoneMinutes(zone: string): number {
  const found = /^([+-])(\d{2}):?(\d{2})$/.exec(zone);
  if (found === null) return 0;
  return (found[1] === "-" ? -1 : 1) * (Number(found[2]) * 60 + Number(found[3]));
}

/** `unauthenticated`, `name="DOMAIN\user" realm=REALM`, `DOMAIN\user`. */
export function readUser(text: string, line: number): TraceUser {
  const value = text.trim();
  if (value === "" || value === "-" || /^(unauthenticated|none)\b/i.test(value))
    return { line, name: null, realm: null };
  const name = /\bname="([^"]*)"?/i.exec(value)?.[1] ?? /\bname=(\S+)/i.exec(value)?.[1];
  const realm = /\brealm="([^"]*)"/i.exec(value)?.[1] ?? /\brealm=(\S+)/i.exec(value)?.[1] ?? null;
  return { line, name: name ?? (realm === null ? value : null), realm };
}

/** `authentication status='need_credentials' authorization status='not_attempted'`. */
export function readAuthStatus(text: string): string | null {
  return /\bauthentication status='([^']*)/i.exec(text)?.[1] ?? null;
}

/** The id of `EXCEPTION(authentication_failed): Authentication failed ...`, in lower case. */
export function readException(text: string): string | null {
  return /^\s*EXCEPTION\s*\(([^)]*)\)/i.exec(text)?.[1]?.trim().toLowerCase() ?? null;
}
