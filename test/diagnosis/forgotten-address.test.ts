// A proxy that knows users by their address for a while, and asks a program that cannot answer once it has forgotten them.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import { ACCEPTED, asked, CHALLENGED } from "./asked.ts";
import { found } from "./diagnose.ts";

const NEWS = "news.example.com:443";
const signIn = asked(0, [CHALLENGED, ACCEPTED]);
const letThrough = asked(1, [{ target: NEWS, status: 200, agent: "Updater/3.1" }]);
const left = asked(2, [{ ...CHALLENGED, target: NEWS, agent: "Updater/3.1" }]);
const forgotten = (...timelines: Timeline[]) =>
  found("challenge-after-success", timelines).map(({ stream, detail, certainty }) => ({ stream, detail, certainty }));

describe("a program that was let through by the user's address, and is asked later", () => {
  it("is told with the sign-in and both of its CONNECTs", () => {
    const [finding, ...more] = forgotten(signIn, letThrough, left);
    expect(more).toEqual([]);
    expect(finding).toMatchObject({ stream: 2, certainty: "likely" });
    expect(finding?.detail).toMatch(
      /^CONNECT news\.example\.com:443 .* \(frame 1010\) .* had signed in \(frame 14\).* asked .* \(frame 2012\)/,
    );
  });

  it("is not said to have signed in where nobody had asked for what was let through", () => {
    const [finding] = forgotten(asked(0, [ACCEPTED]), letThrough, left);
    expect(finding?.certainty).toBe("possible");
    expect(finding?.detail).toContain("with credentials, which answered no 407 in this capture (frame 10), and");
  });

  it.each([
    ["nobody had signed in", [letThrough, left]],
    ["the sign-in came behind it", [letThrough, left, asked(3, [ACCEPTED])]],
    ["it was let through only later", [signIn, left, asked(3, [{ target: NEWS, status: 200, agent: "Updater/3.1" }])]],
    ["it was let through to another target", [signIn, asked(1, [{ status: 200, agent: "Updater/3.1" }]), left]],
    ["another program was let through", [signIn, asked(1, [{ target: NEWS, status: 200, agent: "Browser/1" }]), left]],
    ["the CONNECT before was refused", [signIn, asked(1, [{ target: NEWS, status: 403, agent: "Updater/3.1" }]), left]],
    ["it is another client", [{ ...signIn, client: { ip: "192.0.2.99", port: 50_000 } }, letThrough, left]],
  ])("is not said where %s", (_name, timelines) => {
    expect(forgotten(...timelines)).toEqual([]);
  });
});
