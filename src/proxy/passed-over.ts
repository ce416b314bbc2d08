// What the connections carry that nobody follows: where there is no proxy, an expert sees from it where the capture was made.
import type { Endpoint, FrameNo } from "../bytes/index.ts";
import { looksLikeRequest, requestForm, statusAt } from "../http/index.ts";
import { ipv4Text, ipv6Text } from "../pcap-parser/index.ts";
import type { FirstPayload } from "../tcp/index.ts";
import { isClientHello, isSocks } from "./detect.ts";
import type { KnownProxies } from "./known-proxies.ts";

/** `proxy`: a request to a proxy that the options do not name. `tls`, `http`: to a server itself. `answered-in-clear`: of `tls`, what HTTP answered. */
export type Carried = "proxy" | "socks" | "tls" | "http" | "answered-in-clear";

/** Connections of one kind. */
export interface CarriedFact {
  readonly carried: Carried;
  readonly count: number;
  /** Of the first one: where it leads, and the frame with its first payload, or with the answer to it. */
  readonly server: Endpoint;
  readonly frame: FrameNo;
}

/** Counts them as long as no proxy is known; of each kind the first is kept. */
export class PassedOver {
  readonly #facts = new Map<Carried, { -readonly [key in keyof CarriedFact]: CarriedFact[key] }>();

  /** A connection is not followed that begins with this; whether what answers it is worth a look. */
  look(peek: FirstPayload, known: KnownProxies): boolean {
    if (peek.senderIsInitiator === false) return false;
    // It may lead to a further proxy, whose clients have not said so yet.
    if (!isCounted(known)) return isClientHello(peek.bytes, peek.start, peek.end);
    const carried = carriedBy(peek.bytes, peek.start, peek.end, known);
    if (carried !== null && !this.#counts(carried))
      this.#facts.set(carried, { carried, count: 1, server: endpointOf(peek, "destination"), frame: peek.frame });
    return carried === "tls";
  }

  /** The same, of a client's bytes that came in pieces, up to `frame`. */
  lookAt(bytes: Uint8Array, server: Endpoint, frame: FrameNo, known: KnownProxies): void {
    if (!isCounted(known)) return;
    const carried = carriedBy(bytes, 0, bytes.length, known);
    if (carried !== null && !this.#counts(carried)) this.#facts.set(carried, { carried, count: 1, server, frame });
  }

  /** This answers what began with TLS. */
  lookAtAnswer(peek: FirstPayload, known: KnownProxies): void {
    if (statusAt(peek.bytes, peek.start, peek.end) === null) return;
    const server = endpointOf(peek, "source");
    known.mayBeOne(server);
    if (!isCounted(known) || this.#counts("answered-in-clear")) return;
    this.#facts.set("answered-in-clear", { carried: "answered-in-clear", count: 1, server, frame: peek.frame });
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

/** Where a proxy was found it is its connections that are told of. */
function isCounted({ fixed, empty }: KnownProxies): boolean {
  return fixed || empty;
}

function endpointOf(peek: FirstPayload, end: "source" | "destination"): Endpoint {
  const ip = peek.addressLength === 4 ? ipv4Text : ipv6Text;
  const port = end === "source" ? peek.sourcePort : peek.destinationPort;
  return { ip: ip(peek.addressBytes, peek[end]), port };
}

function carriedBy(bytes: Uint8Array, start: number, end: number, { fixed }: KnownProxies): Carried | null {
  if (isClientHello(bytes, start, end)) return "tls";
  if (looksLikeRequest(bytes, start, end) !== "yes") return isSocks(bytes, start, end) ? "socks" : null;
  const form = requestForm(bytes, start, end);
  return fixed && (form === "connect" || form === "absolute") ? "proxy" : "http";
}
