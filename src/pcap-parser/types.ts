// What the capture room gives: packets as a reused view, and the rare blocks as plain objects.
import type { FileOffset, FrameNo, Nanos, NoteSink } from "../bytes/index.ts";

/** One packet of the capture. The same object is overwritten for every packet; copy what is kept. */
export interface PacketView {
  /** From 1, as Wireshark numbers frames. */
  frame: FrameNo;
  /**
   * Time stamp: whole seconds since 1970 (may be negative with an odd clock) and nanoseconds 0–999,999,999. Both are 0 in a
   * Simple Packet Block, which has no time; such a packet does not count for the start and end of the capture.
   */
  seconds: number;
  nanoseconds: number;
  /** The captured bytes are `bytes[start, end)`. Valid during the call only. */
  bytes: Uint8Array;
  start: number;
  end: number;
  /** Bytes the packet had on the wire; more than `end - start` if the snap length cut it. */
  wireLength: number;
  /** LINKTYPE_ value of the packet's interface (see LINK_TYPES). */
  linkType: number;
  /** Bytes of frame check sequence at the end of each packet, as the link-type field or if_fcslen says; 0 if unsaid. */
  fcsBytes: number;
  /** pcapng interface, counted over the whole file; 0 for pcap. */
  interfaceId: number;
  /** Where the packet's data starts in the (uncompressed) file. */
  fileOffset: FileOffset;
}

/** Kinds of secrets in a pcapng Decryption Secrets Block (draft-ietf-opsawg-pcapng, secrets type). */
export interface CaptureSecrets {
  readonly type: number;
  /** The block's data, copied. */
  readonly data: Uint8Array;
}

/** Receives what a capture holds, in file order. */
export interface CaptureSink {
  packet(packet: PacketView): void;
  secrets(secrets: CaptureSecrets): void;
  /** A name resolution record. */
  name(ip: string, name: string): void;
  readonly note: NoteSink;
}

export type CaptureFormat = "pcap" | "pcapng";

/** Statistics of one pcapng interface, or of the one of a pcap. */
export interface CaptureInterface {
  readonly linkType: number;
  readonly snapLength: number;
  readonly name: string | null;
  /** Packets the capturing program says it dropped (Interface Statistics Block); null where it does not say. */
  readonly dropped: number | null;
}

/** What is known of the capture as a whole once it was read. */
export interface CaptureSummary {
  readonly format: CaptureFormat;
  readonly packets: number;
  /** Bytes of the uncompressed file that were read. */
  readonly bytes: number;
  readonly interfaces: readonly CaptureInterface[];
  /** Sections of a pcapng; 1 for a pcap. */
  readonly sections: number;
  /** Byte order of the file's own fields; mixed where sections differ. */
  readonly byteOrder: "little" | "big" | "mixed";
  /** Earliest and latest time stamp; null without packets. */
  readonly start: Nanos | null;
  readonly end: Nanos | null;
  /** Packets with fewer bytes captured than were on the wire. */
  readonly truncatedPackets: number;
  /** The file ends in the middle of a packet or block. */
  readonly cutShort: boolean;
  /** Where and why reading ended before the end of the file; null if all of it was read. */
  readonly stopped: { readonly frame: FrameNo; readonly at: FileOffset; readonly why: string } | null;
}

/** The file is not a capture that can be read: what it seems to be, and how to make it one. */
export interface NotACapture {
  readonly kind: "not-a-capture";
  /** For a sentence: "an ETL trace of Windows". */
  readonly seemsToBe: string;
  /** What to do, or null. */
  readonly advice: string | null;
}

/** Reads an uncompressed capture that is pushed in pieces of any size. */
export interface CaptureReader {
  /** Takes `bytes[start, end)`; they are not kept. After `not-a-capture` was found further pushes are ignored. */
  push(bytes: Uint8Array, start: number, end: number): void;
  /** No more bytes will come. */
  end(): CaptureSummary | NotACapture;
  /** Set once the first bytes showed that this is no capture: reading more is in vain. */
  readonly failed: NotACapture | null;
}
