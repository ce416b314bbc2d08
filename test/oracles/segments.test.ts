// TCP headers of 2,361 captures of other programs: as many frames with one as tshark 4.0.17 gives a stream number.
import { describe, expect, it } from "vitest";
import { createPacketDecoder } from "../../src/packet/index.ts";
import { createCaptureReader } from "../../src/pcap-parser/index.ts";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusRows, hasCorpus } from "../harness/corpus.ts";

interface SegmentsRow extends CorpusRow {
  readonly tcp_frames: number;
}

/** What is left of differences: frames of ours, and why. */
interface Difference {
  readonly ours: number;
  readonly why: string;
}

const PSEUDOWIRE = "the control word of an Ethernet pseudowire, which tshark takes for the vendor part of an address";
const BIG_TCP = "IPv6 payload length 0 of segmentation offload, at which tshark gives up";
const SAMPLES = "headers that sFlow sampled: copies of packets on other links, not segments of this one";
const NETLINK = "packets inside netlink messages to a logging process, several in one frame";

const DIFFERENCES: Readonly<Record<string, Difference>> = {
  "AlexeyVasilev+PcapFlowLab/tests/data/parsing/mpls_pw/06_mpls_pw_eth_vlan_ipv4_tcp_cw.pcap": {
    ours: 1,
    why: PSEUDOWIRE,
  },
  "AlexeyVasilev+PcapFlowLab/tests/data/parsing/mpls_pw/18_mpls_pw_outer_legacy_vlan_ipv4_tcp_cw.pcap": {
    ours: 1,
    why: PSEUDOWIRE,
  },
  "the-tcpdump-group+tcpdump/tests/bigtcp-ipv6.pcap": { ours: 1, why: BIG_TCP },
  "the-tcpdump-group+tcpdump/tests/bigtcp-ipv4-geneve-ipv6.pcap": { ours: 1, why: BIG_TCP },
  "the-tcpdump-group+tcpdump/tests/bigtcp-ipv4-vxlan-ipv6.pcap": { ours: 1, why: BIG_TCP },
  "the-tcpdump-group+tcpdump/tests/sflow_expanded.pcap": { ours: 0, why: SAMPLES },
  "seladb+PcapPlusPlus/Tests/ExamplesTest/pcap_examples/tcp-reassembly.pcap": { ours: 65, why: SAMPLES },
  "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-conntrack.pcap": { ours: 0, why: NETLINK },
  "mtottenh+pcapsql/fuzz/corpus/fuzz_pcap_reader/netlink-nflog.pcap": { ours: 0, why: NETLINK },
};

/** Frames with a TCP header; null where the file is no capture to us. */
function tcpFrames(name: string): number | null {
  const decoder = createPacketDecoder();
  let frames = 0;
  const reader = createCaptureReader({
    packet: (packet) => {
      if (decoder.decode(packet)) frames++;
    },
    secrets: () => {},
    name: () => {},
    note: () => {},
  });
  const bytes = corpusBytes(name);
  reader.push(bytes, 0, bytes.length);
  return "kind" in reader.end() ? null : frames;
}

describe.skipIf(!hasCorpus)(`frames with a TCP header${CORPUS_SKIP}`, () => {
  it("are as many as tshark's in every capture that both read, but for the differences that are listed", () => {
    const rows = corpusRows<SegmentsRow>();
    const wrong: string[] = [];
    let compared = 0;
    let total = 0;
    for (const [name, { opened, tcp_frames }] of rows) {
      if (!opened) continue;
      const ours = tcpFrames(name);
      if (ours === null) continue;
      compared++;
      total += ours;
      const expected = DIFFERENCES[name]?.ours ?? tcp_frames;
      if (ours !== expected) wrong.push(`${name}: ${ours}, tshark ${tcp_frames}`);
    }
    expect(wrong).toEqual([]);
    // The corpus was really read.
    expect(compared).toBeGreaterThan(2_300);
    expect(total).toBeGreaterThan(60_000);
  });

  it("do not stand in the list of differences without need", () => {
    const rows = corpusRows<SegmentsRow>();
    for (const [name, { ours }] of Object.entries(DIFFERENCES)) expect(rows.get(name)?.tcp_frames, name).not.toBe(ours);
  });
});
