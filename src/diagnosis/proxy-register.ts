// What is known of each proxy over all its connections: how it was found, its product, whether it intercepts.
import { gather } from "../bytes/index.ts";
import type { Timeline } from "../proxy/index.ts";
import { proxyKey } from "./client.ts";
import type { JudgedConnection, ProxyFacts } from "./facts.ts";
import { issuerProduct, type MarkFound, marksOf, type Product } from "./products/index.ts";
import type { Certainty } from "./types.ts";

/** Proxies told apart; a scan with CONNECTs makes as many as it likes. */
const MAX_PROXIES = 1_000;
/** A proxy that did not sign so many of its answers does not sign them at all. */
const MAX_LOOKED = 500;
/** Pieces of evidence kept for one product of a proxy, and products: of proxies in a row the nearest passes on what the others say. */
const MAX_EVIDENCE = 4;
const MAX_PRODUCTS = 4;

/** Of a tunnel that a further proxy carries as well. */
const UNREAD = { state: "no" } as const;

const RANK: Readonly<Record<Certainty, number>> = { certain: 3, likely: 2, possible: 1 };

interface Entry {
  readonly ip: string;
  readonly port: number;
  detectedBy: Timeline["detectedBy"];
  connections: number;
  readonly marks: { mark: MarkFound; frame: number }[];
  intercepts: ProxyFacts["intercepts"];
  /** Connections whose answers were looked at for marks. */
  looked: number;
}

/** Learns of every proxy, by address and port, from all connections, also from those that are not kept. */
export class ProxyRegister {
  readonly #entries = new Map<string, Entry>();
  /** The entry of the last connection: nearly always that of the next one, too. */
  #last: Entry | null = null;

  add(timeline: Timeline): void {
    const { ip, port } = timeline.proxy;
    let entry = this.#last;
    if (entry === null || entry.ip !== ip || entry.port !== port) entry = this.#entryOf(timeline);
    if (entry === null) return;
    this.#last = entry;
    entry.connections++;
    if (timeline.detectedBy === "connect" && entry.detectedBy === "absolute-form") entry.detectedBy = "connect";
    learn(entry, timeline);
  }

  /** The entry of a connection's proxy; null where there is no room for another one. */
  #entryOf(timeline: Timeline): Entry | null {
    const key = proxyKey(timeline);
    const { proxy, detectedBy } = timeline;
    const { ip, port } = proxy;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= MAX_PROXIES) return null;
      entry = {
        ip,
        port,
        detectedBy,
        connections: 0,
        marks: [],
        intercepts: "unknown",
        looked: 0,
      };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Whether answers of the connection's proxy itself, or certificates that it made, bear marks of `product`. */
  isKnownAs(timeline: Timeline, product: Product): boolean {
    return this.#entries.get(proxyKey(timeline))?.marks.some(({ mark }) => mark.product === product) === true;
  }

  /** `connections`: those that were judged, for what they say of interception. */
  finish(connections: readonly JudgedConnection[]): readonly ProxyFacts[] {
    const askers = askersOf(connections, this.#entries);
    // Whose certificates a further proxy makes does not read inside by that.
    for (const { timeline, goesOnTo } of connections) {
      const entry = goesOnTo === null ? undefined : this.#entries.get(proxyKey(timeline));
      if (entry !== undefined) entry.intercepts = "unknown";
    }
    for (const { timeline, interception: told, goesOnTo } of connections) {
      const entry = this.#entries.get(proxyKey(timeline));
      const interception = goesOnTo === null ? told : UNREAD;
      // A proxy that intercepts some sites and passes others through intercepts.
      if (entry === undefined || interception.state === "unknown" || entry.intercepts === "yes") continue;
      entry.intercepts = interception.state;
    }
    return [...this.#entries.values()].map(({ ip, port, detectedBy, connections, marks, intercepts }) => {
      const product = productOf(ownMarks(ip, marks, askers));
      return { ip, port, detectedBy, connections, product, intercepts };
    });
  }
}

type FoundMark = Entry["marks"][number];

/** Further proxies by the address that asked them. */
function askersOf(
  connections: readonly JudgedConnection[],
  entries: ReadonlyMap<string, Entry>,
): ReadonlyMap<string, ReadonlySet<Entry>> {
  const askers = new Map<string, Set<Entry>>();
  if (entries.size < 2) return askers;
  const add = (asker: string, asked: Entry | undefined): void => {
    if (asked === undefined) return;
    const known = askers.get(asker);
    if (known === undefined) askers.set(asker, new Set([asked]));
    else known.add(asked);
  };
  for (const { timeline, goesOnTo } of connections) {
    add(timeline.client.ip, entries.get(proxyKey(timeline)));
    if (goesOnTo !== null) add(timeline.proxy.ip, entries.get(proxyKey(goesOnTo)));
  }
  return askers;
}

/**
 * Without those of a product that a further proxy, which this one asked, shows all of as well: it passes them on. Of two of a kind
 * in a row the nearer one has marks of its own, with its own name in them.
 */
function ownMarks(
  ip: string,
  marks: readonly FoundMark[],
  askers: ReadonlyMap<string, ReadonlySet<Entry>>,
): readonly FoundMark[] {
  const further = [...(askers.get(ip) ?? [])].filter((other) => other.marks !== marks);
  if (further.length === 0) return marks;
  const isFurther = ({ mark }: FoundMark): boolean =>
    further.some((other) => other.marks.some((one) => one.mark.text === mark.text));
  const own = new Set(marks.filter((one) => !isFurther(one)).map(({ mark }) => mark.product));
  return marks.filter(({ mark }) => own.has(mark.product));
}

/** The best marks tell the product; where two have equally good ones, one stands behind the other, and both are named. */
function productOf(marks: readonly FoundMark[]): ProxyFacts["product"] {
  const rank = Math.max(...marks.map(({ mark }) => RANK[mark.certainty]));
  const best = marks.filter(({ mark }) => RANK[mark.certainty] === rank).sort((a, b) => a.mark.place - b.mark.place);
  const [first] = best;
  if (first === undefined) return null;
  const products = new Set(best.map(({ mark }) => mark.product));
  return {
    name: [...products].map(({ name }) => name).join(" and "),
    certainty: first.mark.certainty,
    evidence: marks
      .filter(({ mark }) => products.has(mark.product))
      .map(({ mark, frame }) => `${mark.text} (frame ${frame})`),
    asksInside: gather(products, ({ asksInside }) => (asksInside === undefined ? [] : [asksInside])),
  };
}

/** Only the proxy's own answers count: those to a CONNECT, and 407s. What it forwards is signed by others. */
function learn(entry: Entry, timeline: Timeline): void {
  if (entry.looked++ < MAX_LOOKED) {
    const answers = [
      ...timeline.connects.map(({ response }) => response),
      ...timeline.forwards.map(({ response }) => (response?.status === 407 ? response : null)),
    ];
    for (const head of answers) {
      if (head === null) continue;
      for (const mark of marksOf(head, [])) {
        if (hasRoom(entry, mark)) entry.marks.push({ mark, frame: head.where.frame });
      }
    }
  }
  const leaf = timeline.tunnel?.tls?.certificates[0];
  const issuer = leaf === undefined ? null : issuerProduct(leaf.issuer);
  if (issuer !== null) {
    entry.intercepts = "yes";
    const frame = timeline.tunnel?.tls?.certificateWhere?.frame ?? timeline.firstFrame;
    if (hasRoom(entry, issuer)) entry.marks.push({ mark: issuer, frame });
  }
}

/** Whether a mark is new, and there are not many of its product, nor of others. */
function hasRoom({ marks }: Entry, { text, product }: MarkFound): boolean {
  if (marks.length >= MAX_EVIDENCE * MAX_PRODUCTS || marks.some(({ mark }) => mark.text === text)) return false;
  return marks.filter(({ mark }) => mark.product === product).length < MAX_EVIDENCE;
}
