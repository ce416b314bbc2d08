// What the two capture formats have in common towards the reader that cuts the file into chunks.
import type { FileOffset } from "../bytes/index.ts";
import type { CaptureFormat, CaptureInterface, CaptureSummary, NotACapture } from "./types.ts";

/**
 * Captured bytes of one packet that are handed on. libpcap's MAXIMUM_SNAPLEN and Wireshark's limit for all link types but
 * D-Bus, USBPcap and EBHSCR, none of which carries IP; of longer packets of those the rest is passed over.
 */
export const MAX_PACKET_BYTES = 262_144;

/** Longest packet of D-Bus (its specification: 128 MiB) and USBPcap. A record that claims more is damaged. */
export const MAX_RECORD_BYTES = 128 * 1024 * 1024;

/** Walks the records of one format. Records lie whole in what it is given, or it says how much it needs. */
export interface Walker {
  readonly format: CaptureFormat;
  /**
   * Takes whole records from `bytes[start, end)` and returns the index behind the last one. If that is before `end`, then
   * either `skip` is set, or `need` is more than what is left, or the tally has stopped, or `refused` is set.
   *
   * @param view a DataView with the same bounds as `bytes`
   * @param base offset in the file of `bytes[0]`; negative if that lies before the file's start
   */
  walk(bytes: Uint8Array, view: DataView, start: number, end: number, base: FileOffset): number;
  /** Bytes from the returned index on that have to be there together for the next step. */
  readonly need: number;
  /** Bytes from the returned index on that nobody wants; the reader sets it to 0 when it passed over them. */
  skip: number;
  /** The file header showed that this cannot be read at all. */
  readonly refused: NotACapture | null;
  /** Delivers what was held back, at the end of the file. */
  finish(): void;
  /** Whether the file header was whole: before that nothing can be said of the capture. */
  readonly opened: boolean;
  readonly interfaces: readonly CaptureInterface[];
  readonly sections: number;
  readonly byteOrder: CaptureSummary["byteOrder"];
}
