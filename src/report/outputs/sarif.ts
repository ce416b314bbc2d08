// Reports as SARIF: a result for each finding.
import type { LazyReport } from "../lazy.ts";
import type { ReportConnection } from "../types.ts";
import type { OutputDocument, UncheckedCapture } from "./document.ts";
import { targetOf } from "./headline.ts";
import { findingText, type PathStyle, SarifLog } from "./sarif-log.ts";
import { clientIp, endpointText } from "./style.ts";

const MEDIA_TYPES = { pcap: "application/vnd.tcpdump.pcap", pcapng: "application/x-pcapng" } as const;

/** SARIF 2.1.0 of all captures of a run in one log: an artifact for each, a result for each finding. */
export class SarifDocument implements OutputDocument {
  readonly #log: SarifLog;
  #version: string | null = null;

  constructor(style: PathStyle) {
    this.#log = new SarifLog(style);
  }

  add(report: LazyReport): string {
    const { capture, verdict } = report;
    const { path, packets, start, end } = capture;
    this.#version = report.tool.version;
    const artifact = this.#log.addArtifact(path, {
      ...(capture.compression === null ? { mimeType: MEDIA_TYPES[capture.format] } : {}),
      properties: { verdict, packets, start, end },
    });
    const connections = connectionsOf(report);
    for (const finding of report.findings) {
      const { id, severity, certainty, stream, frames, advice, displayFilter } = finding;
      const connection = stream === null ? null : (connections.get(stream) ?? null);
      const place =
        connection === null
          ? null
          : {
              client: endpointText(connection.client),
              ...(connection.namedClient === null ? {} : { namedClient: endpointText(connection.namedClient) }),
              proxy: endpointText(connection.proxy),
              target: targetOf(connection),
            };
      this.#log.addResult({
        ...{ ruleId: id, severity, artifact, path, stream, frames },
        message: findingText(finding),
        about: connection === null || place === null ? [] : [place.proxy, clientIp(connection), place.target],
        more: { properties: { stream, frames, certainty, displayFilter, advice, ...place } },
      });
    }
    return "";
  }

  /** The log has no connections but those that findings are about; all of it is written at its end. */
  pieces(report: LazyReport): readonly string[] {
    return [this.add(report)];
  }

  failed(capture: UncheckedCapture): void {
    this.#log.failed(capture);
  }

  end(): string {
    return this.#version === null ? "" : this.#log.end(this.#version);
  }
}

/** The connections that findings are about, by their streams: of those of one HTTP/2 connection the first. */
function connectionsOf({ connections, findings }: LazyReport): ReadonlyMap<number, ReportConnection> {
  const streams = new Set(findings.map(({ stream }) => stream));
  const found = new Map<number, ReportConnection>();
  for (const connection of connections) {
    const { stream } = connection;
    if (streams.has(stream) && !found.has(stream)) found.set(stream, connection);
  }
  return found;
}
