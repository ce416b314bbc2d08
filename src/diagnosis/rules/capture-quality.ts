// What the capture itself lacks, before anybody concludes from what is not there.
import type { CaptureFacts } from "../facts.ts";
import { noProxy } from "../no-proxy.ts";
import { isMisplaced, SORT_FIRST } from "../recorded-order.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import { count } from "../wording.ts";

/** Streams and frames cited of each shortcoming. */
const MAX_CITED = 8;

const TEXT: RuleText = {
  id: "capture-quality",
  severity: "info",
  title: "The capture is not whole",
  meaning:
    "Packets are missing or cut, the file ends in the middle of a packet, files of a rotated capture are missing, or connections were recorded in part only. Verdicts say where that matters.",
  looksLike:
    "Gaps in connections, a snap length, connections without their start, one direction only, packets twice or not in the order of time; more connections than are kept; or none to a proxy at all.",
  example: [
    "snap length 96: the answer to a CONNECT is cut behind its first line",
    "every packet twice: a mirror port copies it on its way in and on its way out",
  ],
  evidence: "The counts, with streams and frames where connections to the proxy are concerned.",
  advice: {
    helpdesk:
      "Record again if a verdict is `incomplete`: start before the browser, with whole packets (tcpdump -s 0), to a local disk, and stop after the problem was seen.",
    proxyAdmin:
      "On a busy mirror port packets get lost or doubled: record on the proxy or on the client, with a filter on the client's address.",
  },
  references: ["pcap and pcapng file formats (IETF opsawg drafts)", "Wireshark User's Guide: capture options"],
};

interface Shortcoming {
  readonly text: string;
  /** What avoids it next time. */
  readonly remedy: string;
  readonly frames: readonly number[];
}

/** One finding with everything that is not whole; none for a sound capture. */
export const captureQuality: Rule = {
  ...TEXT,
  find(capture) {
    const { quality } = capture;
    const list = shortcomings(capture);
    const evidence = list.map(({ text }) => text);
    const frames = list.flatMap((one) => one.frames);
    if (capture.connections.length === 0 && capture.folded.length === 0) {
      const { detail, frames: instead, helpdesk } = noProxy(capture.quality.elsewhere);
      const told = { detail, frames: [...frames, ...instead], evidence, advice: { ...TEXT.advice, helpdesk } };
      return [finding(TEXT, null, { ...told, title: "No connection to a proxy in this capture" })];
    }
    const counted = capture.folded.reduce((sum, group) => sum + group.count, 0);
    if (counted > 0) {
      const all = counted + capture.connections.length;
      const text = `${counted} of ${count(all, "connection")} were judged each by itself and only counted: what they have to do with others is known in part`;
      const helpdesk = `To have all connections judged together, run it with --max-connections ${all}.`;
      if (list.length === 0) {
        const advice = { ...TEXT.advice, helpdesk };
        return [finding(TEXT, null, { detail: `${text}.`, frames, evidence: [text], advice, title: NOT_TOGETHER })];
      }
      evidence.push(text);
      list.push({ text, remedy: helpdesk, frames: [] });
    }
    if (list.length === 0) return [];
    if (list.length === 1 && quality.duplicates > 0) {
      // Nothing is missing, and no verdict depends on it.
      const advice = { ...TEXT.advice, helpdesk: list[0]!.remedy };
      return [finding(TEXT, null, { detail: `${evidence[0]}.`, frames, evidence, advice, title: TWICE })];
    }
    const remedies = [...new Set(list.map(({ remedy }) => remedy))].join(" ");
    const advice = {
      ...TEXT.advice,
      helpdesk: `If a verdict is \`incomplete\`, or \`encrypted\` although there are keys, record again. ${remedies}`,
    };
    return [finding(TEXT, null, { detail: `${evidence.join("; ")}.`, frames, evidence, advice })];
  },
};

const LOSE_NO_PACKETS =
  "Lose no packets: record on the client or on the proxy with a filter on the client's address, to a local disk, with a larger buffer (tcpdump -B 65536).";
const TWICE = "The capture has packets twice";
const NOT_TOGETHER = "Not all connections of this capture were judged together";

function shortcomings({ quality, connections }: CaptureFacts): Shortcoming[] {
  const list: Shortcoming[] = [];
  const add = (text: string, remedy: string, frames: readonly number[] = []): void =>
    void list.push({ text, remedy, frames: frames.slice(0, MAX_CITED) });
  const timelines = connections.map(({ timeline }) => timeline);
  if (quality.cutShort)
    add(
      "the file ends in the middle of a packet",
      "Stop the recording before the file is copied, and see that the disk is not full.",
    );
  if (quality.truncatedPackets > 0)
    add(
      `${count(quality.truncatedPackets, "packet")} cut by the snap length`,
      "Record whole packets: tcpdump -s 0; in Wireshark no limit for each packet.",
    );
  if (quality.gaps > 0) {
    const gaps = timelines.flatMap((timeline) => timeline.gaps.map(({ where }) => where.frame));
    add(
      `${count(quality.gaps, "gap")} in followed connections, ${count(quality.missingBytes, "byte")} missing${streamsOf(timelines.filter((one) => one.gaps.length > 0))}`,
      LOSE_NO_PACKETS,
      gaps,
    );
  }
  if (quality.lateStarts > 0)
    add(
      `${count(quality.lateStarts, "connection")} without a start${streamsOf(timelines.filter((one) => one.lateStart))}`,
      "Start the recording before the program, so that its connections are seen from their beginning.",
    );
  if (quality.oneSided > 0)
    add(
      `${count(quality.oneSided, "connection")} in one direction only${streamsOf(timelines.filter((one) => one.oneSided))}`,
      "Record both directions: a mirror port has to copy received and sent packets, and both have to take this way.",
    );
  if (quality.duplicates > 0)
    add(
      `${count(quality.duplicates, "packet")} recorded twice, as a mirror port does`,
      "Let the mirror port copy one port, or received packets only; verdicts do not suffer from packets that are there twice.",
    );
  const misplaced = timelines.filter(isMisplaced);
  if (misplaced.length > 0)
    add(
      `packets that are not in the order of time, in ${count(misplaced.length, "connection")}${streamsOf(misplaced)}`,
      SORT_FIRST,
    );
  if (quality.overlapsDiffering > 0)
    add(
      `${count(quality.overlapsDiffering, "overlap")} with different bytes for the same place`,
      "Two packets disagree about the same bytes: record closer to the client, before whatever changes them.",
    );
  if (quality.holes.length > 0) {
    const texts = quality.holes.slice(0, MAX_CITED).map(({ text }) => text);
    const more = quality.holes.length - texts.length;
    add(
      `${texts.join("; ")}${more > 0 ? `; and so in ${count(more, "further place")}` : ""}`,
      "Take all files of the rotated capture, whole; what was in those that are missing, nobody can tell.",
    );
  }
  if (quality.droppedByCapture > 0)
    add(`${count(quality.droppedByCapture, "packet")} dropped while recording`, LOSE_NO_PACKETS);
  return list;
}

/** " (streams 3, 5)"; nothing where none of them leads to a proxy. */
function streamsOf(timelines: readonly { readonly stream: number }[]): string {
  if (timelines.length === 0) return "";
  const streams = [...new Set(timelines.map(({ stream }) => stream))];
  const more = streams.length > MAX_CITED ? " ..." : "";
  return ` (${streams.length === 1 ? "stream" : "streams"} ${streams.slice(0, MAX_CITED).join(", ")}${more})`;
}
