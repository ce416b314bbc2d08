// From facts and findings to the report: plain data under contract names. Nothing is judged here.
import type { Nanos } from "../bytes/index.ts";
import { type CaptureFacts, type Diagnosis, isIdle, isLeftWithout, type JudgedConnection } from "../diagnosis/index.ts";
import { buildConnection } from "./connection.ts";
import { type LazyReport, madeOf } from "./lazy.ts";
import { buildPolicy, type PolicyFacts, policyFindings } from "./policy.ts";
import { timestamp } from "./time.ts";
import type { TlsSettings } from "./tls.ts";
import type { Report, ReportCapture, ReportProxy, ReportWarning } from "./types.ts";
import { exitCodeOf, isSitesOwn, isUnseen, isWrong } from "./verdicts.ts";

/** What the report says about the capture beside the connections. */
export interface CaptureDescription {
  readonly path: string;
  readonly format: "pcap" | "pcapng";
  readonly compression: "gzip" | "zstd" | null;
  readonly linkTypes: readonly string[];
  readonly packets: number;
  readonly bytes: number;
  readonly start: Nanos | null;
  readonly end: Nanos | null;
  readonly warnings: readonly ReportWarning[];
}

/** What a report is made of. */
export interface ReportSource {
  readonly capture: CaptureDescription;
  readonly diagnosis: Diagnosis;
  /** What the proxy's own records say; null without any. */
  readonly policy: PolicyFacts | null;
}

export interface ReportSettings extends TlsSettings {
  /** Of the connections only those that the capture's sentence is about. */
  readonly one: boolean;
  /** That of pcapcheck. */
  readonly version: string;
}

/** Builds the report, its connections when they are gone through. */
export function buildReport({ capture, diagnosis, policy }: ReportSource, settings: ReportSettings): LazyReport {
  const { facts, deciding } = diagnosis;
  const { one, version } = settings;
  const shown = one ? facts.connections.filter((own) => own === deciding || isTold(own, diagnosis)) : facts.connections;
  return {
    schemaVersion: 1,
    tool: { name: "pcapcheck", version },
    capture: buildCapture(capture, facts),
    verdict: diagnosis.verdict,
    exitCode: exitCodeOf(diagnosis.verdict),
    totals: totalsOf(diagnosis),
    proxies: facts.proxies.map(
      (proxy): ReportProxy => ({
        ip: proxy.ip,
        port: proxy.port,
        detectedBy: proxy.detectedBy,
        product: buildProduct(proxy),
        intercepts: proxy.intercepts,
        connections: proxy.connections,
      }),
    ),
    connections: madeOf(shown, (connection) => buildConnection(connection, settings)),
    folded: facts.folded,
    policy: policy === null ? null : buildPolicy(policy, facts.connections),
    findings: [
      ...diagnosis.findings.map((finding) => ({ ...finding })),
      ...(policy === null ? [] : policyFindings(policy, facts.connections)),
    ],
  };
}

/** Without what only the rules need. */
function buildProduct({ product }: CaptureFacts["proxies"][number]): ReportProxy["product"] {
  if (product === null) return null;
  const { name, certainty, evidence } = product;
  return { name, certainty, evidence };
}

/** Where nothing is wrong the sentence is about whoever was asked by a site, was left without a page, or asked nothing. */
function isTold({ verdict, timeline }: JudgedConnection, diagnosis: Diagnosis): boolean {
  if (isWrong(diagnosis.verdict)) return false;
  return isIdle(timeline) || (exitCodeOf(diagnosis.verdict) === 0 && (isSitesOwn(verdict) || isLeftWithout(timeline)));
}

/** How many connections, tunnels and verdicts there are. */
export function totalsOf({ verdicts, tunnels }: Diagnosis): Report["totals"] {
  const counts: Record<string, number> = {};
  let connections = 0;
  let wrong = 0;
  let unseen = 0;
  const names = [...verdicts.keys()];
  for (const verdict of names.length < 2 ? names : names.sort()) {
    const count = verdicts.get(verdict)!;
    counts[verdict] = count;
    connections += count;
    if (isWrong(verdict)) wrong += count;
    if (isUnseen(verdict)) unseen += count;
  }
  return { connections, tunnels, wrong, unseen, verdicts: counts };
}

function buildCapture(capture: CaptureDescription, { quality, keys }: CaptureFacts): ReportCapture {
  return {
    path: capture.path,
    format: capture.format,
    compression: capture.compression,
    linkTypes: capture.linkTypes,
    packets: capture.packets,
    bytes: capture.bytes,
    start: capture.start === null ? null : timestamp(capture.start),
    end: capture.end === null ? null : timestamp(capture.end),
    quality: {
      cutShort: quality.cutShort,
      truncatedPackets: quality.truncatedPackets,
      gaps: quality.gaps,
      missingBytes: quality.missingBytes,
      lateStarts: quality.lateStarts,
      oneSided: quality.oneSided,
      warnings: capture.warnings,
    },
    keys: { sources: keys.sources, sessions: keys.sessions, decrypted: keys.decrypted },
  };
}
