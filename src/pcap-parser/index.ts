// The capture room: chunks of a pcap or pcapng in, packets, secrets and names out.
export { createCaptureReader } from "./capture-reader.ts";
export { type Compression, DETECT_BYTES, detectCompression, isCapture } from "./detect.ts";
export { emptyPacket } from "./empty-packet.ts";
export { ipv4Text, ipv4TextOf, ipv6Text, unmapped } from "./ip-text.ts";
export { LINK_TYPES, linkTypeName } from "./link-types.ts";
export type * from "./types.ts";
