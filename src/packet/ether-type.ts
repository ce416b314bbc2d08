// What EtherTypes stand for (IANA ieee-802-numbers): layers that may lead to TCP, and tags with another EtherType behind them.
import { type Cursor, has, narrow, type Row, STEP, type Step, short, u16 } from "./cursor.ts";

/** Values below are a length, and LLC follows (IEEE 802.3 §3.2.6). */
const FIRST_ETHER_TYPE = 0x0600;

/** EtherTypes of IP and of the tags that the quick way through the decoder knows. */
export const ETHER_TYPE = { ipv4: 0x0800, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 } as const;

/** `skip` counts from behind the EtherType. */
const ETHER_TYPES: ReadonlyMap<number, Row> = new Map<number, Row>([
  [ETHER_TYPE.ipv4, { skip: 0, next: STEP.ipv4 }],
  [ETHER_TYPE.vlan, { skip: 2, next: STEP.etherType }], // IEEE 802.1Q
  [ETHER_TYPE.serviceVlan, { skip: 2, next: STEP.etherType }], // IEEE 802.1ad
  [0x9100, { skip: 2, next: STEP.etherType }], // QinQ before 802.1ad
  [0x9200, { skip: 2, next: STEP.etherType }],
  [0x893f, { skip: 6, next: STEP.etherType }], // IEEE 802.1BR E-TAG
  [0x8926, { skip: 4, next: STEP.etherType }], // Cisco VN-Tag
  [0x892f, { skip: 4, next: STEP.etherType }], // IEC 62439-3 HSR
  [0xf1c1, { skip: 4, next: STEP.etherType }], // IEEE 802.1CB R-TAG
  [0x8909, { skip: 6, next: STEP.etherType }], // Cisco MetaData
  [0x88e7, { skip: 4, next: STEP.ethernet }], // IEEE 802.1ah I-TAG: the customer's frame follows
  [0x8903, { skip: 2, next: STEP.ethernet }], // Cisco FabricPath: FTag and TTL, then the frame
  [0x6558, { skip: 0, next: STEP.ethernet }], // transparent Ethernet bridging (RFC 1701, RFC 7637)
  [ETHER_TYPE.ipv6, { skip: 0, next: STEP.ipv6 }],
  [0x8847, { skip: 0, next: STEP.mpls }], // RFC 5332
  [0x8848, { skip: 0, next: STEP.mpls }],
  [0x8864, { skip: 0, next: STEP.pppoe }], // RFC 2516, session stage
  [0x880b, { skip: 0, next: STEP.ppp }], // RFC 2637
]);

/** An EtherType, or a length with LLC behind it. */
export function etherType(c: Cursor): Step {
  if (!has(c, 2)) return short(c, 2);
  const type = u16(c, 0);
  c.at += 2;
  if (type >= FIRST_ETHER_TYPE) return byEtherType(c, type);
  narrow(c, type);
  return STEP.llc;
}

/** What stands at the cursor, behind the EtherType `type`. */
export function byEtherType(c: Cursor, type: number): Step {
  const row = ETHER_TYPES.get(type);
  if (row === undefined) return STEP.nothing;
  if (!has(c, row.skip)) return short(c, row.skip);
  c.at += row.skip;
  return row.next;
}

/** Whether the EtherType is one that is decoded. */
export function isKnownEtherType(type: number): boolean {
  return ETHER_TYPES.has(type);
}
