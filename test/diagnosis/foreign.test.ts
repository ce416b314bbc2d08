// TLS connections of other people's captures, taken for tunnels of a proxy that is nothing but wire: no origin may be mistaken for it.
import { describe, expect, it } from "vitest";
import { signsOf, TunnelsBeyond } from "../../src/diagnosis/signs/index.ts";
import { tunnelRecords } from "../../src/diagnosis/signs/turns.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { CORPUS_SKIP, corpusBytes, corpusRows, hasCorpus } from "../harness/corpus.ts";
import { type FollowedTls, followTls } from "../harness/tls-follow.ts";
import { connectFact, responseHead, tunnelOf } from "./record-talk.ts";

/** Larger captures of the corpus repeat what the small ones show. */
const MAX_BYTES = 4_000_000;

/** As if a CONNECT had taken as long as the handshake: the proxy has no round trip of its own. */
function asTunnel({ stream, facts }: FollowedTls): Timeline | null {
  const { clientHello, serverHello } = facts;
  if (clientHello === null || serverHello === null) return null;
  const host = clientHello.sni ?? `host${stream}.example.com`;
  const shell = tunnelOf({ host, stream, records: [] });
  const way = serverHello.where.time - clientHello.where.time;
  const asked = { ...clientHello.where, time: clientHello.where.time - way - 2n };
  const opened = { ...clientHello.where, time: clientHello.where.time - 1n };
  return {
    ...shell,
    start: asked.time,
    end: facts.marks.at(-1)?.time ?? serverHello.where.time,
    roundTripMs: 0,
    connects: [connectFact(`${host}:443`, asked, responseHead(opened, 200))],
    tunnel: { ...shell.tunnel!, tls: facts },
  };
}

describe.skipIf(!hasCorpus)(`foreign captures${CORPUS_SKIP}`, () => {
  it("hold hundreds of TLS connections and nothing that is suspected", () => {
    let connections = 0;
    let read = 0;
    let far = 0;
    for (const [name, row] of corpusRows()) {
      if (!row.opened || row.size > MAX_BYTES) continue;
      const timelines = followTls(corpusBytes(name)).flatMap((one) => asTunnel(one) ?? []);
      connections += timelines.length;
      read += timelines.filter((one) => tunnelRecords(one) !== null).length;
      far += timelines.filter(({ start, tunnel }) => tunnel!.tls!.serverHello!.where.time - start > 40_000_000n).length;
      const found = signsOf(timelines, { ruledOut: () => false, beyond: new TunnelsBeyond(), legs: () => [] });
      for (const [{ stream }, { suspected, signs }] of found)
        expect({ name, stream, suspected, signs: suspected ? signs : [] }).toEqual({
          name,
          stream,
          suspected: false,
          signs: [],
        });
    }
    expect(connections).toBeGreaterThan(300);
    expect(read).toBeGreaterThan(150);
    expect(far).toBeGreaterThan(50);
  });
});
