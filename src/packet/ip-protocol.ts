// What IP protocol numbers stand for (IANA protocol-numbers): layers that may lead to TCP.
import { behind, type Cursor, type Row, STEP, type Step } from "./cursor.ts";

/** Protocol numbers that the quick way through the decoder knows. */
export const IP_PROTOCOL = { tcp: 6, udp: 17 } as const;
/** The Next Header that a jumbo payload's option stands in. */
export const HOP_BY_HOP = 0;

/** Extension headers of IPv6 stand in the same table, RFC 8200 §4. */
const PROTOCOLS: ReadonlyMap<number, Row> = new Map<number, Row>([
  [HOP_BY_HOP, { skip: 0, next: STEP.ipv6Extension }],
  [1, { skip: 0, next: STEP.icmp }],
  [4, { skip: 0, next: STEP.rawIp }], // RFC 2003
  [IP_PROTOCOL.tcp, { skip: 0, next: STEP.tcp }],
  [IP_PROTOCOL.udp, { skip: 0, next: STEP.udp }],
  [41, { skip: 0, next: STEP.ipv6 }], // RFC 4213
  [43, { skip: 0, next: STEP.ipv6Routing }],
  [44, { skip: 0, next: STEP.ipv6Fragment }],
  [47, { skip: 0, next: STEP.gre }],
  [51, { skip: 0, next: STEP.ah }],
  [58, { skip: 0, next: STEP.icmpv6 }],
  [60, { skip: 0, next: STEP.ipv6Extension }], // destination options
  [94, { skip: 0, next: STEP.rawIp }], // IP-within-IP of KA9Q
  [97, { skip: 2, next: STEP.ethernet }], // EtherIP, RFC 3378
  [135, { skip: 0, next: STEP.ipv6Extension }], // mobility, RFC 6275
  [136, { skip: 0, next: STEP.udp }], // UDP-Lite, RFC 3828
  [137, { skip: 0, next: STEP.mpls }], // RFC 4023
  [139, { skip: 0, next: STEP.ipv6Extension }], // HIP, RFC 7401
  [140, { skip: 0, next: STEP.ipv6Extension }], // Shim6, RFC 5533
]);

/** What stands at the cursor, behind a header that names `protocol`. */
export function byIpProtocol(c: Cursor, protocol: number): Step {
  const row = PROTOCOLS.get(protocol);
  if (row === undefined) return STEP.nothing;
  return behind(c, row.skip, row.next);
}
