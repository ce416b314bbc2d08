// Streams of 2,361 captures of other programs, as tshark numbers them, and their bytes, as `tshark -z follow` gives them.
import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { type ByteSink, createTcp, type TcpConnection } from "../../src/tcp/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusPath, corpusRows, hasCorpus } from "../harness/corpus.ts";

interface StreamsRow extends CorpusRow {
  readonly tcp_streams: number;
  readonly tcp_streams_seen?: number;
  readonly streams?: readonly {
    readonly stream: number;
    readonly a: string;
    readonly b: string;
    readonly first_frame: number;
    readonly frames: number;
    readonly midstream?: boolean;
  }[];
}

const rows = corpusRows<StreamsRow>();

/** A stream as tshark numbers it: its number, first frame, and how many TCP headers of it were seen. */
interface Numbered {
  readonly first: number;
  count: number;
}

interface Followed {
  readonly connection: TcpConnection;
  readonly ends: [number, number];
  readonly bytes: [number, number];
  readonly missing: [number, number];
  /** By side: what came, with tshark's words for what was lost. */
  readonly parts: readonly [Buffer[], Buffer[]];
  closed: number;
}

/** Captures in which tshark counts other streams than we do. `headers`: TCP headers that we found. */
const DIFFERENCES: Readonly<Record<string, { ours: number; tshark: number; headers: number; why: string }>> = {
  "AlexeyVasilev+PcapFlowLab/tests/data/parsing/mpls_pw/06_mpls_pw_eth_vlan_ipv4_tcp_cw.pcap": {
    ours: 1,
    tshark: 0,
    headers: 1,
    why: "a pseudowire with control word: tshark guesses there is none and reads on from the wrong byte",
  },
  "AlexeyVasilev+PcapFlowLab/tests/data/parsing/mpls_pw/18_mpls_pw_outer_legacy_vlan_ipv4_tcp_cw.pcap": {
    ours: 1,
    tshark: 0,
    headers: 1,
    why: "the same",
  },
  "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-conntrack.pcap": {
    ours: 0,
    tshark: 1,
    headers: 0,
    why: "netlink messages about connections, whose fields tshark names tcp; no packets of them",
  },
  "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-nflog.pcap": {
    ours: 0,
    tshark: 1,
    headers: 0,
    why: "packets inside netlink messages are not undone",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/socks.pcap": {
    ours: 4,
    tshark: 6,
    headers: 60,
    why: "tshark gives what SOCKS carries a number of its own, that of no packet",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_heur__vmess-tcp.pcapng": {
    ours: 3,
    tshark: 4,
    headers: 96,
    why: "SOCKS, the same",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_heur__vmess-websocket.pcapng": {
    ours: 3,
    tshark: 4,
    headers: 96,
    why: "SOCKS, the same",
  },
  "seladb+PcapPlusPlus/Tests/ExamplesTest/pcap_examples/solaris.snoop": {
    ours: 0,
    tshark: 1,
    headers: 0,
    why: "snoop is not read",
  },
  "seladb+PcapPlusPlus/Tests/ExamplesTest/pcap_examples/tcp-reassembly.pcap": {
    ours: 1,
    tshark: 7,
    headers: 65,
    why: "samples of packets in sFlow are not undone: they are heads without their connections",
  },
  "the-tcpdump-group+tcpdump/tests/bigtcp-ipv4-geneve-ipv6.pcap": {
    ours: 1,
    tshark: 0,
    headers: 1,
    why: "a length of 0 in a packet of 80 KB: tshark calls it malformed",
  },
  "the-tcpdump-group+tcpdump/tests/bigtcp-ipv4-vxlan-ipv6.pcap": { ours: 1, tshark: 0, headers: 1, why: "the same" },
  "the-tcpdump-group+tcpdump/tests/bigtcp-ipv6.pcap": { ours: 1, tshark: 0, headers: 1, why: "the same" },
  "the-tcpdump-group+tcpdump/tests/sflow_expanded.pcap": { ours: 0, tshark: 1, headers: 0, why: "sFlow, as above" },
};

/** Streams of which tshark counts other frames. */
const FRAME_DIFFERENCES: Readonly<Record<string, { ours: number; tshark: number; why: string }>> = {
  "zeek+zeek/testing/btest/Traces/tunnels/gre-aruba-amsdu.pcap stream 0": {
    ours: 1,
    tshark: 2,
    why: "an aggregate of two segments in one frame, of which the first is taken",
  },
};

/**
 * Captures whose streams are compared byte by byte: losses, reordering, repetitions, acknowledgements of what was not captured,
 * late starts, keep-alives, conflicting overlaps, CONNECT, IPv6, tunnels.
 */
const FOLLOWED: readonly string[] = [
  "IvanNardi+pl7m/tests/pcaps/gtpu-tls.pcapng",
  "IvanNardi+pl7m/tests/pcaps/http-connect.pcap",
  "IvanNardi+pl7m/tests/results/http-connect.pcap.fuzzed",
  "IvanNardi+pl7m/tests/results/tls3_client_hello_frags.pcapng.fuzzed",
  "OISF+suricata-verify/tests/bug-2430/backwards.pcap",
  "OISF+suricata-verify/tests/bug-2512/sample_10.62.112.41_62227.pcap",
  "OISF+suricata-verify/tests/bug-5881-01/input.pcap",
  "OISF+suricata-verify/tests/http-gap-double/input.pcap",
  "OISF+suricata-verify/tests/http-pipeline-files-with-gap/input.pcap",
  "OISF+suricata-verify/tests/output-eve-ftp-data/input.pcap",
  "OISF+suricata-verify/tests/smtp-bug-5981/input.pcap",
  "arkime+arkime/tests/pcap/tcp_handshake_synthetic.pcap",
  "arkime+arkime/tests/pcap/wireshark-retrans.pcap",
  "ntop+nDPI/tests/cfgs/default/pcap/android.pcap",
  "ntop+nDPI/tests/cfgs/default/pcap/ftp-start-tls.pcap",
  "ntop+nDPI/tests/cfgs/default/pcap/http_connect.pcap",
  "ntop+nDPI/tests/cfgs/default/pcap/psiphon3.pcap",
  "ntop+nDPI/tests/cfgs/default/pcap/tls-appdata.pcap",
  "ntop+nDPI/tests/cfgs/default/pcap/weibo.pcap",
  "odedshimon+BruteShark/Pcap_Examples/HTTP - NTLM.pcap",
  "simsong+tcpflow/tests/bug3.pcap",
  "zeek+zeek/testing/btest/Traces/dce-rpc/20-fids-no-close.pcap",
  "zeek+zeek/testing/btest/Traces/smtp.pcap",
];

/** How tshark's text of lost bytes goes on behind their number, and what stands for bytes that may still have come. */
const LOST = "bytes missing in capture file]\0";
const NEVER_FILLED = "never filled";

/** Runs a capture through the three rooms, following every connection. */
function run(name: string) {
  const decoder = createPacketDecoder();
  const followed: Followed[] = [];
  const numbered = new Map<number, Numbered>();
  const tcp = createTcp(
    {
      interest: () => "follow",
      open(connection) {
        const one: Followed = {
          connection,
          ends: [0, 0],
          bytes: [0, 0],
          missing: [0, 0],
          parts: [[], []],
          closed: 0,
        };
        followed.push(one);
        const sink = (side: 0 | 1): ByteSink => ({
          skippable: 0,
          push: (bytes, start, end) => {
            one.bytes[side] += end - start;
            one.parts[side].push(Buffer.from(bytes.subarray(start, end)));
          },
          gap: (length, cause) => {
            if (cause === "late-start") return;
            one.missing[side] += length;
            one.parts[side].push(Buffer.from(cause === "never-filled" ? NEVER_FILLED : `[${length} ${LOST}`));
          },
          end: () => {
            one.ends[side]++;
          },
        });
        return { sinks: [sink(0), sink(1)], closed: () => one.closed++, abandoned: false };
      },
    },
    () => {},
  );
  let headers = 0;
  const reader = createCaptureReader({
    packet: (packet) => {
      if (!decoder.decode(packet)) return;
      headers++;
      const stream = tcp.add(decoder.segment);
      const known = numbered.get(stream);
      if (known === undefined) numbered.set(stream, { first: packet.frame, count: 1 });
      else known.count++;
    },
    secrets: () => {},
    name: () => {},
    note: () => {},
  });
  const bytes = corpusBytes(name);
  reader.push(bytes, 0, bytes.length);
  reader.end();
  tcp.end();
  return { counts: tcp.counts(), numbered, followed, headers };
}

/** What `tshark -z follow,tcp,raw,N` gives for each stream: by node, in hexadecimal. */
function tsharkFollows(
  name: string,
  streams: readonly number[],
): Map<number, { nodes: string[]; hex: [string, string] }> {
  const taps = streams.flatMap((stream) => ["-z", `follow,tcp,raw,${stream}`]);
  const { stdout } = spawnSync("tshark", ["-r", corpusPath(name), "-q", ...taps], { maxBuffer: 2 ** 28 });
  const found = new Map<number, { nodes: string[]; hex: [string, string] }>();
  let current: { nodes: string[]; hex: [string, string] } = { nodes: [], hex: ["", ""] };
  for (const line of stdout.toString("latin1").split("\n")) {
    const filter = /^Filter: tcp\.stream eq (\d+)/.exec(line);
    const node = /^Node \d: (.*)$/.exec(line);
    if (filter !== null) {
      current = { nodes: [], hex: ["", ""] };
      found.set(Number(filter[1]), current);
    } else if (node !== null) {
      current.nodes.push(node[1]!);
    } else if (/^\t?[0-9a-f]+$/.test(line)) {
      current.hex[line.startsWith("\t") ? 1 : 0] += line.trim();
    }
  }
  return found;
}

/** The hexadecimal of what came. tshark says nothing of lost bytes that nothing follows, nor of data behind a hole that stayed open. */
function hexOf(all: readonly Buffer[]): string {
  const open = all.findIndex((part) => part.equals(Buffer.from(NEVER_FILLED)));
  const parts = open < 0 ? [...all] : all.slice(0, open);
  if (parts.at(-1)?.toString("latin1").endsWith(LOST) === true) parts.pop();
  return Buffer.concat(parts).toString("hex");
}

describe.skipIf(!hasCorpus)(`streams of the corpus${CORPUS_SKIP}`, () => {
  it("are numbered as tshark does, with the differences listed; every sink ends once", () => {
    const differences: Record<string, { ours: number; tshark: number; headers: number }> = {};
    const frameDifferences: Record<string, { ours: number; tshark: number }> = {};
    let compared = 0;
    let streams = 0;
    for (const [name, row] of rows) {
      const { counts, numbered, followed, headers } = run(name);
      for (const { connection, ends, closed, bytes, missing } of followed) {
        expect({ name, ends, closed }).toEqual({ name, ends: [1, 1], closed: 1 });
        expect(connection.directions.map((facts) => facts.bytes)).toEqual(bytes);
        expect(connection.directions.map((facts) => facts.missingBytes)).toEqual(missing);
      }
      if (!row.opened) continue;
      if (counts.streams !== row.tcp_streams) {
        differences[name] = { ours: counts.streams, tshark: row.tcp_streams, headers };
        continue;
      }
      streams += counts.streams;
      for (const { stream, first_frame, frames } of row.streams ?? []) {
        compared++;
        const { first, count } = numbered.get(stream)!;
        expect(first, `${name} stream ${stream}`).toBe(first_frame);
        if (count !== frames) frameDifferences[`${name} stream ${stream}`] = { ours: count, tshark: frames };
      }
    }
    expect(streams).toBeGreaterThan(3100);
    expect(compared).toBeGreaterThan(1000);
    expect(differences).toEqual(withoutReasons(DIFFERENCES));
    expect(frameDifferences).toEqual(withoutReasons(FRAME_DIFFERENCES));
  });

  it("that tshark counts apart under SOCKS are those of packets", () => {
    for (const [name, row] of rows)
      if (row.tcp_streams_seen !== undefined) expect(run(name).counts.streams).toBe(row.tcp_streams_seen);
  });
});

const hasTshark = spawnSync("tshark", ["--version"]).status === 0;

describe.skipIf(!hasCorpus || !hasTshark)(
  `bytes of the corpus's streams${CORPUS_SKIP || " (skipped without tshark)"}`,
  () => {
    it.each(FOLLOWED)("of %s are those that tshark follows", (name) => {
      const { followed } = run(name);
      const theirs = tsharkFollows(
        name,
        followed.map(({ connection }) => connection.stream),
      );
      expect(followed.length).toBeGreaterThan(0);
      for (const { connection, parts } of followed) {
        const { nodes, hex } = theirs.get(connection.stream)!;
        const [a] = connection.endpoints.map(({ ip, port }) => `${ip.includes(":") ? `[${ip}]` : ip}:${port}`);
        const sides = nodes[0] === a ? hex : hex.toReversed();
        expect([hexOf(parts[0]), hexOf(parts[1])], `stream ${connection.stream}`).toEqual(sides);
      }
    });
  },
);

function withoutReasons<T extends { readonly why: string }>(
  listed: Readonly<Record<string, T>>,
): Record<string, Omit<T, "why">> {
  return Object.fromEntries(Object.entries(listed).map(([name, { why: _, ...rest }]) => [name, rest]));
}
