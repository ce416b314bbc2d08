// Plays bytes into a TLS conversation and gives what came out as plain data.
import { readFileSync } from "node:fs";
import type { Note } from "../../src/bytes/index.ts";
import type { GapCause } from "../../src/tcp/index.ts";
import {
  createTlsConversation,
  type RecordOpener,
  type TlsFacts,
  type TlsRole,
  type TlsSink,
} from "../../src/tls-parse/index.ts";

/** What one side does; `frame` counts from 1. */
export type Step =
  | { readonly from: TlsRole; readonly bytes: Uint8Array }
  | { readonly from: TlsRole; readonly gap: number; readonly cause?: GapCause }
  | { readonly from: TlsRole; readonly end: "fin" | "reset" };

export interface Played {
  readonly facts: TlsFacts;
  readonly notes: readonly Note[];
  /** "client client-hello 1": side, step, frame. */
  readonly ladder: readonly string[];
  readonly noteIds: readonly string[];
}

/** Each step is a frame; a side that does not end in a step ends behind the last one. */
export function play(
  steps: readonly Step[],
  hooks: { readonly opener?: RecordOpener; readonly sink?: TlsSink } = {},
): Played {
  const notes: Note[] = [];
  let frame = 0;
  const conversation = createTlsConversation({
    note: (note) => void notes.push(note),
    now: () => BigInt(frame) * 1_000_000n,
    opener: hooks.opener ?? null,
    sink: hooks.sink ?? null,
  });
  const open = new Set<TlsRole>(["client", "server"]);
  for (const step of steps) {
    frame++;
    const sink = conversation[step.from];
    if ("bytes" in step) sink.push(step.bytes, 0, step.bytes.length, frame);
    else if ("gap" in step) sink.gap(step.gap, step.cause ?? "lost", frame);
    else {
      sink.end(step.end, frame);
      open.delete(step.from);
    }
  }
  for (const role of open) conversation[role].end("capture-end", frame);
  const { facts } = conversation;
  const ladder = facts.transitions.map(({ from, what, where }) => `${from} ${what} ${where.frame}`);
  return { facts, notes, ladder, noteIds: notes.map(({ id }) => id) };
}

/** Facts as plain data, getters included. */
export function plain(facts: TlsFacts): object {
  const hello = facts.clientHello;
  const { transitions, marks, alerts, records, applicationBytes, closeNotify, notTls, gaps } = facts;
  const { handshakeComplete, handshakeCompleteWhere, alpn, clientHellos, serverHello, helloRetryRequest } = facts;
  return structuredClone({
    hello: hello && {
      where: hello.where,
      raw: hello.raw,
      sni: hello.sni,
      alpn: hello.alpn,
      whole: hello.whole,
      sslv2: hello.sslv2,
    },
    certificates: facts.certificates.map(({ subject, serial }) => `${serial} ${subject}`),
    certificateWhere: facts.certificateWhere,
    counted: [facts.opened, facts.damaged, facts.closed],
    ...{ transitions, marks, alerts, records, applicationBytes, closeNotify, notTls, gaps },
    ...{ handshakeComplete, handshakeCompleteWhere, alpn, clientHellos, serverHello, helloRetryRequest },
  });
}

/** A recorded conversation; see test/fixtures/tls/README.md. */
export function fixture(name: string): { readonly from: TlsRole; readonly bytes: Uint8Array }[] {
  const file = new URL(`../fixtures/tls/${name}.json`, import.meta.url);
  const pieces: { from: TlsRole; hex: string }[] = JSON.parse(readFileSync(file, "utf8"));
  return pieces.map(({ from, hex }) => ({ from, bytes: fromHex(hex) }));
}

export const FIXTURES = ["tls13", "tls13-retry", "tls12", "tls12-resumed", "tls12-renegotiated", "tls10"] as const;

/** Bytes of hexadecimal text; blanks are allowed. */
export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A record; TLS 1.2 says its version unless another is given. */
export function record(type: number, body: Uint8Array | readonly number[], version = 0x0303): Uint8Array {
  return concat([type, version >> 8, version & 0xff, body.length >> 8, body.length & 0xff], body);
}

/** A handshake message with its header. */
export function message(type: number, body: Uint8Array | readonly number[]): Uint8Array {
  return concat([type, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff], body);
}

/** An extension's type and data. */
export type RawExtension = readonly [type: number, data: readonly number[]];

export interface HelloShape {
  readonly version?: number;
  readonly sessionId?: readonly number[];
  readonly suites?: readonly number[];
  readonly extensions?: readonly RawExtension[] | null;
}

/** A ClientHello message. */
export function clientHello(shape: HelloShape = {}): Uint8Array {
  const { version = 0x0303, sessionId = [], suites = [0x1301], extensions = [serverName("origin.example")] } = shape;
  return message(
    1,
    concat(
      u16(version),
      new Uint8Array(32).fill(0xc1),
      [sessionId.length, ...sessionId],
      u16(2 * suites.length),
      ...suites.map(u16),
      [1, 0],
      extensions === null ? [] : extensionList(extensions),
    ),
  );
}

/** A ServerHello message. */
export function serverHello(
  shape: HelloShape & { readonly suite?: number; readonly random?: Uint8Array } = {},
): Uint8Array {
  const { version = 0x0303, sessionId = [], suite = 0x1301, extensions = [[43, u16(0x0304)]] } = shape;
  const random = shape.random ?? new Uint8Array(32).fill(0x5e);
  const list = extensions === null ? [] : extensionList(extensions);
  return message(2, concat(u16(version), random, [sessionId.length, ...sessionId], u16(suite), [0], list));
}

export function serverName(name: string): RawExtension {
  const bytes = [...Buffer.from(name)];
  return [0, [...u16(bytes.length + 3), 0, ...u16(bytes.length), ...bytes]];
}

/** A list of 16-bit numbers behind its length. */
export function numberList(values: readonly number[], lengthBytes: 1 | 2 = 2): number[] {
  const length = lengthBytes === 1 ? [2 * values.length] : u16(2 * values.length);
  return [...length, ...values.flatMap(u16)];
}

export function alpnList(protocols: readonly string[]): number[] {
  const list = protocols.flatMap((protocol) => [protocol.length, ...Buffer.from(protocol, "latin1")]);
  return [...u16(list.length), ...list];
}

export function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function extensionList(extensions: readonly RawExtension[]): number[] {
  const list = extensions.flatMap(([type, data]) => [...u16(type), ...u16(data.length), ...data]);
  return [...u16(list.length), ...list];
}

/** Plays the client's pieces as tcp may: of each piece as much as is skippable is passed over, but for the last byte. */
export function playPassing(pieces: readonly Uint8Array[]): Played & { readonly passed: number } {
  const notes: Note[] = [];
  const conversation = createTlsConversation({
    note: (note) => void notes.push(note),
    now: () => 0n,
    opener: null,
    sink: null,
  });
  const sink = conversation.client;
  let passed = 0;
  for (const piece of pieces) {
    const pass = Math.min(piece.length, Math.max(0, sink.skippable - 1));
    sink.skippable -= pass;
    passed += pass;
    if (pass < piece.length) sink.push(piece, pass, piece.length, 1);
  }
  sink.end("capture-end", 1);
  return { facts: conversation.facts, notes, ladder: [], noteIds: notes.map(({ id }) => id), passed };
}
