// A note of the rooms below in words.
import { NOTES, type Note } from "../bytes/index.ts";

/** What it means, and its details. */
export function noteText(note: Note): string {
  const detail = Object.entries(note.detail ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  return detail === "" ? NOTES[note.id] : `${NOTES[note.id]} (${detail})`;
}
