// A leg whose clock does not fit the client's, beside a tunnel without keys: what it did not carry is no sign.
import { expect, it } from "vitest";
import { Collector } from "../../src/diagnosis/index.ts";
import { QUALITY } from "./diagnose.ts";
import { type Said, tunnelOf } from "./record-talk.ts";
import { challenged, client, legOf, REQUEST, server } from "./sign-talk.ts";

const HOST = "www.example.com";

function verdict(...onLeg: readonly Said[]): string | null {
  const collector = new Collector({ connections: 10 });
  collector.addLeg(legOf(HOST, onLeg));
  collector.add(tunnelOf({ host: HOST, connectMs: 2, helloMs: 3, records: challenged() }));
  return collector.finish(QUALITY, { sources: [], sessions: 0, decrypted: 0, tlsConnections: 2 }).verdict;
}

it("a leg that carried the second request only shows that the first was not sent on, if nothing was asked on it unawaited", () => {
  const second = [client(REQUEST, 6), server(2_400, 49)];
  expect(verdict(...second)).toBe("tunnel-401-suspected");
  expect(verdict(...second, client(REQUEST, 90), server(2_400, 99))).toBe("encrypted");
});
