// A proxy that is asked for a page of its own is the site: its 401 is in order there, and nowhere else.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import { BASIC, CHALLENGED } from "./asked.ts";
import { diagnosisOf } from "./diagnose.ts";
import { connectFact, exchangeFact, requestHead, responseHead, timeline, where } from "./record-talk.ts";

/** A request to this URL, answered 401 with the realm of a 407 that the proxy sent before. */
function asking(url: string, ip: string): Timeline {
  const request = requestHead(where(40, 40), { method: "GET", target: url });
  const response = responseHead(where(41, 41), 401, {
    challenges: [BASIC],
    names: ["www-authenticate", "proxy-authenticate"],
  });
  const challenged = responseHead(where(12, 12), 407, { proxyChallenges: CHALLENGED.challenges ?? [] });
  const connects = [connectFact("www.example.com:443", where(10, 10), challenged)];
  return timeline({
    proxy: { ip, port: 8080 },
    connects,
    forwards: [exchangeFact(request, response, { url })],
  });
}

describe("a 401 to a forwarded request", () => {
  it.each([
    ["http://192.0.2.80:8080/stats", "192.0.2.80", "origin certain"],
    ["HTTP://192.0.2.80:8080/stats", "192.0.2.80", "origin certain"],
    ["http://[2001:db8::80]:8080/", "2001:db8::80", "origin certain"],
    ["http://192.0.2.80:80/stats", "192.0.2.80", "proxy likely"],
    ["http://192.0.2.80.example.com:8080/", "192.0.2.80", "proxy likely"],
    ["http://[2001:db8::81]:8080/", "2001:db8::80", "proxy likely"],
  ])("to %s at the proxy %s is told as %s", (url, ip, expected) => {
    const [one] = diagnosisOf([asking(url, ip)]).facts.connections;
    const [attribution] = [...(one?.attributions.values() ?? [])];
    expect(`${attribution?.sentBy} ${attribution?.certainty}`).toBe(expected);
  });
});
