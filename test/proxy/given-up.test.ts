// Connections that are given up while they are open, since too many are: what comes behind is not looked at, and not said to be missing.
import { expect, it } from "vitest";
import { createProxyTracker, type Timeline } from "../../src/proxy/index.ts";
import { createTcp } from "../../src/tcp/index.ts";
import { diagnosisOf } from "../diagnosis/diagnose.ts";
import { ACK, emptySegment, fill, type Sketch, SYN } from "../harness/segments.ts";
import { clientHello, record } from "../tls-parse/play.ts";
import { contextWith } from "./play.ts";

type Said = readonly [from: "client" | "proxy", words: string | Uint8Array];

const CONNECT: Said = ["client", "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n"];
const OPENED: readonly Said[] = [CONNECT, ["proxy", "HTTP/1.1 200 Connection established\r\n\r\n"]];
const ASKED = 'HTTP/1.1 407 Asked\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n';

/** What is told of a connection on which this is said, with room for one at once, when another one begins. */
function givenUp(said: readonly Said[]): Timeline {
  const timelines: Timeline[] = [];
  const timeline = (one: Timeline) => void timelines.push(one);
  const tcp = createTcp(createProxyTracker(contextWith({ timeline })), () => {}, { followed: 1 });
  const segment = emptySegment();
  let frame = 0;
  const add = (sketch: Sketch): void => {
    fill(segment, sketch, ++frame, frame);
    tcp.add(segment);
  };
  const next = { client: 101, proxy: 501 };
  const back: Sketch = { from: "2:8080", to: "1:5000" };
  add({ seq: 100, flags: SYN });
  add({ ...back, seq: 500, ack: 101, flags: SYN | ACK });
  for (const [from, data] of said) {
    add(
      from === "client"
        ? { seq: next.client, ack: next.proxy, data }
        : { ...back, seq: next.proxy, ack: next.client, data },
    );
    next[from] += data.length;
  }
  add({ from: "1:5001", seq: 100, flags: SYN });
  add({ from: "1:5001", seq: 101, data: CONNECT[1] });
  expect(timelines).toHaveLength(1);
  return timelines[0]!;
}

it.each<[what: string, said: readonly Said[]]>([
  ["a CONNECT", [CONNECT]],
  ["a request", [["client", "GET http://www.example.com/ HTTP/1.1\r\nHost: www.example.com\r\n\r\n"]]],
  ["a 407", [CONNECT, ["proxy", ASKED]]],
  ["a ClientHello", [...OPENED, ["client", record(22, clientHello())]]],
  ["a request in a tunnel", [...OPENED, ["client", "GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n"]]],
])("a connection that is given up behind %s was not seen whole", (_what, said) => {
  expect(diagnosisOf([givenUp(said)]).facts.connections[0]).toMatchObject({ verdict: "incomplete" });
});
