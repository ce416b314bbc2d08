// Feeds the HTTP parsers and writes down all that they tell, as plain data.
import { createKeyedHash, type Note } from "../../src/bytes/index.ts";
import { type BodyRule, createHttp1Parser, type HttpContext, type HttpHead } from "../../src/http/index.ts";
import { type Piece, piecesOf } from "../harness/split.ts";

/** The bytes of Latin-1 text. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A context whose notes are kept. */
export function contextOf(notes: Note[]): HttpContext {
  return {
    note: (note) => notes.push(note),
    now: () => 7n,
    tag: createKeyedHash(new Uint8Array(8)),
  };
}

/** What came out of a parser of one direction. */
export interface Heard {
  readonly heads: HttpHead[];
  /** "head STATUS or METHOD", "body TEXT" (joined), "whole" or "cut", in order. */
  readonly events: string[];
  /** Bytes of each message. */
  readonly sizes: number[];
  readonly notes: Note[];
  /** Bytes behind a switch. */
  rest: string;
  position: number;
}

export interface ListenOptions {
  readonly rule?: (head: HttpHead) => BodyRule;
  /** Passes over as much as the parser allows, as tcp may. */
  readonly skip?: boolean;
  /** Whether to end with a FIN (default), or not at all. */
  readonly end?: "fin" | "capture-end" | null;
}

/** RFC 9112 §6.3 without knowledge of the request. */
export function usualRule(head: HttpHead): BodyRule {
  if (head.kind === "request") return head.method === "CONNECT" ? "switch" : "framed";
  return head.status < 200 || head.status === 204 || head.status === 304 ? "none" : "look";
}

/** Feeds pieces, all of frame 1, to a fresh parser. */
export function listen(role: "request" | "response", pieces: Iterable<Piece>, options: ListenOptions = {}): Heard {
  const heard: Heard = { heads: [], events: [], sizes: [], notes: [], rest: "", position: 0 };
  const rule = options.rule ?? usualRule;
  const parser = createHttp1Parser(
    role,
    {
      head(head) {
        heard.heads.push(head);
        heard.events.push(`head ${head.kind === "request" ? head.method : head.status}`);
        return rule(head);
      },
      body(bytes, start, end) {
        const text = textOf(bytes, start, end);
        const last = heard.events.at(-1) ?? "";
        if (last.startsWith("body ")) heard.events[heard.events.length - 1] = last + text;
        else heard.events.push(`body ${text}`);
      },
      message(_frame, whole, bytes) {
        heard.events.push(whole ? "whole" : "cut");
        heard.sizes.push(bytes);
      },
    },
    contextOf(heard.notes),
  );
  for (const { bytes, start, end } of pieces) {
    let from = start;
    if (options.skip === true) {
      // tcp never passes over all that is allowed.
      const passed = Math.max(0, Math.min(parser.skippable - 1, end - start));
      parser.skippable -= passed;
      from += passed;
    }
    const stop = from < end ? parser.push(bytes, from, end, 1) : from;
    heard.rest += textOf(bytes, stop, end);
  }
  const how = options.end === undefined ? "fin" : options.end;
  if (how !== null) parser.end(how, 1);
  heard.position = parser.position;
  return heard;
}

/** Feeds text whole. */
export function listenTo(role: "request" | "response", text: string, options: ListenOptions = {}): Heard {
  return listen(role, piecesOf(bytesOf(text)), options);
}

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}

/** As `usualRule`, without a look at bodies, so that they may be passed over. */
export function plain(head: HttpHead): BodyRule {
  const rule = usualRule(head);
  return rule === "look" ? "framed" : rule;
}

/** A parser, and what it has told so far. */
export function live(role: "request" | "response", rule = plain) {
  const heard: Heard = { heads: [], events: [], sizes: [], notes: [], rest: "", position: 0 };
  const parser = createHttp1Parser(
    role,
    {
      head: (head) => {
        heard.heads.push(head);
        return rule(head);
      },
      message: (_frame, whole, bytes) => heard.events.push(`${bytes} ${whole ? "whole" : "cut"}`),
    },
    contextOf(heard.notes),
  );
  const push = (text: string): number => parser.push(bytesOf(text), 0, text.length, 1);
  return { parser, heard, push };
}
