// Notes: oddities that a parser met and went on behind. One table of ids; the text is made where it is printed.
import type { FrameNo } from "./units.ts";

/**
 * Every note's id and what it means, one section per room. `at` of a note is a file offset in the rooms up to `packet`,
 * a stream offset above.
 */
export const NOTES = {
  // pcap-parser
  "capture-cut-short": "the file ends in the middle of a packet or block",
  "capture-block-malformed": "a block contradicts the file format; reading stopped or went on behind it",
  "capture-block-unsupported": "a block of a kind that is not decoded was passed over",
  "capture-file-first": "the files of a rotated capture begin with a later number: earlier ones may have been deleted",
  "capture-file-missing": "a number is missing among the files of a rotated capture; reading went on behind it",
  "capture-file-unread": "a file of a rotated capture was not read, or not to its end; reading went on with the others",
  "capture-compression-damaged": "the compressed data is damaged from here on",
  // packet
  "link-type-unknown": "packets of a link type that is not decoded",
  "packet-malformed": "a header contradicts its specification",
  "packet-cut": "the snap length cut a header",
  "fragment-missing": "an IP datagram was never completed",
  "fragment-overlap": "fragments of one IP datagram overlap",
  // tcp
  "tcp-gap": "bytes of a connection are missing from the capture",
  "tcp-overlap-differs": "two segments carry different bytes for the same place; the first copy was used",
  "tcp-buffer-full": "out-of-order data beyond the limit was dropped and became a gap",
  "tcp-flow-evicted": "a connection was given up because too many were open at once",
  // http
  "http-head-too-long": "a head is longer than the limit",
  "http-malformed": "bytes where a message should start are not HTTP",
  "http-chunk-malformed": "a chunk size is not a number",
  "http-body-cut": "a body ended before its length",
  "http-gap": "bytes are missing inside a head or body",
  "http2-malformed": "an HTTP/2 frame contradicts RFC 9113",
  "http2-hpack-unknown": "a header refers to a dynamic table entry that was never seen",
  "http2-hpack-repeated": "headers refer to long values in the dynamic table so often that they are not read any more",
  // tls-parse
  "tls-not-tls": "bytes where a record should start are not TLS",
  "tls-record-too-long": "a record is longer than the protocol allows",
  "tls-handshake-malformed": "a handshake message is cut, or contradicts its specification",
  "tls-gap": "bytes are missing inside a record",
  "tls-resynchronised": "records are readable again from here",
  // tls-decrypt
  "tls-record-damaged": "a record could not be authenticated",
  "tls-keys-dropped": "secrets of the key logs beyond the limit were dropped",
  "tls-keys-none": "no key was found in a key log that was named",
  "tls-keys-unread": "a key log beside the capture could not be read",
  "tls-keys-unusable": "the keys for this session do not open its records",
  // proxy
  "proxy-response-unasked": "a response came without a request",
  "proxy-pending-full": "bytes sent before the CONNECT was answered exceed the limit and were dropped",
  "proxy-exchange-missing": "bytes of an answer are missing, of which the request is not in the capture either",
  "proxy-streams-full": "a tunnel or request of an HTTP/2 connection beyond the limit was only counted",
} as const satisfies Record<string, string>;

/** Stable id of a note. */
export type NoteId = keyof typeof NOTES;

/** One oddity with its place. */
export interface Note {
  readonly id: NoteId;
  /** Frame in which it was met; 0 where no frame is concerned (file level). */
  readonly frame: FrameNo;
  readonly at: number;
  readonly detail?: Readonly<Record<string, string | number>>;
}

/** Where parsers leave their notes. */
export type NoteSink = (note: Note) => void;
