// The rare blocks of pcapng: interfaces, statistics, names, secrets. draft-ietf-opsawg-pcapng §4.2, §4.5, §4.6, §4.7.
import { latin1, type Reader } from "../bytes/index.ts";
import { ipv4Text, ipv6Text } from "./ip-text.ts";
import { i64, readOptions, skipPadding, u16, u32 } from "./options.ts";
import { type TimeUnit, timeUnit } from "./time.ts";
import type { CaptureInterface, CaptureSink } from "./types.ts";

/** Block types (draft-ietf-opsawg-pcapng §11.1). */
export const BLOCKS = {
  INTERFACE: 1,
  OLD_PACKET: 2,
  SIMPLE_PACKET: 3,
  NAMES: 4,
  STATISTICS: 5,
  ENHANCED_PACKET: 6,
  SECRETS: 0x0a,
  CUSTOM: 0x0000_0bad,
  CUSTOM_NO_COPY: 0x4000_0bad,
  SECTION: 0x0a0d_0d0a,
} as const;

const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_FCSLEN = 13;
const IF_TSOFFSET = 14;
const ISB_IFDROP = 5;
const ISB_OSDROP = 7;
const NRES_END = 0;
const NRES_IPV4 = 1;
const NRES_IPV6 = 2;

/** A name of a resolution record is cut here: the longest domain name is 253 characters (RFC 1035 §2.3.4). */
const MAX_NAME = 255;

/** An interface of the open section, as packets need it. */
export interface InterfaceState extends CaptureInterface {
  /** Number of the interface, counted over the whole file. */
  readonly id: number;
  readonly fcsBytes: number;
  readonly unit: TimeUnit;
  dropped: number | null;
}

/** Interface Description Block, §4.2. `r` stands behind the block's length. */
export function readInterface(r: Reader, little: boolean, id: number): InterfaceState {
  const linkType = u16(r, little);
  r.skip(2);
  const snapLength = u32(r, little);
  let name: string | null = null;
  let fcsBytes = 0;
  let resolution: number | undefined;
  let offsetSeconds = 0;
  readOptions(r, little, (code, value) => {
    if (code === IF_NAME) name = zeroTerminated(value);
    else if (code === IF_TSRESOL && value.more) resolution = value.u8();
    else if (code === IF_TSOFFSET && value.remaining >= 8) offsetSeconds = Number(i64(value, little));
    else if (code === IF_FCSLEN && value.more) fcsBytes = fcsLength(value.u8());
  });
  return { id, linkType, snapLength, name, fcsBytes, unit: timeUnit(resolution, offsetSeconds), dropped: null };
}

/** The draft says bits and gives 4 as its example, so writers mean bytes below 8: no FCS has fewer than 8 bits. */
function fcsLength(value: number): number {
  return value < 8 ? value : value >> 3;
}

/** Interface Statistics Block, §4.6; the last one of an interface counts. */
export function readStatistics(r: Reader, little: boolean, interfaces: readonly InterfaceState[]): void {
  const id = u32(r, little);
  r.skip(8);
  let dropped: number | null = null;
  readOptions(r, little, (code, value) => {
    if ((code === ISB_IFDROP || code === ISB_OSDROP) && value.remaining >= 8) {
      dropped = (dropped ?? 0) + Number(BigInt.asUintN(64, i64(value, little)));
    }
  });
  const described = interfaces[id];
  if (described !== undefined && dropped !== null) described.dropped = dropped;
}

/** Name Resolution Block, §4.5. */
export function readNames(r: Reader, little: boolean, sink: CaptureSink): void {
  while (r.remaining >= 4) {
    const type = u16(r, little);
    const length = u16(r, little);
    if (type === NRES_END) return;
    const record = r.sub(length);
    if (r.failed !== null) return;
    const addressLength = type === NRES_IPV4 ? 4 : type === NRES_IPV6 ? 16 : 0;
    if (addressLength > 0 && record.remaining > addressLength) {
      const address = record.view(addressLength);
      const ip = type === NRES_IPV4 ? ipv4Text(address) : ipv6Text(address);
      while (record.more) {
        const name = zeroTerminated(record);
        if (name !== "") sink.name(ip, name);
      }
    }
    skipPadding(r, length);
  }
}

/** Decryption Secrets Block, §4.7. */
export function readSecrets(r: Reader, little: boolean, sink: CaptureSink): void {
  const type = u32(r, little);
  const length = u32(r, little);
  const data = r.view(length);
  // Not slice(): if the chunk is a Buffer of Node, so is the view, and Buffer.slice does not copy.
  if (r.failed === null) sink.secrets({ type, data: new Uint8Array(data) });
}

/** Text up to a zero byte or the end; the reader stands behind the zero. */
function zeroTerminated(r: Reader): string {
  const rest = r.view(r.remaining);
  const zero = rest.indexOf(0);
  const length = zero < 0 ? rest.length : zero;
  if (zero >= 0) r.position -= rest.length - zero - 1;
  return latin1(rest, 0, Math.min(length, MAX_NAME));
}
