// The sentence that a report leads with, where not all connections were judged together.
import { expect, it } from "vitest";
import { headline } from "../../src/report/outputs/headline.ts";
import { judged, report } from "./samples.ts";

it("says on how many connections it rests, and how it would rest on all", () => {
  const one = report([judged(3, "encrypted")]);
  const sum = { client: "192.0.2.17", proxy: "192.0.2.80:8080", target: null, firstStream: 20, firstFrame: 300 };
  const folded = [{ ...sum, verdict: "encrypted" as const, count: 40 }];
  const totals = { ...one.totals, connections: 41 };
  expect(headline(one)).not.toContain("--max-connections");
  expect(headline({ ...one, folded, totals })).toMatch(
    / \(40 of 41 connections were judged each by itself: --max-connections 41 judges all together\.\)$/,
  );
});
