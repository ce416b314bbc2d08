// Time stamps of captures as whole seconds and nanoseconds. if_tsresol and if_tsoffset: draft-ietf-opsawg-pcapng §4.2.

/** How the time stamps of an interface count. */
export interface TimeUnit {
  /** Ticks per second, a power of ten from 10⁴ to 10⁹; 0 if the resolution is another one and takes the slow way. */
  readonly ticks: number;
  /** Nanoseconds of one tick; meaningless where `ticks` is 0. */
  readonly nanosPerTick: number;
  /** Ticks per second of any resolution. */
  readonly exactTicks: bigint;
  /** Whole seconds to add (if_tsoffset). */
  readonly offsetSeconds: number;
}

const POWER_OF_TWO_FLAG = 0x80;
const MICROSECONDS = 6;
/** Below 10⁴ ticks a quotient of 64 bits may be off by more than one in a double; above 10⁹ ticks are finer than ours. */
const MIN_QUICK_EXPONENT = 4;
const MAX_QUICK_EXPONENT = 9;
const NANOS_PER_SECOND = 1_000_000_000;

/**
 * The unit of an interface.
 *
 * @param resolution the byte of if_tsresol: an exponent of 10, or of 2 if its highest bit is set
 * @param offsetSeconds if_tsoffset
 */
export function timeUnit(resolution = MICROSECONDS, offsetSeconds = 0): TimeUnit {
  const exponent = resolution & ~POWER_OF_TWO_FLAG;
  const binary = (resolution & POWER_OF_TWO_FLAG) !== 0;
  const quick = !binary && exponent >= MIN_QUICK_EXPONENT && exponent <= MAX_QUICK_EXPONENT;
  return {
    ticks: quick ? 10 ** exponent : 0,
    nanosPerTick: quick ? 10 ** (MAX_QUICK_EXPONENT - exponent) : 0,
    exactTicks: (binary ? 2n : 10n) ** BigInt(exponent),
    offsetSeconds,
  };
}

/** Where `splitTime` leaves its answer. */
export interface TimeTarget {
  seconds: number;
  nanoseconds: number;
}

/**
 * Writes the time of a 64-bit tick count to `target`, exact to the tick; what is finer than a nanosecond is cut off.
 *
 * @param high upper 32 bits, unsigned
 * @param low lower 32 bits, unsigned
 */
export function splitTime(unit: TimeUnit, high: number, low: number, target: TimeTarget): void {
  const ticks = unit.ticks;
  if (ticks === 0) {
    splitExactly(unit, high, low, target);
    return;
  }
  // A double holds 53 bits, so the quotient may be off by one beyond them. The remainder lies between -ticks and 2·ticks
  // then, which fits a signed 32-bit integer: modulo 2³² it comes out right and says which way to correct.
  let seconds = Math.floor((high * 0x1_0000_0000 + low) / ticks);
  let rest = (low - Math.imul(seconds, ticks)) | 0;
  if (rest < 0) {
    seconds--;
    rest += ticks;
  } else if (rest >= ticks) {
    seconds++;
    rest -= ticks;
  }
  target.seconds = seconds + unit.offsetSeconds;
  target.nanoseconds = rest * unit.nanosPerTick;
}

/** Powers of two, coarse units and units finer than nanoseconds: rare enough to allocate for. */
function splitExactly(unit: TimeUnit, high: number, low: number, target: TimeTarget): void {
  const stamp = (BigInt(high) << 32n) | BigInt(low);
  target.seconds = Number(stamp / unit.exactTicks) + unit.offsetSeconds;
  target.nanoseconds = Number(((stamp % unit.exactTicks) * BigInt(NANOS_PER_SECOND)) / unit.exactTicks);
}
