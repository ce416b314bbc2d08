// One folder for what all tests of a run put into folders of their own: also where a test is ended, or skipped behind its making of
// one, nothing of it is left.
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Called once, before any test; gives what is called behind all of them. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "pcapcheck-tests-"));
  // Some tests run the program as a user who may do little, and has to come through.
  chmodSync(folder, 0o711);
  // What `tmpdir` asks for: on Windows TEMP, elsewhere TMPDIR.
  process.env[process.platform === "win32" ? "TEMP" : "TMPDIR"] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
