// The request line of a transaction, in its kinds: `CONNECT tcp://host:443/`, `unknown ssl://host:443/`, `GET https://host/path`.
import { shownMethod, shownUrl } from "../http/index.ts";
import type { TraceRequest, TraceStage } from "./types.ts";

const WITH_METHOD = /^\s*([A-Za-z][A-Za-z_-]*)\s+([a-z][a-z0-9+.-]*):\/\/(\S*)\s*(?:HTTP\/[\d.]+)?\s*$/;
const BARE = /^\s*((?:ssl|tcp|tunnel|socks|https?|ftp|mms|rtsp|dns|icmp|im|aol-im|stunnel)):\/\/(\S*)\s*$/i;
const WORD = /^\s*(tunnel|socks)\s+([^\s:/]+):(\d{1,5})\/?\s*$/i;

/** Characters kept of a path. */
const MAX_PATH = 1_000;

/** The request on this line; null if it is none. */
export function readRequest(text: string, line: number): TraceRequest | null {
  const whole = WITH_METHOD.exec(text);
  if (whole !== null) return request(whole[1]!, whole[2]!, whole[3]!, line);
  const bare = BARE.exec(text);
  if (bare !== null) return request(null, bare[1]!, bare[2]!, line);
  const word = WORD.exec(text);
  return word === null ? null : request(null, word[1]!, `${word[2]}:${word[3]}`, line);
}

function request(method: string | null, scheme: string, rest: string, line: number): TraceRequest | null {
  const { host, port, path } = splitUrl(rest);
  if (host === "") return null;
  const lower = scheme.toLowerCase();
  const shown = method === null ? null : shownMethod(method);
  return { line, stage: stageOf(method, lower), method: shown, scheme: lower, host, port, path };
}

function stageOf(method: string | null, scheme: string): TraceStage {
  if (method?.toUpperCase() === "CONNECT") return "connect";
  switch (scheme) {
    case "ssl":
    case "stunnel":
      return "tls";
    case "https":
      return "https";
    case "http":
    case "ftp":
      return "forward";
    default:
      return "other";
  }
}

/** What stands behind `://`, without user information, query, fragment and values in its path. */
export function splitUrl(rest: string): { host: string; port: number | null; path: string } {
  const slash = rest.search(/[/?#]/);
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  const tail = slash < 0 ? "" : rest.slice(slash);
  const place = authority.slice(authority.lastIndexOf("@") + 1);
  const found = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(place);
  const host = (found?.[1] ?? place)
    .replace(/^\[|\]$/g, "")
    .toLowerCase()
    .replace(/\.$/, "");
  const port = found?.[2] === undefined ? null : Number(found[2]);
  return { host, port, path: shownUrl(tail).slice(0, MAX_PATH) };
}
