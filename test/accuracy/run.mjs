// Checks all recorded captures with their keys and without, against what the recording scripts know, and prints confusion matrices.
// node test/accuracy/run.mjs [LIBRARY] (behind npm run build). Exit code 1 where a requirement is not met.

import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [given] = process.argv.slice(2);
const library = given === undefined ? new URL("../../dist/index.js", import.meta.url) : pathToFileURL(given);
if (!existsSync(library)) throw new Error("dist/index.js is missing: npm run build");
const { checkCapture } = await import(library);

const folder = fileURLToPath(new URL("../../captures/", import.meta.url));
const MIN_SUSPECTED = 0.6;
/** Sites nearer than this cannot be told from the proxy by time. */
const FAR_MS = 20;

/** What is asked of a tunnel: who sent the 401 in it. `calm`: nobody did. */
const CLASSES = ["proxy", "origin", "unattributed", "suspected", "encrypted", "calm", "other"];

function classOf(verdict) {
  switch (verdict) {
    case "tunnel-401-proxy":
    case "tunnel-407":
      return "proxy";
    case "tunnel-401-origin":
      return "origin";
    case "tunnel-401-unattributed":
      return "unattributed";
    case "tunnel-401-suspected":
      return "suspected";
    case "encrypted":
      return "encrypted";
    case "ok":
    case "auth-ok":
    case "not-tls":
      return "calm";
    default:
      return "other";
  }
}

/** The options that the truth names, as the library takes them. */
function optionsOf({ options }) {
  const valuesOf = (name) => options.filter((_, i) => options[i - 1] === name);
  return {
    proxies: valuesOf("--proxy").map((value) => ({ host: value.split(":")[0], port: Number(value.split(":")[1]) })),
    rsaKeys: valuesOf("--rsa-key").map((file) => join(folder, file)),
  };
}

/** Tunnels of the truth, each with what is known of it and the connections of the report that belong to it. */
function pairs(truth, report) {
  return truth.connections
    .filter(({ tunnel }) => tunnel !== null)
    .map((connection) => ({
      connection,
      found: report.connections.filter(({ client }) => `${client.ip}:${client.port}` === connection.client),
    }));
}

const isGuilty = ({ exchanges }) =>
  exchanges.some(({ status, sentBy }) => (status === 401 || status === 407) && sentBy === "proxy");
const asksInside = ({ exchanges }) => exchanges.some(({ status }) => status === 401 || status === 407);

function emptyMatrix() {
  return Object.fromEntries(CLASSES.map((row) => [row, Object.fromEntries(CLASSES.map((column) => [column, 0]))]));
}

function print(title, matrix) {
  console.log(`\n${title}`);
  const used = CLASSES.filter((name) => CLASSES.some((other) => matrix[other][name] > 0));
  const width = 13;
  console.log(`${"truth \\ verdict".padEnd(17)}${used.map((name) => name.padStart(width)).join("")}`);
  for (const row of CLASSES) {
    if (!used.some((column) => matrix[row][column] > 0)) continue;
    const cells = used.map((column) => String(matrix[row][column] || "-").padStart(width));
    console.log(`${row.padEnd(17)}${cells.join("")}`);
  }
}

const failures = [];
const withKeys = emptyMatrix();
const without = emptyMatrix();
const sums = { tunnels: 0, asked: 0, byProxy: 0, byOrigin: 0, hidden: 0, suspected: 0, innocents: 0 };
/** Of the guilty tunnels that cannot be read: by whether the sites were far. */
const far = { hidden: 0, suspected: 0 };
const lonely = mkdtempSync(join(tmpdir(), "pcapcheck-accuracy-"));
try {
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith(".truth.json"))
    .sort()) {
    const truth = JSON.parse(readFileSync(join(folder, file), "utf8"));
    const path = join(folder, truth.capture);
    const options = optionsOf(truth);
    for (const { connection, found } of pairs(truth, await checkCapture(path, options))) {
      sums.tunnels++;
      if (asksInside(connection)) sums.asked++;
      if (isGuilty(connection)) sums.byProxy++;
      else if (asksInside(connection)) sums.byOrigin++;
      const verdicts = found.map(({ verdict }) => verdict);
      const verdict = verdicts.includes(connection.verdict) ? connection.verdict : verdicts[0];
      withKeys[classOf(connection.verdict)][classOf(verdict)]++;
      if (verdict !== connection.verdict)
        failures.push(`with keys: ${truth.capture} ${connection.client}: ${verdict} instead of ${connection.verdict}`);
      for (const exchange of found.flatMap(({ tunnel }) => tunnel?.exchanges ?? [])) {
        const known = connection.exchanges.find(
          ({ url, status, method }) =>
            url === exchange.url && status === exchange.response?.status && method === exchange.method,
        );
        // What cannot be found in the truth must not slip through unasked.
        if (known === undefined && exchange.sentBy !== null)
          failures.push(`with keys: ${truth.capture}, frame ${exchange.frame}: not in the truth`);
        const wrong = known?.sentBy != null && exchange.sentBy !== null && exchange.sentBy !== "unknown";
        if (wrong && known.sentBy !== exchange.sentBy)
          failures.push(
            `with keys: ${truth.capture}, frame ${exchange.frame}: ${exchange.sentBy} named for ${known.sentBy}`,
          );
      }
    }
    // Embedded secrets cannot be left away, and RSA keys are no key log: those captures are shut by themselves.
    if (truth.keys === null && truth.verdict !== truth.verdictWithoutKeys && !truth.options.includes("--rsa-key"))
      continue;
    const alone = join(lonely, basename(path));
    copyFileSync(path, alone);
    const shut = await checkCapture(alone, { ...options, rsaKeys: [] });
    for (const { connection, found } of pairs(truth, shut)) {
      const suspected = found.some(({ verdict }) => verdict === "tunnel-401-suspected");
      const seen = found[0]?.verdict;
      without[isGuilty(connection) ? "proxy" : asksInside(connection) ? "origin" : "calm"][
        seen === undefined ? "other" : classOf(seen)
      ]++;
      if (connection.verdictWithoutKeys === "encrypted") {
        if (isGuilty(connection)) {
          const sum = (truth.siteMs ?? 0) >= FAR_MS ? [sums, far] : [sums];
          for (const one of sum) one.hidden++;
          if (suspected) for (const one of sum) one.suspected++;
        } else sums.innocents++;
        if (suspected && !isGuilty(connection))
          failures.push(`without keys: ${truth.capture} ${connection.client}: an innocent tunnel is suspected`);
        const streams = new Set(found.map(({ stream }) => stream));
        for (const { id, stream, certainty } of shut.findings) {
          if (id.startsWith("tunnel-401") && streams.has(stream) && certainty === "certain")
            failures.push(`without keys: ${truth.capture}, stream ${stream}: ${id} is called certain`);
        }
      }
    }
  }
} finally {
  rmSync(lonely, { recursive: true });
}

print("With keys: tunnels by who sent a 401 or 407 in them", withKeys);
print("Without keys: what is said of the very same tunnels (calm: nobody asked)", without);
const share = sums.hidden === 0 ? 0 : sums.suspected / sums.hidden;
console.log(
  `\n${sums.tunnels} tunnels; in ${sums.asked} of them somebody asked for credentials: the proxy in ${sums.byProxy}, the site in ${sums.byOrigin}.`,
);
console.log(
  `Without keys ${sums.suspected} of ${sums.hidden} hidden challenges by the proxy are suspected (${(share * 100).toFixed(0)} %), of ${sums.innocents} innocent tunnels ${failures.filter((text) => text.includes("innocent")).length}.`,
);
console.log(
  `Of sites ${FAR_MS} ms away or more: ${far.suspected} of ${far.hidden}; of nearer ones, where time tells nothing: ${sums.suspected - far.suspected} of ${sums.hidden - far.hidden}.`,
);
if (sums.asked < 80) failures.push(`only ${sums.asked} labelled tunnels: at least 80 are wanted`);
if (share < MIN_SUSPECTED)
  failures.push(`without keys: ${(share * 100).toFixed(0)} % suspected, at least 60 % are wanted`);
for (const failure of failures) console.log(`WRONG ${failure}`);
console.log(failures.length === 0 ? "\nevery requirement is met" : `\n${failures.length} wrong`);
process.exitCode = failures.length === 0 ? 0 : 1;
