// How long and how random property tests are. By default the same commit tries the same inputs, so that a red run is about
// the change; FUZZ_TIMES=25 tries 25 times as many, new ones each time, and FUZZ_SEED repeats what a failure printed.
import fc from "fast-check";

const { FUZZ_TIMES, FUZZ_SEED } = process.env;
const TIMES = Number(FUZZ_TIMES ?? 1);
const FIXED_SEED = 407_401;

/** The number of runs a property gets: `runs`, or FUZZ_TIMES as many. */
export const times = (runs: number): number => Math.ceil(runs * TIMES);

/** For every test file (vitest's setupFiles): sets the seed, and the number of runs of properties that say none. */
const seed = FUZZ_SEED === undefined ? FIXED_SEED : Number(FUZZ_SEED);
fc.configureGlobal({ numRuns: times(100), ...(FUZZ_TIMES === undefined || FUZZ_SEED !== undefined ? { seed } : {}) });
