// A SARIF 2.1.0 log (OASIS): one run, the captures as artifacts, what was found as results, the rules with their words.
import { createKeyedHash } from "../../bytes/index.ts";
import { type Explanation, explanations, type Severity } from "../../diagnosis/index.ts";
import { jsonText } from "../escape.ts";
import type { Lines } from "../lazy.ts";
import type { ReportFinding } from "../types.ts";
import type { UncheckedCapture } from "./document.ts";
import type { TerminalStyle } from "./style.ts";

/** Frames of one result that are listed as places of their own; its properties have all. */
const MAX_PLACES = 20;

/** §3.27.10: "note" is what informs. */
const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/** What a log tells of a rule. */
export type RuleWords = Omit<Explanation, "example" | "id"> & { readonly id: string };

/** How paths are written. */
export type PathStyle = Pick<TerminalStyle, "backslashes">;

/** What one result says; the log adds the rule and the places. */
export interface SarifFound {
  readonly ruleId: string;
  /** null: that of the rule. */
  readonly severity: Severity | null;
  readonly message: string;
  /** Number of the artifact, from 0. */
  readonly artifact: number;
  readonly path: string;
  readonly stream: number | null;
  readonly frames: readonly number[];
  /** Lines of an artifact that is text. */
  readonly lines?: readonly number[];
  /** What makes it the same trouble in another capture: proxy, client, target. */
  readonly about: readonly string[];
  readonly more: Readonly<Record<string, unknown>>;
}

/** Collects; the whole log comes at the end, since its parts are kept apart by kind and not by capture. */
export class SarifLog {
  // Each entry as JSON.
  readonly #artifacts: Lines;
  readonly #results: Lines;
  readonly #failures: Lines;
  readonly #rules: readonly RuleWords[];
  readonly #backslashes: boolean;

  /** `lines`: makes room for entries, which may be many. */
  constructor(
    { backslashes = false }: PathStyle,
    { rules = explanations(), lines = () => [] }: { rules?: readonly RuleWords[]; lines?: () => Lines } = {},
  ) {
    this.#rules = rules;
    this.#backslashes = backslashes;
    [this.#artifacts, this.#results, this.#failures] = [lines(), lines(), lines()];
  }

  /** Returns its number. */
  addArtifact(path: string, more: Readonly<Record<string, unknown>>): number {
    const location = { uri: this.#uri(path) };
    this.#artifacts.push(JSON.stringify({ location, roles: ["analysisTarget"], ...more }));
    return this.#artifacts.length - 1;
  }

  addResult(found: SarifFound): void {
    const ruleIndex = this.#rules.findIndex(({ id }) => id === found.ruleId);
    const severity = found.severity ?? this.#rules[ruleIndex]?.severity ?? "info";
    this.#results.push(JSON.stringify(result(found, this.#uri(found.path), ruleIndex, severity)));
  }

  failed(capture: UncheckedCapture): void {
    this.#failures.push(JSON.stringify(notification(capture, this.#uri(capture.path))));
  }

  /** `executed` false: it was ended before all was done. `properties`: more about the run. */
  end(version: string, executed = true, properties: Readonly<Record<string, unknown>> = {}): string {
    return [...this.endPieces(version, executed, properties)].join("");
  }

  /** The same in pieces: the log of a million captures is more than one string can hold. */
  *endPieces(version: string, executed: boolean, properties: Readonly<Record<string, unknown>>): Generator<string> {
    const successful = executed && this.#failures.length === 0;
    const tool = { driver: driver(version, this.#rules) };
    yield jsonText(
      `{"$schema":"https://json.schemastore.org/sarif-2.1.0.json","version":"2.1.0","runs":[{"tool":${JSON.stringify(tool)},\n`,
    );
    yield `"invocations":[{"executionSuccessful":${successful},"toolExecutionNotifications":[`;
    yield* listPieces(this.#failures, ",");
    yield ']}],\n"artifacts":[\n';
    yield* listPieces(this.#artifacts, ",\n");
    yield '\n],\n"results":[\n';
    yield* listPieces(this.#results, ",\n");
    yield jsonText(`\n],\n"columnKind":"utf16CodeUnits",\n"properties":${JSON.stringify(properties)}}]}\n`);
  }

  #uri(path: string): string {
    return uriOf(path, this.#backslashes);
  }
}

/** Entries of a list that make one piece. */
const ENTRIES = 256;

function* listPieces(list: Lines, between: string): Generator<string> {
  let texts: string[] = [];
  let before = "";
  for (const text of list) {
    texts.push(text);
    if (texts.length < ENTRIES) continue;
    yield jsonText(before + texts.join(between));
    texts = [];
    before = between;
  }
  if (texts.length > 0) yield jsonText(before + texts.join(between));
}

function driver(version: string, rules: readonly RuleWords[]): unknown {
  return {
    name: "pcapcheck",
    version,
    ...(/^\d+\.\d+\.\d+/.test(version) ? { semanticVersion: version } : {}),
    rules: rules.map((rule) => ({
      id: rule.id,
      shortDescription: plainMessage(sentence(rule.title)),
      fullDescription: plainMessage(rule.meaning),
      help: plainMessage(
        [
          `In a capture: ${rule.looksLike}`,
          `Evidence: ${rule.evidence}`,
          `For the helpdesk: ${rule.advice.helpdesk}`,
          `For the proxy's administrator: ${rule.advice.proxyAdmin}`,
          `References: ${rule.references.join("; ")}`,
        ].join("\n\n"),
      ),
      defaultConfiguration: { level: LEVELS[rule.severity] },
    })),
  };
}

function result(found: SarifFound, uri: string, ruleIndex: number, severity: Severity): unknown {
  const { ruleId, message, artifact, path, stream, frames, lines = [], about, more } = found;
  const artifactLocation = { uri, index: artifact };
  const [line, ...otherLines] = lines.slice(-MAX_PLACES).reverse();
  const physicalLocation = { artifactLocation, ...(line === undefined ? {} : { region: { startLine: line } }) };
  const [first, ...others] = places(stream, frames);
  const related = [
    ...others.map((place) => ({ physicalLocation, logicalLocations: [place] })),
    ...otherLines.map((startLine) => ({ physicalLocation: { artifactLocation, region: { startLine } } })),
  ];
  return {
    ruleId,
    ...(ruleIndex < 0 ? {} : { ruleIndex }),
    level: LEVELS[severity],
    message: plainMessage(message),
    locations: [{ physicalLocation, ...(first === undefined ? {} : { logicalLocations: [first] }) }],
    ...(related.length === 0 ? {} : { relatedLocations: related }),
    // §3.27.16: this finding in this capture. §3.27.17: the same trouble, found again in another capture.
    fingerprints: { "pcapcheck/1": hash([ruleId, path, String(stream), [...frames, ...lines].join(" "), ...about]) },
    partialFingerprints: { "trouble/1": hash([ruleId, ...about]) },
    ...more,
  };
}

interface LogicalLocation {
  readonly name: string;
  readonly fullyQualifiedName: string;
  readonly kind: string;
}

/**
 * Frames are no lines and no bytes, so they are logical places (§3.33); the last one, on which a verdict rests, comes first. There
 * is no region of bytes beside them (§3.30.3): a report knows no offsets, and in a compressed capture, or in the second file of a
 * rotated one, there are none. Without a region the place is the artifact as a whole (§3.29.4), which is true of all.
 */
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

function notification({ message }: UncheckedCapture, uri: string): unknown {
  return {
    level: "error",
    message: plainMessage(sentence(message)),
    locations: [{ physicalLocation: { artifactLocation: { uri } } }],
  };
}

/** A path as a URI reference (RFC 3986 §4.1): a file URI if it is absolute, a relative one else. `backslashes`: it is one of Windows. */
export function uriOf(path: string, backslashes = false): string {
  const plain = backslashes ? path.replace(VERBATIM, (_, unc?: string) => (unc === undefined ? "" : "\\\\")) : path;
  const drive = /^[a-z]:[\\/]/i.test(plain);
  const slashes = drive || backslashes ? plain.replaceAll("\\", "/") : plain;
  const encoded = slashes
    .replace(/\p{Cs}/gu, "\ufffd")
    .split("/")
    .map((segment) => encodeURIComponent(segment))
    .join("/");
  if (drive) return `file:///${encoded.replace("%3A", ":")}`;
  // RFC 8089 appendix E.3.1: \\host\share, which two slashes are elsewhere no name of.
  if (backslashes && /^\/\/[^/]/.test(encoded)) return `file:${encoded}`;
  return encoded.startsWith("/") ? `file://${encoded.replace(/^\/+/, "/")}` : encoded;
}

/** `\\\\?\\C:\\...` and `\\\\?\\UNC\\host\\...`: names that Windows takes as they stand. */
const VERBATIM = /^[\\/]{2}\?[\\/](UNC[\\/])?/i;

/** Findings are told apart by it, and nobody's secret depends on it: the key is nothing. */
const tag = createKeyedHash(new Uint8Array(8));

/** In hexadecimal: among a tag's characters are halves of pairs, for which strict readers refuse the whole log (RFC 8259 §8.2). */
function hash(parts: readonly string[]): string {
  const units = tag(new TextEncoder().encode(parts.join("\n"))).split("");
  return units.map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0")).join("");
}

/**
 * A message that says `text` and nothing else: what came off the wire must be no placeholder (§3.11.5), whose braces are doubled, and
 * no link (§3.11.6). A backslash in front of its brackets keeps not every viewer from making one; a space behind them does.
 */
function plainMessage(text: string): { readonly text: string } {
  return { text: text.replace(/[{}]/g, "$&$&").replaceAll("](", "] (") };
}

/** A finding with its evidence, a line each. */
export function findingText({ title, detail, evidence }: Pick<ReportFinding, "title" | "detail" | "evidence">): string {
  return [sentence(title), detail, ...evidence.map((text) => `Evidence: ${text}.`)].join("\n");
}

/** SARIF wants its messages to end like sentences (§3.11.3). */
function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
