// Early data (RFC 8446 §2.3, §4.2.10). A server may refuse it, and then nobody reads it and the client says all of it again: it waits
// until it is known which.
import type { FrameNo, Nanos } from "../bytes/index.ts";
import type { TlsSetup } from "./types.ts";

/** Bytes without a copy stand for a loss. */
interface HeldPiece {
  readonly bytes: Uint8Array | null;
  readonly frame: FrameNo;
  readonly time: Nanos;
}

/** Servers take 14 to 16 KiB of it (max_early_data_size); of what waits beyond this the rest is told as missing. */
const MAX_HELD = 128 * 1024;
/** Of a piece besides its bytes: its array, frame and time. */
const PIECE_BYTES = 250;

/** The early data of one connection, on its way to the sink. */
export class EarlyData {
  readonly #setup: TlsSetup;
  #answer: "none" | "accepted" | "refused" = "none";
  #held: HeldPiece[] = [];
  /** Bytes of what waits, with what the pieces take. */
  kept = 0;

  constructor(setup: TlsSetup) {
    this.#setup = setup;
  }

  /** Whether what comes now has to wait behind what waits already. */
  get waits(): boolean {
    return this.#held.length > 0;
  }

  /** Plaintext of a record. True if the sink has it. */
  data(bytes: Uint8Array, start: number, end: number, frame: FrameNo, time: Nanos): boolean {
    if (this.#answer === "accepted") this.#setup.sink?.data("client", bytes, start, end, frame);
    else if (this.#answer === "none") {
      if (this.kept > MAX_HELD) this.gap(frame, time);
      else this.#hold({ bytes: bytes.slice(start, end), frame, time });
    }
    return this.#answer === "accepted";
  }

  /** Bytes of the client are missing; only to be called while something waits. */
  gap(frame: FrameNo, time: Nanos): void {
    if (this.#held.at(-1)?.bytes !== null) this.#hold({ bytes: null, frame, time });
  }

  /** The server has answered, or its answer shows. The first sign counts. */
  settle(accepted: boolean): void {
    if (this.#answer !== "none") return;
    this.#answer = accepted ? "accepted" : "refused";
    this.#release(accepted);
  }

  /** The client went on to its handshake or beyond it in `frame`, with nothing seen that tells the answer: it may lack what waits. */
  passed(frame: FrameNo): void {
    if (this.#answer !== "none") return;
    const waited = this.waits;
    this.settle(false);
    if (waited) this.#setup.sink?.gap("client", 0, frame);
  }

  /** Nothing more will come of the client: what it said stands, answered or not. */
  end(): void {
    this.settle(true);
  }

  #hold(piece: HeldPiece): void {
    this.#held.push(piece);
    this.kept += PIECE_BYTES + (piece.bytes?.length ?? 0);
  }

  #release(give: boolean): void {
    const held = this.#held;
    const { sink, during } = this.#setup;
    this.#held = [];
    this.kept = 0;
    for (const { bytes, frame, time } of held) {
      const action = () => {
        if (bytes === null) sink?.gap("client", 0, frame);
        else if (give) sink?.data("client", bytes, 0, bytes.length, frame);
      };
      if (during === undefined) action();
      else during(time, action);
    }
  }
}
