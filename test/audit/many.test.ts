// Outputs that tell of every connection: more of them are kept than for a table, and not more than there is room for.
import { describe, expect, it } from "vitest";
import { checkLazily } from "../../src/audit/index.ts";
import { ascii, concat } from "../harness/capture-file.ts";
import type { TappedPiece } from "../harness/tls-talk.ts";
import { toProxy, tunnelled } from "../harness/tunnelled.ts";
import { frame, PREFACE } from "../http/h2-talk.ts";

const HEADERS = 1;
const END_STREAM_AND_HEADERS = 5;

async function keptOf(capture: Uint8Array, options: Parameters<typeof checkLazily>[1]): Promise<number> {
  const report = await checkLazily(capture, options);
  if ("kind" in report) expect.fail(report.message);
  const folded = report.folded.reduce((sum, { count }) => sum + count, 0);
  expect(report.connections.length + folded).toBe(report.totals.connections);
  return report.connections.length;
}

/** HTTP/2 in a tunnel: a hundred requests, all with the same path of 1,500 bytes out of the field table (RFC 7541 §6.1), and answers. */
function talkative(): readonly TappedPiece[] {
  const path = ascii(`/${"p".repeat(1_499)}`);
  // :method GET and :scheme http of the static table; :path as a literal that is added to the table, 1,500 in the form of §5.1.
  const first = concat(Uint8Array.of(0x82, 0x86, 0x44, 0x7f, 0xdd, 0x0a), path);
  const again = Uint8Array.of(0x82, 0x86, 0xbe);
  const asked = Array.from({ length: 100 }, (_, i) =>
    frame(HEADERS, END_STREAM_AND_HEADERS, 1 + 2 * i, concat(i === 0 ? first : again, Uint8Array.of(0x01, 1, 0x61))),
  );
  const answered = asked.map((_, i) => frame(HEADERS, END_STREAM_AND_HEADERS, 1 + 2 * i, Uint8Array.of(0x88)));
  return [
    { from: "client", bytes: concat(ascii(PREFACE), frame(4, 0, 0), ...asked) },
    { from: "server", bytes: concat(frame(4, 0, 0), ...answered) },
  ];
}

describe("connections of an output that tells of all", () => {
  it("are kept where a table sums them up", async () => {
    const forwarded: readonly TappedPiece[] = [
      { from: "client", bytes: ascii("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n") },
      { from: "server", bytes: ascii("HTTP/1.1 204 No Content\r\n\r\n") },
    ];
    const capture = toProxy(Array.from({ length: 2_100 }, () => forwarded));
    expect(await keptOf(capture, {})).toBe(2_000);
    expect(await keptOf(capture, { many: true })).toBe(2_100);
    expect(await keptOf(capture, { many: true, maxConnections: 50 })).toBe(50);
  });

  it("are summed up where they would take too much memory, unless so many were asked for", async () => {
    const capture = tunnelled(Array.from({ length: 300 }, talkative));
    const kept = await keptOf(capture, { many: true });
    expect(kept).toBeGreaterThan(100);
    expect(kept).toBeLessThan(280);
    expect(await keptOf(capture, { maxConnections: 50_000 })).toBe(300);
  });
});
