// The engine: one capture from its bytes to what was concluded of it. The one place where all rooms meet.
import { createKeyedHash, type Nanos, type Note, nanos } from "../bytes/index.ts";
import { Collector, type CollectorLimits, type Diagnosis, pageMarks, type Trust } from "../diagnosis/index.ts";
import { createPacketDecoder } from "../packet/index.ts";
import {
  type CaptureSink,
  type CaptureSummary,
  createCaptureReader,
  linkTypeName,
  type PacketView,
} from "../pcap-parser/index.ts";
import { createProxyTracker, KnownProxies, PassedOver, type ProxyContext } from "../proxy/index.ts";
import type { CaptureDescription, PolicyFacts } from "../report/index.ts";
import { createTcp } from "../tcp/index.ts";
import type { FileHole } from "./file-holes.ts";
import { type CaptureSource, pathOf, readCapture } from "./input.ts";
import { type CaptureFiles, isFiles, isRereadable, readFiles } from "./joined-files.ts";
import { keyLogsBeside } from "./key-logs-beside.ts";
import { type CaptureKeys, loadKeys } from "./keys.ts";
import { loadTrust } from "./node-trust.ts";
import { pageText } from "./page-text.ts";
import { holdPipes, isPipeFailure } from "./pipes.ts";
import { loadPolicyRecords, PolicyTold, unreadableRecords } from "./policy-records.ts";
import type { CheckFailure, CheckOptions, FileSource } from "./types.ts";
import { Warnings } from "./warnings.ts";

/** Enough for a table, which folds rows anyway; a report with more is asked for by option. */
const DEFAULT_MAX_CONNECTIONS = 2_000;

/**
 * For outputs that tell of every connection. 96 MiB are some 30,000 short tunnels in the clear or 13,000 with TLS: with what is concluded
 * of them, and what lies about before V8 collects it, twice as much.
 */
const MANY: CollectorLimits = { connections: 50_000, bytes: 96 * 1024 * 1024 };

/** As a check's, and what is kept where they do not say it. */
export interface ExamineOptions extends CheckOptions {
  /** All connections that there is room for. */
  readonly many?: boolean;
  /** Whether the steps of the record layer are kept, of which ladders are drawn. Default true. */
  readonly transitions?: boolean;
  /** A path has to be that of a file: what else stands there is not waited for. */
  readonly onlyFiles?: boolean;
}

/** Eight bytes that nobody outside can know: V8 seeds Math.random from the platform's source of entropy. */
function runKey(): Uint8Array {
  return Uint8Array.from({ length: 8 }, () => Math.floor(Math.random() * 256));
}

/** What was concluded of a capture, for whoever makes a report or a row of it. */
export interface Examined {
  readonly capture: CaptureDescription;
  readonly diagnosis: Diagnosis;
  /** What the proxy's own records say; null without any. */
  readonly policy: PolicyFacts | null;
}

/**
 * Examines one capture. Never rejects for what the source holds: a source that is no capture, or cannot be read, gives a
 * `CheckFailure`; damage inside a capture is told among its warnings. `keyLogs` gives those that lie beside the capture.
 */
export async function examine(
  source: CaptureSource | CaptureFiles,
  options: ExamineOptions = {},
  keyLogs: (capture: string | null) => readonly string[] = keyLogsBeside,
): Promise<Examined | CheckFailure> {
  const file = isFiles(source) ? (source.files[0] ?? "-") : pathOf(source);
  const path = options.name ?? file ?? "-";
  const rereadable = (): boolean => isRereadable(source);
  // Keys may be read twice, as their capture may.
  const held = options.held ?? (await holdPipes(shortFilesOf(options)));
  if (isPipeFailure(held)) return { kind: "failed", path: held.path, message: held.why, advice: null };
  const keys = loadKeys(
    keyLogs(file),
    { ...options, held },
    { verifyBodies: options.verifyBodies ?? true },
    rereadable,
    options.ciphers,
  );
  const unusable = (): CheckFailure | null =>
    keys.failure === null ? null : { kind: "failed", path: keys.failure.path, message: keys.failure.why, advice: null };
  const failed = unusable();
  if (failed !== null) return failed;
  const trusted = loadTrust({ ...options, held });
  if ("why" in trusted) return { kind: "failed", path: trusted.path, message: trusted.why, advice: null };
  const { trust } = trusted;
  const unreadable = unreadableRecords(options);
  if (unreadable !== null) return unreadable;
  // Tags of credentials and pages are comparable within one capture: a process may go on for days, and with those of others.
  const lent = { keys, trust, tag: createKeyedHash(runKey()) };
  const readAgain = async (known: KnownProxies): Promise<ReadCapture | CheckFailure> => {
    keys.again();
    return unusable() ?? (await readOnce(path, source, options, lent, known));
  };
  let known = new KnownProxies(options.proxies ?? []);
  let result = await readOnce(path, source, options, lent, known);
  // Wireshark writes secrets in front of the packets, other programs behind them: then what is readable is known only now.
  while (keys.late && !("kind" in result) && rereadable()) {
    known = new KnownProxies(options.proxies ?? []);
    result = await readAgain(known);
  }
  // So it is with a proxy's connections to origins that stand in front of what they were opened for, and with a proxy that only refuses at first.
  if ((known.asked.legsInFront || known.missed) && !("kind" in result) && rereadable())
    result = await readAgain(new KnownProxies(options.proxies ?? [], known));
  if ("kind" in result) return result;
  const { run } = result;
  const policy = await loadPolicyRecords(options, run.timelines());
  if ("kind" in policy) return policy;
  const told = policy.records === null ? null : new PolicyTold(policy.records);
  return run.conclude(path, result, told);
}

/** Files that are small beside a capture, and may be asked for more than once. */
function shortFilesOf({ keylogs = [], rsaKeys = [], trust = [], proxyCa = [] }: CheckOptions): readonly FileSource[] {
  return [...keylogs, ...rsaKeys, ...trust, ...proxyCa];
}

/** A capture that was read to its end, and nothing concluded of it yet. */
interface ReadCapture {
  readonly run: Run;
  readonly summary: CaptureSummary;
  /** What is missing among the files of a rotated one. */
  readonly holes: readonly FileHole[];
  /** What may be missing in front of them. */
  readonly front: string | null;
  readonly compression: "gzip" | "zstd" | null;
}

async function readOnce(
  path: string,
  source: CaptureSource | CaptureFiles,
  options: ExamineOptions,
  lent: Lent,
  known: KnownProxies,
): Promise<ReadCapture | CheckFailure> {
  const run = new Run(options, lent, known);
  const around = {
    note: run.sink.note,
    onlyFiles: options.onlyFiles ?? false,
    progress: options.onProgress,
    signal: options.signal,
  };
  const { outcome, holes, front } = isFiles(source)
    ? await readFiles(source.files, run.sink, around)
    : { outcome: await readCapture(source, createCaptureReader(run.sink), around), holes: [], front: null };
  switch (outcome.kind) {
    case "unreadable":
      return { kind: "failed", path, message: outcome.why, advice: null };
    case "not-a-capture":
      return {
        kind: "failed",
        path,
        message: `this is no packet capture: it seems to be ${outcome.seemsToBe}`,
        advice: outcome.advice,
        notACapture: true,
      };
    case "capture":
      run.end();
      return {
        run,
        summary: outcome.summary,
        holes,
        front,
        compression: outcome.compression === "gzip" || outcome.compression === "zstd" ? outcome.compression : null,
      };
  }
}

/** What was read before the capture. */
interface Lent {
  readonly keys: CaptureKeys;
  readonly trust: Trust;
  readonly tag: (bytes: Uint8Array) => string;
}

function limitsOf({ maxConnections, many }: ExamineOptions): CollectorLimits {
  if (maxConnections === undefined && many === true) return MANY;
  return { connections: maxConnections ?? DEFAULT_MAX_CONNECTIONS };
}

/** The rooms of one run, wired together. */
class Run {
  readonly sink: CaptureSink;
  readonly #warnings = new Warnings();
  readonly #collector: Collector;
  readonly #tcp: ReturnType<typeof createTcp>;
  readonly #decoder: ReturnType<typeof createPacketDecoder>;
  readonly #keys: CaptureKeys;
  readonly #known: KnownProxies;
  readonly #passedOver = new PassedOver();
  #seconds = 0;
  #nanoseconds = 0;
  #time: Nanos = 0n;
  /** Tunnels of which the inside could be read, in part at least. */
  #decrypted = 0;

  constructor(options: ExamineOptions, { keys, trust, tag }: Lent, known: KnownProxies) {
    this.#keys = keys;
    this.#known = known;
    this.#collector = new Collector(limitsOf(options), trust);
    const note = (entry: Note): void => this.#warnings.add(entry);
    const context: ProxyContext = {
      known,
      note,
      now: () => this.#now(),
      tag,
      bodyMarks: (bytes, coding) => pageMarks(pageText(bytes, coding)),
      transitions: options.transitions ?? true,
      opener: () => keys.opener(),
      anyKeys: () => keys.any,
      hasKeys: (random) => keys.has(random),
      timeline: (timeline) => {
        const { tunnel, secure } = timeline;
        if ((tunnel !== null && tunnel.tls !== null && tunnel.inside !== "none") || (secure?.opened ?? 0) > 0)
          this.#decrypted++;
        this.#collector.add(timeline);
      },
      leg: (leg) => this.#collector.addLeg(leg),
    };
    this.#tcp = createTcp(createProxyTracker(context, this.#passedOver), note);
    this.#decoder = createPacketDecoder(note);
    const decoder = this.#decoder;
    const tcp = this.#tcp;
    const { segment } = decoder;
    this.sink = {
      packet(packet: PacketView) {
        if (decoder.decode(packet)) tcp.add(segment);
      },
      secrets: ({ type, data }) => keys.embedded(type, data),
      name() {},
      note,
    };
  }

  /** Several things happen in a packet, at one time: its bigint is made once. */
  #now(): Nanos {
    const { seconds, nanoseconds } = this.#tcp.clock;
    if (seconds !== this.#seconds || nanoseconds !== this.#nanoseconds) {
      this.#seconds = seconds;
      this.#nanoseconds = nanoseconds;
      this.#time = nanos(seconds, nanoseconds);
    }
    return this.#time;
  }

  /** The capture is over. */
  end(): void {
    this.#tcp.end();
    this.#decoder.end();
  }

  /** The connections to proxies that are kept; behind `end`. */
  timelines(): ReturnType<Collector["timelines"]> {
    return this.#collector.timelines();
  }

  /** What follows from all of it; `told` is what the proxy's own records say. */
  conclude(
    path: string,
    { summary, holes, front, compression }: Omit<ReadCapture, "run">,
    told: PolicyTold | null,
  ): Examined {
    const tcp = this.#tcp.counts();
    const packets = this.#decoder.counts();
    for (const [type, count] of packets.unknownLinkTypes)
      this.#warnings.addCount("link-type-unknown", count, linkTypeName(type));
    const quality = {
      cutShort: summary.cutShort,
      truncatedPackets: summary.truncatedPackets,
      gaps: tcp.gaps,
      missingBytes: tcp.missingBytes,
      lateStarts: tcp.lateStarts,
      oneSided: tcp.oneSided,
      duplicates: tcp.duplicates,
      overlapsDiffering: tcp.overlapsDiffering,
      holes,
      droppedByCapture: summary.interfaces.reduce((sum, { dropped }) => sum + (dropped ?? 0), 0),
      elsewhere: {
        streams: tcp.streams,
        named: this.#known.fixed,
        carried: this.#passedOver.facts(),
        quic: packets.firstQuic === null ? null : { count: packets.quicInitials, frame: packets.firstQuic },
      },
      start: summary.start,
      end: summary.end,
    };
    const diagnosis = this.#collector.finish(quality, this.#keys.facts(this.#decrypted), told ?? undefined);
    if (this.#keys.dropped > 0)
      this.#warnings.addCount(
        "tls-keys-dropped",
        this.#keys.dropped,
        "a capture that is a file is read again for its own",
      );
    if (this.#keys.keyless > 0)
      this.#warnings.addCount(
        "tls-keys-none",
        this.#keys.keyless,
        "it is empty, or another file than the one that SSLKEYLOGFILE names",
      );
    const { unread } = this.#keys;
    if (unread !== null) this.#warnings.addCount("tls-keys-unread", unread.count, unread.why);
    if (front !== null) this.#warnings.addFront(front);
    for (const hole of holes) this.#warnings.addHole(hole);
    if (summary.stopped !== null) this.#warnings.addStop(summary.stopped);
    return {
      capture: {
        path,
        format: summary.format,
        compression,
        linkTypes: [...new Set(summary.interfaces.map(({ linkType }) => linkTypeName(linkType)))],
        packets: summary.packets,
        bytes: summary.bytes,
        start: summary.start,
        end: summary.end,
        warnings: this.#warnings.list(),
      },
      diagnosis,
      policy: told?.facts() ?? null,
    };
  }
}
