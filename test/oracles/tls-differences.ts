// Streams on which we and tshark differ: what, and why.

/** By capture and stream; each field is "name: tshark's / ours". */
export const TLS_DIFFERENCES: Readonly<Record<string, { readonly fields: readonly string[]; readonly why: string }>> = {
  "AlexeyVasilev+PcapFlowLab/tests/data/parsing/tls/ipv4_tls_constricted_1.pcap#0": {
    fields: ['records: {"20":2,"22":2,"23":5} / {"20":2,"22":2,"23":6}'],
    why: "the snap length cut the body of a record whose header is there: it is counted",
  },
  "OISF+suricata-verify/tests/bug-2512/sample_10.62.112.41_62227.pcap#0": {
    fields: [
      'records: {} / {"20":1,"22":8,"23":2}',
      "hellos: 0 / 1",
      "hello:  / 0x0303 [] to secure-assets.rubiconproject.com with [] ja3 e1ae4abfe6e349acc988bd8625175838 in 6",
      "server:  / 0x0303 in 8",
    ],
    why: "CONNECT whose response is missing: tshark waits for HTTP, TLS is read from where it begins",
  },
  "OISF+suricata-verify/tests/tcp-fastopen-10-syn-data-ignore/input.pcap#0": {
    fields: ['records: {"20":1,"22":1,"23":5} / {"20":2,"22":2,"23":14}', "server:  / 0x0304 in 25"],
    why: "the server answered several SYNs, with different numbers: tshark holds on to the first and sees a gap of gigabytes",
  },
  "cisco+mercury/test/afl_data/corner-cases.pcap#2": {
    fields: ["server: 0x0000 in 3 / "],
    why: "the ServerHello is damaged where its cipher suite should be; tshark shows the version 0",
  },
  "cisco+mercury/test/afl_data/corner-cases.pcap#0": {
    fields: ["server:  / 0x0303 in 1"],
    why: "a whole ServerHello in a record whose end is not in the capture is read",
  },
  "cisco+mercury/test/afl_data/corner-cases.pcap#3": {
    fields: ["server:  / 0x0303 in 5"],
    why: "as above",
  },
  "cisco+mercury/test/afl_data/multi_handshake_cert.pcap#0": {
    fields: ["server:  / 0x0303 in 1"],
    why: "as above",
  },
  "cisco+mercury/test/data/new-stats-telemetry-test.pcap#0": {
    fields: ["server:  / 0x0303 in 9"],
    why: "as above",
  },
  "cisco+mercury/unit_tests/pcaps/openvpn_tcp_multi.pcap#0": {
    fields: [
      'records: {"20":2,"22":11,"23":8} / {}',
      "hellos: 1 / 0",
      "hello: 0x0301 [] to null with [] ja3 f0d20361ae57a5c81d94ac774a736a52 in 10 / ",
      "server: 0x0301 in 65 / ",
    ],
    why: "TLS inside OpenVPN, whose packets tshark undoes",
  },
  "cisco+mercury/unit_tests/pcaps/openvpn_tcp_multi.pcap#1": {
    fields: [
      'records: {"20":2,"22":11,"23":8} / {}',
      "hellos: 1 / 0",
      "hello: 0x0301 [] to null with [] ja3 f0d20361ae57a5c81d94ac774a736a52 in 170 / ",
      "server: 0x0301 in 224 / ",
    ],
    why: "TLS inside OpenVPN, whose packets tshark undoes",
  },
  "cisco+mercury/unit_tests/pcaps/openvpn_tcp_single.pcap#0": {
    fields: ['records: {"23":1} / {}'],
    why: "tshark takes OpenVPN for TLS by its port",
  },
  "gcla+termshark/pkg/pcap/testdata/1.pcap#3": {
    fields: ['records: {} / {"23":1}'],
    why: "TLS on port 8009, which tshark does not look for",
  },
  "mozillazg+ptcpdump/testdata/format/curl-user.pcapng#0": {
    fields: [
      'records: {} / {"22":1}',
      "hellos: 0 / 1",
      "hello:  / 0x0303 [0x0304,0x0303] to kernel.org with [h2,http/1.1] ja3 0149f47eabf9a20d0893e2a44e5a6323 in 5",
    ],
    why: "its acknowledgement stands in front of the ClientHello, which tshark then takes for a retransmission",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/443-opvn.pcap#0": {
    fields: [
      'records: {"20":1,"22":3,"23":5} / {}',
      "hellos: 1 / 0",
      "hello: 0x0303 [0x0304,0x0303,0x0302,0x0301] to null with [] ja3 c81fc162549590f0e836b538fe5bfdd7 in 10 / ",
      "server: 0x0303 in 12 / ",
    ],
    why: "TLS inside OpenVPN",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/KakaoTalk_chat.pcap#18": {
    fields: ["server:  / 0x0301 in 347"],
    why: "as above",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/KakaoTalk_chat.pcap#2": {
    fields: ['records: {"20":1,"22":3,"23":5} / {"20":2,"22":8,"23":9}', "server:  / 0x0301 in 91"],
    why: "two SYN-ACKs with different numbers: tshark holds on to the first",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/anydesk.pcapng#0": {
    fields: ['records: {} / {"23":10}'],
    why: "TLS on port 80, which tshark takes for plain TCP",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/anydesk.pcapng#1": {
    fields: [
      'records: {} / {"20":2,"22":11,"23":12}',
      "hellos: 0 / 1",
      "hello:  / 0x0303 [] to null with [] ja3 201999283915cc31cee6b15472ef3332 in 12",
      "server:  / 0x0303 in 14",
    ],
    why: "as above",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/haproxy.pcap#0": {
    fields: [
      'records: {"22":1} / {}',
      "hellos: 1 / 0",
      "hello: 0x0303 [0x0304,0x0303] to aaaaaaaaaaaaaaaa.xx with [] ja3 dda262729e5413660ec0e6a8d4279860 in 1 / ",
    ],
    why: "a PROXY header stands in front of the ClientHello in one segment; the harness looks at beginnings of segments only",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/smtp-starttls.pcap#1": {
    fields: ['records: {"20":2,"21":1,"22":9,"23":10} / {"20":2,"21":2,"22":9,"23":11}'],
    why: "two records behind a gap are found",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls-appdata.pcap#1": {
    fields: ['records: {"23":2} / {"23":17}'],
    why: "records behind two gaps are found",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_cipher_lens.pcap#1": {
    fields: [
      "hello: 0x0301 [] to null with [] ja3 null in 2 / 0x0301 [] to null with [] ja3 f5d1076d0d11b5cd81c4c4e8e8ee881a in 2",
    ],
    why: "a malformed hello: JA3 means nothing, and the report gives none",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_cipher_lens.pcap#2": {
    fields: [
      "hello: 0x0301 [] to null with [] ja3 null in 3 / 0x0301 [] to null with [] ja3 8eae3e18d36ce24c4ac6b9eeb84ac762 in 3",
    ],
    why: "a malformed hello: JA3 means nothing, and the report gives none",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_cipher_lens.pcap#4": {
    fields: [
      "hello: 0x0301 [] to null with [] ja3 12f72b3830028e0151f98b64f504bd9c in 5 / 0x0301 [] to null with [] ja3 f5d1076d0d11b5cd81c4c4e8e8ee881a in 5",
    ],
    why: "a malformed hello: JA3 means nothing, and the report gives none",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_heur__vmess-tcp.pcapng#3": {
    fields: [
      'records: {"20":2,"22":2,"23":23} / {}',
      "hellos: 1 / 0",
      "hello: 0x0303 [0x0304,0x0303] to www.youtube.com with [h2,http/1.1] ja3 4ea056e63b7910cbf543f0c095064dfe in 27 / ",
      "server: 0x0304 in 29 / ",
    ],
    why: "SOCKS: tshark numbers the stream inside anew",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_heur__vmess-tcp.pcapng#2": {
    fields: [
      'records: {} / {"20":2,"22":2,"23":23}',
      "hellos: 0 / 1",
      "hello:  / 0x0303 [0x0304,0x0303] to www.youtube.com with [h2,http/1.1] ja3 4ea056e63b7910cbf543f0c095064dfe in 27",
      "server:  / 0x0304 in 29",
    ],
    why: "SOCKS: tshark numbers the stream inside anew",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_heur__vmess-websocket.pcapng#3": {
    fields: [
      'records: {"20":2,"22":2,"23":21} / {}',
      "hellos: 1 / 0",
      "hello: 0x0303 [0x0304,0x0303] to www.youtube.com with [h2,http/1.1] ja3 4ea056e63b7910cbf543f0c095064dfe in 27 / ",
      "server: 0x0304 in 29 / ",
    ],
    why: "SOCKS: tshark numbers the stream inside anew",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_heur__vmess-websocket.pcapng#2": {
    fields: [
      'records: {} / {"20":2,"22":2,"23":21}',
      "hellos: 0 / 1",
      "hello:  / 0x0303 [0x0304,0x0303] to www.youtube.com with [h2,http/1.1] ja3 4ea056e63b7910cbf543f0c095064dfe in 27",
      "server:  / 0x0304 in 29",
    ],
    why: "SOCKS: tshark numbers the stream inside anew",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_invalid_reads.pcap#0": {
    fields: [
      'records: {"22":3} / {"22":3,"23":1}',
      "hello: 0x0301 [] to null with [] ja3 88d4e76accc5dbd6e8ba82e094f04049 in 4 / 0x0301 [] to null with [] ja3 af67bec83aa1424953ce62433eade3fe in 4",
    ],
    why: "a malformed hello, as above; a record behind a gap is found",
  },
  "ntop+nDPI/tests/cfgs/default/pcap/tls_invalid_reads.pcap#2": {
    fields: [
      "hello: 0x0303 [] to e.crashlytics.com with [] ja3 null in 12 / 0x0303 [] to e.crashlytics.com with [] ja3 9d5430e6dfce44459702b74d790df353 in 12",
    ],
    why: "a malformed hello, as above",
  },
  "seladb+PcapPlusPlus/Tests/ExamplesTest/pcap_examples/tcp-reassembly.pcap#6": {
    fields: ['records: {"23":1} / {}'],
    why: "a TCP segment sampled in sFlow, which is not undone",
  },
  "seladb+PcapPlusPlus/Tests/Packet++Test/PacketExamples/ssl-malformed1.pcap#0": {
    fields: [
      "hello: 0x0302 [] to null with [] ja3 null in 1 / 0x0302 [] to null with [] ja3 29254c1d8e9ca046e74ded1d10ac92a2 in 1",
    ],
    why: "a malformed hello, as above",
  },
  "zeek+zeek/testing/btest/Traces/rdp/rdp-no-cookie-mstshash.pcap#0": {
    fields: [
      'records: {} / {"20":2,"22":5}',
      "hellos: 0 / 1",
      "hello:  / 0x0303 [] to null with [] ja3 c12f54a3f91dc7bafd92cb59fe009a35 in 11",
      "server:  / 0x0303 in 13",
    ],
    why: "TLS in RDP, which tshark does not follow here",
  },
  "zeek+zeek/testing/btest/Traces/tls/irc-starttls.pcap#0": {
    fields: [
      'records: {} / {"20":2,"21":1,"22":9}',
      "hellos: 0 / 1",
      "hello:  / 0x0303 [] to null with [] ja3 c369db2c355ad05c76f5660af3179b01 in 8",
      "server:  / 0x0303 in 10",
    ],
    why: "STARTTLS in IRC, which tshark does not follow",
  },
  "zeek+zeek/testing/btest/Traces/tunnels/gre-aruba-amsdu.pcap#0": {
    fields: ['records: {"23":2} / {"23":1}'],
    why: "one frame of 802.11 holds two segments (A-MSDU), and the first is undone",
  },
};
