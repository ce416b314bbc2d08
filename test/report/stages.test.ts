// The third stage of a tunnel in words, of recorded captures: what it carries, and what cannot be seen.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";

/** As bytes: beside a file its key log would be found. */
const captured = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../captures/${name}`, import.meta.url)));

it.each([
  ["tunnel-ssh.pcap", ["carries ssh"]],
  ["tunnel-smtp.pcap", ["carries smtp"]],
  ["tunnel-unknown.pcap", ["carries unknown"]],
  ["tls-nothing-sent.pcap", ["nothing was sent"]],
  ["tunnel-websocket.pcap", ["answered 101"]],
  ["squid-basic.pcap", ["cannot be seen without keys"]],
])("of %s", async (name, stages) => {
  const report = await checkCapture(captured(name));
  if ("kind" in report) throw new Error(report.message);
  expect(report.connections.flatMap(({ tunnel }) => (tunnel === null ? [] : [tunnel.stages.https]))).toEqual(stages);
});
