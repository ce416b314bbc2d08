// Evidence by time: what a proxy does by itself while a tunnel is set up is not taken for its way to the origin.
import { describe, expect, it } from "vitest";
import { AnswerRegister, evidenceOf } from "../../src/diagnosis/evidence/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { SENT } from "./asked.ts";
import { staged } from "./evidence-talk.ts";
import { tunnelOf } from "./record-talk.ts";

interface SetUp {
  readonly connectMs: number;
  readonly helloMs: number;
  /** Of the credentials with which the tunnel was opened. */
  readonly tag?: string;
}

function signedIn(timeline: Timeline, tag: string | undefined): Timeline {
  if (tag === undefined) return timeline;
  const connects = timeline.connects.map((connect) => {
    const request = { ...connect.request, proxyAuthorization: { ...SENT, tag } };
    return { ...connect, request };
  });
  return { ...timeline, connects };
}

/** What the time of an answer says that came within a millisecond, through a proxy that reads inside. */
function told(...setUps: readonly SetUp[]): readonly string[] {
  return toldOf(0, ...setUps);
}

/** The same of the tunnel at this place among them. */
function toldOf(place: number, ...setUps: readonly SetUp[]): readonly string[] {
  const { exchange, context } = staged([]);
  const answers = new AnswerRegister();
  const timelines = setUps.map((setUp, stream) => {
    const one = signedIn(tunnelOf({ ...setUp, stream, inside: "full", records: [] }), setUp.tag);
    answers.learn(one);
    return one;
  });
  const interception = { state: "yes", why: "one key for unrelated sites" } as const;
  const found = evidenceOf(exchange, { ...context, timeline: timelines[place]!, answers, interception });
  return found.filter(({ source }) => source === "timing").map(({ says, weight }) => `${says} ${weight}`);
}

describe("an answer that came at once, through a proxy that reads inside", () => {
  it.each([
    ["a CONNECT that went to the origin", { connectMs: 80, helloMs: 15 }, ["proxy likely"]],
    [
      "a handshake that went to the origin, with a certificate made in it",
      { connectMs: 1, helloMs: 130 },
      ["proxy possible"],
    ],
    ["both of them", { connectMs: 41, helloMs: 130 }, ["proxy likely"]],
    ["a handshake no longer than the making of a certificate", { connectMs: 1, helloMs: 70 }, []],
    ["that and little more", { connectMs: 1, helloMs: 85 }, []],
    ["a CONNECT no longer than the lookup of a name", { connectMs: 12, helloMs: 60 }, []],
  ] as const)("%s", (_name, setUp, said) => expect(told(setUp)).toEqual(said));

  it("says nothing where credentials were checked meanwhile, unless the proxy knew them", () => {
    const asked = { connectMs: 80, helloMs: 15, tag: "ann" };
    expect(told(asked)).toEqual([]);
    expect(told(asked, { ...asked, tag: "bob" })).toEqual([]);
    expect(told(asked, asked)).toEqual([]);
    expect(toldOf(1, asked, asked)).toEqual(["proxy likely"]);
  });

  it("says nothing where another tunnel to the same host was set up sooner", () => {
    const slow = { connectMs: 1, helloMs: 250 };
    expect(told(slow)).toEqual(["proxy possible"]);
    expect(told(slow, { connectMs: 1, helloMs: 250 })).toEqual(["proxy likely"]);
    expect(told(slow, { connectMs: 1, helloMs: 4 })).toEqual([]);
    expect(told({ connectMs: 90, helloMs: 4 }, { connectMs: 3, helloMs: 4 })).toEqual([]);
  });
});
