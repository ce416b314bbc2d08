// Reads captures/*.truth.json: what the recording scripts know of each capture from the logs of proxies, origins and clients.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Verdict } from "../../src/diagnosis/index.ts";

/** One CONNECT and its answer; status null if it was never answered, or not in the capture. */
export interface TruthConnect {
  /** As sent: authority form. */
  readonly target: string;
  readonly status: number | null;
  /** Schemes of Proxy-Authenticate (or of WWW-Authenticate on a 401), in order. */
  readonly schemes: readonly string[];
  /** Scheme of the credentials that came with the request. */
  readonly credentials: string | null;
}

/** What the tunnel carries, from its first bytes on. */
export interface TruthTunnel {
  readonly protocol: "tls" | "http" | "http2" | "ssh" | "smtp" | "unknown" | "none";
  readonly sni: string | null;
  /** "TLS 1.3"; null if the handshake ended before it was agreed, or nobody logged it. */
  readonly tlsVersion: string | null;
  readonly intercepted: boolean;
}

/** A request and its final response; inside TLS visible only with keys. */
export interface TruthExchange {
  /** null for a response to no request, as where a ClientHello is answered in plaintext. */
  readonly method: string | null;
  /** Absolute, without query, fragment and default port. */
  readonly url: string | null;
  /** null for a request that was never answered. */
  readonly status: number | null;
  /** Who made the response; null where the log does not say. */
  readonly sentBy: "proxy" | "origin" | null;
}

/** One TCP connection to the proxy. */
export interface TruthConnection {
  /** "10.44.1.2:52110"; IPv6 without brackets. */
  readonly client: string;
  readonly verdict: Verdict;
  readonly verdictWithoutKeys: Verdict;
  /** The proxy challenged inside a tunnel that needs keys: without them `tunnel-401-suspected` is as true as `encrypted`. */
  readonly maySuspect?: boolean;
  readonly connects: readonly TruthConnect[];
  readonly tunnel: TruthTunnel | null;
  /** Where one connection carries several tunnels (CONNECT over HTTP/2): all of them, in order of `connects`. */
  readonly tunnels?: readonly TruthTunnel[];
  readonly exchanges: readonly TruthExchange[];
  /** Requests in absolute form, not tunnelled. */
  readonly forwards: readonly TruthExchange[];
}

export interface TruthProxy {
  readonly product: string;
  readonly ip: string;
  readonly port: number;
  /** The proxy is spoken to over TLS. */
  readonly tls: boolean;
}

/** The file NAME.truth.json. */
export interface Truth {
  readonly schema: 1;
  readonly about: string;
  /** File names beside the truth. */
  readonly capture: string;
  readonly keys: string | null;
  readonly proxy: TruthProxy;
  readonly otherProxies: readonly TruthProxy[];
  readonly clients: readonly string[];
  /** Options that pcapcheck needs for this capture. */
  readonly options: readonly string[];
  readonly verdict: Verdict;
  readonly verdictWithoutKeys: Verdict;
  /** By their first frame in the capture. */
  readonly connections: readonly TruthConnection[];
  /** Findings that have to be there besides the verdicts. */
  readonly findings: readonly string[];
  /** Round trip between proxy and sites in milliseconds, where the recording delays it; else they are as near as the proxy. */
  readonly siteMs?: number;
  /** Which lines of NAME.trace.txt (first lines of transactions) and NAME.access.log are about which client, where there are such files. */
  readonly told?: Readonly<Record<string, { readonly trace: readonly number[]; readonly log: readonly number[] }>>;
}

/** A truth with the paths of its files. */
export interface RecordedCapture {
  readonly name: string;
  readonly path: string;
  readonly keysPath: string | null;
  readonly truth: Truth;
}

const FOLDER = fileURLToPath(new URL("../../captures/", import.meta.url));
const SUFFIX = ".truth.json";

/** All recorded captures, by name. Throws if one has no capture file: then the repository is incomplete. */
export function loadTruth(): readonly RecordedCapture[] {
  const files = new Set(readdirSync(FOLDER));
  return [...files]
    .filter((file) => file.endsWith(SUFFIX))
    .sort()
    .map((file) => {
      const truth = JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Truth;
      for (const needed of [truth.capture, truth.keys]) {
        if (needed !== null && !files.has(needed)) throw new Error(`${file} names ${needed}, which is not there`);
      }
      return {
        name: file.slice(0, -SUFFIX.length),
        path: join(FOLDER, truth.capture),
        keysPath: truth.keys === null ? null : join(FOLDER, truth.keys),
        truth,
      };
    });
}

/** Whether a verdict given without keys is a right one for this connection. */
export function acceptsWithoutKeys(connection: TruthConnection, verdict: Verdict): boolean {
  return (
    verdict === connection.verdictWithoutKeys || (connection.maySuspect === true && verdict === "tunnel-401-suspected")
  );
}
