// What is said of a capture in which no connection to a proxy was found: what it has instead, and where to record.
import { gather } from "../bytes/index.ts";
import type { CarriedFact } from "../proxy/index.ts";
import type { Elsewhere } from "./facts.ts";
import { count, endpointText } from "./wording.ts";

const KINDS: Readonly<Record<Exclude<CarriedFact["carried"], "answered-in-clear">, string>> = {
  proxy: "with a request to a proxy",
  socks: "with SOCKS",
  tls: "with TLS to a server itself",
  http: "with an HTTP request to a server itself",
};

const SOCKS =
  "A SOCKS server asks for credentials in its own handshake (RFC 1928, RFC 1929), never with 407: its log tells of refusals.";
const NAME_IT =
  "If the proxy speaks TLS to its clients or the capture starts late, name it with --proxy IP:PORT; otherwise record between client and proxy.";
const NAME_ANOTHER = "Name the proxy that clients speak with, or none: then it is found by what the bytes say.";
const DIRECT =
  "Programs seem to speak with servers themselves here: no proxy is set in them, its automatic configuration (PAC) says DIRECT, this is the outer side of the proxy, or what they speak TLS with is the proxy.";
const SET_TO_HTTP =
  "Look how the program is told of its proxy: https:// in front of its name, or HTTPS in a PAC file, is for a port that takes TLS; for one that takes plain HTTP it is http://, or PROXY.";
const WHERE_TO_RECORD =
  "Record between client and proxy: with the proxy's address as the filter, on the interface that leads there; a proxy on the client's own machine is seen on its loopback interface only.";

/** What is told of it, with the first frames of what there is `elsewhere`, and where to look next. */
export function noProxy({ streams, named, carried, quic }: Elsewhere): {
  readonly detail: string;
  readonly frames: readonly number[];
  readonly helpdesk: string;
} {
  const has = (kind: CarriedFact["carried"]): boolean => carried.some((fact) => fact.carried === kind);
  const seen = named
    ? "No connection to the proxy that was named was found."
    : "No connection to a proxy was found: no CONNECT, no absolute-form request, on any port.";
  const clear = carried.find((fact) => fact.carried === "answered-in-clear");
  const detail = [seen, instead(streams, carried)];
  if (clear !== undefined) detail.push(inClear(clear));
  if (has("socks")) detail.push(SOCKS);
  const frames = carried.map(({ frame }) => frame);
  if (quic !== null) {
    detail.push(
      `${count(quic.count, "packet")} to UDP port 443 (from frame ${quic.frame}) ${quic.count === 1 ? "begins" : "begin"} QUIC (HTTP/3), which asks no proxy.`,
    );
    frames.push(quic.frame);
  }
  if (!named) detail.push(NAME_IT);
  const next: string[] = [];
  if (clear !== undefined) next.push(SET_TO_HTTP);
  const others = carried.find((fact) => fact.carried === "tls")?.count !== clear?.count;
  if (named) next.push(NAME_ANOTHER);
  else if (others || has("http") || quic !== null) next.push(DIRECT);
  if (!has("proxy")) next.push(WHERE_TO_RECORD);
  return { detail: detail.join(" "), frames, helpdesk: next.join(" ") };
}

function inClear({ count: answers, server, frame }: CarriedFact): string {
  const times = answers === 1 ? "" : `, and ${count(answers - 1, "more time")}`;
  return `TLS was answered in plain HTTP by ${endpointText(server)} (frame ${frame}${times}): that port takes no TLS. If it is the proxy's, the client is set up for a proxy that is spoken to over TLS, which it is not; if it is a site's, its address is one for http:// and not for https://.`;
}

function instead(streams: number, carried: readonly CarriedFact[]): string {
  if (streams === 0) return "No TCP connection could be read in it.";
  const answered = carried.some(({ carried: kind }) => kind === "answered-in-clear");
  const kinds = gather(carried, ({ carried: kind, count: connections, server, frame }) => {
    if (kind === "answered-in-clear") return [];
    const place = `${endpointText(server)}, frame ${frame}`;
    // What answers in plain HTTP is no server that was to be spoken with by TLS.
    const what = kind === "tls" && answered ? "with TLS" : KINDS[kind];
    if (streams === 1) return [`begins ${what} (${place})`];
    return connections === 1
      ? [`1 begins ${what} (${place})`]
      : [`${connections} begin ${what} (the first to ${place})`];
  });
  const all = streams === 1 ? "The only TCP connection" : `Of ${count(streams, "TCP connection")}`;
  if (kinds.length > 0) return `${all} ${kinds.join(", ")}.`;
  return `${all} ${streams === 1 ? "does not begin" : "none begins"} with TLS, HTTP or SOCKS to a server.`;
}
