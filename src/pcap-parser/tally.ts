// Counts what a capture delivers: frames, time span, what was cut. The one place where a packet is handed on.
import { type FileOffset, type FrameNo, type NoteId, nanos } from "../bytes/index.ts";
import { emptyPacket } from "./empty-packet.ts";
import type { CaptureSink, CaptureSummary } from "./types.ts";

/** Kinds of notes of one reader that are kept apart; a damaged file must not make more of them than a person reads. */
const MAX_NOTE_KINDS = 64;

interface NoteKind {
  readonly id: NoteId;
  readonly why: string;
  readonly frame: FrameNo;
  readonly at: FileOffset;
  count: number;
}

/** The state that pcap and pcapng share across pushes. */
export class Tally {
  readonly packet = emptyPacket();
  readonly sink: CaptureSink;
  packets = 0;
  truncatedPackets = 0;
  /** Set where reading cannot go on before the end of the file. */
  stopped: CaptureSummary["stopped"] = null;
  #timed = false;
  #firstSeconds = 0;
  #firstNanoseconds = 0;
  #lastSeconds = 0;
  #lastNanoseconds = 0;
  readonly #kinds = new Map<string, NoteKind>();

  constructor(sink: CaptureSink) {
    this.sink = sink;
  }

  /** Numbers and hands on `packet`, whose fields (except the frame) are set. */
  deliver(): void {
    const packet = this.packet;
    const seconds = packet.seconds;
    const nanoseconds = packet.nanoseconds;
    if (seconds > this.#lastSeconds || (seconds === this.#lastSeconds && nanoseconds > this.#lastNanoseconds)) {
      this.#lastSeconds = seconds;
      this.#lastNanoseconds = nanoseconds;
      if (!this.#timed) this.#startAt(seconds, nanoseconds);
    } else if (!this.#timed) {
      this.#startAt(seconds, nanoseconds);
    } else if (
      seconds < this.#firstSeconds ||
      (seconds === this.#firstSeconds && nanoseconds < this.#firstNanoseconds)
    ) {
      this.#firstSeconds = seconds;
      this.#firstNanoseconds = nanoseconds;
    }
    this.deliverUntimed();
  }

  /** As `deliver`, for a packet without a time stamp: the time span stays as it is. */
  deliverUntimed(): void {
    const packet = this.packet;
    packet.frame = ++this.packets;
    if (packet.wireLength > packet.end - packet.start) this.truncatedPackets++;
    this.sink.packet(packet);
  }

  #startAt(seconds: number, nanoseconds: number): void {
    this.#timed = true;
    this.#firstSeconds = this.#lastSeconds = seconds;
    this.#firstNanoseconds = this.#lastNanoseconds = nanoseconds;
  }

  /** Earliest and latest time stamp. */
  get span(): Pick<CaptureSummary, "start" | "end"> {
    if (!this.#timed) return { start: null, end: null };
    return {
      start: nanos(this.#firstSeconds, this.#firstNanoseconds),
      end: nanos(this.#lastSeconds, this.#lastNanoseconds),
    };
  }

  /** Remembers an oddity behind which reading goes on; one note per kind with a count is given at the end. */
  odd(id: NoteId, why: string, at: FileOffset): void {
    const key = `${id} ${why}`;
    const kind = this.#kinds.get(key);
    if (kind !== undefined) kind.count++;
    else if (this.#kinds.size < MAX_NOTE_KINDS) this.#kinds.set(key, { id, why, frame: this.packets, at, count: 1 });
  }

  /** Ends reading at a place behind which nothing can be made out. What came before stays. */
  stop(why: string, at: FileOffset): void {
    this.stopped = { frame: this.packets, at, why };
    this.sink.note({ id: "capture-block-malformed", frame: this.packets, at, detail: { why } });
  }

  /** Gives the notes that were counted. */
  flush(): void {
    for (const { id, frame, at, why, count } of this.#kinds.values()) {
      this.sink.note({ id, frame, at, detail: { why, count } });
    }
    this.#kinds.clear();
  }
}
