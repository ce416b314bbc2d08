// One tab-separated line per capture, for scripts and tickets; its columns are a contract.
import { terminalText } from "../escape.ts";
import type { Report } from "../types.ts";
import { firstWrong, headline } from "./headline.ts";

/** `VERDICT  PATH  proxy=IP:PORT  tunnels=N  wrong=N  unseen=N  first=TARGET@FRAME  text`, without a line end. */
export function line(report: Report): string {
  const proxy = report.proxies[0];
  const first = firstWrong(report);
  const columns = [
    report.verdict,
    report.capture.path,
    `proxy=${proxy === undefined ? "-" : endpoint(proxy)}`,
    `tunnels=${report.totals.tunnels}`,
    `wrong=${report.totals.wrong}`,
    `unseen=${report.totals.unseen}`,
    `first=${first === null ? "-" : `${first.target}@${first.frame}`}`,
    headline(report),
  ];
  return columns.map(terminalText).join("\t");
}

function endpoint({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}
