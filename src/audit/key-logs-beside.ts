// Key logs that lie beside a capture: NAME.keys for NAME.pcap, and for NAME.pcap.gz; and for NAME.pcap3 and NAME_00003_20240102030405.pcap.
import { readdirSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { isFile } from "./files.ts";
import { nameOfAll } from "./rotated-names.ts";

const ENDINGS = [".keys", ".keylog", ".sslkeylog"];
const NONE: readonly string[] = [];

/** Behind the last change of a folder; the grain of FAT is two seconds. */
const SETTLED_MS = 3_000;
/** Whether a folder was changed is not asked more often than this. */
const LOOKED_MS = 50;

/** The key logs beside one capture, by their paths; none for null and "-". */
export function keyLogsBeside(capture: string | null): readonly string[] {
  return capture === null || capture === "-" ? NONE : candidates(capture).filter(isFile);
}

function candidates(capture: string): string[] {
  const name = basename(capture);
  const all = nameOfAll(name);
  // The folder as it was spelled.
  const folder = capture.slice(0, capture.length - name.length);
  return [...stems(capture), ...(all === null ? [] : stems(folder + all))];
}

function stems(capture: string): string[] {
  const stem = capture.replace(/\.(gz|zst)$/i, "").replace(/\.(pcap|pcapng|cap|dmp|ntar)$/i, "");
  return ENDINGS.map((ending) => stem + ending);
}

/** The same for many captures in a row, of one folder after the other: what is in a folder is read once. */
export class KeyLogFolders {
  #folder = "";
  #changed = -1;
  #looked = -1;
  /** Names of the key logs in the folder; null where each is better looked for by itself. */
  #names: ReadonlySet<string> | null = null;

  beside(capture: string | null): readonly string[] {
    if (capture === null || capture === "-") return NONE;
    const names = this.#namesIn(dirname(capture));
    if (names === null) return keyLogsBeside(capture);
    if (names.size === 0) return NONE;
    return candidates(capture).filter((path) => names.has(basename(path).toLowerCase()) && isFile(path));
  }

  #namesIn(folder: string): ReadonlySet<string> | null {
    if (folder !== this.#folder) {
      // It may be the only capture in there.
      this.#folder = folder;
      this.#names = null;
      return null;
    }
    const now = Date.now();
    if (this.#names !== null && now >= this.#looked && now - this.#looked < LOOKED_MS) return this.#names;
    this.#looked = now;
    try {
      const changed = statSync(folder).mtimeMs;
      // A folder that is changing now may change again within the grain of its time stamp.
      if (now - changed < SETTLED_MS) this.#names = null;
      else if (this.#names === null || changed !== this.#changed) {
        // In lower case: some file systems do not tell the cases apart.
        const all = readdirSync(folder).map((name) => name.toLowerCase());
        this.#names = new Set(all.filter((name) => ENDINGS.some((ending) => name.endsWith(ending))));
        this.#changed = changed;
      }
    } catch {
      // A folder that may be entered and not listed.
      this.#names = null;
    }
    return this.#names;
  }
}
