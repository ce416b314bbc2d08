// One tab-separated line per capture, for scripts and tickets; its columns are a contract.
import { terminalText } from "../escape.ts";
import type { Report } from "../types.ts";
import { exitCodeOf } from "../verdicts.ts";
import { decisiveFrame, headline, targetOf, worstConnection } from "./headline.ts";
import { endpointText } from "./style.ts";

/**
 * `VERDICT  PATH  proxy=IP:PORT  tunnels=N  wrong=N  unseen=N  first=TARGET@FRAME  text`, without a line end. `first` is
 * the connection that the capture's verdict is told by, "-" if nothing is wrong or unseen.
 */
export function line(report: Report): string {
  const worst = worstConnection(report);
  const proxy = worst?.proxy ?? report.proxies[0];
  return [
    report.verdict,
    report.capture.path,
    `proxy=${proxy === undefined ? "-" : endpointText(proxy)}`,
    `tunnels=${report.totals.tunnels}`,
    `wrong=${report.totals.wrong}`,
    `unseen=${report.totals.unseen}`,
    `first=${first(report)}`,
    headline(report),
  ]
    .map(terminalText)
    .join("\t");
}

function first(report: Report): string {
  if (exitCodeOf(report.verdict) === 0) return "-";
  const worst = worstConnection(report);
  if (worst === null) {
    const sum = report.folded.find(({ verdict }) => verdict === report.verdict);
    return sum === undefined ? "-" : `${sum.target ?? "-"}@${sum.firstFrame}`;
  }
  const finding = report.findings.find(({ id, stream }) => id === worst.verdict && stream === worst.stream);
  return `${targetOf(worst)}@${decisiveFrame(worst, finding)}`;
}
