// Lines of text that are wanted once more at the end, packed until then: those of 250,000 captures are 200 MB, and 20 MB so.
import { deflateRawSync, inflateRawSync } from "node:zlib";

/** Characters of a block: what is unpacked at a time. */
const BLOCK = 256 * 1024;
/** So many blocks stay as they are: those of some 2,000 captures, which packing would cost more than it saves. */
const LOOSE_BLOCKS = 8;
/** The quickest: the others take several times as long for a few percent. */
const LEVEL = 1;

/** A list of lines that grows. They have no line end in them and no lone surrogates, as `JSON.stringify` writes its texts. */
export class PackedLines implements Iterable<string> {
  readonly #loose: string[] = [];
  readonly #blocks: Uint8Array[] = [];
  /** Of the block that is not full yet. */
  #last: string[] = [];
  #characters = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(line: string): void {
    this.#last.push(line);
    this.#length++;
    this.#characters += line.length;
    if (this.#characters < BLOCK) return;
    const text = this.#last.join("\n");
    if (this.#loose.length < LOOSE_BLOCKS) this.#loose.push(text);
    else this.#blocks.push(deflateRawSync(text, { level: LEVEL }));
    this.#last = [];
    this.#characters = 0;
  }

  *[Symbol.iterator](): Generator<string> {
    for (const text of this.#loose) yield* text.split("\n");
    for (const block of this.#blocks) yield* inflateRawSync(block).toString("utf8").split("\n");
    yield* this.#last;
  }
}
