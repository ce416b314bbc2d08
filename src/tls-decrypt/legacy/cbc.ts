// CBC mode (NIST SP 800-38A §6.2) around block ciphers that current platforms have dropped but old captures hold.
import type { Cbc, CbcName } from "../platform.ts";
import type { DecryptBlock } from "./block.ts";
import { tripleDesDecryptor } from "./des.ts";
import { ideaDecryptor } from "./idea.ts";
import { rc2Decryptor } from "./rc2.ts";
import { seedDecryptor } from "./seed.ts";

/** A cipher that this room brings itself, for platforms without it; null for all others. */
export function legacyCbc(name: CbcName, key: Uint8Array): Cbc | null {
  switch (name) {
    case "seed-cbc":
      return cbcOf(seedDecryptor(key), 16);
    case "idea-cbc":
      return cbcOf(ideaDecryptor(key), 8);
    case "rc2-cbc":
      return cbcOf(rc2Decryptor(key), 8);
    case "3des-ede-cbc":
      return cbcOf(tripleDesDecryptor(key), 8);
    default:
      return null;
  }
}

function cbcOf(decryptBlock: DecryptBlock, block: number): Cbc {
  let out = new Uint8Array(0);
  return {
    decrypt(iv, bytes, start, end) {
      const length = end - start;
      if (out.length < length) out = new Uint8Array(length);
      for (let at = 0; at < length; at += block) {
        decryptBlock(bytes, start + at, out, at);
        for (let i = 0; i < block; i++) out[at + i]! ^= at === 0 ? iv[i]! : bytes[start + at - block + i]!;
      }
      return out.subarray(0, length);
    },
  };
}
