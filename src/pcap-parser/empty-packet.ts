// A packet view before its first packet.
import type { PacketView } from "./types.ts";

/** Makes the view that is overwritten for every packet. */
export function emptyPacket(): PacketView {
  return {
    frame: 0,
    seconds: 0,
    nanoseconds: 0,
    bytes: new Uint8Array(0),
    start: 0,
    end: 0,
    wireLength: 0,
    linkType: 0,
    fcsBytes: 0,
    interfaceId: 0,
    fileOffset: 0,
  };
}
