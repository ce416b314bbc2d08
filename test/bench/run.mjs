// Runs pcapcheck beside tshark, tcpdump, cat, a bare walk in Node and the npm pcap-parser on captures that it makes, in turn; prints
// ratios of medians beside their goals, peak memory, and whether what was found is what the captures hold.
// npm run bench -- [NAME…] [--size BYTES] [--tls-size BYTES] [--trace-size BYTES] [--tunnels N] [--captures N] [--audited N] [--runs N]
// [--slow-runs N] [--folder DIR]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GOALS } from "./goals.mjs";
import { installed, Meter, missing } from "./measure.mjs";
import { writeTrace } from "./trace-workload.mjs";
import * as make from "./workloads.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const program = join(root, "dist/pcapcheck.cjs");

const WORKLOADS = { mixed, tunnels, small, captures, one, tls, pcapng, growth, audits, trace };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    size: { type: "string", default: String(1 << 30) },
    "tls-size": { type: "string", default: String(256 << 20) },
    "trace-size": { type: "string", default: String(300_000_000) },
    tunnels: { type: "string", default: "200000" },
    captures: { type: "string", default: "2000" },
    audited: { type: "string", default: "20000" },
    runs: { type: "string", default: "5" },
    "slow-runs": { type: "string", default: "1" },
    folder: { type: "string", default: join(root, ".bench") },
  },
});

function stop(message) {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

function count(name) {
  const value = Number(values[name]);
  return Number.isSafeInteger(value) && value > 0 ? value : stop(`--${name} takes a whole number above 0`);
}

const unknown = positionals.find((name) => !Object.hasOwn(WORKLOADS, name));
if (unknown !== undefined) stop(`there is no workload ${unknown}; there are ${Object.keys(WORKLOADS).join(", ")}`);
if (!existsSync(program)) stop("dist/pcapcheck.cjs is missing: npm run build");
if (missing() !== null) stop(missing());

const size = count("size");
const slow = count("slow-runs");
const { folder } = values;
mkdirSync(folder, { recursive: true });
const meter = new Meter(folder, count("runs"));
const has = Object.fromEntries(["tshark", "tcpdump", "editcap"].map((name) => [name, installed(name)]));
for (const name of Object.keys(has)) if (!has[name]) console.log(`${name} is not installed: its lines are left out`);

const node = process.execPath;
/** Exit codes of pcapcheck that say that a capture was read. */
const READ = [0, 1, 3];
const SHOWN =
  "http.request.method==CONNECT || http.response.code==407 || http.response.code==401 || tls.handshake.type==1";
const FIELDS = ["frame.number", "tcp.stream", "http.request.method", "http.response.code"].flatMap((name) => [
  "-e",
  name,
]);
const tsharkOutput = join(folder, "tshark.txt");

const pcapcheck = (...args) => ({ argv: [node, program, "--format", "line", ...args], exits: READ });
const cat = (...files) => ({ argv: ["cat", ...files] });
const tshark = (path, filter = SHOWN, options = []) => ({
  argv: ["tshark", "-n", "-r", path, ...options, "-Y", filter, "-T", "fields", ...FIELDS],
  output: tsharkOutput,
  rare: slow,
});
const tcpdump = (path) => ({ argv: ["tcpdump", "-nr", path, "-w", "/dev/null", "tcp port 8080"] });

/** Measures by their names in goals.mjs. */
const measured = {};
const peaks = [];
let wrong = 0;

function mixed() {
  const results = bigFile("mixed, 5 % of it through the proxy", make.mixed(folder, size));
  goal("mixed ÷ tcpdump", results, "tcpdump");
  goal("mixed ÷ cat", results, "cat");
  goal("tshark ÷ mixed", results, "tshark");
}

function tunnels() {
  const results = bigFile("nothing but tunnels", make.tunnels(folder, size));
  goal("tunnels ÷ tcpdump", results, "tcpdump");
  goal("tshark ÷ tunnels", results, "tshark");
}

function small() {
  const results = bigFile("short tunnels", make.small(folder, count("tunnels")));
  goal("small ÷ tcpdump", results, "tcpdump");
  goal("tshark ÷ small", results, "tshark");
}

function bigFile(what, capture) {
  const { path, numbers } = capture;
  const results = compare(`${what}: ${megabytes(path)} MB, ${numbers.packets} packets, ${numbers.tunnels} tunnels`, {
    pcapcheck: pcapcheck(path),
    ...(has.tcpdump ? { tcpdump: tcpdump(path) } : {}),
    cat: cat(path),
    "only walking": { argv: [node, join(root, "test/bench/walk.cjs"), path] },
    "pcap-parser": { argv: [node, join(root, "test/bench/npm-pcap-parser.cjs"), path], rare: slow },
    ...(has.tshark ? { tshark: tshark(path) } : {}),
  });
  const { totals, capture: read } = reportOf(path);
  found("packets", read.packets, numbers.packets);
  found("tunnels", totals.tunnels, numbers.tunnels, has.tshark ? streamsWith("CONNECT") : undefined);
  if (totals.tunnels <= 2_000) found("407s", challengesOf(reportOf(path)), numbers.challenges, tsharkLines(/\t407$/));
  return results;
}

function captures() {
  const { paths, numbers } = make.captures(folder, count("captures"), 200 * 1024);
  const sample = paths.slice(0, 20);
  const loop = sample
    .map((path) =>
      tshark(path)
        .argv.map((word) => `'${word}'`)
        .join(" "),
    )
    .join("; ");
  const results = compare(
    `${paths.length} captures of 200 KiB in one process (tshark: a loop, from ${sample.length})`,
    {
      pcapcheck: pcapcheck(...paths),
      cat: cat(...paths),
      ...(has.tshark ? { tshark: { argv: ["sh", "-c", loop], rare: slow, times: paths.length / sample.length } } : {}),
    },
  );
  goal("captures ÷ cat", results, "cat");
  goal("tshark ÷ captures", results, "tshark");
  const lines = run(pcapcheck(...paths))
    .trim()
    .split("\n");
  found("captures", lines.length, paths.length);
  found("tunnels", sum(lines.map((line) => Number(/tunnels=(\d+)/.exec(line)?.[1]))), numbers.tunnels);
}

function one() {
  const { paths } = make.captures(folder, 1, 200 * 1024);
  const results = compare("one capture of 200 KiB", {
    pcapcheck: pcapcheck(paths[0]),
    "node -e 0": { argv: [node, "-e", "0"] },
    ...(has.tshark ? { tshark: { ...tshark(paths[0]), rare: undefined } } : {}),
  });
  goal("one ÷ node -e 0", results, "node -e 0");
}

function tls() {
  const { path, keys, numbers } = make.keyed(folder, count("tls-size"));
  const reordering = ["-o", `tls.keylog_file:${keys}`, "-o", "tcp.reassemble_out_of_order:TRUE"];
  const results = compare(`TLS 1.3 with its keys: ${megabytes(path)} MB, ${numbers.responses} responses inside`, {
    pcapcheck: pcapcheck("-k", keys, path),
    "--skip-bodies": pcapcheck("-k", keys, "--skip-bodies", path),
    ...(has.tshark ? { tshark: tshark(path, "http.request.method==CONNECT || http.response", reordering) } : {}),
  });
  goal("tshark ÷ tls", results, "tshark");
  goal("tshark ÷ tls without bodies", results, "tshark", "--skip-bodies");
  // The answer to each CONNECT is one of tshark's responses.
  const theirs = has.tshark ? tsharkLines(/\t\d+$/) - numbers.tunnels : undefined;
  for (const more of [[], ["--skip-bodies"]]) {
    const statuses = statusesInside(reportOf(path, "-k", keys, ...more));
    const which = more.length === 0 ? "" : " without bodies";
    found(`responses${which}`, statuses.length, numbers.responses, theirs);
    found(
      `401s${which}`,
      statuses.filter((status) => status === 401).length,
      numbers.challenges,
      tsharkLines(/\t401$/),
    );
  }
}

function pcapng() {
  if (!has.editcap) return;
  const capture = make.mixed(folder, size);
  const converted = make.asPcapng(capture);
  if (converted === null) stop(`editcap could not convert ${capture.path}`);
  const results = compare("the mixed capture as pcapng", {
    pcapcheck: pcapcheck(converted),
    "as pcap": pcapcheck(capture.path),
  });
  goal("pcapng ÷ pcap", results, "as pcap");
  found("tunnels", reportOf(converted).totals.tunnels, capture.numbers.tunnels);
}

function growth() {
  const [low, high] = [16 << 20, size].map((bytes) => {
    const { path } = make.mixed(folder, bytes);
    return Math.max(...Array.from({ length: 3 }, () => meter.once(pcapcheck(path)).peak));
  });
  measured["memory's growth, MiB"] = high - low;
  console.log(
    `\npeak memory: ${low.toFixed(0)} MiB at 16 MiB, ${high.toFixed(0)} MiB at ${(size / 2 ** 20).toFixed(0)} MiB`,
  );
}

/** Audits of folders: many small captures, and the captures of other programs where they are. */
function audits() {
  const made = make.captures(folder, count("audited"), 8 * 1024);
  auditOf(`audit of ${made.paths.length} captures of 8 KiB`, made.folder, made.paths.slice(0, 20), made.paths.length);
  const report = JSON.parse(run({ ...audit(made.folder, "-f", "json"), exits: [0, 1, 2, 3] }));
  found("tunnels", sum(report.proxies.map(({ connections }) => connections)), made.numbers.tunnels);
  const corpus = join(root, "../shared/corpus");
  if (existsSync(corpus)) auditOf("audit of other programs' captures", corpus, [], 0);
}

function auditOf(what, place, sample, all) {
  const loop = sample.map((path) =>
    tshark(path)
      .argv.map((word) => `'${word}'`)
      .join(" "),
  );
  const results = compare(what, {
    pcapcheck: audit(place),
    "two workers": audit(place, "-j", "2"),
    cat: { argv: ["sh", "-c", `find '${place}' -type f -print0 | xargs -0 cat`] },
    ...(has.tshark && sample.length > 0
      ? { tshark: { argv: ["sh", "-c", loop.join("; ")], rare: slow, times: all / sample.length } }
      : {}),
  });
  if (sample.length === 0) return;
  goal("audit ÷ cat", results, "cat");
  goal("tshark ÷ audit", results, "tshark");
}

const audit = (place, ...args) => ({ argv: [node, program, "audit", place, ...args], exits: [0, 1, 2, 3] });

function trace() {
  const bytes = count("trace-size");
  const make = (name, size) => {
    const path = join(folder, name);
    return { path, ...writeTrace(path, size) };
  };
  const [low, high] = [make("trace-small.txt", Math.round(bytes / 4)), make("trace.txt", bytes)];
  const read = (path) => ({ argv: [node, program, "trace", "--format", "line", path], exits: READ });
  compare(`a policy trace: ${megabytes(high.path)} MB, ${high.transactions} transactions, ${high.tunnels} tunnels`, {
    pcapcheck: read(high.path),
    cat: cat(high.path),
  });
  // The goal for peak memory is one of captures.
  peaks.pop();
  const line = run(read(high.path));
  const number = (name) => Number(new RegExp(`${name}=(\\d+)`).exec(line)?.[1]);
  found("transactions", number("transactions"), high.transactions);
  found("tunnels", number("tunnels"), high.tunnels);
  found("401s", number("wrong"), high.guilty);
  const [small, large] = [low, high].map(({ path }) => meter.once(read(path)).peak);
  console.log(`peak memory: ${small.toFixed(0)} MiB at a quarter of it, ${large.toFixed(0)} MiB at all of it`);
}

function compare(title, commands) {
  console.log(`\n${title}`);
  const results = meter.compare(commands);
  const own = results.pcapcheck.seconds;
  for (const [name, { seconds, peak }] of Object.entries(results)) {
    const ratio = name === "pcapcheck" ? "" : `  pcapcheck ÷ it = ${(own / seconds).toPrecision(3)}`;
    console.log(`  ${name.padEnd(13)} ${seconds.toFixed(3).padStart(9)} s ${peak.toFixed(0).padStart(6)} MiB${ratio}`);
  }
  peaks.push(results.pcapcheck.peak);
  return results;
}

/** A ratio as its goal has it: times another program ("mixed ÷ cat") or over it ("tshark ÷ mixed"). */
function goal(name, results, other, own = "pcapcheck") {
  if (results[other] === undefined) return;
  const ratio = results[own].seconds / results[other].seconds;
  measured[name] = name.startsWith("tshark") ? 1 / ratio : ratio;
}

function found(what, ours, made, theirs) {
  if (ours !== made) wrong++;
  const beside = theirs === undefined ? "" : `, tshark ${theirs}`;
  console.log(`  ${ours === made ? "found" : "WRONG"}: ${ours} of ${made} ${what}${beside}`);
}

function run({ argv, exits = [0] }) {
  const { status, stdout, stderr } = spawnSync(argv[0], argv.slice(1), { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (!exits.includes(status)) stop(`exit code ${status} of ${argv.slice(0, 6).join(" ")}: ${stderr}`);
  return stdout;
}

function reportOf(path, ...args) {
  return JSON.parse(run({ argv: [node, program, "--format", "json", ...args, path], exits: READ }));
}

function challengesOf({ connections }) {
  return sum(connections.map(({ connects }) => connects.filter(({ response }) => response?.status === 407).length));
}

function statusesInside({ connections }) {
  return connections.flatMap(({ tunnel }) =>
    (tunnel?.exchanges ?? []).flatMap(({ response }) => response?.status ?? []),
  );
}

function tsharkLines(pattern) {
  return has.tshark ? sum(readTshark().map((line) => (pattern.test(line) ? 1 : 0))) : undefined;
}

function streamsWith(method) {
  const lines = readTshark().map((line) => line.split("\t"));
  return new Set(lines.flatMap(([, stream, found]) => (found === method ? stream : []))).size;
}

function readTshark() {
  return readFileSync(tsharkOutput, "utf8").trim().split("\n");
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

function megabytes(path) {
  return (statSync(path).size / 1e6).toFixed(0);
}

for (const name of positionals.length > 0 ? positionals : Object.keys(WORKLOADS)) WORKLOADS[name]();
if (peaks.length > 0) measured["peak memory, MiB"] = Math.max(...peaks);

console.log(`\n${"".padEnd(32)} measured       now     later`);
for (const { name, now, later, more } of GOALS) {
  const value = measured[name];
  if (value === undefined) continue;
  const reached = (goal) => (more ? value >= goal : value <= goal);
  const verdict = reached(later) ? "later" : reached(now) ? "now" : "short";
  console.log(`${name.padEnd(32)} ${text(value)} ${text(now)} ${text(later)}  ${verdict}`);
}
if (wrong > 0) stop(`${wrong} of the results are wrong`);

function text(value) {
  return (value >= 10 ? value.toFixed(0) : value.toFixed(2)).padStart(8).padEnd(9);
}
