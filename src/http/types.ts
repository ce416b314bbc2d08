// HTTP messages as the rooms above see them. What is secret was reduced when it was decoded: nothing here can leak it.
import type { FrameNo, Nanos, NoteSink, StreamOffset, Where } from "../bytes/index.ts";
import type { ByteSink, EndCause, GapCause } from "../tcp/index.ts";

/** NTLM message (MS-NLMP 2.2.1) reduced to what may be known. */
export interface NtlmMessage {
  /** 1 NEGOTIATE, 2 CHALLENGE, 3 AUTHENTICATE. */
  readonly type: 1 | 2 | 3;
  /** Type 2: the target name (domain or server of the challenger). */
  readonly targetName: string | null;
  /** Type 1 and 3; null where absent or empty. */
  readonly domain: string | null;
  readonly user: string | null;
  readonly workstation: string | null;
  /** Type 3 without a response to the challenge: an anonymous logon. */
  readonly anonymous: boolean;
}

/** What a Negotiate token holds (RFC 4178, RFC 4559). */
export type NegotiateToken =
  | { readonly kind: "ntlm"; readonly message: NtlmMessage }
  | { readonly kind: "kerberos"; readonly step: "ap-req" | "ap-rep" | "error" | "unknown" }
  /** SPNEGO without a mechanism token that is known. */
  | { readonly kind: "spnego"; readonly mechanisms: readonly string[] }
  | { readonly kind: "unknown" };

/** One challenge of a WWW-Authenticate or Proxy-Authenticate field (RFC 9110 §11.6.1, §11.7.1). */
export interface Challenge {
  /** As written by the server; compare case-insensitively. */
  readonly scheme: string;
  readonly realm: string | null;
  /** Parameter names besides realm, lower case, in order; their values, nonces among them, are not kept. */
  readonly parameters: readonly string[];
  readonly stale: boolean;
  readonly ntlm: NtlmMessage | null;
  readonly negotiate: NegotiateToken | null;
}

/** Credentials of an Authorization or Proxy-Authorization field, reduced. */
export interface Credentials {
  /** As written; "unknown" for a word that is no known scheme, which may be the secret itself. */
  readonly scheme: string;
  /** Which leg of a multi-step scheme: "type 1", "type 3", "kerberos", or null for one-step schemes. */
  readonly step: string | null;
  /** User name as sent (Basic, Digest username, NTLM type 3 user); null where it cannot be seen. Never a password. */
  readonly user: string | null;
  readonly domain: string | null;
  readonly workstation: string | null;
  /** Length of the field value in bytes. */
  readonly length: number;
  /** Keyed hash (per run) of the field value: equal credentials have equal tags. */
  readonly tag: string;
  /** A complete set: refusing it is a refusal. False for NTLM type 1 and SPNEGO's first NTLM leg. */
  readonly complete: boolean;
  /** Syntactically broken (e.g. Basic that is not base64 or has no colon). */
  readonly malformed: boolean;
}

/** One header field that the program wants to know of; cookies are reduced to their names. */
export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  readonly value: string;
}

/** Where a CONNECT wants to go (RFC 9110 §9.3.6, authority form). */
export interface Target {
  /** Lower-case name, or an IP address without brackets; as sent if it is no authority. */
  readonly host: string;
  readonly port: number | null;
  readonly kind: "name" | "ipv4" | "ipv6" | "malformed";
  /** As sent. */
  readonly text: string;
}

interface HeadCommon {
  readonly where: Where;
  /** Offset of the first byte behind the head. */
  readonly end: StreamOffset;
  readonly version: "HTTP/0.9" | "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";
  /** The capture lacks the rest of the head: the start line is whole, fields behind the last whole one are not known. */
  readonly cut: boolean;
  /** Responses: all header names, lower case, in order of appearance (product marks); at most 64. Requests: empty. */
  readonly names: readonly string[];
  /** The wanted fields with values. */
  readonly fields: readonly HeaderField[];
  /** RFC 9112 §6: value of Content-Length, or null. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** `close` or `keep-alive` said in Connection or Proxy-Connection, else null. */
  readonly connection: "close" | "keep-alive" | null;
  readonly upgrade: string | null;
}

export interface RequestHead extends HeadCommon {
  readonly kind: "request";
  readonly method: string;
  /** As sent, cut at 2,048 characters, with user information (`user:password@`) removed. */
  readonly target: string;
  readonly form: "authority" | "absolute" | "origin" | "asterisk" | "other";
  /** HTTP/2: the value of :scheme. null in HTTP/1.x, where only an absolute target tells. */
  readonly scheme: string | null;
  readonly host: string | null;
  readonly proxyAuthorization: Credentials | null;
  readonly authorization: Credentials | null;
  readonly userAgent: string | null;
}

export interface ResponseHead extends HeadCommon {
  readonly kind: "response";
  readonly status: number;
  readonly reason: string;
  readonly proxyChallenges: readonly Challenge[];
  /** Of WWW-Authenticate. The token of a scheme's last leg, sent with a success, is one too. */
  readonly challenges: readonly Challenge[];
}

export type HttpHead = RequestHead | ResponseHead;

/** How the parser goes on behind a head. */
export type BodyRule =
  /** As the head's framing says (RFC 9112 §6.3). */
  | "framed"
  /** As framed, unless another response begins where the body would: the request is not known, and may have been a HEAD. */
  | "unsure"
  /** As framed, and the first bytes are wanted (`HttpSink.body`). */
  | "look"
  /** No body whatever the head says: HEAD, 1xx, 204, 304. */
  | "none"
  /** The protocol changes behind this head: stop consuming. */
  | "switch";

/** Receives the messages of one direction. */
export interface HttpSink {
  head(head: HttpHead): BodyRule;
  /** Part of a body, transfer coding undone, only after "look" and at most the first 64 KiB. Valid during the call. */
  body?(bytes: Uint8Array, start: number, end: number): void;
  /**
   * The message (head and body) is over. `whole`: its end is known (a gap inside it does not matter); else it was cut.
   * `bytes`: on the stream, from its first byte to its last. Not called behind "switch".
   */
  message(frame: FrameNo, whole: boolean, bytes: number): void;
}

/** What a parser needs from outside. */
export interface HttpContext {
  readonly note: NoteSink;
  /** Time of the frame being worked on. */
  now(): Nanos;
  /** Keyed hash: equal input, equal tag. */
  tag(bytes: Uint8Array): string;
}

/** Reads the HTTP/1.x messages of one direction. */
export interface Http1Parser {
  /** No message has begun that is not over, and nothing is lost. */
  readonly between: boolean;
  /** Takes bytes; returns the index of the first one not consumed: `end`, except behind a head whose rule was "switch". */
  push(bytes: Uint8Array, start: number, end: number, frame: FrameNo): number;
  gap(length: number, cause: GapCause, frame: FrameNo): void;
  end(how: EndCause, frame: FrameNo): void;
  /**
   * Behind a "switch" that did not take place: the next bytes are messages again ("none", a refused CONNECT), or the body
   * of the head that was answered with it.
   */
  resume(rule?: Exclude<BodyRule, "switch">): void;
  /** See ByteSink.skippable: whoever owns the parser subtracts what was passed over before the next call. */
  skippable: number;
  /** Bytes consumed or missing so far. */
  readonly position: StreamOffset;
  /** Bytes kept of a head that is not whole. */
  readonly kept: number;
}

/** The two ends of an HTTP/2 connection. */
export type Http2Role = "client" | "server";

/** Receives the messages of an HTTP/2 connection (RFC 9113 §8), by stream. */
export interface Http2Sink {
  /**
   * The rule holds for the DATA of the client on this stream: "switch" gives it to `data`, also before it is answered.
   * `pushed`: promised by the server (PUSH_PROMISE), never sent by the client.
   */
  request(stream: number, head: RequestHead, pushed: boolean): BodyRule;
  /** The rule holds for the DATA of the server on this stream; it is ignored for 1xx, which the final response follows. */
  response(stream: number, head: ResponseHead): BodyRule;
  /** A request without a readable method or a response without a readable status (HPACK entries that were never seen). */
  unreadable(stream: number, from: Http2Role, where: Where): void;
  /** Part of a body after "look", at most the first 64 KiB of it. Valid during the call. */
  body?(stream: number, from: Http2Role, bytes: Uint8Array, start: number, end: number): void;
  /** Bytes that a stream carries behind "switch" (CONNECT, RFC 9113 §8.5). Valid during the call. */
  data(stream: number, from: Http2Role, bytes: Uint8Array, start: number, end: number, frame: FrameNo): void;
  /** Such bytes are missing; `length` 0 if it is not known how many. */
  dataGap(stream: number, from: Http2Role, length: number, frame: FrameNo): void;
  /**
   * One side of a stream is over. `whole`: by END_STREAM; else it was reset, or the connection ended before. `bytes`: of its
   * frames that were seen. Also called behind "switch".
   */
  message(stream: number, from: Http2Role, frame: FrameNo, whole: boolean, bytes: number): void;
  /** RST_STREAM with its error code (RFC 9113 §7); `message` follows for the sides that were open. */
  reset(stream: number, from: Http2Role, code: number, where: Where): void;
  /** GOAWAY: streams above `lastStream` were not worked on. */
  goAway(from: Http2Role, lastStream: number, code: number, where: Where): void;
}

/** Both directions of an HTTP/2 connection: push, gap and end as everywhere, `skippable` as in ByteSink. */
export interface Http2Connection {
  readonly client: ByteSink;
  readonly server: ByteSink;
  /** Bytes kept: of field blocks that are not whole, and of the tables of fields. */
  readonly kept: number;
}
