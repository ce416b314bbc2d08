// RC4 as TLS used it (RFC 5246 §6.2.3.1, prohibited by RFC 7465): old captures hold it, current platforms have it no more.

export class Rc4 {
  readonly #s = new Uint8Array(256);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    const s = this.#s;
    for (let i = 0; i < 256; i++) s[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      j = (j + s[i]! + key[i % key.length]!) & 0xff;
      const t = s[i]!;
      s[i] = s[j]!;
      s[j] = t;
    }
  }

  /** XORs `bytes[start, end)` with the next bytes of the keystream into `out`, from its beginning. */
  apply(bytes: Uint8Array, start: number, end: number, out: Uint8Array): void {
    const s = this.#s;
    let i = this.#i;
    let j = this.#j;
    for (let p = start; p < end; p++) {
      i = (i + 1) & 0xff;
      const a = s[i]!;
      j = (j + a) & 0xff;
      const b = s[j]!;
      s[i] = b;
      s[j] = a;
      out[p - start] = bytes[p]! ^ s[(a + b) & 0xff]!;
    }
    this.#i = i;
    this.#j = j;
  }
}
