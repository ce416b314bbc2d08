// NTLM through a proxy that closes in between, as it was recorded, cut, and with the client as the one that closes.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
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

/** "id stream: title | detail" of what is said of the authentication where these frames were recorded, in this order. */
async function said(frames: readonly number[]): Promise<readonly string[]> {
  const report = await checkCapture(
    concat(CAPTURE.subarray(0, FILE_HEADER), ...frames.map((frame) => records[frame - 1]!)),
  );
  if ("kind" in report) throw new Error(report.message);
  return report.findings
    .filter(({ id }) => id === "auth-abandoned" || id === "ntlm-broken-connection")
    .map(({ id, stream, title, detail }) => `${id} ${stream}: ${title} | ${detail}`);
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

it("says of no connection that credentials never came where they came on the next one", async () => {
  const texts = await said(upTo(records.length));
  expect(texts.filter((text) => text.startsWith("auth-abandoned"))).toHaveLength(3);
  for (const text of texts) expect(text).not.toMatch(/never came back/);
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
