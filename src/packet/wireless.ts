// IEEE 802.11 data frames that are not encrypted, and the headers that recording programs put before them.
import { behind, type Cursor, has, STEP, type Step, short, u8, u16, u16le, u32 } from "./cursor.ts";

/** Frame control, first byte: type and subtype (IEEE 802.11-2020 §9.2.4.1). */
const TYPE_MASK = 0x0c;
const TYPE_DATA = 0x08;
const SUBTYPE_NO_DATA = 0x40;
const SUBTYPE_QOS = 0x80;
/** Second byte. */
const BOTH_DISTRIBUTION = 0x03;
const MORE_FRAGMENTS = 0x04;
const PROTECTED = 0x40;
const ORDER = 0x80;
/** QoS control: the body is several frames with a header of their own (§9.3.2.2). */
const AGGREGATE = 0x80;
/** Destination, source and length of a frame in an aggregate. */
const AGGREGATE_HEADER = 14;

/** A frame without a header before it. */
export function wireless(c: Cursor): Step {
  if (!has(c, 2)) return short(c, 2);
  return whole(c, u8(c, 1)) ? dataFrame(c, u8(c, 0), u8(c, 1), 1) : STEP.nothing;
}

/** As controllers send it in CAPWAP: the two bytes of frame control swapped, and no fragments. */
export function wirelessSwapped(c: Cursor): Step {
  if (!has(c, 2)) return short(c, 2);
  return dataFrame(c, u8(c, 1), u8(c, 0), 1);
}

/** Whether a frame with these flags is no fragment of one: its number stands in the low bits of the sequence control. */
function whole(c: Cursor, flags: number): boolean {
  return (flags & MORE_FRAGMENTS) === 0 && (!has(c, 24) || (u8(c, 22) & 0x0f) === 0);
}

/** `alignment`: what the header's length is padded to. */
function dataFrame(c: Cursor, control: number, flags: number, alignment: 1 | 4): Step {
  if ((control & TYPE_MASK) !== TYPE_DATA || (control & SUBTYPE_NO_DATA) !== 0) return STEP.nothing;
  if ((flags & PROTECTED) !== 0) return STEP.nothing;
  let length = (flags & BOTH_DISTRIBUTION) === BOTH_DISTRIBUTION ? 30 : 24;
  let aggregate = false;
  if ((control & SUBTYPE_QOS) !== 0) {
    if (!has(c, length + 2)) return short(c, length + 2);
    aggregate = (u8(c, length) & AGGREGATE) !== 0;
    length += (flags & ORDER) === 0 ? 2 : 6;
  }
  if (alignment === 4) length = (length + 3) & ~3;
  // Of an aggregate only the first frame is looked at: a packet gives one segment.
  return behind(c, aggregate ? length + AGGREGATE_HEADER : length, STEP.llc);
}

const PRESENT_TIME = 0x01;
const PRESENT_FLAGS = 0x02;
const PRESENT_MORE = 0x8000;
const PADDED_HEADER = 0x20;

/** Radiotap (https://www.radiotap.org): its own length, and whether the frame's header is padded. */
export function radiotap(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const length = u16le(c, 2);
  if (length < 8) return STEP.malformed;
  if (!has(c, length + 2)) return short(c, length + 2);
  const alignment = radiotapPads(c, length) ? 4 : 1;
  c.at += length;
  return whole(c, u8(c, 1)) ? dataFrame(c, u8(c, 0), u8(c, 1), alignment) : STEP.nothing;
}

function radiotapPads(c: Cursor, length: number): boolean {
  const present = u8(c, 4);
  if ((present & PRESENT_FLAGS) === 0) return false;
  let fields = 8;
  while ((u16le(c, fields - 2) & PRESENT_MORE) !== 0 && fields + 4 <= length) fields += 4;
  // The time comes before the flags and is aligned to eight bytes.
  if ((present & PRESENT_TIME) !== 0) fields = ((fields + 7) & ~7) + 8;
  return fields < length && (u8(c, fields) & PADDED_HEADER) !== 0;
}

/** The AVS header has a magic number and its length; the Prism header has its length elsewhere, little-endian. */
const AVS_MAGIC = 0x80211000;

/** LINKTYPE_IEEE802_11_PRISM, under which AVS headers are found as well, and LINKTYPE_IEEE802_11_AVS. */
export function prism(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  const avs = (u32(c, 0) & 0xfffff000) >>> 0 === AVS_MAGIC;
  const length = avs ? u32(c, 4) : u16le(c, 4);
  return length < 8 ? STEP.malformed : behind(c, length, STEP.wireless);
}

/** Fields of the CAPWAP header, RFC 5415 §4.3. */
const CAPWAP_NATIVE = 0x0100;
const CAPWAP_FRAGMENT = 0x0080;
const CAPWAP_KEEP_ALIVE = 0x0008;
const BINDING_WIRELESS = 1;

/** CAPWAP data channel: preamble, then the header with its length in words; an 802.11 or 802.3 frame inside. */
export function capwap(c: Cursor): Step {
  if (!has(c, 8)) return short(c, 8);
  // Version 0; type 1 is DTLS.
  if (u8(c, 0) !== 0) return STEP.nothing;
  const length = (u8(c, 1) >> 3) * 4;
  const flags = u16(c, 2);
  const binding = (u8(c, 2) >> 1) & 0x1f;
  if (length < 8) return STEP.malformed;
  if ((flags & (CAPWAP_FRAGMENT | CAPWAP_KEEP_ALIVE)) !== 0) return STEP.nothing;
  if ((flags & CAPWAP_NATIVE) === 0) return behind(c, length, STEP.ethernet);
  return binding === BINDING_WIRELESS ? behind(c, length, STEP.wirelessSwapped) : STEP.nothing;
}
