// JA4, the TLS client fingerprint (FoxIO, technical_details/JA4.md; BSD 3-Clause). Nothing else of JA4+ is here.
import { hex } from "../bytes/index.ts";
import type { Digest } from "./ja3.ts";
import { EXTENSION } from "./registry/extensions.ts";
import { isGrease } from "./registry/grease.ts";
import { TLS12, TLS13 } from "./registry/versions.ts";
import type { ClientHello } from "./types.ts";

/** JA4 of a hello over TCP, such as `t13d1516h2_8daaf6152771_e5627efa2ab1`. */
export function ja4(hello: ClientHello, sha256: Digest): string {
  const suites = hello.cipherSuites.filter((suite) => !isGrease(suite));
  const types = hello.extensions.map((extension) => extension.type).filter((type) => !isGrease(type));
  const named = types.includes(EXTENSION.serverName) ? "d" : "i";
  const readable = `t${versionCode(hello)}${named}${twoDigits(suites.length)}${twoDigits(types.length)}${alpnCode(hello)}`;
  return `${readable}_${shortHash(sortedHex(suites), sha256)}_${shortHash(extensionText(hello, types), sha256)}`;
}

/** Name and protocol are in the readable part; signature algorithms keep their order. */
function extensionText(hello: ClientHello, types: readonly number[]): string {
  const hashed = types.filter((type) => type !== EXTENSION.serverName && type !== EXTENSION.alpn);
  const algorithms = hello.signatureAlgorithms.filter((algorithm) => !isGrease(algorithm)).map(fourDigits);
  return algorithms.length === 0 ? sortedHex(hashed) : `${sortedHex(hashed)}_${algorithms.join(",")}`;
}

const CODES: Readonly<Record<number, string>> = {
  [TLS13]: "13",
  [TLS12]: "12",
  770: "11",
  769: "10",
  768: "s3",
  2: "s2",
};

/** The highest version that is offered. */
function versionCode(hello: ClientHello): string {
  const offered = hello.supportedVersions.filter((version) => !isGrease(version));
  const version = offered.length === 0 ? hello.version : Math.max(...offered);
  return CODES[version] ?? "00";
}

/** First and last character of the first protocol; of its hexadecimal form if either is no ASCII letter or digit. */
function alpnCode(hello: ClientHello): string {
  const first = hello.alpn[0];
  if (first === undefined || first === "") return "00";
  const ends = first[0]! + first.at(-1)!;
  if (/^[0-9A-Za-z]{2}$/.test(ends)) return ends;
  return hexByte(first)[0]! + hexByte(first.at(-1)!)[1]!;
}

function hexByte(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(2, "0");
}

/** Counts are two digits; a longer list counts as 99. */
function twoDigits(count: number): string {
  return String(Math.min(count, 99)).padStart(2, "0");
}

function fourDigits(value: number): string {
  return value.toString(16).padStart(4, "0");
}

/** Four digits each: the order of the text is the order of the numbers. */
function sortedHex(values: readonly number[]): string {
  return values.map(fourDigits).sort().join(",");
}

function shortHash(text: string, sha256: Digest): string {
  return text === "" ? "000000000000" : hex(sha256(new TextEncoder().encode(text))).slice(0, 12);
}
