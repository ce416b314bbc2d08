// Damaged HTTP tells the same however it is cut, up to where it is no HTTP any more: from there on a parser waits for a segment that
// begins with a message.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Note } from "../../src/bytes/index.ts";
import { piecesOf } from "../harness/split.ts";
import { times } from "../harness/times.ts";
import { frame, h2Listen, literals, PREFACE } from "./h2-talk.ts";
import { bytesOf, listen } from "./talk.ts";

const WIRES = {
  request: [
    "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic dTpw\r\n\r\nrest",
    "GET http://a/ HTTP/1.1\r\nHost: a\r\n folded\r\n\r\nGET / HTTP/1.0\n\nPOST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n\r\n",
    "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\nPUT /x HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
  ],
  response: [
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 204 No\r\n\r\n",
    "HTTP/1.1 407 Proxy\r\nProxy-Authenticate: Negotiate\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nto the end",
  ],
} as const;

/** Any bytes changed, taken out or put in. */
const damage = fc.array(
  fc.record({
    at: fc.nat(),
    out: fc.nat({ max: 6 }),
    put: fc.oneof(
      fc.uint8Array({ maxLength: 3 }),
      fc.constantFrom("\r", "\n", "\r\n", ":", " ", "\0", "HTTP/").map(bytesOf),
    ),
  }),
  { minLength: 1, maxLength: 4 },
);

function damaged(bytes: Uint8Array, changes: readonly { at: number; out: number; put: Uint8Array }[]): Uint8Array {
  let result = bytes;
  for (const { at, out, put } of changes) {
    const place = at % (result.length + 1);
    result = Uint8Array.from([...result.subarray(0, place), ...put, ...result.subarray(place + out)]);
  }
  return result;
}

const places = fc.array(fc.nat(), { maxLength: 10 });
const within = (cuts: readonly number[], { length }: Uint8Array) => cuts.map((cut) => cut % (length + 1));

const isLost = ({ notes }: { readonly notes: readonly Note[] }) => notes.some(({ id }) => id.endsWith("-malformed"));

describe.each(["request", "response"] as const)("a damaged HTTP/1 %s", (role) => {
  it.each([false, true])("tells the same however it is cut; passing over bodies: %s", (skip) => {
    let lost = 0;
    fc.assert(
      fc.property(fc.constantFrom(...WIRES[role]), damage, places, (wire, changes, cuts) => {
        const bytes = damaged(bytesOf(wire), changes);
        // What is passed over is in no event.
        const told = (pieces: Parameters<typeof listen>[1]) => {
          const { events, ...rest } = listen(role, pieces, { skip });
          return { ...rest, events: skip ? events.filter((event) => !event.startsWith("body ")) : events };
        };
        const whole = told(piecesOf(bytes));
        const cut = told(piecesOf(bytes, within(cuts, bytes)));
        if (isLost(whole)) {
          lost++;
          expect(cut.events.slice(0, whole.events.length)).toEqual(whole.events);
          expect(cut.heads.slice(0, whole.heads.length)).toEqual(whole.heads);
          expect(cut.notes.slice(0, whole.notes.length)).toEqual(whole.notes);
        } else expect(cut).toEqual(whole);
      }),
      { numRuns: times(1_000) },
    );
    expect(lost).toBeLessThan(times(800));
  });
});

describe("a damaged HTTP/2 connection", () => {
  const client = Uint8Array.from([
    ...frame(4, 0, 0, Uint8Array.of(0, 1, 0, 0, 1, 0)),
    ...frame(1, 4, 1, literals(":method: CONNECT", ":authority: a:443", "proxy-authorization: Basic dTpw")),
    ...frame(0, 0, 1, "tunnelled"),
    ...frame(1, 0, 3, literals(":method: GET", ":path: /")),
    ...frame(9, 4, 3, literals("x-y: z")),
    ...frame(3, 0, 3, Uint8Array.of(0, 0, 0, 8)),
  ]);
  const server = Uint8Array.from([
    ...frame(4, 0, 0),
    ...frame(1, 4, 1, literals(":status: 200")),
    ...frame(0, 8, 1, Uint8Array.from([2, ...bytesOf("answer"), 0, 0])),
    ...frame(1, 5, 3, literals(":status: 401", "www-authenticate: Basic realm=x")),
    ...frame(7, 0, 0, Uint8Array.of(0, 0, 0, 3, 0, 0, 0, 0)),
  ]);

  it("tells the same however it is cut", () => {
    let lost = 0;
    fc.assert(
      fc.property(damage, damage, places, fc.boolean(), (one, two, cuts, both) => {
        // Without its preface it would be a connection whose beginning was not captured.
        const asked = Uint8Array.from([...bytesOf(PREFACE), ...(both ? damaged(client, one) : client)]);
        const answered = damaged(server, two);
        const whole = h2Listen([
          ["client", piecesOf(asked)],
          ["server", piecesOf(answered)],
        ]);
        if (isLost(whole)) {
          lost++;
          return;
        }
        const cut = h2Listen([
          ["client", piecesOf(asked, within(cuts, asked))],
          ["server", piecesOf(answered, within(cuts, answered))],
        ]);
        expect(cut).toEqual(whole);
      }),
      { numRuns: times(2_000) },
    );
    expect(lost).toBeLessThan(times(1_900));
  });
});
