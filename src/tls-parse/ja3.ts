// JA3, the older fingerprint of TLS clients (Althouse, Atkinson, Atkins; Salesforce 2017).
import { hex } from "../bytes/index.ts";
import { extensionData, readBytes } from "./extensions.ts";
import { EXTENSION } from "./registry/extensions.ts";
import { isGrease } from "./registry/grease.ts";
import type { ClientHello } from "./types.ts";

/** A hash over bytes: MD5 or SHA-256, passed in by whoever has one. */
export type Digest = (bytes: Uint8Array) => Uint8Array;

/**
 * The text that is hashed: version, cipher suites, extensions, groups and point formats as decimal numbers, GREASE left
 * out. An SSLv2-compatible hello has no extensions: the last three lists are empty.
 */
export function ja3String(hello: ClientHello): string {
  const pointFormats = readBytes(extensionData(hello.extensions, EXTENSION.ecPointFormats));
  const types = hello.extensions.map((extension) => extension.type);
  const lists = [hello.cipherSuites, types, hello.groups, pointFormats];
  return [hello.version, ...lists.map((list) => list.filter((value) => !isGrease(value)).join("-"))].join(",");
}

/** JA3: the MD5 of `ja3String` in hexadecimal. */
export function ja3(hello: ClientHello, md5: Digest): string {
  return hex(md5(new TextEncoder().encode(ja3String(hello))));
}
