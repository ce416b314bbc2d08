// SARIF 2.1.0 (OASIS): one run, the captures as artifacts, the findings as results, the rules with their words.
import { createKeyedHash } from "../../bytes/index.ts";
import { type Explanation, explanations, type Severity } from "../../diagnosis/index.ts";
import { jsonText } from "../escape.ts";
import type { Report, ReportFinding } from "../types.ts";
import type { OutputDocument, UncheckedCapture } from "./formats.ts";
import { targetOf } from "./headline.ts";
import { connectionOf } from "./kinds.ts";
import { endpointText } from "./style.ts";

/** Frames of one result that are listed as places of their own; its properties have all. */
const MAX_PLACES = 20;

/** §3.27.10: "note" is what informs. */
const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

const MEDIA_TYPES = { pcap: "application/vnd.tcpdump.pcap", pcapng: "application/x-pcapng" } as const;

/** Collects results; the whole document comes at the end, since its parts are kept apart by kind and not by capture. */
export class SarifDocument implements OutputDocument {
  readonly #artifacts: string[] = [];
  readonly #results: string[] = [];
  readonly #failures: UncheckedCapture[] = [];
  readonly #rules = explanations();
  #version = "";

  add(report: Report): string {
    this.#version = report.tool.version;
    const index = this.#artifacts.length;
    this.#artifacts.push(JSON.stringify(artifact(report)));
    for (const finding of report.findings) {
      const ruleIndex = this.#rules.findIndex(({ id }) => id === finding.id);
      this.#results.push(JSON.stringify(result(report, finding, index, ruleIndex)));
    }
    return "";
  }

  failed(capture: UncheckedCapture): void {
    this.#failures.push(capture);
  }

  end(): string {
    if (this.#artifacts.length === 0) return "";
    const invocation = {
      executionSuccessful: this.#failures.length === 0,
      toolExecutionNotifications: this.#failures.map(notification),
    };
    const tool = { driver: driver(this.#version, this.#rules) };
    const text = [
      `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":${JSON.stringify(tool)}`,
      `"invocations":[${JSON.stringify(invocation)}]`,
      `"artifacts":[\n${this.#artifacts.join(",\n")}\n]`,
      `"results":[\n${this.#results.join(",\n")}\n]`,
      `"columnKind":"utf16CodeUnits"}]}\n`,
    ];
    return jsonText(text.join(",\n"));
  }
}

function driver(version: string, rules: readonly Explanation[]): unknown {
  return {
    name: "pcapcheck",
    version,
    ...(/^\d+\.\d+\.\d+/.test(version) ? { semanticVersion: version } : {}),
    rules: rules.map((rule) => ({
      id: rule.id,
      shortDescription: { text: sentence(rule.title) },
      fullDescription: { text: rule.meaning },
      help: {
        text: [
          `In a capture: ${rule.looksLike}`,
          `Evidence: ${rule.evidence}`,
          `For the helpdesk: ${rule.advice.helpdesk}`,
          `For the proxy's administrator: ${rule.advice.proxyAdmin}`,
          `References: ${rule.references.join("; ")}`,
        ].join("\n\n"),
      },
      defaultConfiguration: { level: LEVELS[rule.severity] },
    })),
  };
}

function artifact({ capture, verdict }: Report): unknown {
  return {
    location: { uri: uriOf(capture.path) },
    roles: ["analysisTarget"],
    ...(capture.compression === null ? { mimeType: MEDIA_TYPES[capture.format] } : {}),
    properties: { verdict, packets: capture.packets, start: capture.start, end: capture.end },
  };
}

function result(report: Report, finding: ReportFinding, index: number, ruleIndex: number): unknown {
  const { id, severity, certainty, stream, frames, title, detail, evidence, displayFilter } = finding;
  const connection = connectionOf(report, finding);
  const physicalLocation = { artifactLocation: { uri: uriOf(report.capture.path), index } };
  const [first, ...others] = places(stream, frames);
  const about = connection === null ? [] : [endpointText(connection.proxy), connection.client.ip, targetOf(connection)];
  return {
    ruleId: id,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: LEVELS[severity],
    message: { text: [sentence(title), detail, ...evidence.map((text) => `Evidence: ${text}.`)].join("\n") },
    locations: [{ physicalLocation, ...(first === undefined ? {} : { logicalLocations: [first] }) }],
    ...(others.length === 0
      ? {}
      : { relatedLocations: others.map((place) => ({ physicalLocation, logicalLocations: [place] })) }),
    // §3.27.16: this finding in this capture. §3.27.17: the same trouble, found again in another capture.
    fingerprints: { "pcapcheck/1": hash([id, report.capture.path, String(stream), frames.join(" ")]) },
    partialFingerprints: { "trouble/1": hash([id, ...about]) },
    properties: {
      stream,
      frames,
      certainty,
      displayFilter,
      advice: finding.advice,
      ...(connection === null
        ? {}
        : {
            client: endpointText(connection.client),
            proxy: endpointText(connection.proxy),
            target: targetOf(connection),
          }),
    },
  };
}

interface LogicalLocation {
  readonly name: string;
  readonly fullyQualifiedName: string;
  readonly kind: string;
}

/** Frames are no lines and no bytes, so they are logical places (§3.33); the last one, on which a verdict rests, comes first. */
function places(stream: number | null, frames: readonly number[]): readonly LogicalLocation[] {
  const within = stream === null ? "" : `tcp.stream ${stream}/`;
  const listed = frames.slice(-MAX_PLACES).reverse();
  if (listed.length === 0 && stream !== null)
    return [{ name: `tcp.stream ${stream}`, fullyQualifiedName: `tcp.stream ${stream}`, kind: "connection" }];
  return listed.map((frame) => ({
    name: `frame ${frame}`,
    fullyQualifiedName: `${within}frame ${frame}`,
    kind: "frame",
  }));
}

function notification({ path, message }: UncheckedCapture): unknown {
  return {
    level: "error",
    message: { text: sentence(message) },
    locations: [{ physicalLocation: { artifactLocation: { uri: uriOf(path) } } }],
  };
}

/** A path as a URI reference (RFC 3986 §4.1): a file URI if it is absolute, a relative one else. */
export function uriOf(path: string): string {
  const drive = /^[a-z]:[\\/]/i.test(path);
  const slashes = drive ? path.replaceAll("\\", "/") : path;
  const encoded = slashes
    .replace(/\p{Cs}/gu, "\ufffd")
    .split("/")
    .map((segment) => encodeURIComponent(segment))
    .join("/");
  if (drive) return `file:///${encoded.replace("%3A", ":")}`;
  // A path of two slashes would name a host.
  return encoded.startsWith("/") ? `file://${encoded.replace(/^\/+/, "/")}` : encoded;
}

/** Findings are told apart by it, and nobody's secret depends on it: the key is nothing. */
const tag = createKeyedHash(new Uint8Array(8));

function hash(parts: readonly string[]): string {
  return tag(new TextEncoder().encode(parts.join("\n")));
}

/** SARIF wants its messages to end like sentences (§3.11.3). */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
