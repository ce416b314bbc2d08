// What the capture itself lacks, before anybody concludes from what is not there.
import type { CaptureQuality } from "../facts.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import { count } from "../wording.ts";

const TEXT: RuleText = {
  id: "capture-quality",
  severity: "info",
  title: "The capture is not whole",
  meaning:
    "Packets are missing or cut, the file ends in the middle of a packet, or connections were recorded in part only. Verdicts say where that matters.",
  looksLike: "Gaps in connections, a snap length, connections without their start, one direction only, packets twice.",
  example: [
    "snap length 96: the answer to a CONNECT is cut behind its first line",
    "every packet twice: a mirror port copies it on its way in and on its way out",
  ],
  evidence: "The counts.",
  advice: {
    helpdesk:
      "Record again if a verdict is `incomplete`: start before the browser, with whole packets (tcpdump -s 0), to a local disk, and stop after the problem was seen.",
    proxyAdmin:
      "On a busy mirror port packets get lost or doubled: record on the proxy or on the client, with a filter on the client's address.",
  },
  references: ["pcap and pcapng file formats (IETF opsawg drafts)"],
};

/** One finding with everything that is not whole; none for a sound capture. */
export const captureQuality: Rule = {
  ...TEXT,
  find(capture) {
    const evidence = shortcomings(capture.quality);
    if (capture.connections.length === 0 && capture.folded.length === 0) {
      const detail =
        "No connection to a proxy was found: no CONNECT, no absolute-form request, on any port. If the proxy speaks TLS to its clients or the capture starts late, name it with --proxy HOST:PORT; otherwise record between client and proxy.";
      return [finding(TEXT, null, { detail, frames: [], evidence, title: "No connection to a proxy in this capture" })];
    }
    if (evidence.length === 0) return [];
    return [finding(TEXT, null, { detail: `${evidence.join("; ")}.`, frames: [], evidence })];
  },
};

function shortcomings(quality: CaptureQuality): string[] {
  const list: string[] = [];
  if (quality.cutShort) list.push("the file ends in the middle of a packet");
  if (quality.truncatedPackets > 0) list.push(`${count(quality.truncatedPackets, "packet")} cut by the snap length`);
  if (quality.gaps > 0)
    list.push(`${count(quality.gaps, "gap")} in followed connections, ${count(quality.missingBytes, "byte")} missing`);
  if (quality.lateStarts > 0) list.push(`${count(quality.lateStarts, "connection")} without a start`);
  if (quality.oneSided > 0) list.push(`${count(quality.oneSided, "connection")} in one direction only`);
  if (quality.duplicates > 0) list.push(`${count(quality.duplicates, "packet")} recorded twice, as a mirror port does`);
  if (quality.overlapsDiffering > 0)
    list.push(`${count(quality.overlapsDiffering, "overlap")} with different bytes for the same place`);
  if (quality.droppedByCapture > 0) list.push(`${count(quality.droppedByCapture, "packet")} dropped while recording`);
  return list;
}
