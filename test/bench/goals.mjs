// What the benchmark is held against: ratios to other programs, and MiB. `more`: larger is better.

export const GOALS = [
  { name: "tshark ÷ mixed", now: 60, later: 120, more: true },
  { name: "mixed ÷ tcpdump", now: 1.2, later: 0.65 },
  { name: "mixed ÷ cat", now: 3, later: 1.5 },
  { name: "tshark ÷ tunnels", now: 50, later: 105, more: true },
  { name: "tunnels ÷ tcpdump", now: 1, later: 0.5 },
  { name: "tshark ÷ small", now: 60, later: 180, more: true },
  { name: "small ÷ tcpdump", now: 2, later: 0.85 },
  { name: "tshark ÷ captures", now: 1_000, later: 2_000, more: true },
  { name: "captures ÷ cat", now: 2.5, later: 1.2 },
  { name: "audit ÷ cat", now: 2.5, later: 2.5 },
  { name: "tshark ÷ audit", now: 1_000, later: 1_000, more: true },
  { name: "one ÷ node -e 0", now: 1.5, later: 1.05 },
  { name: "tshark ÷ tls", now: 12, later: 27, more: true },
  { name: "tshark ÷ tls without bodies", now: 20, later: 50, more: true },
  { name: "pcapng ÷ pcap", now: 1.1, later: 1 },
  { name: "peak memory, MiB", now: 90, later: 52 },
  { name: "memory's growth, MiB", now: 15, later: 4 },
];
