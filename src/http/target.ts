// Request targets (RFC 9112 §3.2): their four forms, and the authority of a CONNECT.
import type { RequestHead, Target } from "./types.ts";

/** The target of a CONNECT; text that is no authority is `malformed` and kept as sent. */
export function parseTarget(text: string): Target {
  const bracketed = /^\[([0-9a-f:.]+(?:%[\w.~-]+)?)\](?::(\d{1,5}))?$/i.exec(text);
  if (bracketed !== null) return { host: bracketed[1]!.toLowerCase(), port: port(bracketed[2]), kind: "ipv6", text };
  const plain = /^([^\s:/?#@[\]]+)(?::(\d{1,5}))?$/.exec(text);
  if (plain === null) return { host: text, port: null, kind: "malformed", text };
  const host = plain[1]!.toLowerCase();
  return { host, port: port(plain[2]), kind: isIpv4(host) ? "ipv4" : "name", text };
}

/** The form of a request target. */
export function formOf(method: string, target: string): RequestHead["form"] {
  if (method === "CONNECT") return "authority";
  if (target.startsWith("/")) return "origin";
  if (target === "*") return "asterisk";
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? "absolute" : "other";
}

/** The target without user information: what stands before an @ in the authority is a credential (RFC 9110 §4.2.4). */
export function withoutUserInfo(target: string): string {
  return target.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/)?)[^/?#]*@/i, "$1");
}

function port(text: string | undefined): number | null {
  const value = text === undefined ? Number.NaN : Number(text);
  return value <= 65535 ? value : null;
}

function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}
