// The ground floor: units, the reader, text and notes that every room shares.
export { gather } from "./gather.ts";
export { copyOf } from "./keep.ts";
export { createKeyedHash } from "./keyed-hash.ts";
export { addTo, countBefore, fitted, grouped } from "./lists.ts";
export { NOTES, type Note, type NoteId, type NoteSink } from "./note.ts";
export { compare } from "./order.ts";
export { Reader } from "./reader.ts";
export { familiar, hex, latin1, ownText, quoted, readable, sameBytes, startsWith, utf16le } from "./text.ts";
export {
  type Endpoint,
  type FileOffset,
  type FrameNo,
  type Millis,
  millisBetween,
  type Nanos,
  nanos,
  type Side,
  type StreamOffset,
  type Where,
} from "./units.ts";
