// Recorded captures of which packets are missing or stand in another order: no verdict is made of what the capture does not show.
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/diagnosis/index.ts";
import { type Damage, damagedReport, only, without } from "../harness/damaged.ts";

/** A capture, what happens to it, and the verdicts of its connections then, in the order of the report. */
type Row = readonly [name: string, what: string, damage: Damage, verdicts: readonly Verdict[]];

async function verdictsOf(name: string, damage: Damage, keys = false): Promise<readonly Verdict[]> {
  return (await damagedReport(name, damage, keys)).connections.map(({ verdict }) => verdict);
}

describe("a RST that says that more was sent", () => {
  it.each<Row>([
    ["squid-403", "the answer to the CONNECT", without(5, 3), ["incomplete"]],
    ["squid-auth-403", "the second CONNECT and its answer", without(8, 3), ["incomplete"]],
    ["tls-unknown-ca-tls12", "all of the tunnel", without(8, 3), ["incomplete"]],
    ["tls-unknown-ca", "the handshake's answer", without(9, 3), ["incomplete"]],
    ["tls-unknown-ca-wget", "the end of the handshake", without(12, 3), ["incomplete"]],
    ["scripted-plain-401", "the answer in the tunnel", without(8, 3), ["incomplete"]],
  ])("%s without %s", async (name, _what, damage, verdicts) => {
    expect(await verdictsOf(name, damage)).toEqual(verdicts);
  });
});

it("finds the CONNECT that waits behind a lost one until its tunnel is open", async () => {
  const { connections } = await damagedReport("squid-basic", without(4), true);
  expect(connections[0]?.connects.map(({ frame, response }) => [frame, response?.status])).toEqual([[7, 200]]);
  expect(connections[0]?.tunnel?.target).toBe("www.example.com:443");
  expect(connections[0]?.tunnel?.exchanges.map(({ method, response }) => [method, response?.status])).toEqual([
    ["GET", 200],
  ]);
});

describe("a capture that begins behind an earlier answer", () => {
  it.each(["mirror-erspan", "mirror-geneve"])(
    "%s: what is acknowledged before the CONNECT is no lost answer to it",
    async (name) => {
      for (const first of [12, 13, 14])
        expect(await verdictsOf(name, only(first)), `from ${first}`).toEqual(["encrypted"]);
      expect(await verdictsOf(name, only(12), true)).toEqual(["ok"]);
    },
  );
});

describe("a proxy behind TLS", () => {
  it("https-proxy: fails no handshake in a tunnel where the client's side of the outer TLS can't be read", async () => {
    expect(await verdictsOf("https-proxy", without(7, 4), true)).toEqual(["incomplete"]);
    expect(await verdictsOf("https-proxy", without(8, 2), true)).toEqual(["incomplete"]);
  });

  it("h2-proxy-chromium: takes bytes behind a loss for no other protocol", async () => {
    for (const first of [17, 18]) {
      expect(await verdictsOf("h2-proxy-chromium", without(first, 4), true), `from ${first}`).toEqual([
        "incomplete",
        "ok",
      ]);
    }
  });
});
