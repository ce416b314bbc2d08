// Two recordings as one capture point would have recorded them beside each other: other hosts, other proxies, the same minutes.
import { readFileSync } from "node:fs";
import { type PacketRow, pcapFile } from "./capture-file.ts";

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const RAW_IP = 101;
const ETHERNET_HEADER = 14;
const VLAN = 0x8100;
const VLAN_TAG = 4;
/** Bytes in front of the IP header, by link type: Ethernet, Linux cooked in both versions. */
const IN_FRONT: ReadonlyMap<number, number> = new Map([
  [1, ETHERNET_HEADER],
  [113, 16],
  [276, 20],
]);

interface IpPacket {
  readonly data: Uint8Array;
  readonly micros: number;
  readonly wireLength: number;
}

/** The IPv4 packets of a recording; null where its format or link type is another one than those above. */
export function ipv4Packets(path: string): readonly IpPacket[] | null {
  const file = Uint8Array.from(readFileSync(path));
  const view = new DataView(file.buffer);
  const magic = view.getUint32(0, true);
  const front = IN_FRONT.get(view.getUint32(20, true));
  if ((magic !== MICROSECONDS && magic !== NANOSECONDS) || front === undefined) return null;
  const packets: IpPacket[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const [captured, wire] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
    const fraction = view.getUint32(at + 4, true) / (magic === NANOSECONDS ? 1_000 : 1);
    const tag = front === ETHERNET_HEADER && view.getUint16(at + 16 + front - 2) === VLAN ? VLAN_TAG : 0;
    const data = file.slice(at + 16 + front + tag, at + 16 + captured);
    const micros = view.getUint32(at, true) * 1e6 + Math.floor(fraction);
    if (data.length >= 20 && data[0]! >> 4 === 4) packets.push({ data, micros, wireLength: wire - front - tag });
    at += 16 + captured;
  }
  return packets;
}

/** The second octet of the recordings' network 10.44.0.0/16, and of that in which those of `other` stand. */
const NETWORK = 44;
export const OTHER_NETWORK = 144;

/**
 * One capture of both, where `other` begins so many microseconds behind the beginning of `one`. Its hosts stand in a network of their
 * own; or, of those that are named, only `clients` have other addresses, and the rest is the same.
 */
export function beside(
  one: readonly IpPacket[],
  other: readonly IpPacket[],
  offset: number,
  clients: ReadonlySet<string> | null = null,
): Uint8Array {
  const shift = offset + (one[0]?.micros ?? 0) - (other[0]?.micros ?? 0);
  const moved = other.map(({ data, micros, wireLength }) => ({
    data: elsewhere(data, clients),
    micros: micros + shift,
    wireLength,
  }));
  const rows = [...one, ...moved].sort((a, b) => a.micros - b.micros);
  return pcapFile(
    rows.map(
      ({ data, micros, wireLength }): PacketRow => ({
        data,
        seconds: Math.floor(micros / 1e6),
        fraction: micros % 1e6,
        wireLength,
      }),
    ),
    { linkType: RAW_IP },
  );
}

/** The address of a client that stands beside one: it is moved within its network. */
export const besideAddress = (ip: string): string => ip.replace(/\d+$/, (last) => String(MOST - Number(last)));
const MOST = 199;

function elsewhere(packet: Uint8Array, clients: ReadonlySet<string> | null): Uint8Array {
  const copy = Uint8Array.from(packet);
  for (const at of [12, 16]) {
    if (clients === null && copy[at] === 10 && copy[at + 1] === NETWORK) copy[at + 1] = OTHER_NETWORK;
    if (clients?.has(copy.subarray(at, at + 4).join(".")) === true) copy[at + 3] = MOST - copy[at + 3]!;
  }
  return copy;
}
