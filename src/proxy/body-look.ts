// Looks at the page of a refusal for marks of its sender, then forgets it: only ids and a keyed hash remain.
import { fieldOf, type ResponseHead } from "../http/index.ts";
import type { ProxyContext } from "./context.ts";
import type { BodyMarks } from "./types.ts";

/** Error pages of proxies are a few kilobytes; the first 16 KiB hold their title, logo text and footer. */
const MAX_LOOK = 16 * 1024;
/** First size of the buffer: it grows with what comes, as many pages may be on their way at once. */
const FIRST = 1024;

/** Collects the start of one body at a time. */
export class BodyLook {
  readonly #context: Pick<ProxyContext, "tag" | "bodyMarks">;
  #buffer: Uint8Array | null = null;
  #length = 0;
  #total = 0;
  #coding: string | null = null;
  #active = false;

  constructor(context: Pick<ProxyContext, "tag" | "bodyMarks">) {
    this.#context = context;
  }

  /** Bytes of the page that is looked at. */
  get kept(): number {
    return this.#buffer?.length ?? 0;
  }

  start(head: ResponseHead): void {
    this.#active = true;
    this.#length = 0;
    this.#total = 0;
    this.#coding = fieldOf(head, "content-encoding")?.toLowerCase() ?? null;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#active) return;
    this.#total += end - start;
    const length = Math.min(end - start, MAX_LOOK - this.#length);
    if (length <= 0) return;
    this.#buffer = withRoom(this.#buffer, this.#length + length);
    this.#buffer.set(bytes.subarray(start, start + length), this.#length);
    this.#length += length;
  }

  /** What was recognised; null if no body was looked at. */
  finish(): BodyMarks | null {
    if (!this.#active) return null;
    this.#active = false;
    if (this.#buffer === null || this.#length === 0) return null;
    const text = this.#buffer.slice(0, this.#length);
    this.#buffer = null;
    return { marks: this.#context.bodyMarks(text, this.#coding), bytes: this.#total, tag: this.#context.tag(text) };
  }
}

/** A buffer of `needed` bytes or more, with what is in this one. */
function withRoom(buffer: Uint8Array | null, needed: number): Uint8Array {
  if (buffer !== null && buffer.length >= needed) return buffer;
  const larger = new Uint8Array(Math.min(MAX_LOOK, Math.max(FIRST, needed, buffer === null ? 0 : 2 * buffer.length)));
  if (buffer !== null) larger.set(buffer);
  return larger;
}
