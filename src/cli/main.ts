// The program: arguments in, exit code out.
import { NOT_CHECKED } from "./exit-code.ts";
import { run } from "./program.ts";
import { allIsWritten, printFailure, warn } from "./standard-streams.ts";

// As late as here, since a pipe may tell of its failure behind the run.
process.on("exit", () => {
  const failure = printFailure();
  if (failure === null) return;
  warn(`pcapcheck: standard output: ${failure}\n`);
  process.exitCode = NOT_CHECKED;
});

run(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
    // Taking the heap apart, as at an ordinary end, takes 1 to 3 % of a run.
    if (allIsWritten()) process.exit();
  },
  (error: unknown) => {
    warn(`pcapcheck: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = NOT_CHECKED;
  },
);
