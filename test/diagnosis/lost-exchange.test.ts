// A request that is lost with its answer, of which only the answer's length is known: it may have been the 401.
import { expect, it } from "vitest";
import { client, lost, play, proxy, type Turn } from "../proxy/play.ts";
import { diagnosisOf } from "./diagnose.ts";

const HEAD = "Host: www.example.com\r\n\r\n";
const OPENED = [client(`CONNECT www.example.com:80 HTTP/1.1\r\n${HEAD}`), proxy("HTTP/1.1 200 OK\r\n\r\n")];
const ASKED = [client(`GET / HTTP/1.1\r\n${HEAD}`), proxy("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")];
const FORWARDED = [client(`GET http://www.example.com/ HTTP/1.1\r\n${HEAD}`), ASKED[1]!];

it.each<[string, readonly Turn[], string]>([
  ["of the proxy's own, and nothing is", FORWARDED, "ok"],
  ["of the proxy's own", [...FORWARDED, lost("proxy", 500)], "incomplete"],
  ["in a tunnel of plain HTTP, and nothing is", [...OPENED, ...ASKED], "not-tls"],
  ["in a tunnel of plain HTTP", [...OPENED, ...ASKED, lost("proxy", 500)], "incomplete"],
  ["in it on both sides", [...OPENED, ...ASKED, lost("client", 80), lost("proxy", 500)], "incomplete"],
])("nothing is called right where an exchange is missing %s", (_where, turns, verdict) => {
  const { connections } = diagnosisOf(play(turns).timelines).facts;
  expect(connections.map((one) => one.verdict)).toEqual([verdict]);
});
