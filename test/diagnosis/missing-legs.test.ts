// Connections of a proxy to origins that were not recorded: what is not on the others was not withheld by the proxy.
import { describe, expect, it } from "vitest";
import { evidenceOf } from "../../src/diagnosis/evidence/index.ts";
import { lacksLegs } from "../../src/diagnosis/missing-legs.ts";
import type { ServerLeg, Timeline } from "../../src/proxy/index.ts";
import { HOST, leg, REQUEST_MS, staged } from "./evidence-talk.ts";
import { atMs, exchangeFact, requestHead, responseHead, where } from "./record-talk.ts";

/** One that was opened behind the beginning of the client's connection, and carries nothing between request and answer. */
const OPENED: ServerLeg = { ...leg(HOST, [["client", 300, 300]]), start: atMs(5) };

/** What the legs say of a 401, with others who asked the same proxy. */
function told(legs: readonly ServerLeg[], beside: readonly Timeline[] = [], lacking = false): readonly string[] {
  const { exchange, context } = staged([]);
  const found = evidenceOf(exchange, { ...context, timeline, legs, beside, lacksLegs: () => lacking });
  return found.filter(({ source }) => source === "legs").map(({ says, weight }) => `${says} ${weight}`);
}

const { timeline } = staged([]).context;
const elsewhere = (host: string): Timeline => ({
  ...timeline,
  tunnel: { ...timeline.tunnel!, target: { ...timeline.tunnel!.target, host, text: `${host}:443` } },
});

describe("a connection to the origin that was opened meanwhile, and on which the request is not", () => {
  it.each<[string, readonly ServerLeg[], readonly Timeline[], readonly string[]]>([
    ["is this client's where nobody else asked for the host", [OPENED], [timeline], ["proxy certain"]],
    ["may be another client's", [OPENED], [timeline, { ...timeline }], ["proxy possible"]],
    ["may be another client's, who asked for it in the clear", [OPENED], [forwarding()], ["proxy possible"]],
    [
      "is this client's where there is one for each",
      [OPENED, { ...OPENED, stream: 71 }],
      [{ ...timeline }],
      ["proxy certain"],
    ],
    ["is no other host's", [OPENED], [elsewhere("news.example.net")], ["proxy certain"]],
    ["is not one's who was gone by then", [OPENED], [{ ...timeline, end: atMs(4) }], ["proxy certain"]],
    ["is not one's who came later", [OPENED], [{ ...timeline, start: atMs(6) }], ["proxy certain"]],
    ["says less where it was there before", [{ ...OPENED, start: atMs(-5) }], [{ ...timeline }], ["proxy likely"]],
  ])("%s", (_what, legs, beside, said) => expect(told(legs, beside)).toEqual(said));

  it("says nothing where others seem to be missing", () => {
    expect(told([OPENED], [], true)).toEqual([]);
  });
});

function forwarding(): Timeline {
  const url = `http://${HOST}/`;
  const request = requestHead(where(30, 3), { method: "GET", target: url, form: "absolute" });
  return { ...timeline, connects: [], tunnel: null, forwards: [exchangeFact(request, null, { url })] };
}

describe("pages that came though nothing was sent to an origin", () => {
  function page(
    change: { status?: number; method?: string; names?: readonly string[]; bytes?: number } = {},
  ): Timeline {
    const { status = 200, method = "GET", names = [], bytes = 5_000 } = change;
    const request = requestHead(where(40, REQUEST_MS), { method, target: "/", host: HOST });
    const response = responseHead(where(41, REQUEST_MS + 40), status, { names });
    const exchange = exchangeFact(request, response, { url: `https://${HOST}/`, responseBytes: bytes });
    return { ...timeline, tunnel: { ...timeline.tunnel!, exchanges: [exchange] } };
  }
  const idle = leg("news.example.net", [["client", 300, 400]]);
  const busy = leg("news.example.net", [["client", 300, REQUEST_MS + 1]]);

  /** Given outside of a tunnel, to a request that is made like this. */
  function clear(form: "absolute" | "origin"): Timeline {
    const { tunnel, ...one } = page();
    const forwards = tunnel!.exchanges.map((each) => ({ ...each, request: { ...each.request!, form } }));
    return { ...one, connects: [], tunnel: null, forwards };
  }

  it.each<[string, readonly ServerLeg[], Timeline, boolean]>([
    ["show that some legs are missing", [idle], page(), true],
    ["show it outside of tunnels as well", [idle], clear("absolute"), true],
    ["may be the proxy's own, where it was asked itself", [idle], clear("origin"), false],
    ["may have come by one that carried something meanwhile", [idle, busy], page(), false],
    ["show nothing where no leg was recorded", [], page(), false],
    ["may come out of a cache, and say so", [idle], page({ names: ["age"] }), false],
    ["are no refusals, which a proxy gives by itself", [idle], page({ status: 403 }), false],
    ["are no empty answers", [idle], page({ bytes: 0 }), false],
    ["are asked for", [idle], page({ method: "OPTIONS" }), false],
  ])("%s", (_what, legs, one, lacking) => expect(lacksLegs(legs, [one])).toBe(lacking));
});
