// What is inside the extensions of hellos: names, lists of numbers (RFC 6066 §3, RFC 7301 §3.1, RFC 8446 §4.2).
import { latin1, Reader } from "../bytes/index.ts";
import { EXTENSION } from "./registry/extensions.ts";

export interface Extension {
  readonly type: number;
  readonly data: Uint8Array;
}

/** What was whole of a list of extensions, and whether all of it was. `data` is cut from the bytes of `r` (not copied). */
export function readExtensions(r: Reader): { readonly list: Extension[]; readonly whole: boolean } {
  const list: Extension[] = [];
  while (r.more) {
    const type = r.u16();
    const data = r.view(r.u16());
    if (r.failed === null) list.push({ type, data });
  }
  return { list, whole: r.failed === null };
}

/** The data of the first extension of a type; null if there is none. */
export function extensionData(extensions: readonly Extension[], type: number): Uint8Array | null {
  return extensions.find((extension) => extension.type === type)?.data ?? null;
}

/**
 * The host_name of a server_name extension as sent, one character per byte; null if there is none. `data` may be cut:
 * a name whose length says that it goes on is not given.
 */
export function readServerName(data: Uint8Array | null): string | null {
  if (data === null) return null;
  const r = new Reader(data);
  for (const list = r.sub(r.u16()); list.more; ) {
    const type = list.u8();
    const name = list.view(list.u16());
    // RFC 6066 §3: host_name is 0; no other type was ever defined.
    if (type === 0 && list.failed === null && name.length > 0) return latin1(name);
  }
  return null;
}

/** The protocols of an ALPN extension in order, one character per byte. */
export function readAlpn(data: Uint8Array | null): string[] {
  const protocols: string[] = [];
  if (data === null) return protocols;
  const r = new Reader(data);
  for (const list = r.sub(r.u16()); list.more; ) {
    const name = list.view(list.u8());
    if (list.failed === null) protocols.push(latin1(name));
  }
  return protocols;
}

/** A list of 16-bit numbers behind its length in bytes, which is `lengthBytes` wide. */
export function readNumbers(data: Uint8Array | null, lengthBytes: 1 | 2): number[] {
  const numbers: number[] = [];
  if (data === null) return numbers;
  const r = new Reader(data);
  for (const list = r.sub(lengthBytes === 1 ? r.u8() : r.u16()); list.more; ) {
    const number = list.u16();
    if (list.failed === null) numbers.push(number);
  }
  return numbers;
}

/** A list of bytes behind its length, such as the point formats (RFC 8422 §5.1.2). */
export function readBytes(data: Uint8Array | null): number[] {
  if (data === null || data.length === 0) return [];
  return [...data.subarray(1, 1 + data[0]!)];
}

/** The protocol that a server chose. */
export function readSelectedAlpn(extensions: readonly Extension[]): string | null {
  return readAlpn(extensionData(extensions, EXTENSION.alpn))[0] ?? null;
}
