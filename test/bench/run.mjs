// Runs pcapcheck beside tshark, tcpdump, cat and the npm pcap-parser on the same captures, in turn, and prints ratios of medians.
// node test/bench/run.mjs [--size BYTES] [--tunnels N] [--captures N] [--runs N] [--only WORKLOAD,…] [--folder DIR]
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as make from "./workloads.mjs";

const { values } = parseArgs({
  options: {
    size: { type: "string", default: String(1 << 30) },
    tunnels: { type: "string", default: "200000" },
    captures: { type: "string", default: "2000" },
    runs: { type: "string", default: "5" },
    only: { type: "string", default: "mixed,tunnels,small,captures,one,pcapng,growth" },
    folder: { type: "string" },
  },
});

const root = new URL("../..", import.meta.url).pathname;
const program = join(root, "dist/pcapcheck.cjs");
if (!existsSync(program)) throw new Error("dist/pcapcheck.cjs is missing: npm run build");
if (!existsSync("/usr/bin/time"))
  throw new Error("GNU time is missing (Debian package time): peak memory is measured with it");

const runs = Number(values.runs);
const size = Number(values.size);
const wanted = new Set(values.only.split(","));
const folder = values.folder ?? mkdtempSync(join(tmpdir(), "pcapcheck-bench-"));
mkdirSync(folder, { recursive: true });
const timing = join(folder, "timing.txt");

const FILTER =
  "http.request.method==CONNECT || http.response.code==407 || http.response.code==401 || tls.handshake.type==1";
const q = (path) => `'${path.replaceAll("'", "'\\''")}'`;
const node = q(process.execPath);

const PROGRAMS = {
  pcapcheck: (file) => `${node} ${q(program)} --format line ${q(file)}`,
  tshark: (file) => `tshark -n -r ${q(file)} -Y ${q(FILTER)} -T fields -e frame.number -e tcp.stream`,
  tcpdump: (file) => `tcpdump -nr ${q(file)} -w /dev/null 'tcp port 8080'`,
  cat: (file) => `cat ${q(file)}`,
  "pcap-parser": (file) => `${node} ${q(join(root, "test/bench/npm-pcap-parser.cjs"))} ${q(file)}`,
};

/** Seconds and peak KiB of one run of a shell command; its exit code is not looked at (pcapcheck's is a verdict). */
function once(command) {
  const result = spawnSync("/usr/bin/time", ["-f", "%e %M", "-o", timing, "sh", "-c", `${command} >/dev/null 2>&1`], {
    stdio: "ignore",
  });
  if (result.error) throw result.error;
  const [seconds, peak] = readFileSync(timing, "utf8").trim().split("\n").at(-1).split(" ").map(Number);
  return { seconds, peak };
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Runs commands in turn (A B C A B C …) after one round that is not counted. Slow ones fewer times. */
function compare(commands) {
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  const peaks = {};
  for (let round = 0; round <= runs; round++) {
    for (const [name, command] of Object.entries(commands)) {
      const slow = name === "tshark" || name === "pcap-parser";
      if (slow && round !== 1 && (runs < 3 || round !== runs)) continue;
      const { seconds, peak } = once(command);
      if (round === 0) continue;
      times[name].push(seconds);
      peaks[name] = Math.max(peaks[name] ?? 0, peak);
    }
  }
  return Object.fromEntries(
    Object.keys(commands).map((name) => [name, { seconds: median(times[name]), peak: peaks[name] }]),
  );
}

function report(title, results) {
  console.log(`\n${title}`);
  const own = results.pcapcheck.seconds;
  for (const [name, { seconds, peak }] of Object.entries(results)) {
    const ratio =
      name === "pcapcheck"
        ? ""
        : `  pcapcheck ÷ ${name} = ${(own / seconds).toFixed(2)}  (${(seconds / own).toFixed(1)} × its speed)`;
    console.log(
      `  ${name.padEnd(12)} ${seconds.toFixed(2).padStart(8)} s  ${(peak / 1024).toFixed(0).padStart(6)} MiB${ratio}`,
    );
  }
}

function bigFile(name, file) {
  const commands = Object.fromEntries(Object.entries(PROGRAMS).map(([program, command]) => [program, command(file)]));
  report(`${name}: ${(statSync(file).size / 1e6).toFixed(0)} MB`, compare(commands));
  return file;
}

const available = (program) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
for (const program of ["tshark", "tcpdump"]) {
  if (!available(program)) {
    console.log(`${program} is not installed: left out`);
    delete PROGRAMS[program];
  }
}

let mixedFile = null;
const mixed = () => (mixedFile ??= make.mixed(folder, size));
if (wanted.has("mixed")) bigFile("mixed, 5 % through the proxy", mixed());
if (wanted.has("tunnels")) bigFile("all tunnels", make.tunnels(folder, size));
if (wanted.has("small")) bigFile(`${values.tunnels} short tunnels`, make.small(folder, Number(values.tunnels)));
if (wanted.has("captures")) {
  const files = make.captures(folder, Number(values.captures), 200 * 1024);
  const list = join(folder, "captures.txt");
  writeFileSync(list, files.join("\n"));
  const sample = files.slice(0, 20);
  const results = compare({
    pcapcheck: `xargs -a ${q(list)} ${node} ${q(program)} --format line`,
    cat: `xargs -a ${q(list)} cat`,
    tshark: sample.map(PROGRAMS.tshark ?? PROGRAMS.cat).join("; "),
  });
  results.tshark.seconds *= files.length / sample.length;
  report(
    `${files.length} captures of 200 KiB, one process (tshark: a loop, from a sample of ${sample.length})`,
    results,
  );
}
if (wanted.has("one")) {
  const [file] = make.captures(folder, 1, 200 * 1024);
  report(
    "one capture of 200 KiB, whole process",
    compare({ pcapcheck: PROGRAMS.pcapcheck(file), "node -e 0": `${node} -e 0` }),
  );
}
if (wanted.has("pcapng") && available("editcap")) {
  const file = mixed();
  const ng = `${file}ng`;
  spawnSync("editcap", ["-F", "pcapng", file, ng]);
  const results = compare({ pcapcheck: PROGRAMS.pcapcheck(ng), "as pcap": PROGRAMS.pcapcheck(file) });
  report("the mixed capture as pcapng", results);
}
if (wanted.has("growth")) {
  const smallFile = make.mixed(folder, 16 << 20);
  const peak = (file) => Math.max(...Array.from({ length: 3 }, () => once(PROGRAMS.pcapcheck(file)).peak)) / 1024;
  const [low, high] = [peak(smallFile), peak(mixed())];
  console.log(
    `\npeak memory: ${low.toFixed(0)} MiB at 16 MiB, ${high.toFixed(0)} MiB at ${(size / (1 << 20)).toFixed(0)} MiB: ${(high - low).toFixed(0)} MiB more`,
  );
}
if (values.folder === undefined) rmSync(folder, { recursive: true });
