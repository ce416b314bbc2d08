// What an audit remembers of the keys and certificates that a capture was read with: it is told from it whether others are there now.
import { createHash } from "node:crypto";
import { hashOf, isFile, lookAt } from "./files.ts";
import { KeyLogFolders } from "./key-logs-beside.ts";
import type { Held, LentFiles } from "./types.ts";

/** Hexadecimal digits: that two states of a few files meet in 64 bits will not be seen. */
const DIGITS = 16;

/** Stamps of the key logs and RSA keys of captures, for one run. */
export class KeyStamps {
  readonly #named: readonly string[];
  readonly #folders = new KeyLogFolders();
  readonly #hash: boolean;
  readonly #held: Held;

  /** `named`: files that are read for every capture, of which pipes are `held`. `hash`: by their content instead of size and time. */
  constructor(named: readonly string[], { hash, held }: { readonly hash: boolean; readonly held: Held }) {
    this.#hash = hash;
    this.#held = held;
    this.#named = named.map((path) => this.#state(path));
  }

  /** Changes when a file with keys for `capture` comes, goes, or is another; null while there is none. */
  of(capture: string): string | null {
    const beside = this.#folders.beside(capture);
    if (this.#named.length === 0 && beside.length === 0) return null;
    return digest([...this.#named, ...beside.map((path) => this.#state(path))]);
  }

  #state(path: string): string {
    const pieces = this.#held.get(path);
    // Each time it is another pipe, with a size and a time that say nothing.
    if (pieces !== undefined) return hashOfPieces(pieces);
    const status = lookAt(path);
    if (typeof status === "string") return `${path}: ${status}`;
    const content = this.#hash && status.isFile() ? hashOf([path]) : null;
    return content ?? `${path} ${status.size} ${Math.round(status.mtimeMs)}`;
  }
}

/** Changes with what the named files of certificates hold, which are small; null if none are named. */
export function certificateStamp({
  trust = [],
  proxyCa = [],
  held,
}: Pick<LentFiles, "trust" | "proxyCa" | "held">): string | null {
  if (trust.length + proxyCa.length === 0) return null;
  const content = (path: string): string => {
    const pieces = held?.get(path);
    if (pieces !== undefined) return hashOfPieces(pieces);
    return (isFile(path) ? hashOf([path]) : null) ?? path;
  };
  return digest([trust.map(content), proxyCa.map(content)]);
}

function hashOfPieces(pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

function digest(states: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(states)).digest("hex").slice(0, DIGITS);
}
