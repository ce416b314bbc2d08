// ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2) and the SSLv2-compatible one (RFC 5246 §E.2), decoded when asked.
import { Reader, type Where } from "../bytes/index.ts";
import { type Extension, readAlpn, readExtensions, readNumbers, readServerName } from "./extensions.ts";
import { EXTENSION } from "./registry/extensions.ts";
import { HANDSHAKE_HEADER } from "./registry/handshake-types.ts";
import type { ClientHello } from "./types.ts";

/**
 * A ClientHello from its own copy of the message. `raw` may stop early: what was whole is given, the server name even if
 * the list behind it is cut. `length` is the whole message's, header included, as its header says.
 */
export function readClientHello(raw: Uint8Array, length: number, where: Where): ClientHello {
  return new Hello(raw, length, where, false);
}

/** The same from an SSLv2 CLIENT-HELLO, which begins with its message type. */
export function readSslv2ClientHello(raw: Uint8Array, length: number, where: Where): ClientHello {
  return new Hello(raw, length, where, true);
}

const RANDOM_BYTES = 32;
/** legacy_version and random stand in front of the session id. */
const SESSION_ID_AT = HANDSHAKE_HEADER + 2 + RANDOM_BYTES;
/** RFC 5246 §E.2: message type, version and three lengths. */
const SSLV2_FIELDS = 9;

/** Whole fields of a message, as offsets: [start, end) each, empty if the field is not there. */
interface Layout {
  random: number;
  randomEnd: number;
  sessionId: number;
  sessionIdEnd: number;
  suites: number;
  suitesEnd: number;
  compression: number;
  compressionEnd: number;
  extensions: number;
  /** Where the list of extensions should end, which may be beyond the bytes. */
  extensionsLimit: number;
  whole: boolean;
}

/** Most hellos of a large capture are asked for their name only: each field is read at the question for it. */
class Hello implements ClientHello {
  readonly raw: Uint8Array;
  readonly where: Where;
  readonly sslv2: boolean;
  readonly whole: boolean;
  readonly #layout: Layout;

  constructor(raw: Uint8Array, length: number, where: Where, sslv2: boolean) {
    this.raw = raw;
    this.where = where;
    this.sslv2 = sslv2;
    const r = new Reader(raw, 0, raw.length, length);
    this.#layout = sslv2 ? layOutSslv2(r) : layOut(r);
    this.whole = this.#layout.whole;
  }

  get version(): number {
    return new Reader(this.raw, this.sslv2 ? 1 : HANDSHAKE_HEADER).u16();
  }

  get random(): Uint8Array {
    return this.raw.subarray(this.#layout.random, this.#layout.randomEnd);
  }

  get sessionId(): Uint8Array {
    return this.raw.subarray(this.#layout.sessionId, this.#layout.sessionIdEnd);
  }

  get cipherSuites(): readonly number[] {
    const { suites, suitesEnd } = this.#layout;
    if (!this.sslv2) return numbers(new Reader(this.raw, suites, suitesEnd), 2);
    // Suites of SSL 2.0 itself have a first byte that is not 0; those of later versions do have 0 there.
    return numbers(new Reader(this.raw, suites, suitesEnd), 3).filter((suite) => suite <= 0xffff);
  }

  get compressionMethods(): readonly number[] {
    return [...this.raw.subarray(this.#layout.compression, this.#layout.compressionEnd)];
  }

  get extensions(): readonly Extension[] {
    return readExtensions(this.#extensionReader()).list;
  }

  get sni(): string | null {
    return readServerName(this.#data(EXTENSION.serverName));
  }

  get alpn(): readonly string[] {
    return readAlpn(this.#data(EXTENSION.alpn));
  }

  get supportedVersions(): readonly number[] {
    return readNumbers(this.#data(EXTENSION.supportedVersions), 1);
  }

  get groups(): readonly number[] {
    return readNumbers(this.#data(EXTENSION.supportedGroups), 2);
  }

  get signatureAlgorithms(): readonly number[] {
    return readNumbers(this.#data(EXTENSION.signatureAlgorithms), 2);
  }

  get ech(): ClientHello["ech"] {
    if (this.#data(EXTENSION.encryptedClientHello) === null) return "none";
    // RFC 9849 §6.1: a real outer hello should name the public name of its configuration. GREASE (§6.2) is made to look the
    // same, so only a hello without a name tells anything.
    return this.sni === null ? "grease" : "offered";
  }

  get offersResumption(): boolean {
    if (this.#data(EXTENSION.preSharedKey) !== null) return true;
    return (this.#data(EXTENSION.sessionTicket)?.length ?? 0) > 0;
  }

  get earlyData(): boolean {
    return this.#data(EXTENSION.earlyData) !== null;
  }

  #extensionReader(): Reader {
    const { extensions, extensionsLimit } = this.#layout;
    return new Reader(this.raw, extensions, this.raw.length, extensionsLimit);
  }

  /** The first extension of a type, without a list of all. */
  #data(wanted: number): Uint8Array | null {
    const r = this.#extensionReader();
    while (r.more) {
      const type = r.u16();
      const length = r.u16();
      if (type === wanted) {
        const data = r.view(length);
        return r.failed === null ? data : null;
      }
      r.skip(length);
    }
    return null;
  }
}

function layOut(r: Reader): Layout {
  const layout = emptyLayout();
  r.skip(HANDSHAKE_HEADER + 2);
  layout.random = r.position;
  layout.randomEnd = pass(r, RANDOM_BYTES, layout.random);
  layout.sessionId = SESSION_ID_AT + 1;
  layout.sessionIdEnd = pass(r, r.u8(), layout.sessionId);
  layout.suites = r.position + 2;
  layout.suitesEnd = pass(r, r.u16(), layout.suites);
  layout.compression = r.position + 1;
  layout.compressionEnd = pass(r, r.u8(), layout.compression);
  // RFC 5246 §7.4.1.2: extensions may be absent altogether.
  if (r.more) {
    const list = r.sub(r.u16());
    layout.extensions = list.position;
    layout.extensionsLimit = list.limit;
    while (list.more) {
      list.skip(2);
      list.skip(list.u16());
    }
  }
  layout.whole = r.failed === null;
  return layout;
}

/** RFC 5246 §E.2: three lengths, then three fields. */
function layOutSslv2(r: Reader): Layout {
  const layout = emptyLayout();
  r.skip(3);
  const suites = r.u16();
  const sessionId = r.u16();
  const challenge = r.u16();
  if (r.failed !== null) return layout;
  layout.suites = SSLV2_FIELDS;
  layout.suitesEnd = pass(r, suites, layout.suites);
  layout.sessionId = r.position;
  layout.sessionIdEnd = pass(r, sessionId, layout.sessionId);
  layout.random = r.position;
  layout.randomEnd = pass(r, challenge, layout.random);
  layout.whole = r.failed === null;
  return layout;
}

/** Moves behind a field of `length` bytes; its end, or `start` if it is not whole. */
function pass(r: Reader, length: number, start: number): number {
  r.skip(length);
  return r.failed === null ? start + length : start;
}

function emptyLayout(): Layout {
  return {
    random: 0,
    randomEnd: 0,
    sessionId: 0,
    sessionIdEnd: 0,
    suites: 0,
    suitesEnd: 0,
    compression: 0,
    compressionEnd: 0,
    extensions: 0,
    extensionsLimit: 0,
    whole: false,
  };
}

function numbers(list: Reader, width: 2 | 3): number[] {
  const values: number[] = [];
  while (list.more) {
    const value = width === 2 ? list.u16() : list.u24();
    if (list.failed === null) values.push(value);
  }
  return values;
}
