// A field block of HTTP/2 (RFC 9113 §8.1–8.3) as the head of a request or a response, or as trailers.
import { latin1, startsWith } from "../../bytes/index.ts";
import { fieldRow } from "../fields.ts";
import { type HeadPlace, MAX_TARGET } from "../head.ts";
import { type HeadFields, noFields, takeField, takeName } from "../head-fields.ts";
import type { BlockResult, HpackDecoder } from "../hpack/decoder.ts";
import { shownMethod, shownTarget } from "../methods.ts";
import { formOf, withoutUserInfo } from "../target.ts";
import type { HttpContext, RequestHead, ResponseHead } from "../types.ts";

/** What a block is. `unreadable`: it may be a head, but what it says of method or status is not known. */
export type Block =
  | { readonly kind: "request"; readonly head: RequestHead }
  | { readonly kind: "response"; readonly head: ResponseHead }
  | { readonly kind: "trailers" }
  | { readonly kind: "unreadable" };

/** Pseudo-header fields (RFC 9113 §8.3; :protocol RFC 8441 §4), as text; null where absent or unknown. */
interface Pseudo {
  method: string | null;
  scheme: string | null;
  authority: string | null;
  path: string | null;
  protocol: string | null;
  status: string | null;
}

/** Longest method, scheme or protocol kept. */
const MAX_WORD = 64;
/** Longest authority kept: a DNS name has at most 253 characters. */
const MAX_AUTHORITY = 300;
/** A byte of a challenge costs as much as so many of another value. */
const CHALLENGE_COST = 16;
const COLON = 0x3a;
const AT = 0x40;

/** A block, and how it was read. */
interface ReadBlock {
  readonly block: Block;
  readonly result: BlockResult;
  /** Fields were left out that were read too often (see `HpackDecoder.mayRead`). */
  readonly leftOut: boolean;
}

/** Reads the block `bytes[start, end)` of the direction that sends requests or responses. */
export function readBlock(
  role: "request" | "response",
  decoder: HpackDecoder,
  bytes: Uint8Array,
  start: number,
  end: number,
  place: Omit<HeadPlace, "cut">,
  context: HttpContext,
): ReadBlock {
  const said = noFields();
  const pseudo: Pseudo = { method: null, scheme: null, authority: null, path: null, protocol: null, status: null };
  let pseudos = 0;
  let unknown = 0;
  let leftOut = false;
  const result = decoder.decode(bytes, start, end, (name, told, repeated) => {
    let value = told;
    if (repeated && name !== null && value !== null && !decoder.mayRead(costOf(name, value))) {
      leftOut = true;
      value = null;
    }
    if (name === null || value === null) unknown++;
    if (name === null) return;
    if (name[0] === COLON) {
      pseudos++;
      if (value !== null) takePseudo(pseudo, name, value);
    } else if (value !== null)
      takeField(said, role === "response", name, 0, name.length, value, 0, value.length, context);
    else if (role === "response") takeName(said, name, 0, name.length);
  });
  const cut = unknown > 0 || result !== "whole";
  const whole: HeadPlace = { ...place, cut };
  const block = role === "request" ? request(pseudo, said, whole) : response(pseudo, said, whole);
  return { block: block ?? { kind: pseudos > 0 || cut ? "unreadable" : "trailers" }, result, leftOut };
}

/** What reading a value costs, in bytes of others. Of most fields nothing but the name is looked at, while challenges are taken apart. */
function costOf(name: Uint8Array, value: Uint8Array): number {
  if (name[0] === COLON) return value.length;
  switch (fieldRow(name, 0, name.length)?.use) {
    case undefined:
      return 0;
    case "www-authenticate":
    case "proxy-authenticate":
      return CHALLENGE_COST * value.length;
    default:
      return value.length;
  }
}

function takePseudo(pseudo: Pseudo, name: Uint8Array, value: Uint8Array): void {
  if (is(name, ":method")) pseudo.method ??= latin1(value, 0, MAX_WORD);
  else if (is(name, ":scheme")) pseudo.scheme ??= latin1(value, 0, MAX_WORD);
  else if (is(name, ":path")) pseudo.path ??= withoutUserInfo(value, 0, value.length, MAX_TARGET);
  else if (is(name, ":protocol")) pseudo.protocol ??= latin1(value, 0, MAX_WORD);
  else if (is(name, ":status")) pseudo.status ??= latin1(value, 0, MAX_WORD);
  else if (is(name, ":authority")) {
    // An authority has no path: what stands before an @ is user information, whatever characters are in it.
    const host = value.lastIndexOf(AT) + 1;
    pseudo.authority ??= latin1(value, host, host + MAX_AUTHORITY);
  }
}

function is(name: Uint8Array, text: string): boolean {
  return name.length === text.length && startsWith(name, 0, name.length, text);
}

/** RFC 9113 §8.3.1; a CONNECT (§8.5) has only an authority, unless it is an extended one (RFC 8441 §4). */
function request(pseudo: Pseudo, said: HeadFields, place: HeadPlace): Block | null {
  if (pseudo.method === null) return null;
  const method = shownMethod(pseudo.method);
  const tunnel = method === "CONNECT" && pseudo.protocol === null;
  const target = tunnel ? (pseudo.authority ?? "") : shownTarget(method, pseudo.path ?? "");
  return {
    kind: "request",
    head: {
      kind: "request",
      ...common(said, place),
      upgrade: shownWord(pseudo.protocol),
      method,
      target,
      form: tunnel ? "authority" : formOf("", target),
      scheme: shownWord(pseudo.scheme),
      host: pseudo.authority ?? said.host,
      proxyAuthorization: said.proxyAuthorization,
      authorization: said.authorization,
      userAgent: said.userAgent,
    },
  };
}

/** A scheme or protocol is a short word (RFC 3986 §3.1, RFC 9110 §7.8); in a damaged block something else may stand there. */
function shownWord(word: string | null): string | null {
  return word !== null && /^[a-z][a-z0-9+.-]{0,19}$/i.test(word) ? word : null;
}

/** RFC 9113 §8.3.2: there is no reason phrase. */
function response(pseudo: Pseudo, said: HeadFields, place: HeadPlace): Block | null {
  if (pseudo.status === null || !/^[1-9]\d\d$/.test(pseudo.status)) return null;
  return {
    kind: "response",
    head: {
      kind: "response",
      ...common(said, place),
      upgrade: null,
      status: Number(pseudo.status),
      reason: "",
      proxyChallenges: said.proxyChallenges,
      challenges: said.challenges,
    },
  };
}

function common(said: HeadFields, place: HeadPlace) {
  return {
    where: place.where,
    end: place.end,
    version: "HTTP/2",
    cut: place.cut,
    names: said.names,
    fields: said.fields,
    contentLength: said.contentLength,
    chunked: false,
    connection: null,
  } as const;
}
