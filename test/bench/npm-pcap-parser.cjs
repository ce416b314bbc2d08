// The npm package pcap-parser, only iterating: a line of the benchmark.
const { parse } = require("pcap-parser");

let packets = 0;
parse(process.argv[2])
  .on("packet", () => packets++)
  .on("end", () => console.log(packets));
