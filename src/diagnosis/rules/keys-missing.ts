// Which tunnels could not be read, and how to get the keys.
import type { Timeline } from "../../proxy/index.ts";
import type { TlsFacts } from "../../tls-parse/index.ts";
import type { CaptureFacts } from "../facts.ts";
import { isMisplaced, SORT_FIRST } from "../recorded-order.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import { type ShutWhy, suiteText, whyShut } from "../shut.ts";
import { asksNothing } from "../unasked.ts";
import { count, targetText } from "../wording.ts";

/** Targets named in the finding; the table has the rest. */
const MAX_NAMED = 5;
/** Programs whose instructions stand in the finding; `explain` has all. */
const MAX_PROGRAMS = 3;

/** How a program is made to write its keys, by what it calls itself. The first that fits counts: Edge calls itself Chrome, too. */
const PROGRAMS: readonly { readonly name: string; readonly agent: RegExp; readonly how: string }[] = [
  {
    name: "Firefox",
    agent: /\bFirefox\//,
    how: 'Firefox: close all windows. Windows, in one Command Prompt: set SSLKEYLOGFILE=%USERPROFILE%\\keys.log, then "%ProgramFiles%\\Mozilla Firefox\\firefox.exe". Linux: SSLKEYLOGFILE=$HOME/keys.log firefox (if no file is written: with a build by Mozilla). macOS: SSLKEYLOGFILE=$HOME/keys.log /Applications/Firefox.app/Contents/MacOS/firefox.',
  },
  {
    name: "Chrome and Edge",
    agent: /\b(?:Chrome|Chromium|Edg)\//,
    how: 'Chrome and Edge: close all windows, those in the notification area, too, and start with --ssl-key-log-file. Windows, in a Command Prompt: start chrome (or msedge) --ssl-key-log-file=%USERPROFILE%\\keys.log. Linux: google-chrome --ssl-key-log-file=$HOME/keys.log. macOS: open -a "Google Chrome" --args --ssl-key-log-file=$HOME/keys.log.',
  },
  {
    name: "curl and git",
    agent: /^(?:curl|git)\//,
    how: "curl and git: SSLKEYLOGFILE=keys.log curl ... (Windows: set SSLKEYLOGFILE=keys.log first). The curl.exe that comes with Windows uses Schannel and writes none: take a curl built with OpenSSL.",
  },
  {
    name: "Java",
    agent: /^(?:Java|Apache-HttpClient|Java-http-client|okhttp)\//,
    how: "Java writes none by itself: start it with an agent that does, java -javaagent:extract-tls-secrets.jar=keys.log -jar ...",
  },
  {
    name: "Python",
    agent: /\b(?:python-requests|Python-urllib|python-httpx|pip|aiohttp)\//i,
    how: "Python 3.8 or newer: SSLKEYLOGFILE=keys.log python ... (with ssl.create_default_context, as requests, urllib and pip do).",
  },
  {
    name: "Node.js",
    agent: /\b(?:node|undici|axios|npm)\b/i,
    how: "Node.js: node --tls-keylog=keys.log ...",
  },
  {
    name: "Wget",
    agent: /^Wget\//,
    how: "Wget: SSLKEYLOGFILE=keys.log wget ... (a build with GnuTLS).",
  },
];

const BEFORE =
  "Record again with keys: delete an old keys.log, start the program so that it writes one, start the capture, show the problem, stop.";
const SCHANNEL =
  "Programs that use Windows' own TLS (Schannel: Outlook, PowerShell, .NET Framework) write none: show the problem in a browser, or ask for a policy trace.";
const AFTER =
  "Then: pcapcheck --keylog keys.log capture.pcap. The file opens everything that was recorded with it: delete it afterwards.";

const TEXT: RuleText = {
  id: "keys-missing",
  severity: "info",
  title: "Tunnels that could not be read: keys are missing",
  meaning:
    "A 401 inside TLS can only be seen with the keys of that very connection. Programs write them to a key log file if they are told to, before they start.",
  looksLike: "Tunnels with the verdict encrypted.",
  example: ["12 tunnels, 4 of them opened with the key log, 8 not: their program wrote no keys"],
  evidence: "How many tunnels, to which targets.",
  advice: {
    helpdesk: [BEFORE, ...PROGRAMS.map(({ how }) => how), SCHANNEL, AFTER].join(" "),
    proxyAdmin:
      "Where keys cannot be had from the client: a policy trace of the same minutes shows client.response.code and server.response.code of each transaction, and a record on the proxy shows both legs.",
  },
  references: [
    "NSS Key Log Format (Mozilla)",
    "curl: man page, environment variable SSLKEYLOGFILE",
    "Node.js: command-line option --tls-keylog",
    "Python: ssl.SSLContext.keylog_filename",
    "RFC 8446 §7.1 (key schedule)",
  ],
};

export const keysMissing: Rule = {
  ...TEXT,
  find(capture) {
    const shut: Timeline[] = [];
    const shutTls: TlsFacts[] = [];
    for (const { timeline, told } of capture.connections) {
      const { tunnel } = timeline;
      // Of a tunnel that the proxy's own records tell of, what came inside is known.
      if (tunnel === null || tunnel.protocol !== "tls" || tunnel.inside === "full" || told.certainty === "certain")
        continue;
      // With all records opened it is bytes that are missing, and no keys.
      if (tunnel.tls?.handshakeComplete !== true || whyShut(tunnel.tls) === null) continue;
      // What was not asked was not answered: no keys would show more.
      if (asksNothing(timeline, tunnel, tunnel.tls)) continue;
      shut.push(timeline);
      shutTls.push(tunnel.tls);
    }
    let folded = 0;
    for (const { verdict, count: some } of capture.folded) if (verdict === "encrypted") folded += some;
    const total = shut.length + folded;
    const outer = outerTls(capture);
    if (total + outer.length === 0) return [];
    const targets = [...new Set(shut.map(targetText))];
    const named = targets.slice(0, MAX_NAMED).join(", ");
    const more = targets.length > MAX_NAMED ? ` and ${targets.length - MAX_NAMED} more` : "";
    const sentences = [
      total === 0
        ? ""
        : `${count(total, "tunnel")} could not be read (${named}${more}): whether a 401 came inside cannot be seen.`,
      outer.length === 0
        ? ""
        : `Of ${count(outer.length, "connection")} over TLS to the proxy itself not all could be read: what was asked of it cannot be seen.`,
      ...keysText(capture, [...shutTls, ...outer], shut),
    ];
    const detail = sentences.filter((sentence) => sentence !== "").join(" ");
    const helpdesk = adviceFor(shut);
    return [finding(TEXT, null, { detail, frames: [], advice: { ...TEXT.advice, helpdesk } })];
  },
};

/** Connections over TLS to a proxy itself, of which no tunnel tells; over HTTP/2 several timelines are about one. */
function outerTls({ connections }: CaptureFacts): TlsFacts[] {
  const shut = new Set<TlsFacts>();
  for (const { timeline } of connections) {
    const { secure, tunnel } = timeline;
    if (tunnel === null && secure?.handshakeComplete === true && whyShut(secure) !== null) shut.add(secure);
  }
  return [...shut];
}

/** What is wrong with the keys that there are, which did not open `shut`, the TLS of `tunnels` among it. */
function keysText({ keys }: CaptureFacts, shut: readonly TlsFacts[], tunnels: readonly Timeline[]): string[] {
  const because = (why: ShutWhy): TlsFacts[] => shut.filter((tls) => whyShut(tls) === why);
  const [unsupported, unfit] = [because("unsupported"), because("unfit")];
  const told: string[] = [];
  if (unsupported.length > 0) {
    const suites = [...new Set(unsupported.map(suiteText))].slice(0, MAX_NAMED).join(", ");
    told.push(`${count(unsupported.length, "TLS connection")} cannot be opened with any keys here: ${suites}.`);
  }
  if (unfit.length > 0)
    told.push(
      `For ${count(unfit.length, "TLS connection")} there are keys that open nothing: they are damaged or mixed up, or too many bytes are missing.`,
    );
  if (keys.sessions === 0 && keys.sources.includes("keylog") && !keys.sources.includes("rsa-key"))
    told.push(
      "The key log that was named holds no keys: it is empty, or another file than the one that SSLKEYLOGFILE names.",
    );
  if (keys.sessions > 0 && keys.decrypted === 0 && told.length === 0) {
    const tried = `the ${count(keys.tlsConnections, "TLS connection")} that it was tried on`;
    const held = `The key log holds ${count(keys.sessions, "session")}`;
    told.push(
      shut.length === tunnels.length && tunnels.every(isTorn)
        ? `${held}, and opened nothing of ${tried}: bytes are missing in every record, and what is not whole cannot be opened.`
        : `${held}, but none of them fits the ClientHello of ${tried}${unfitFor(tunnels)}`,
    );
  }
  return told;
}

/** Whether every record that stayed closed may lack some of its bytes: of such a tunnel nobody can tell which keys fit. */
function isTorn({ gaps, tunnel }: Timeline): boolean {
  return gaps.length > 0 && gaps.length >= (tunnel?.tls?.closed ?? 0);
}

/** Why a key log fits none of these, as the end of a sentence: behind bytes that stand in the wrong place no keys fit. */
function unfitFor(tunnels: readonly Timeline[]): string {
  const misplaced = tunnels.filter(isMisplaced).length;
  if (misplaced === 0) return ": it belongs to another recording.";
  if (misplaced === tunnels.length)
    return `; packets of these are not in the order of time, and then none can fit. ${SORT_FIRST}`;
  return `: it belongs to another recording, or to the ${count(misplaced, "tunnel")} of which packets are not in the order of time. ${SORT_FIRST}`;
}

/** What to do for the programs that the unread tunnels belong to; for browsers where none says who it is. */
function adviceFor(unread: readonly Timeline[]): string {
  const agents = new Set<string>();
  for (const { connects } of unread) {
    const agent = connects.at(-1)?.request.userAgent ?? null;
    if (agent !== null) agents.add(agent);
  }
  const known = new Set<(typeof PROGRAMS)[number] | undefined>();
  for (const agent of agents) known.add(PROGRAMS.find((program) => program.agent.test(agent)));
  const found = PROGRAMS.filter((program) => known.has(program));
  const told = (found.length === 0 ? PROGRAMS.slice(0, 2) : found.slice(0, MAX_PROGRAMS)).map(({ how }) => how);
  const others = "For other programs: pcapcheck explain keys-missing.";
  return [BEFORE, ...told, others, AFTER].join(" ");
}
