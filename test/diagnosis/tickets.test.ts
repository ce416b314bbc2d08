// TLS 1.3 session tickets between a request and its answer, told by records alone.
import { describe, expect, it } from "vitest";
import type { Said } from "./record-talk.ts";
import { challenged, client, FAR, judged, REQUEST, server } from "./sign-talk.ts";

describe("session tickets", () => {
  it("what is too small to ask for anything does not end the tickets", () => {
    const [request, ...rest] = challenged().filter(({ bytes }) => bytes !== 233);
    const [one, other] = [server(233, 0.3), server(233, 0.4)];
    const sizes = (...between: readonly Said[]): readonly (string | undefined)[] => {
      const [found] = judged([{ ...FAR, records: [request!, one, ...between, other, ...rest] }]);
      return found!.signs.map(({ text }) => /\d+ bytes/.exec(text)?.[0]);
    };
    expect(sizes().length).toBeGreaterThan(0);
    // A KeyUpdate (RFC 8446 §4.6.3) of the client has five bytes.
    expect(sizes(client(5, 0.35))).toEqual(sizes());
    expect(sizes(client(REQUEST, 0.35))).not.toEqual(sizes());
  });
});
