// Who is the client and who the proxy of a connection, and what told that it is one to a proxy.
import type { Endpoint, Side } from "../bytes/index.ts";
import { looksLikeRequest, looksLikeResponse, parseTarget, type RequestHead } from "../http/index.ts";
import type { TcpConnection } from "../tcp/index.ts";
import type { ProxyContext } from "./context.ts";
import { isClientHello, isInsideTunnel } from "./detect.ts";
import type { DetectedBy } from "./known-proxies.ts";
import type { GapFact } from "./types.ts";

/** The roles of one connection; settled with the SYN, a proxy that is known, or the first bytes that tell. */
export class Roles {
  /** null: not known yet. */
  client: Side | null;
  detectedBy: DetectedBy | null = null;
  readonly #connection: TcpConnection;
  readonly #context: ProxyContext;

  constructor(connection: TcpConnection, context: ProxyContext) {
    this.#connection = connection;
    this.#context = context;
    this.client = clientSideOf(connection, context);
  }

  get proxy(): Side {
    return this.client === 0 ? 1 : 0;
  }

  /** Settles the roles by the first bytes of `side`, if they are open; false: these bytes are not HTTP. */
  settle(side: Side, bytes: Uint8Array, start: number, end: number): boolean {
    if (this.client !== null) return true;
    if (looksLikeResponse(bytes, start, end) !== "no") this.client = side === 0 ? 1 : 0;
    else if (looksLikeRequest(bytes, start, end) !== "no") this.client = side;
    else return false;
    return true;
  }

  /** Whether this is a connection to a proxy, as far as is known by now. */
  get toProxy(): boolean {
    return this.detectedBy !== null || this.#context.known.has(this.#endpoint()) !== null;
  }

  /** What told in the end that this is a connection to a proxy; null where nothing did. Without its request a later connection may. */
  found(): DetectedBy | null {
    if (this.detectedBy !== null || !this.requestsUnseen()) return this.detectedBy;
    if (!this.isKnown()) this.#context.known.mayBeOne(this.#endpoint());
    return this.detectedBy;
  }

  /** Whether the other end is known as a proxy already; then it is taken for one here. */
  isKnown(): boolean {
    const known = this.#context.known.has(this.#endpoint());
    this.detectedBy ??= known;
    return known !== null;
  }

  /** Takes the other end for a proxy; false if the options name others, and only those count. */
  learn(by: DetectedBy): boolean {
    if (by === "connect" && this.detectedBy === by) return true;
    const known = this.#context.known.has(this.#endpoint());
    if (this.#context.known.fixed && known === null) return false;
    this.detectedBy = known === "option" ? known : this.detectedBy === "connect" ? "connect" : by;
    this.#context.known.learn(this.#endpoint(), by);
    return true;
  }

  /** Notes where the proxy goes next: connections that lead there may be its own. */
  askFor(head: RequestHead): void {
    const host = head.method === "CONNECT" ? parseTarget(head.target).host : parseTarget(head.host ?? "").host;
    const client = this.#connection.endpoints[this.proxy === 0 ? 1 : 0].ip;
    if (host !== "") this.#context.known.asked.add(host, client, this.#context.now());
  }

  /** Whether the client may have asked what the capture does not show. */
  requestsUnseen(): boolean {
    const client = this.#connection.directions[this.client ?? 0];
    return client.bytes === 0 || client.gaps > 0 || this.#connection.initiator === null;
  }

  /** Whether these bytes are of a tunnel that nobody was seen to ask for. `isFirst`: nothing else was asked. */
  isMidTunnel(bytes: Uint8Array, start: number, end: number, isFirst: boolean, gaps: readonly GapFact[]): boolean {
    if (this.#connection.initiator === null && isFirst) return isInsideTunnel(bytes, start, end, this.toProxy);
    return gaps.some(({ from }) => from === "client") && this.toProxy && isClientHello(bytes, start, end);
  }

  /** Whether all that the client said so far is in the capture. */
  requestsWhole(): boolean {
    const client = this.#connection.directions[this.client ?? 0];
    return this.#connection.initiator !== null && client.gaps === 0;
  }

  #endpoint(): Endpoint {
    return this.#connection.endpoints[this.proxy];
  }
}

function clientSideOf(connection: TcpConnection, context: ProxyContext): Side | null {
  if (connection.initiator !== null) return connection.initiator;
  const [first, second] = connection.endpoints;
  const firstIsProxy = context.known.has(first) !== null;
  if (firstIsProxy !== (context.known.has(second) !== null)) return firstIsProxy ? 1 : 0;
  return null;
}
