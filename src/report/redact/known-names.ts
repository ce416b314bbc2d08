// Finds values in text: a trie of all that were met, by their words, longest first, whatever their case.

/** Longer values are not looked for, as that costs what they are long: of a request's target 2,048 characters are kept, and no name has more. */
const LONGEST = 2_100;

interface Node {
  next: Map<string, Node> | null;
  pseudonym: string | null;
}

/** Values with their pseudonyms. A value is found only as whole words: what is beside it is no letter and no digit. */
export class KnownNames {
  readonly #root: Node = { next: null, pseudonym: null };

  get isEmpty(): boolean {
    return this.#root.next === null;
  }

  add(value: string, pseudonym: string): void {
    if (value === "" || value.length > LONGEST) return;
    let node = this.#root;
    for (let at = 0; at < value.length; ) {
      const end = partEnd(value, at);
      const part = value.slice(at, end).toLowerCase();
      node.next ??= new Map();
      let next = node.next.get(part);
      if (next === undefined) {
        next = { next: null, pseudonym: null };
        node.next.set(part, next);
      }
      node = next;
      at = end;
    }
    node.pseudonym ??= pseudonym;
  }

  /** The longest value that begins at `at`, which is no place inside a word: its end and pseudonym. */
  at(text: string, at: number): { readonly end: number; readonly pseudonym: string } | null {
    let node: Node | undefined = this.#root;
    let found: { end: number; pseudonym: string } | null = null;
    for (let from = at; from < text.length && node !== undefined; ) {
      const end = partEnd(text, from);
      node = end - at > LONGEST ? undefined : node.next?.get(text.slice(from, end).toLowerCase());
      if (node != null && node.pseudonym !== null) found = { end, pseudonym: node.pseudonym };
      from = end;
    }
    return found;
  }
}

/** Where the part that begins at `at` ends: a word, or one character that belongs to none. */
export function partEnd(text: string, at: number): number {
  let end = at + 1;
  if (isWord(text, at)) while (end < text.length && isWord(text, end)) end++;
  return end;
}

/** `at`, or the end of the word if it is inside one. */
export function wholeWord(text: string, at: number): number {
  return at > 0 && at < text.length && isWord(text, at - 1) && isWord(text, at) ? partEnd(text, at) : at;
}

const WORD = /^[\p{L}\p{N}\p{M}]$/u;

/** Whether the character at `at` belongs to a word. */
export function isWord(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  if (code < 0x80) return (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
  // Halves of a pair count as letters: nothing ends between them.
  return (code >= 0xd800 && code <= 0xdfff) || WORD.test(text[at]!);
}
