// What is said of a capture in which no connection to a proxy was found: what it has instead, and where to record.
import type { CarriedFact } from "../proxy/index.ts";
import type { Elsewhere } from "./facts.ts";
import { count, endpointText } from "./wording.ts";

const KINDS: Readonly<Record<CarriedFact["carried"], string>> = {
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
  const detail = [seen, instead(streams, carried)];
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
  if (named) next.push(NAME_ANOTHER);
  else if (quic !== null || has("tls") || has("http")) next.push(DIRECT);
  if (!has("proxy")) next.push(WHERE_TO_RECORD);
  return { detail: detail.join(" "), frames, helpdesk: next.join(" ") };
}

function instead(streams: number, carried: readonly CarriedFact[]): string {
  if (streams === 0) return "No TCP connection could be read in it.";
  const kinds = carried.map(({ carried: kind, count: connections, server, frame }) => {
    const place = `${endpointText(server)}, frame ${frame}`;
    if (streams === 1) return `begins ${KINDS[kind]} (${place})`;
    return connections === 1
      ? `1 begins ${KINDS[kind]} (${place})`
      : `${connections} begin ${KINDS[kind]} (the first to ${place})`;
  });
  const all = streams === 1 ? "The only TCP connection" : `Of ${count(streams, "TCP connection")}`;
  if (kinds.length > 0) return `${all} ${kinds.join(", ")}.`;
  return `${all} ${streams === 1 ? "does not begin" : "none begins"} with TLS, HTTP or SOCKS to a server.`;
}
