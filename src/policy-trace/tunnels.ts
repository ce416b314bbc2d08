// Groups the transactions of a trace into tunnels: same client, same host, order, time.
import type { Nanos } from "../bytes/index.ts";
import { type StageFacts, withTransaction } from "./stages.ts";
import type { LineNo, TraceNoteSink, TraceRequest, TraceTransaction } from "./types.ts";

/** Tunnels that may be open at once; a busy proxy's trace interleaves some hundred. */
const MAX_OPEN = 2_048;
/** Of one client and site: browsers open six, programs some more. The oldest is closed first, which is where it usually is in truth. */
const MAX_OPEN_PER_SITE = 32;
/** A tunnel that did not go on is left alone for newer ones of the same site after this time. */
const MAX_STAGE_DELAY_NS = 10n * 1_000_000_000n;
/** Nothing belongs to a tunnel on which nothing was traced for so long: an idle tunnel is closed long before. */
const MAX_IDLE_NS = 1_800n * 1_000_000_000n;

/** One tunnel as the trace shows it; a stage is null where the trace has no transaction of it. */
export interface TraceTunnel {
  /** As written, masked or not; null where the trace does not say. */
  readonly client: string | null;
  readonly clientPort: number | null;
  readonly proxyPort: number | null;
  readonly service: string | null;
  readonly host: string;
  readonly port: number | null;
  readonly start: Nanos | null;
  readonly firstLine: LineNo;
  readonly lastLine: LineNo;
  readonly stages: {
    readonly connect: StageFacts | null;
    readonly tls: StageFacts | null;
    readonly https: StageFacts | null;
  };
  /** Several tunnels were open to which a transaction of this one could belong. */
  readonly ambiguous: boolean;
}

interface OpenTunnel {
  client: string | null;
  clientPort: number | null;
  proxyPort: number | null;
  service: string | null;
  host: string;
  port: number | null;
  start: Nanos | null;
  firstLine: LineNo;
  lastLine: LineNo;
  lastTime: Nanos | null;
  connect: StageFacts | null;
  tls: StageFacts | null;
  https: StageFacts | null;
  ambiguous: boolean;
}

export interface TunnelSink {
  tunnel(tunnel: TraceTunnel): void;
  readonly note: TraceNoteSink;
}

type TunnelStage = "connect" | "tls" | "https";

/** Takes transactions in the order of the trace. */
export class TunnelGrouping {
  readonly #sink: TunnelSink;
  /** By client and host, oldest first. */
  readonly #open = new Map<string, OpenTunnel[]>();
  #count = 0;

  constructor(sink: TunnelSink) {
    this.#sink = sink;
  }

  add(transaction: TraceTransaction): void {
    const { request } = transaction;
    if (request === null || (request.stage !== "connect" && request.stage !== "tls" && request.stage !== "https"))
      return;
    const stage: TunnelStage = request.stage;
    const key = keyOf(transaction, request);
    const list = this.#openOf(key, transaction);
    const fitting = candidates(list, stage, transaction);
    if (fitting.length > 1 && transaction.connection?.clientPort == null && stage !== "connect") {
      this.#sink.note("trace-tunnel-ambiguous", transaction.firstLine);
      for (const tunnel of fitting) tunnel.ambiguous = true;
    }
    let tunnel = fitting[0];
    if (tunnel === undefined) {
      tunnel = openTunnel(transaction, request);
      list.push(tunnel);
      this.#count++;
      if (list.length > MAX_OPEN_PER_SITE) this.#close(list, list[0]!);
      this.#open.delete(key);
      this.#open.set(key, list);
    }
    tunnel[stage] = withTransaction(tunnel[stage], transaction);
    tunnel.lastLine = transaction.lastLine;
    tunnel.lastTime = transaction.time ?? tunnel.lastTime;
    if (this.#count > MAX_OPEN) this.#evict();
  }

  end(): void {
    const rest = [...this.#open.values()].flat().sort((a, b) => a.firstLine - b.firstLine);
    this.#open.clear();
    for (const tunnel of rest) this.#sink.tunnel(closed(tunnel));
  }

  /** The open tunnels of a key, those that are over left out. */
  #openOf(key: string, { time }: TraceTransaction): OpenTunnel[] {
    const list = this.#open.get(key) ?? [];
    if (time === null) return list;
    const over = list.filter(({ lastTime }) => lastTime !== null && time - lastTime > MAX_IDLE_NS);
    for (const tunnel of over) {
      this.#close(list, tunnel);
    }
    return list;
  }

  #close(list: OpenTunnel[], tunnel: OpenTunnel): void {
    list.splice(list.indexOf(tunnel), 1);
    this.#count--;
    this.#sink.tunnel(closed(tunnel));
  }

  #evict(): void {
    for (const [key, list] of this.#open) {
      this.#open.delete(key);
      for (const tunnel of list) {
        this.#count--;
        this.#sink.tunnel(closed(tunnel));
        this.#sink.note("trace-evicted", tunnel.lastLine);
      }
      if (this.#count <= MAX_OPEN / 2) return;
    }
  }
}

/** With a client's port, its connection is known, whatever names its stages have (an address at CONNECT, a name in TLS). */
function keyOf({ connection }: TraceTransaction, { host }: TraceRequest): string {
  const client = connection?.clientAddress?.toLowerCase() ?? "";
  const port = connection?.clientPort ?? null;
  return port === null ? `${client} ${host}` : `${client}:${port}`;
}

/** The open tunnels of which the transaction can be the next one, the likeliest first. */
function candidates(list: readonly OpenTunnel[], stage: TunnelStage, transaction: TraceTransaction): OpenTunnel[] {
  const fitting = list.filter((tunnel) => fits(tunnel, stage, transaction));
  const waiting = stage === "https" ? fitting.filter(({ https }) => https === null) : fitting;
  // All have had their first request: it is a further one, most likely of the newest.
  if (waiting.length === 0) return fitting.slice(-1);
  const newest = waiting.at(-1)?.start ?? null;
  return waiting.filter(({ start }) => newest === null || start === null || newest - start <= MAX_STAGE_DELAY_NS);
}

function fits(tunnel: OpenTunnel, stage: TunnelStage, transaction: TraceTransaction): boolean {
  const port = transaction.request?.port ?? null;
  if (port !== null && tunnel.port !== null && port !== tunnel.port) return false;
  switch (stage) {
    case "connect":
      // A CONNECT goes on where the one before was challenged.
      return tunnel.tls === null && tunnel.https === null && onlyChallenged(tunnel.connect);
    case "tls":
      return tunnel.tls === null && tunnel.https === null && !onlyChallenged(tunnel.connect);
    case "https":
      return !onlyChallenged(tunnel.connect);
  }
}

function onlyChallenged(connect: StageFacts | null): boolean {
  return connect !== null && connect.answers.length > 0 && connect.answers.every(({ client }) => client === 407);
}

function openTunnel({ connection, time, firstLine, lastLine }: TraceTransaction, request: TraceRequest): OpenTunnel {
  return {
    client: connection?.clientAddress ?? null,
    clientPort: connection?.clientPort ?? null,
    proxyPort: connection?.proxyPort ?? null,
    service: connection?.service ?? null,
    host: request.host,
    port: request.port,
    start: time,
    firstLine,
    lastLine,
    lastTime: time,
    connect: null,
    tls: null,
    https: null,
    ambiguous: false,
  };
}

function closed(tunnel: OpenTunnel): TraceTunnel {
  const { lastTime: _, connect, tls, https, ...rest } = tunnel;
  return { ...rest, stages: { connect, tls, https } };
}
