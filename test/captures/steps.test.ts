// Where nobody draws ladders, the steps of the record layer are not kept: what is said of a connection is the same.
import { describe, expect, it } from "vitest";
import { checkLazily } from "../../src/audit/check-capture.ts";
import { type ReportConnection, wholeReport } from "../../src/report/index.ts";

async function reported(name: string, transitions: boolean) {
  const result = await checkLazily(`captures/${name}.pcap`, { transitions });
  if ("kind" in result) throw new Error(result.message);
  return wholeReport(result);
}

/** Behind the place of their steps, which is taken out. */
function withoutSteps(connections: readonly ReportConnection[]): unknown {
  return JSON.parse(JSON.stringify(connections, (key, value) => (key === "transitions" ? undefined : value)));
}

function stepsOf(connections: readonly ReportConnection[]): readonly string[] {
  return connections.flatMap(({ tunnel }) => (tunnel?.tls?.transitions ?? []).map(({ what }) => what));
}

describe("without the steps of the record layer", () => {
  it.each([
    ["tls-12-client-certificate", 1],
    ["tls-13-certificate-later", 3],
    ["tls-client-certificate-missing", 1],
    ["far-context-lost", 0],
  ])(
    "all that is said of %s is the same, and of its steps %i are left, the requests for certificates",
    async (name, requests) => {
      const [all, less] = [await reported(name, true), await reported(name, false)];
      expect(withoutSteps(less.connections)).toEqual(withoutSteps(all.connections));
      expect(less.findings).toEqual(all.findings);
      expect(stepsOf(all.connections).length).toBeGreaterThan(requests);
      expect(stepsOf(less.connections)).toEqual(Array(requests).fill("certificate-request"));
    },
  );
});
