// Over all tunnels of a proxy, by client: hosts that are challenged on the CONNECT, hosts that are challenged inside, hosts that never are.
import { gather } from "../../bytes/index.ts";
import type { ExchangeFact } from "../../proxy/index.ts";
import { type AcceptedCredentials, letThroughWith, wereAskedFor } from "../accepted.ts";
import { clientKey, clientText } from "../client.ts";
import type { CaptureFacts, JudgedConnection } from "../facts.ts";
import { finding, type Rule, type RuleText } from "../rule.ts";
import { type Certainty, type Finding, isOwn } from "../types.ts";
import { hostOfTimeline, nameBehindAddress } from "../wording.ts";

/** Hosts named of each kind. */
const MAX_NAMED = 5;
/** Frames cited of each kind. */
const MAX_FRAMES = 4;

/** What the helpdesk is to give, and to whom; REPORT where there are no two kinds of hosts. */
const LISTS = "the two lists of hosts to the administrator of the proxy: the difference between them names the rule.";
const REPORT =
  "this report to the administrator of the proxy: it names the hosts, and the frame in which the CONNECT was accepted.";

const TEXT: RuleText = {
  id: "mixed-auth-context",
  severity: "error",
  title: "Some hosts are challenged on the CONNECT, others inside the tunnel",
  meaning:
    "One proxy asks the same client for credentials at two different stages, depending on the host. The difference between the hosts names the rule: what is true of the one and not of the other (its domain, its category, its path) is the condition that loses the authentication context.",
  looksLike:
    "407 on the CONNECT to one host; 200 on the CONNECT to another one, and then a 401 by the proxy inside its tunnel.",
  example: [
    "> CONNECT www.example.com:443, < 407, > CONNECT with credentials, < 200, and nothing is asked inside",
    "> CONNECT news.example.com:443, < 200, > GET https://news.example.com/, < 401 by the proxy",
    "news.example.com is challenged at GET https:// although this client was authenticated at CONNECT; www.example.com is not",
  ],
  evidence: "The hosts of each kind, with the frames of their challenges.",
  advice: {
    helpdesk: `Give ${LISTS}`,
    proxyAdmin:
      "Look for a rule with url.domain=, url.category=, url.path= or url.scheme=https that matches the hosts challenged inside and not the others, with an authenticate(...), authenticate.mode(...) or authenticate.force(yes) of its own. Move its condition to where it also matches at CONNECT tcp:// (no url.scheme=, no url.path=), or let it inherit the user of the CONNECT.",
  },
  references: [
    "RFC 9110 §9.3.6 (CONNECT)",
    "RFC 9110 §15.5.8 (407)",
    "RFC 9110 §15.5.2 (401)",
    "Content Policy Language Reference (Broadcom): authenticate( ), authenticate.mode( ), authenticate.force( )",
  ],
};

export const mixedAuthContext: Rule = {
  ...TEXT,
  find(capture) {
    if (!capture.connections.some((connection) => challengeInside(connection) !== undefined)) return [];
    return gather(byProxyAndClient(capture).values(), mixed);
  },
};

/** Where one sign only says that what is asked inside is asked by the proxy. */
const DOUBTED = "Some hosts are challenged on the CONNECT, others perhaps inside the tunnel";
/** Where there are no two kinds of hosts to compare: what is wrong is that the client had signed in already. */
const AGAIN = "The client was authenticated on the CONNECT, and challenged again inside the tunnel";
const AGAIN_DOUBTED = "The client was authenticated on the CONNECT, and perhaps challenged again inside the tunnel";
/** As these, where nobody had asked for the credentials on the CONNECT: the proxy need not have looked at them. */
const UNASKED = "The client's credentials were let through on the CONNECT, and it was challenged inside the tunnel";
const UNASKED_DOUBTED =
  "The client's credentials were let through on the CONNECT, and it was perhaps challenged inside the tunnel";

/** Title and helpdesk's advice. `compared`: whether there are hosts that are not challenged inside. */
function words(certainty: Certainty, compared: boolean, wasAsked: boolean): Pick<Finding, "title" | "advice"> {
  const what = compared ? LISTS : REPORT;
  const [again, doubted] = wasAsked ? [AGAIN, AGAIN_DOUBTED] : [UNASKED, UNASKED_DOUBTED];
  if (certainty !== "possible")
    return { title: compared ? TEXT.title : again, advice: { ...TEXT.advice, helpdesk: `Give ${what}` } };
  const helpdesk = `What is asked inside the tunnels may be the sites' own login. Open these hosts without the proxy: if they ask for a password there, too, it is theirs. If not, give ${what}`;
  return { title: compared ? DOUBTED : doubted, advice: { ...TEXT.advice, helpdesk } };
}

/** One client at one proxy. Values are the frames of the first challenge, or of the answer that needed none. */
interface Context {
  readonly client: string;
  readonly connect: Map<string, number>;
  readonly https: Map<string, number>;
  /** As `https`, of hosts of which one sign only says that the proxy asked; none of them is in `https`. */
  readonly perhaps: Map<string, number>;
  readonly never: Map<string, number>;
  /** Names of the sites behind addresses that a CONNECT was for. */
  readonly names: Map<string, string>;
  /** Of those challenged inside: hosts whose tunnel carries HTTP in the clear. */
  readonly clear: Set<string>;
  /** Hosts with a tunnel whose inside was not read: of them nobody knows whether they are challenged there. */
  readonly unread: Set<string>;
  /** Where credentials were let through, and whether the proxy had asked for them: the first such place, or else the first. */
  passed: Passed | null;
}

interface Passed {
  readonly frame: number;
  readonly wasAsked: boolean;
}

function byProxyAndClient({ connections, accepted }: CaptureFacts): Map<string, Context> {
  const contexts = new Map<string, Context>();
  for (const connection of connections) {
    const { proxy } = connection.timeline;
    const key = `${proxy.ip} ${proxy.port} ${clientKey(connection.timeline)}`;
    let context = contexts.get(key);
    if (context === undefined) {
      context = {
        client: clientText(connection.timeline),
        connect: new Map(),
        https: new Map(),
        perhaps: new Map(),
        never: new Map(),
        names: new Map(),
        clear: new Set(),
        unread: new Set(),
        passed: null,
      };
      contexts.set(key, context);
    }
    learn(context, connection, accepted);
  }
  return contexts;
}

function learn(context: Context, connection: JudgedConnection, accepted: AcceptedCredentials): void {
  const { timeline, verdict } = connection;
  const host = hostOfTimeline(timeline);
  if (host === null) return;
  // A client that is asked may go on for another target on the same connection.
  const challenge = timeline.connects.find(({ response }) => response?.status === 407);
  if (challenge?.response != null)
    addFirst(context.connect, challenge.target.host || host, challenge.response.where.frame);
  if (context.passed?.wasAsked !== true) learnPassed(context, connection, accepted);
  if (timeline.tunnel !== null && timeline.tunnel.inside !== "full") context.unread.add(host);
  const inside = challengeInside(connection);
  if (inside?.response != null) {
    const { frame } = inside.response.where;
    const name = nameBehindAddress(timeline, inside);
    if (name !== null) addFirst(context.names, host, name);
    if (connection.attributions.get(inside)?.certainty !== "possible") {
      addFirst(context.https, host, frame);
      context.perhaps.delete(host);
    } else if (!context.https.has(host)) addFirst(context.perhaps, host, frame);
    if (timeline.tunnel?.protocol !== "tls") context.clear.add(host);
  } else if (challenge === undefined && verdict === "ok") addFirst(context.never, host, timeline.lastFrame);
}

/** Where the CONNECT was let through with credentials. */
function learnPassed(context: Context, { timeline, steps }: JudgedConnection, accepted: AcceptedCredentials): void {
  const step = letThroughWith(timeline);
  if (step?.responseFrame == null) return;
  const wasAsked = wereAskedFor(timeline, step, steps, accepted);
  if (context.passed === null || wasAsked) context.passed = { frame: step.responseFrame, wasAsked };
}

/** The first challenge in the tunnel that came from the proxy. */
function challengeInside({ timeline, attributions }: JudgedConnection): ExchangeFact | undefined {
  return timeline.tunnel?.exchanges.find(
    (exchange) =>
      (exchange.response?.status === 401 || exchange.response?.status === 407) && isOwn(attributions.get(exchange)),
  );
}

function mixed(context: Context): readonly Finding[] {
  const { https, perhaps, connect, never, names, clear, unread, passed } = context;
  const named = (host: string): string => (names.has(host) ? `${host} (${names.get(host)!})` : host);
  const listOf = (hosts: readonly string[]): string => enumeration(hosts.map(named));
  const inside = new Map([...https, ...perhaps]);
  const others = [...connect.keys()].filter((host) => !inside.has(host));
  if (inside.size === 0 || (others.length === 0 && passed === null)) return [];
  const although = passed === null ? "" : ` although this client (${context.client}) ${passedText(passed)}`;
  const stage = clear.size === 0 ? "at GET https://" : "inside the tunnel";
  const sentences: string[] = [];
  if (https.size > 0)
    sentences.push(`${listOf([...https.keys()])} ${https.size === 1 ? "is" : "are"} challenged ${stage}${although}`);
  // As certain as the hosts are that are named first: of the others it says how they seem.
  if (perhaps.size > 0) {
    const again = https.size === 0 ? ` ${stage}${although}` : " there, too";
    sentences.push(
      `${listOf([...perhaps.keys()])} ${perhaps.size === 1 ? "seems" : "seem"} to be challenged by the proxy${again}`,
    );
  }
  const only = others.filter((host) => !unread.has(host));
  if (only.length > 0)
    sentences.push(`${listOf(only)} ${only.length === 1 ? "is" : "are"} challenged at CONNECT tcp:// only`);
  const half = others.filter((host) => unread.has(host));
  if (half.length > 0) sentences.push(`${listOf(half)} at CONNECT tcp://, and what comes inside could not be read`);
  const quiet = [...never.keys()].filter((host) => !inside.has(host) && !connect.has(host));
  if (quiet.length > 0) sentences.push(`${listOf(quiet)} ${quiet.length === 1 ? "is" : "are"} not challenged at all`);
  const frames = [...first(inside), ...first(connect), ...(passed === null ? [] : [passed.frame])];
  const evidence = [
    ...[...inside]
      .slice(0, MAX_NAMED)
      .map(([host, frame]) => `${named(host)}: challenged inside the tunnel (frame ${frame})`),
    ...[...connect]
      .slice(0, MAX_NAMED)
      .map(([host, frame]) => `${named(host)}: challenged on the CONNECT (frame ${frame})`),
  ];
  const detail = `${sentences.join("; ")}.`;
  const certainty = https.size > 0 ? "likely" : "possible";
  return [
    finding(TEXT, null, {
      detail,
      frames,
      evidence,
      certainty,
      ...words(certainty, others.length > 0, passed?.wasAsked ?? false),
    }),
  ];
}

function passedText({ frame, wasAsked }: Passed): string {
  return wasAsked
    ? `was authenticated at CONNECT (frame ${frame})`
    : `was let through at CONNECT with credentials (frame ${frame}), which answered no 407 in this capture`;
}

function addFirst<T>(map: Map<string, T>, host: string, value: T): void {
  if (!map.has(host)) map.set(host, value);
}

function first(map: ReadonlyMap<string, number>): number[] {
  return [...map.values()].slice(0, MAX_FRAMES);
}

/** "a", "a and b", "a, b, c and 4 more". */
function enumeration(hosts: readonly string[]): string {
  const named = hosts.slice(0, MAX_NAMED);
  const more = hosts.length - named.length;
  if (more > 0) return `${named.join(", ")} and ${more} more`;
  return named.length < 2 ? named.join("") : `${named.slice(0, -1).join(", ")} and ${named.at(-1)}`;
}
