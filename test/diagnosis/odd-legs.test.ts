// A leg whose clock does not fit the client's, beside a tunnel without keys: what it did not carry is no sign.
import { expect, it } from "vitest";
import { Collector, type Hole } from "../../src/diagnosis/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { QUALITY } from "./diagnose.ts";
import { atMs, type Said, tunnelOf } from "./record-talk.ts";
import { challenged, client, legOf, REQUEST, server } from "./sign-talk.ts";

const HOST = "www.example.com";

const TUNNEL = tunnelOf({ host: HOST, connectMs: 2, helloMs: 3, records: challenged() });

function verdict(...onLeg: readonly Said[]): string | null {
  return verdictOf(onLeg, [], []);
}

/** The verdict of the tunnel, with others that were there before. */
function verdictOf(onLeg: readonly Said[], others: readonly Timeline[], holes: readonly Hole[]): string | null {
  const collector = new Collector({ connections: 10 });
  collector.addLeg(legOf(HOST, onLeg));
  for (const one of [...others, TUNNEL]) collector.add(one);
  const quality = { ...QUALITY, holes };
  const { facts } = collector.finish(quality, { sources: [], sessions: 0, decrypted: 0, tlsConnections: 2 });
  return facts.connections.find(({ timeline }) => timeline === TUNNEL)?.verdict ?? null;
}

it("a leg that carried the second request only shows that the first was not sent on, if nothing was asked on it unawaited", () => {
  const second = [client(REQUEST, 6), server(2_400, 49)];
  expect(verdict(...second)).toBe("tunnel-401-suspected");
  expect(verdict(...second, client(REQUEST, 90), server(2_400, 99))).toBe("encrypted");
});

it("legs are looked at for each tunnel by itself, whatever files of the capture are missing around another one", () => {
  const before = tunnelOf({ host: "news.example.net", stream: 7, startMs: -60_000, records: challenged() });
  const missing = (fromMs: number, toMs: number): Hole => ({
    between: { from: atMs(fromMs), to: atMs(toMs) },
    text: "of the rotated capture number 3 is missing",
  });
  const second = [client(REQUEST, 6), server(2_400, 49)];
  const unawaited = [client(REQUEST, 90), server(2_400, 99)];
  expect(verdictOf(second, [before], [])).toBe("tunnel-401-suspected");
  expect(verdictOf(second, [before], [missing(-60_000, -59_000)])).toBe("tunnel-401-suspected");
  expect(verdictOf([...second, ...unawaited], [before], [missing(-60_000, -59_000)])).toBe("encrypted");
  expect(verdictOf(second, [before], [missing(1, 2)])).toBe("encrypted");
});
