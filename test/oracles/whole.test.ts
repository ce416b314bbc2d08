// The whole program over the corpus, in one process of its own: nothing throws or hangs, memory stays flat, and the connections
// to proxies are those that the raw streams of tshark show.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";
import type { Report } from "../../src/report/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusPath, corpusRows, hasCorpus } from "../harness/corpus.ts";

/** What `follow,tcp,raw` gives of a stream with a CONNECT or a 407; see the corpus's README. */
interface ProxyRow {
  readonly stream: number;
  readonly client: string;
  readonly server: string;
  readonly targets: readonly string[];
  readonly responses: readonly { readonly status: number }[];
  readonly tunnel?: { readonly client_bytes: number; readonly server_bytes: number };
  readonly tunnel_client_hellos?: readonly { readonly frame: number; readonly sni?: string; readonly ja3: string }[];
}

interface WholeRow extends CorpusRow {
  readonly proxy?: readonly ProxyRow[];
}

interface Outcome {
  readonly name: string;
  readonly packets: number | null;
  readonly connections: Report["connections"];
}

interface Run {
  readonly peakMiB: number;
  readonly outcomes: readonly Outcome[];
}

/** The bound of the house; the runtime alone takes 40. */
const MAX_PEAK_MIB = 300;
/** A capture of the corpus takes milliseconds; all of them together hang if they take this long. */
const HANG_MS = 240_000;

const RUNNER = `
import { readFileSync, writeFileSync } from "node:fs";
import { checkCapture } from "./pcapcheck.mjs";
const [list, out] = process.argv.slice(2);
const outcomes = [];
for (const { name, path } of JSON.parse(readFileSync(list, "utf8"))) {
  const report = await checkCapture(path);
  const read = "connections" in report;
  outcomes.push({ name, packets: read ? report.capture.packets : null, connections: read ? report.connections : [] });
}
writeFileSync(out, JSON.stringify({ peakMiB: process.resourceUsage().maxRSS / 1024, outcomes }));
`;

const rows = corpusRows<WholeRow>();

async function runAll(): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), "pcapcheck-whole-"));
  try {
    await build({
      entryPoints: [fileURLToPath(new URL("../../src/index.ts", import.meta.url))],
      outfile: join(folder, "pcapcheck.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      define: { PCAPCHECK_VERSION: '"0"' },
      logLevel: "warning",
    });
    const [runner, list, out] = ["runner.mjs", "list.json", "out.json"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(runner, RUNNER);
    writeFileSync(list, JSON.stringify([...rows.keys()].map((name) => ({ name, path: corpusPath(name) }))));
    const { status, stderr } = spawnSync(process.execPath, [runner, list, out], { timeout: HANG_MS, encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    return JSON.parse(readFileSync(out, "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A proxy's connection as text, as tshark's raw streams have it. */
function ofTshark(name: string, row: ProxyRow): string {
  const { stream, client, server, targets, responses, tunnel } = row;
  const [hello] = row.tunnel_client_hellos ?? [];
  const inside = tunnel === undefined ? "" : ` ${tunnel.client_bytes}/${tunnel.server_bytes}`;
  const tls = hello === undefined ? "" : ` hello ${hello.frame} ${hello.sni ?? null} ${hello.ja3}`;
  return `${name} #${stream} ${client} ${server} [${targets}] [${responses.map(({ status }) => status)}]${inside}${tls}`;
}

/** The same as the report has it. */
function ofOurs(name: string, connection: Report["connections"][number]): string {
  const { stream, client, proxy, connects, tunnel } = connection;
  const statuses = connects.flatMap(({ response }) => response?.status ?? []);
  const inside = tunnel === null || tunnel.frame === null ? "" : ` ${tunnel.bytes.client}/${tunnel.bytes.proxy}`;
  const hello = tunnel?.tls?.clientHelloFrame ?? null;
  const tls = hello === null ? "" : ` hello ${hello} ${tunnel?.tls?.sni} ${tunnel?.tls?.ja3}`;
  const targets = connects.map(({ target }) => target);
  return `${name} #${stream} ${client.ip}:${client.port} ${proxy.ip}:${proxy.port} [${targets}] [${statuses}]${inside}${tls}`;
}

describe.skipIf(!hasCorpus)(`the whole program over the corpus${CORPUS_SKIP}`, () => {
  let run: Run;

  beforeAll(async () => {
    run = await runAll();
  }, HANG_MS + 60_000);

  it("reads all of it in one process within its memory", () => {
    expect(run.outcomes).toHaveLength(2361);
    expect(run.peakMiB).toBeLessThan(MAX_PEAK_MIB);
  });

  it("counts the packets that capinfos counts", () => {
    const differing = run.outcomes.flatMap(({ name, packets }) => {
      const theirs = rows.get(name)!.packets;
      return theirs !== null && packets !== theirs ? [`${name}: capinfos ${theirs}, ours ${packets}`] : [];
    });
    expect(differing).toEqual(PACKET_DIFFERENCES);
  });

  it("finds the connections to proxies that the raw streams show, with the differences listed", () => {
    const listed = run.outcomes.flatMap(({ name }) => (rows.get(name)!.proxy ?? []).map((row) => ofTshark(name, row)));
    const named = new Set(
      run.outcomes.filter(({ name }) => rows.get(name)!.proxy !== undefined).map(({ name }) => name),
    );
    const ours = run.outcomes
      .filter(({ name }) => named.has(name))
      .flatMap(({ name, connections }) => connections.map((connection) => ofOurs(name, connection)));
    expect(listed.length).toBeGreaterThanOrEqual(10);
    expect({
      tshark: listed.filter((line) => !ours.includes(line)),
      ours: ours.filter((line) => !listed.includes(line)),
    }).toEqual({
      tshark: PROXY_DIFFERENCES.map(({ tshark }) => tshark),
      ours: PROXY_DIFFERENCES.map(({ ours }) => ours),
    });
  });
});

/** The reasons stand in packets.test.ts. */
const PACKET_DIFFERENCES: readonly string[] = [
  "seladb+PcapPlusPlus/Tests/ExamplesTest/pcap_examples/solaris.snoop: capinfos 250, ours null",
  "seladb+PcapPlusPlus/Tests/Fuzzers/RegressionTests/regression_samples/clusterfuzz-testcase-minimized-FuzzTarget-5766899836387328: capinfos 0, ours 1",
];

const FUZZED = "IvanNardi+pl7m/tests/results/http-connect.pcap.fuzzed";
const UNANSWERED =
  "OISF+suricata-verify/tests/bug-2512/sample_10.62.112.41_62227.pcap #0 10.62.112.41:62227 10.7.108.210:8080 [secure-assets.rubiconproject.com:443] []";

const PROXY_DIFFERENCES: readonly { readonly tshark: string; readonly ours: string; readonly why: string }[] = [
  {
    tshark: `${FUZZED} #0 10.104.4.70:58074 172.27.127.10:80 [] []`,
    ours: `${FUZZED} #1 172.27.127.10:58074 10.104.4.70:80 [] []`,
    why: "the words of a CONNECT's answer come first on a stream that the fuzzing made: too little for a verdict, and no CONNECT",
  },
  {
    tshark: UNANSWERED,
    ours: `${UNANSWERED} hello 6 secure-assets.rubiconproject.com e1ae4abfe6e349acc988bd8625175838`,
    why: "the answer to CONNECT is not in the capture: tshark waits for it, the TLS behind it is read here",
  },
];
