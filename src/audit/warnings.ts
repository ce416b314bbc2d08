// The notes of all rooms, summed up by id: how many, and where the first one was.
import { NOTES, type Note, type NoteId } from "../bytes/index.ts";
import { noteText, type ReportWarning } from "../report/index.ts";

interface Entry {
  count: number;
  readonly frame: number | null;
  readonly text: string;
}

/** Bounded by the table of ids. */
export class Warnings {
  readonly #entries = new Map<string, Entry>();

  add(note: Note): void {
    const entry = this.#entries.get(note.id);
    if (entry === undefined) {
      this.#entries.set(note.id, { count: 1, frame: note.frame > 0 ? note.frame : null, text: noteText(note) });
    } else entry.count++;
  }

  addCount(id: NoteId, count: number, what: string): void {
    this.#entries.set(`${id} ${what}`, { count, frame: null, text: `${NOTES[id]}: ${what}` });
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
