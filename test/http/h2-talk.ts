// Frames by hand, conversations recorded from Node's own HTTP/2 (nghttp2), and a listener that writes down what comes out.
import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientSessionOptions,
  connect,
  createServer,
  type Http2Server,
  type ServerOptions,
} from "node:http2";
import { Duplex } from "node:stream";
import type { Note } from "../../src/bytes/index.ts";
import {
  type BodyRule,
  createHttp2Connection,
  type Http2Role,
  type Http2Sink,
  type HttpHead,
} from "../../src/http/index.ts";
import type { Piece } from "../harness/split.ts";
import { bytesOf, contextOf, textOf } from "./talk.ts";

export const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/** A frame (RFC 9113 §4.1). */
export function frame(type: number, flags: number, stream: number, payload: string | Uint8Array = ""): Uint8Array {
  const body = typeof payload === "string" ? bytesOf(payload) : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

/** Fields as literals without indexing (RFC 7541 §6.2.2), no Huffman code: "name: value" each. */
export function literals(...fields: readonly string[]): Uint8Array {
  const parts = fields.map((field) => {
    const colon = field.indexOf(": ");
    const name = bytesOf(field.slice(0, colon));
    const value = bytesOf(field.slice(colon + 2));
    return Uint8Array.from([0, name.length, ...name, ...integer(value.length), ...value]);
  });
  return Buffer.concat(parts);
}

function integer(value: number): number[] {
  if (value < 127) return [value];
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return [...bytes, rest];
}

/** What came out of a connection. */
export interface H2Heard {
  readonly heads: [stream: number, head: HttpHead][];
  readonly events: string[];
  /** "STREAM SIDE BYTES" of each message. */
  readonly sizes: string[];
  readonly notes: Note[];
}

/** A sink that writes everything down; bytes of one stream and side that follow each other become one event. */
export function h2Listener(rule: (head: HttpHead) => BodyRule = h2Rule): H2Heard & { readonly sink: Http2Sink } {
  const heard: H2Heard = { heads: [], events: [], sizes: [], notes: [] };
  const add = (what: string, text: string): void => {
    const last = heard.events.at(-1) ?? "";
    if (last.startsWith(`${what} `)) heard.events[heard.events.length - 1] = last + text;
    else heard.events.push(`${what} ${text}`);
  };
  const sink: Http2Sink = {
    request(stream, head, pushed) {
      heard.heads.push([stream, head]);
      heard.events.push(`${stream} ${pushed ? "pushed " : ""}${head.method} ${head.target}`);
      return rule(head);
    },
    response(stream, head) {
      heard.heads.push([stream, head]);
      heard.events.push(`${stream} ${head.status}`);
      return rule(head);
    },
    unreadable: (stream, from) => heard.events.push(`${stream} ${from} unreadable`),
    body: (stream, from, bytes, start, end) => add(`${stream} ${from} body`, textOf(bytes, start, end)),
    data: (stream, from, bytes, start, end) => add(`${stream} ${from} data`, textOf(bytes, start, end)),
    dataGap: (stream, from, length) => heard.events.push(`${stream} ${from} gap ${length}`),
    message(stream, from, _frame, whole, bytes) {
      heard.events.push(`${stream} ${from} ${whole ? "whole" : "cut"}`);
      heard.sizes.push(`${stream} ${from} ${bytes}`);
    },
    reset: (stream, from, code) => heard.events.push(`${stream} ${from} reset ${code}`),
    goAway: (from, last, code) => heard.events.push(`${from} goaway ${last} ${code}`),
  };
  return { ...heard, sink };
}

/** CONNECT and its 2xx switch; refusals are looked at. */
function h2Rule(head: HttpHead): BodyRule {
  if (head.kind === "request") return head.method === "CONNECT" ? "switch" : "framed";
  return head.status === 200 ? "framed" : head.status === 201 ? "switch" : "look";
}

/** Feeds one direction after the other, each in the pieces that `cut` makes of it; all in frame 1. */
export function h2Listen(
  talk: readonly (readonly [from: Http2Role, pieces: Iterable<Piece>])[],
  options: { readonly skip?: boolean; readonly rule?: (head: HttpHead) => BodyRule } = {},
): H2Heard {
  const { sink, ...heard } = h2Listener(options.rule);
  const connection = createHttp2Connection(sink, contextOf(heard.notes));
  for (const [from, pieces] of talk) {
    for (const { bytes, start, end } of pieces) {
      const side = connection[from];
      let at = start;
      if (options.skip === true) {
        const passed = Math.max(0, Math.min(side.skippable - 1, end - start));
        side.skippable -= passed;
        at += passed;
      }
      if (at < end) side.push(bytes, at, end, 1);
    }
  }
  connection.client.end("fin", 1);
  connection.server.end("fin", 1);
  return heard;
}

/** Both ends of a connection in memory, and what each sent: [client or server, bytes] in order. */
export interface Recording {
  readonly session: ClientHttp2Session;
  readonly server: Http2Server;
  readonly sent: [from: Http2Role, bytes: Uint8Array][];
  /** Ends the session once its streams are done, and waits for it. */
  close(): Promise<void>;
}

/** Starts a conversation of Node's client and server (nghttp2) over a pair of streams in memory. */
export function recordHttp2(serverOptions: ServerOptions = {}, clientOptions: ClientSessionOptions = {}): Recording {
  const sent: Recording["sent"] = [];
  const end = (from: Http2Role): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        sent.push([from, Uint8Array.from(chunk)]);
        other(from).push(chunk);
        done();
      },
      final(done) {
        other(from).push(null);
        done();
      },
    });
  const ends = { client: end("client"), server: end("server") };
  const other = (from: Http2Role): Duplex => (from === "client" ? ends.server : ends.client);
  const server = createServer(serverOptions);
  server.emit("connection", ends.server);
  const session = connect("http://proxy.example", { ...clientOptions, createConnection: () => ends.client });
  return {
    session,
    server,
    sent,
    async close() {
      session.close();
      if (!session.destroyed) await once(session, "close");
    },
  };
}
