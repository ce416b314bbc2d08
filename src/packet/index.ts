// Packets in, TCP segments out: link, tunnel and IP layers undone.
export { createPacketDecoder } from "./decoder.ts";
export type * from "./types.ts";
