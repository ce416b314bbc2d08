// Only reads a classic pcap and steps from packet to packet: what no program in Node goes below, a line of the benchmark.
const { openSync, readSync } = require("node:fs");

const CHUNK = 1 << 20;
/** Where reads begin: not at the start of a page, which takes longer on some processors. */
const START = 64;
const FILE_HEADER = 24;
const PACKET_HEADER = 16;

const file = openSync(process.argv[2]);
const bytes = new Uint8Array(START + CHUNK);
const view = new DataView(bytes.buffer);
let packets = 0;
let at = START + FILE_HEADER;
let end = START + readSync(file, bytes, START, CHUNK, null);
for (;;) {
  while (at + PACKET_HEADER <= end) {
    const next = at + PACKET_HEADER + view.getUint32(at + 8, true);
    if (next > end) break;
    packets++;
    at = next;
  }
  bytes.copyWithin(START, at, end);
  const rest = START + (end - at);
  const more = readSync(file, bytes, rest, bytes.length - rest, null);
  if (more === 0) break;
  at = START;
  end = rest + more;
}
console.log(packets);
