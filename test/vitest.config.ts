// Tests run from the repository's root; files of the same room may run side by side, whole-process tests get time.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: fileURLToPath(new URL("..", import.meta.url)),
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/harness/times.ts"],
    globalSetup: ["test/harness/temporary-folder.ts"],
    // One less by default: of two cores, as small machines have, one would wait, and the whole suite take half as long again.
    maxWorkers: availableParallelism(),
    // FUZZ_TIMES makes property tests that much longer.
    testTimeout: 60_000 * Math.max(1, Number(process.env.FUZZ_TIMES ?? 1)),
    hookTimeout: 60_000,
  },
});
