// NTLM messages (MS-NLMP 2.2.1), reduced to names: hashes, challenges and session keys are passed over.
import { latin1, Reader, utf16le } from "../bytes/index.ts";
import type { NtlmMessage } from "./types.ts";

const SIGNATURE = [0x4e, 0x54, 0x4c, 0x4d, 0x53, 0x53, 0x50, 0x00]; // "NTLMSSP\0"
/** NTLMSSP_NEGOTIATE_UNICODE (MS-NLMP 2.2.2.5). */
const UNICODE = 0x00000001;
/** Names longer than this are no names. */
const MAX_NAME_BYTES = 512;

/** Whether an NTLM message begins at `at`. */
export function isNtlm(bytes: Uint8Array, at = 0): boolean {
  return SIGNATURE.every((byte, i) => bytes[at + i] === byte);
}

/** Reads the message in `bytes`; null if it is none. What is cut or out of bounds stays null. */
export function readNtlm(bytes: Uint8Array): NtlmMessage | null {
  if (!isNtlm(bytes)) return null;
  const type = new Reader(bytes, 8).u32le();
  switch (type) {
    case 1:
      // MS-NLMP 2.2.1.1: names of the NEGOTIATE message are always OEM.
      return { ...EMPTY, type, domain: field(bytes, 16, false), workstation: field(bytes, 24, false) };
    case 2:
      return { ...EMPTY, type, targetName: field(bytes, 12, isUnicode(bytes, 20)) };
    case 3: {
      const unicode = bytes.length < 64 || isUnicode(bytes, 60);
      return {
        ...EMPTY,
        type,
        domain: field(bytes, 28, unicode),
        user: field(bytes, 36, unicode),
        workstation: field(bytes, 44, unicode),
        // MS-NLMP 3.2.5.1.2: anonymous sends no NT response and at most one byte of LM response.
        anonymous: length(bytes, 20) === 0 && length(bytes, 12) <= 1,
      };
    }
    default:
      return null;
  }
}

const EMPTY = { targetName: null, domain: null, user: null, workstation: null, anonymous: false } as const;

function isUnicode(bytes: Uint8Array, flagsAt: number): boolean {
  return (new Reader(bytes, flagsAt).u32le() & UNICODE) !== 0;
}

function length(bytes: Uint8Array, at: number): number {
  return new Reader(bytes, at).u16le();
}

/** The text that a field's length, allocated length and offset point to. */
function field(bytes: Uint8Array, at: number, unicode: boolean): string | null {
  const reader = new Reader(bytes, at);
  const size = reader.u16le();
  reader.skip(2);
  const offset = reader.u32le();
  if (reader.failed !== null || size === 0 || size > MAX_NAME_BYTES || offset + size > bytes.length) return null;
  return unicode ? utf16le(bytes, offset, offset + size) : latin1(bytes, offset, offset + size);
}
