// What the connections carry that nobody follows: where there is no proxy, an expert sees from it where the capture was made.
import type { Endpoint, FrameNo } from "../bytes/index.ts";
import { looksLikeRequest, requestForm } from "../http/index.ts";
import { ipv4Text, ipv6Text } from "../pcap-parser/index.ts";
import type { FirstPayload } from "../tcp/index.ts";
import { isClientHello, isSocks } from "./detect.ts";
import type { KnownProxies } from "./known-proxies.ts";

/** `proxy`: a request to a proxy that the options do not name. `tls`, `http`: to a server itself. */
export type Carried = "proxy" | "socks" | "tls" | "http";

/** Connections of one kind. */
export interface CarriedFact {
  readonly carried: Carried;
  readonly count: number;
  /** Of the first one: where it leads, and the frame with its first payload. */
  readonly server: Endpoint;
  readonly frame: FrameNo;
}

/** Counts them as long as no proxy is known; of each kind the first is kept. */
export class PassedOver {
  readonly #facts = new Map<Carried, { -readonly [key in keyof CarriedFact]: CarriedFact[key] }>();

  /** A connection is not followed that begins with this. */
  look(peek: FirstPayload, known: KnownProxies): void {
    if (peek.senderIsInitiator === false || !(known.fixed || known.empty)) return;
    const carried = carriedBy(peek.bytes, peek.start, peek.end, known);
    if (carried === null || this.#counts(carried)) return;
    const ip = peek.addressLength === 4 ? ipv4Text : ipv6Text;
    const server = { ip: ip(peek.addressBytes, peek.destination), port: peek.destinationPort };
    this.#facts.set(carried, { carried, count: 1, server, frame: peek.frame });
  }

  /** The same, of a client's bytes that came in pieces, up to `frame`. */
  lookAt(bytes: Uint8Array, server: Endpoint, frame: FrameNo, known: KnownProxies): void {
    if (!(known.fixed || known.empty)) return;
    const carried = carriedBy(bytes, 0, bytes.length, known);
    if (carried !== null && !this.#counts(carried)) this.#facts.set(carried, { carried, count: 1, server, frame });
  }

  #counts(carried: Carried): boolean {
    const fact = this.#facts.get(carried);
    if (fact !== undefined) fact.count++;
    return fact !== undefined;
  }

  /** What was met, in order of frames. */
  facts(): readonly CarriedFact[] {
    return [...this.#facts.values()];
  }
}

function carriedBy(bytes: Uint8Array, start: number, end: number, { fixed }: KnownProxies): Carried | null {
  if (isClientHello(bytes, start, end)) return "tls";
  if (looksLikeRequest(bytes, start, end) !== "yes") return isSocks(bytes, start, end) ? "socks" : null;
  const form = requestForm(bytes, start, end);
  return fixed && (form === "connect" || form === "absolute") ? "proxy" : "http";
}
