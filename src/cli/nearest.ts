// The words that somebody may have meant: Levenshtein's distance, and parts of words.

/** Behind so many, one more makes nothing clearer. */
const MAX_NAMED = 6;

/** "check", "check or merge", "check, merge or trace": the most similar of `words`; null if none is similar at all. */
export function nearest(word: string, words: readonly string[]): string | null {
  let best: string[] = [];
  let least = Math.ceil(Math.max(3, word.length / 3)) - 1;
  for (const candidate of words) {
    const distance = distanceOf(word, candidate);
    // No nearer than nothing is: of a word of two letters none need be left.
    if (distance >= candidate.length) continue;
    if (distance < least) best = [];
    if (distance <= least) best.push(candidate);
    least = Math.min(least, distance);
  }
  if (best.length > MAX_NAMED) return `${best.slice(0, MAX_NAMED).join(", ")}, ...`;
  const last = best.pop();
  return last === undefined ? null : best.length === 0 ? last : `${best.join(", ")} or ${last}`;
}

/** A part of a word is one step away from it, and what is similar to its beginning one more than from that. */
function distanceOf(word: string, candidate: string): number {
  const distances = editDistances(word, candidate);
  const whole = distances.at(-1)!;
  if (word.length <= 3) return whole;
  return candidate.includes(word) ? Math.min(whole, 1) : Math.min(whole, Math.min(...distances) + 1);
}

/** From `a` to each beginning of `b`, the empty one first. */
function editDistances(a: string, b: string): readonly number[] {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row;
}
