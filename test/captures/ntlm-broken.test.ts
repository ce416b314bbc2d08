// NTLM through a proxy that closes in between, as it was recorded, cut, and with the client as the one that closes.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { ReportFinding } from "../../src/report/index.ts";
import { concat } from "../harness/capture-file.ts";

const CAPTURE = new Uint8Array(readFileSync(new URL("../../captures/squid-ntlm-broken.pcap", import.meta.url)));
const FILE_HEADER = 24;
const RECORD_HEADER = 16;

/** The records of a pcap file in little-endian order, each with its header. */
const records = ((): readonly Uint8Array[] => {
  const list: Uint8Array[] = [];
  const view = new DataView(CAPTURE.buffer);
  for (let at = FILE_HEADER; at < CAPTURE.length; ) {
    const end = at + RECORD_HEADER + view.getUint32(at + 8, true);
    list.push(CAPTURE.subarray(at, end));
    at = end;
  }
  return list;
})();

const AUTH = ["auth-abandoned", "ntlm-broken-connection"];

/** "id stream: title | detail" of what is said of the authentication where these frames were recorded, in this order. */
async function said(frames: readonly number[]): Promise<readonly string[]> {
  const findings = await found(frames);
  return findings.map(({ id, stream, title, detail }) => `${id} ${stream}: ${title} | ${detail}`);
}

async function found(frames: readonly number[]): Promise<readonly ReportFinding[]> {
  const report = await checkCapture(
    concat(CAPTURE.subarray(0, FILE_HEADER), ...frames.map((frame) => records[frame - 1]!)),
  );
  if ("kind" in report) throw new Error(report.message);
  return report.findings.filter(({ id }) => AUTH.includes(id));
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

it("says of no connection that credentials never came where they came on the next one", async () => {
  const texts = await said(upTo(records.length));
  expect(texts.filter((text) => text.startsWith("auth-abandoned"))).toHaveLength(3);
  for (const text of texts) expect(text).not.toMatch(/never came back/);
});

it("does not send the user for another password where the proxy closed within the handshake", async () => {
  const findings = await found(upTo(records.length));
  expect(findings).toHaveLength(5);
  for (const { advice } of findings) expect(advice.helpdesk).toMatch(/^The password is not the problem\./);
  // Without the challenge of the second connection nobody knows which one the last message answers.
  const unknown = await found(upTo(records.length).filter((frame) => frame < 10 || frame > 20));
  expect(unknown.find(({ id }) => id === "auth-abandoned")?.title).toMatch(/^The proxy refused the credentials/);
  // Without the beginning of the third one it may have had a challenge of its own.
  const late = await found(upTo(records.length).filter((frame) => frame < 21 || frame > 23));
  expect(late.find(({ id }) => id === "auth-abandoned")?.title).toMatch(/^The proxy refused the credentials/);
});

it("says of a handshake that ends halfway that it had begun", async () => {
  const texts = await said(upTo(20));
  expect(texts).toHaveLength(3);
  expect(texts[1]).toMatch(
    /^auth-abandoned 1: .*handshake was not finished \| The client began to authenticate \(NTLM, frame 14\), and nothing followed the proxy's next 407 \(frame 16\)/,
  );
  for (const text of texts) expect(text).not.toMatch(/never came back/);
});

it("takes the proxy's word for it that the client closes: Connection: close", async () => {
  const [proxyCloses, clientCloses] = [18, 19];
  const texts = await said(
    upTo(20).map((frame) => (frame === proxyCloses ? clientCloses : frame === clientCloses ? proxyCloses : frame)),
  );
  expect(texts.filter((text) => text.startsWith("ntlm-broken-connection 1"))).toHaveLength(1);
});
