// UDP (RFC 768), for the tunnels that it carries: mirrored and tunnelled traffic comes so.
import { type Cursor, has, narrow, STEP, type Step, short, u16 } from "./cursor.ts";

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

/** The header; the lower port decides if both are of tunnels, as in Wireshark. */
export function udp(c: Cursor): Step {
  if (!has(c, PORTS)) return short(c, PORTS);
  const source = u16(c, 0);
  const destination = u16(c, 2);
  const low = ROW_OF_PORT[Math.min(source, destination)]!;
  const row = low !== 0 ? low : ROW_OF_PORT[Math.max(source, destination)]!;
  if (row === 0) return STEP.nothing;
  if (!has(c, HEADER)) return short(c, HEADER);
  const length = u16(c, 4);
  // 0: a jumbo payload (RFC 2675 §4), or segmentation offload.
  if (length >= HEADER) narrow(c, length);
  else if (length !== 0) return STEP.malformed;
  c.at += HEADER;
  return TUNNEL_PORTS[row - 1]!.layer;
}
