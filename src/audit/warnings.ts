// The notes of all rooms, summed up by id: how many, and where the first one was.
import { NOTES, type Note, type NoteId } from "../bytes/index.ts";
import { noteText, type ReportWarning } from "../report/index.ts";
import type { FileHole } from "./file-holes.ts";

interface Entry {
  count: number;
  readonly frame: number | null;
  readonly text: string;
}

/** Holes of a rotated capture that are told one by one. */
const MAX_HOLES = 12;

/** Bounded by the table of ids. */
export class Warnings {
  readonly #entries = new Map<string, Entry>();
  #holes = 0;

  add(note: Note): void {
    const entry = this.#entries.get(note.id);
    if (entry === undefined) {
      this.#entries.set(note.id, { count: 1, frame: note.frame > 0 ? note.frame : null, text: noteText(note) });
    } else entry.count++;
  }

  addCount(id: NoteId, count: number, what: string): void {
    this.#entries.set(`${id} ${what}`, { count, frame: null, text: `${NOTES[id]}: ${what}` });
  }

  /** What a rotated capture may lack in front of its first file: a ring buffer deletes what is old. */
  addFront(text: string): void {
    const why = "earlier files may have been deleted, as a ring buffer does, or were not named";
    this.#entries.set("capture-file-first", { count: 1, frame: null, text: `${text}; ${why}` });
  }

  /** Beyond a dozen of a kind they are only counted. */
  addHole({ id, frame, text }: FileHole): void {
    const key = `${id} ${Math.min(this.#holes++, MAX_HOLES)}`;
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.count++;
    else if (this.#holes > MAX_HOLES) this.#entries.set(key, { count: 1, frame, text: `${NOTES[id]}: further ones` });
    else
      this.#entries.set(key, {
        count: 1,
        frame: frame > 0 ? frame : null,
        text: `${text}; reading went on with the other files`,
      });
  }

  addStop({ frame, at, why }: { readonly frame: number; readonly at: number; readonly why: string }): void {
    this.#entries.set("stopped", {
      count: 1,
      frame,
      text: `reading stopped behind frame ${frame}, at offset ${at} of the file: ${why}`,
    });
  }

  list(): readonly ReportWarning[] {
    return [...this.#entries].map(([key, { count, frame, text }]) => ({
      id: key.split(" ")[0] ?? key,
      count,
      frame,
      text,
    }));
  }
}
