// UDP (RFC 768), for the tunnels that it carries: mirrored and tunnelled traffic comes so. And for QUIC, which passes by proxies.
import { type Cursor, has, narrow, STEP, type Step, short, u8, u16, u32 } from "./cursor.ts";

/** A port on which a tunnel is looked for. Wireshark 4.0 does the same by default, but for 8472. */
interface TunnelPort {
  readonly port: number;
  readonly layer: Step;
  readonly ref: string;
}

const TUNNEL_PORTS: readonly TunnelPort[] = [
  { port: 1701, layer: STEP.l2tp, ref: "RFC 2661 §8.1" },
  { port: 2152, layer: STEP.gtp, ref: "3GPP TS 29.281 §4.4.2" },
  { port: 3544, layer: STEP.teredo, ref: "RFC 4380 §2.7" },
  { port: 4341, layer: STEP.lisp, ref: "RFC 9300 §5.1" },
  { port: 4754, layer: STEP.gre, ref: "RFC 8086 §8.1" },
  { port: 4789, layer: STEP.vxlan, ref: "RFC 7348 §5" },
  { port: 4790, layer: STEP.vxlanGpe, ref: "draft-ietf-nvo3-vxlan-gpe §3" },
  { port: 5072, layer: STEP.ayiya, ref: "draft-massar-v6ops-ayiya §7" },
  { port: 5247, layer: STEP.capwap, ref: "RFC 5415 §14" },
  { port: 6081, layer: STEP.geneve, ref: "RFC 8926 §3.3" },
  { port: 6635, layer: STEP.mpls, ref: "RFC 7510 §3" },
  { port: 8472, layer: STEP.vxlan, ref: "linux/drivers/net/vxlan: the default, and flannel's" },
  { port: 37008, layer: STEP.tzsp, ref: "TaZmen Sniffer Protocol, 0x9090" },
];

/** 0, or one more than the row: the quick way asks for every UDP packet. */
const ROW_OF_PORT = new Uint8Array(65_536);
for (const [row, { port }] of TUNNEL_PORTS.entries()) ROW_OF_PORT[port] = row + 1;

/** Whether UDP between these ports is looked into. */
export function isTunnelPort(source: number, destination: number): boolean {
  return (ROW_OF_PORT[source]! | ROW_OF_PORT[destination]!) !== 0;
}

const HEADER = 8;
const PORTS = 4;
/** HTTP/3 (RFC 9114 §3.1). */
const QUIC_PORT = 443;
/** RFC 9000 §17.2: a long header. Nearly all packets of a connection have a short one. */
const LONG_HEADER = 0xc0;
/** Of a long header the type of an Initial packet, by version (RFC 9000 §17.2.2; RFC 9369 §3.2). */
const QUIC_VERSIONS: readonly { readonly version: number; readonly initial: number }[] = [
  { version: 0x00000001, initial: 0xc0 },
  { version: 0x6b3343cf, initial: 0xd0 },
];
const TYPE_BITS = 0xf0;

/** Whether UDP to this port, whose payload begins with `first`, may begin a QUIC connection. */
export function mayBeginQuic(destination: number, first: number): boolean {
  return destination === QUIC_PORT && first >= LONG_HEADER;
}

/** At the payload of UDP to port 443: whether it begins a QUIC connection. */
function beginsQuic(c: Cursor): boolean {
  if (!has(c, HEADER + 5)) return false;
  const type = u8(c, HEADER) & TYPE_BITS;
  const version = u32(c, HEADER + 1);
  return QUIC_VERSIONS.some((known) => known.version === version && known.initial === type);
}

/** The header; the lower port decides if both are of tunnels, as in Wireshark. */
export function udp(c: Cursor): Step {
  if (!has(c, PORTS)) return short(c, PORTS);
  const source = u16(c, 0);
  const destination = u16(c, 2);
  const low = ROW_OF_PORT[Math.min(source, destination)]!;
  const row = low !== 0 ? low : ROW_OF_PORT[Math.max(source, destination)]!;
  if (row === 0) return destination === QUIC_PORT && beginsQuic(c) ? STEP.quic : STEP.nothing;
  if (!has(c, HEADER)) return short(c, HEADER);
  const length = u16(c, 4);
  // 0: a jumbo payload (RFC 2675 §4), or segmentation offload.
  if (length >= HEADER) narrow(c, length);
  else if (length !== 0) return STEP.malformed;
  c.at += HEADER;
  return TUNNEL_PORTS[row - 1]!.layer;
}
