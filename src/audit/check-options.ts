// The options of a check as a program gives them, which the compiler may not have seen: one that would be passed over in silence, or
// be blamed on the capture, is an error of that program and is told as one.
import { ipAddress } from "./ip-address.ts";
import type { ProxyAddress } from "./types.ts";
import { wrong } from "./wrong-argument.ts";

const FILES = ["keylogs", "rsaKeys", "trust", "proxyCa"] as const;
const PATHS = ["policyTraces", "accessLogs"] as const;
const DETAILS: readonly unknown[] = ["full", "connections", "verdict"];
const CIPHERS = ["digest", "hmac", "aead", "cbc", "rsaKey"] as const;
const MAX_PORT = 65_535;
const MAX_JOBS = 64;

/**
 * The options with addresses as captures show them. Throws `TypeError` for what is none of the types that they have. `files`: how
 * keys and certificates may be given.
 */
export function checkedOptions<Options extends { readonly proxies?: readonly ProxyAddress[] }>(
  options: Options,
  files: "paths" | "paths or bytes" = "paths or bytes",
): Options {
  const given: unknown = options;
  if (!isObject(given)) throw wrong("options", "an object", given);
  for (const name of FILES) (files === "paths" ? mustBePaths : mustBeFiles)(name, given[name]);
  for (const name of PATHS) mustBePaths(name, given[name]);
  const { verifyBodies, ciphers, onProgress, maxConnections, detail, name } = given;
  check("verifyBodies", "true or false", verifyBodies, typeof verifyBodies === "boolean");
  check("onProgress", "a function", onProgress, typeof onProgress === "function");
  check("maxConnections", "a whole number from 0", maxConnections, isCount(maxConnections));
  check("detail", '"full", "connections" or "verdict"', detail, DETAILS.includes(detail));
  check("name", "text", name, typeof name === "string");
  check("ciphers", "a TlsPlatform, as portableCiphers is", ciphers, isPlatform(ciphers));
  return given.proxies === undefined ? options : { ...options, proxies: checkedProxies(given.proxies) };
}

function isPlatform(given: unknown): boolean {
  if (!isObject(given) || !CIPHERS.every((part) => typeof given[part] === "function")) return false;
  return given.decompress === undefined || typeof given.decompress === "function";
}

/** Throws `TypeError` for limits and parts of an audit that are none. */
export function mustBeLimits(options: object): void {
  const { jobs, timeoutMs, maxMemoryMiB, shard } = options as Readonly<Record<string, unknown>>;
  check("jobs", "a whole number from 1 to 64", jobs, isCount(jobs) && jobs >= 1 && jobs <= MAX_JOBS);
  for (const [name, limit] of Object.entries({ timeoutMs, maxMemoryMiB }))
    check(name, "a number greater than 0", limit, typeof limit === "number" && limit > 0);
  const { index, of } = isObject(shard) ? shard : {};
  const isPart = isCount(index) && isCount(of) && index >= 1 && index <= of;
  check("shard", "{ index, of }, with index from 1 to of", shard, isPart);
}

function mustBeFiles(name: string, given: unknown): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) throw wrong(name, "a list of paths, or of bytes", given);
  for (const [i, file] of given.entries()) {
    if (typeof file !== "string" && !(file instanceof Uint8Array))
      throw wrong(`${name}[${i}]`, "a path, or bytes", file);
  }
}

/** Throws `TypeError` for what is no list of paths. */
export function mustBePaths(name: string, given: unknown): void {
  if (given === undefined) return;
  if (!Array.isArray(given)) throw wrong(name, "a list of paths", given);
  for (const [i, path] of given.entries()) check(`${name}[${i}]`, "a path", path ?? null, typeof path === "string");
}

function checkedProxies(given: unknown): ProxyAddress[] {
  if (!Array.isArray(given)) throw wrong("proxies", "a list of { host, port }", given);
  return given.map((proxy: unknown, i) => {
    const place = `proxies[${i}]`;
    if (!isObject(proxy)) throw wrong(place, "{ host, port }", proxy);
    const { host, port } = proxy;
    if (host === undefined && port === undefined) throw wrong(place, "{ host, port }, or one of the two", proxy);
    const address = typeof host === "string" ? ipAddress(host) : null;
    check(`${place}.host`, "an IP address", host, address !== null);
    check(`${place}.port`, "a number from 1 to 65535", port, isCount(port) && port >= 1 && port <= MAX_PORT);
    return { ...(address === null ? {} : { host: address }), ...(port === undefined ? {} : { port: port as number }) };
  });
}

/** What is left out has a default. */
function check(name: string, what: string, given: unknown, right: boolean): void {
  if (given !== undefined && !right) throw wrong(name, what, given);
}

function isObject(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === "object" && given !== null;
}

function isCount(given: unknown): given is number {
  return typeof given === "number" && given >= 0 && (Number.isInteger(given) || given === Number.POSITIVE_INFINITY);
}
