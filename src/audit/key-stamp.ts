// What an audit remembers of the keys that a capture was read with: it is told from it whether others are there now.
import { createHash } from "node:crypto";
import { hashOf, lookAt } from "./files.ts";
import { KeyLogFolders } from "./key-logs-beside.ts";

/** Hexadecimal digits: that two states of a few files meet in 64 bits will not be seen. */
const DIGITS = 16;

/** Stamps of the key logs and RSA keys of captures, for one run. */
export class KeyStamps {
  readonly #named: readonly string[];
  readonly #folders = new KeyLogFolders();
  readonly #hash: boolean;

  /** `named`: files that are read for every capture. `hash`: by their content instead of size and time. */
  constructor(named: readonly string[], hash: boolean) {
    this.#hash = hash;
    this.#named = named.map((path) => this.#state(path));
  }

  /** Changes when a file with keys for `capture` comes, goes, or is another; null while there is none. */
  of(capture: string): string | null {
    const beside = this.#folders.beside(capture);
    if (this.#named.length === 0 && beside.length === 0) return null;
    const states = [...this.#named, ...beside.map((path) => this.#state(path))];
    return createHash("sha256").update(JSON.stringify(states)).digest("hex").slice(0, DIGITS);
  }

  #state(path: string): string {
    const status = lookAt(path);
    if (typeof status === "string") return `${path}: ${status}`;
    // A pipe is read by whoever needs it.
    const content = this.#hash && status.isFile() ? hashOf([path]) : null;
    return content ?? `${path} ${status.size} ${Math.round(status.mtimeMs)}`;
  }
}
