// A policy trace as SARIF: a result for each finding, at its lines of the trace, with the rules of its own.
import { traceExplanations } from "../../../policy-trace/index.ts";
import type { TraceReport } from "../../trace-types.ts";
import { findingText, type PathStyle, SarifLog } from "../sarif-log.ts";

/** SARIF 2.1.0 of one policy trace: a result for each finding, at the lines of its transactions. */
export function traceSarif(report: TraceReport, style: PathStyle): string {
  const { trace, tunnels, verdict } = report;
  const log = new SarifLog(style, { rules: traceExplanations() });
  const artifact = log.addArtifact(trace.path, {
    properties: { verdict, transactions: trace.transactions, start: trace.start, end: trace.end },
  });
  for (const finding of report.findings) {
    const tunnel = tunnels[finding.tunnel];
    log.addResult({
      ...{ ruleId: finding.id, severity: finding.severity, artifact, path: trace.path, stream: null, frames: [] },
      lines: finding.lines,
      message: findingText(finding),
      about: [tunnel?.client ?? "", tunnel?.target ?? ""],
      more: {
        properties: {
          certainty: finding.certainty,
          advice: finding.advice,
          client: tunnel?.client ?? null,
          target: tunnel?.target ?? null,
        },
      },
    });
  }
  return log.end(report.tool.version, true, { totals: report.totals, warnings: trace.warnings });
}
