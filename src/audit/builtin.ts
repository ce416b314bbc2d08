// Modules of Node that most runs do without, loaded by whoever needs one first.
import { createRequire } from "node:module";

/** Gives a module of Node by its name ("node:zlib"), at once: an import() of it would have to be waited for. */
export const builtin: typeof process.getBuiltinModule =
  // Nodes 22.0 to 22.2 lack it.
  typeof process.getBuiltinModule === "function" ? process.getBuiltinModule : createRequire(import.meta.url);
