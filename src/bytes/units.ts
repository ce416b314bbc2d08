// Units of the numbers that travel through the house. A plain number literal fits any of them; one unit never fits another.

declare const unit: unique symbol;

/** A `T` that carries its unit in its type; two different units do not mix, a bare literal fits each. */
export type Unit<T, U extends string> = T & { readonly [unit]?: U };

/** Number of a frame in its capture file, counted from 1 as Wireshark does. */
export type FrameNo = Unit<number, "frame, from 1">;

/** Byte offset in one direction of a connection, from 0 at its first byte. */
export type StreamOffset = Unit<number, "stream offset, from 0">;

/** Byte offset in the (uncompressed) capture file, from 0. */
export type FileOffset = Unit<number, "file offset, from 0">;

/** Exact time: nanoseconds since 1970-01-01T00:00:00Z. */
export type Nanos = Unit<bigint, "ns since 1970">;

/** A duration in milliseconds, with fractions. */
export type Millis = Unit<number, "ms">;

/** Which side of a connection: 0 sent the first frame that was captured, 1 is its peer. */
export type Side = 0 | 1;

/**
 * The place where something was seen. `frame` is the frame in which it became complete, as Wireshark shows it,
 * `firstFrame` the one that brought its first byte, `at` the offset of its first byte in its direction.
 */
export interface Where {
  readonly frame: FrameNo;
  readonly firstFrame: FrameNo;
  readonly at: StreamOffset;
  readonly time: Nanos;
}

/** An IP address (text form, RFC 5952 for IPv6) and a TCP port. */
export interface Endpoint {
  readonly ip: string;
  readonly port: number;
}

const PRODUCT = new BigInt64Array(1);
const WORDS = new Uint32Array(PRODUCT.buffer);
/** Which word of `WORDS` is the lower one: 0, but on a machine that is big-endian. */
const LOW = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

/** The second that was asked for last, in nanoseconds, as two words. */
let second = 0;
let secondLow = 0;
let secondHigh = 0;

/** Exact time from the two integers of a packet. */
export function nanos(seconds: number, nanoseconds: number): Nanos {
  if (seconds !== second) {
    if (seconds < 0 || seconds >= 2 ** 32) return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    stand(seconds);
  }
  // By words: arithmetic on bigints makes three of them, and this is asked for several times in each connection.
  const low = secondLow + nanoseconds;
  WORDS[LOW] = low;
  WORDS[1 - LOW] = low < 2 ** 32 ? secondHigh : secondHigh + Math.floor(low / 2 ** 32);
  return PRODUCT[0]!;
}

/** Keeps the words of a second. Its halves, multiplied, are held exactly by doubles. */
function stand(seconds: number): void {
  const high = (seconds >>> 16) * 1e9;
  const low = (seconds & 0xffff) * 1e9 + (high % 0x10000) * 0x10000;
  second = seconds;
  secondLow = low % 2 ** 32;
  secondHigh = Math.floor(high / 0x10000) + Math.floor(low / 2 ** 32);
}

/** Milliseconds from `from` to `to`, with fractions; negative if `to` is earlier. */
export function millisBetween(from: Nanos, to: Nanos): Millis {
  return Number(to - from) / 1e6;
}
