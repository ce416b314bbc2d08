// An audit as SARIF: a result for each group of like connections that went wrong or were not seen.
import type { AuditProblem, AuditReport, AuditRow } from "../../audit-types.ts";
import type { LazyAuditReport, Lines } from "../../lazy.ts";
import { classOf } from "../../verdicts.ts";
import { type PathStyle, SarifLog } from "../sarif-log.ts";
import { counted } from "../style.ts";
import type { AuditDocument } from "./document.ts";
import { doubtText, verdictText } from "./how-sure.ts";

/** SARIF 2.1.0 of an audit, written when the last capture is done. */
export class AuditSarif implements AuditDocument {
  readonly #log: SarifLog;

  constructor(style: PathStyle, lines: () => Lines) {
    this.#log = new SarifLog(style, { lines });
  }

  row(row: AuditRow): string {
    const { path, verdict, message, packets, start, end } = row;
    if (verdict === null) {
      this.#log.failed({ path, message: message ?? "it could not be checked" });
      return "";
    }
    const artifact = this.#log.addArtifact(path, { properties: { verdict, packets, start, end } });
    for (const group of row.groups) {
      const { proxy, client, host, count, possible, since, stream, frame } = group;
      if (classOf(group.verdict) === "fine") continue;
      const like = { verdict: group.verdict, connections: count, possible };
      this.#log.addResult({
        ...{ ruleId: group.verdict, severity: null, artifact, path, stream, frames: [frame] },
        message: `${counted(count, "connection")} from ${client} to ${host ?? "an unknown host"} through the proxy ${proxy}: ${verdictText(like)}${doubtText(like)}.`,
        about: [proxy, client, host ?? ""],
        more: { occurrenceCount: count, properties: { client, proxy, target: host, possible, since } },
      });
    }
    return "";
  }

  end(report: AuditReport): string {
    return [...this.endPieces(report)].join("");
  }

  endPieces({ tool, captures, changes, problems }: LazyAuditReport): Iterable<string> {
    const places = (list: readonly AuditProblem[]): unknown => list.map(({ path, stream, frame, ...what }) => what);
    const compared =
      changes === null
        ? {}
        : {
            ...{ new: places(changes.new), gone: places(changes.gone), still: places(changes.still) },
            ...{ perhapsNew: places(changes.perhapsNew), unclear: places(changes.unclear) },
          };
    const about = { captures, problems: problems.length, ...compared };
    return this.#log.endPieces(tool.version, !captures.interrupted, about);
  }
}
