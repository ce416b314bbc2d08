// Looks at the page of a refusal for marks of its sender, then forgets it: only ids and a keyed hash remain.
import type { ResponseHead } from "../http/index.ts";
import type { ProxyContext } from "./context.ts";
import type { BodyMarks } from "./types.ts";

/** Error pages of proxies are a few kilobytes; the first 16 KiB hold their title, logo text and footer. */
const MAX_LOOK = 16 * 1024;

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

  start(head: ResponseHead): void {
    this.#active = true;
    this.#length = 0;
    this.#total = 0;
    this.#coding = head.fields.find((field) => field.name === "content-encoding")?.value.toLowerCase() ?? null;
  }

  add(bytes: Uint8Array, start: number, end: number): void {
    if (!this.#active) return;
    this.#total += end - start;
    const length = Math.min(end - start, MAX_LOOK - this.#length);
    if (length <= 0) return;
    this.#buffer ??= new Uint8Array(MAX_LOOK);
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
