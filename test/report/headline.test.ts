// The sentence that a report leads with, where not all connections were judged together.
import { describe, expect, it } from "vitest";
import { NOTHING_ASKED } from "../../src/report/connection.ts";
import type { ReportConnection } from "../../src/report/index.ts";
import { decisiveFrame, headline } from "../../src/report/outputs/headline.ts";
import { line } from "../../src/report/outputs/line.ts";
import { finding, judged, report } from "./samples.ts";

it("says on how many connections it rests, and how it would rest on all", () => {
  const one = report([judged(3, "encrypted")]);
  const sum = { client: "192.0.2.17", proxy: "192.0.2.80:8080", target: null, firstStream: 20, firstFrame: 300 };
  const folded = [{ ...sum, verdict: "encrypted" as const, count: 40 }];
  const totals = { ...one.totals, connections: 41 };
  expect(headline(one)).not.toContain("--max-connections");
  expect(headline({ ...one, folded, totals })).toMatch(
    / \(40 of 41 connections were judged each by itself: --max-connections 41 judges all together\.\)$/,
  );
});

it("says that sites asked for a password of their own, also where there are several connections", () => {
  const asked = [judged(3, "tunnel-401-origin"), judged(4, "tunnel-401-origin"), judged(5, "ok")];
  const first = asked[0]!.summary.replace(/\.$/, "");
  const findings = [finding("tunnel-401-origin", 3), finding("tunnel-401-origin", 4)];
  expect(headline(report(asked, { findings }))).toBe(`${first} (and 1 more like it).`);
  expect(headline(report([judged(3, "forward-401-origin"), judged(5, "ok")]))).not.toMatch(/^Nothing wrong/);
  // Of those that were only counted there is no sentence.
  expect(headline({ ...report(asked), connections: [] })).toMatch(/^Nothing wrong in 3 connections/);
});

it("points at the proxy's answer before that of the site, and at the last challenge that was in order", () => {
  const one = judged(3, "tunnel-401-proxy");
  const [exchange] = one.tunnel!.exchanges;
  const site = { ...exchange!, sentBy: "origin" as const, response: { ...exchange!.response!, frame: 20 } };
  const both = { ...one, tunnel: { ...one.tunnel!, exchanges: [site, exchange!] } };
  expect(decisiveFrame(both, undefined)).toBe(exchange!.response!.frame);
  expect(
    decisiveFrame({ ...both, tunnel: { ...both.tunnel, exchanges: [site, { ...site, response: null }] } }, undefined),
  ).toBe(20);
  const loop = judged(3, "auth-loop");
  const challenge = loop.connects[0]!;
  const again = { ...challenge, response: { ...challenge.response!, status: 407, frame: 90 } };
  const first = { ...challenge, response: { ...challenge.response!, status: 407, frame: 80 } };
  expect(decisiveFrame({ ...loop, connects: [first, again] }, undefined)).toBe(90);
});

it("points in a line at connections that were only counted, where the verdict is theirs", () => {
  const sum = { client: "192.0.2.17", proxy: "192.0.2.80:8080", target: "a.example:443", firstStream: 20 };
  const folded = [
    { ...sum, verdict: "encrypted" as const, count: 40, firstFrame: 300 },
    { ...sum, verdict: "tunnel-refused" as const, count: 3, firstFrame: 500 },
  ];
  const counted = (target: string | null): string | undefined =>
    line(
      report([judged(3, "ok")], {
        verdict: "tunnel-refused",
        exitCode: 1,
        folded: folded.map((one) => ({ ...one, target })),
      }),
    ).split("\t")[6];
  expect(counted("a.example:443")).toBe("first=a.example:443@500");
  expect(counted(null)).toBe("first=-@500");
});

it("calls those connections like the first of which the same is found, and not all of its verdict", () => {
  const wrong = [3, 4, 5].map((stream) => judged(stream, "tunnel-401-proxy"));
  const first = wrong[0]!.summary.replace(/\.$/, "");
  const [own, same] = [finding("tunnel-401-proxy", 3), finding("tunnel-401-proxy", 4)];
  const possible = finding("tunnel-401-proxy", 5, { title: "A 401 inside the tunnel that may be the proxy's" });
  const found = report(wrong, { findings: [own, same, possible] });
  expect(headline(found)).toBe(`${first} (and 1 more like it, 1 more with the verdict tunnel-401-proxy).`);
  expect(headline(report(wrong.toSpliced(1, 1), { findings: [own, possible] }))).toBe(
    `${first} (and 1 more with the verdict tunnel-401-proxy).`,
  );
});

it("does not say what is found of connections that were only counted, and counts those whose finding is not told", () => {
  const wrong = [3, 4].map((stream) => judged(stream, "tunnel-401-proxy"));
  const first = wrong[0]!.summary.replace(/\.$/, "");
  const found = report(wrong, { findings: [finding("tunnel-401-proxy", 3), finding("tunnel-401-proxy", 4)] });
  const totals = { ...found.totals, connections: 306, verdicts: { "tunnel-401-proxy": 306 } };
  const sum = { client: "192.0.2.17", proxy: "192.0.2.80:8080", target: null, firstStream: 20, firstFrame: 300 };
  const folded = [{ ...sum, verdict: "tunnel-401-proxy" as const, count: 4 }];
  expect(headline({ ...found, totals })).toBe(`${first} (and 305 more like it).`);
  expect(headline({ ...found, totals, folded })).toContain(
    " (and 301 more like it, 4 more with the verdict tunnel-401-proxy).",
  );
});

it("leads with a site's login also where another tunnel carries something else, which ranks before it", () => {
  const [other, asked] = [judged(3, "not-tls"), judged(4, "tunnel-401-origin")];
  expect(headline(report([other, asked]))).toBe(asked.summary);
});

describe("a connection that is in order, but sends the user to a page,", () => {
  const told = finding("ok", 4, { detail: "The proxy answered every request; GET / was answered 511 (frame 43)." });

  it("leads, and nothing is said to be right", () => {
    expect(headline(report([judged(3, "ok"), judged(4, "ok")], { findings: [told] }))).toBe(told.detail);
    expect(headline(report([judged(3, "auth-ok"), judged(4, "ok")], { findings: [told] }))).toBe(told.detail);
  });

  it("leads where other connections could not be read", () => {
    expect(headline(report([judged(3, "encrypted"), judged(4, "ok")], { findings: [told] }))).toBe(
      `${told.detail} Not all could be seen: of 2 connections 1 was encrypted and could not be read.`,
    );
  });

  it("does not lead where something is wrong", () => {
    const refused = judged(3, "tunnel-refused");
    expect(headline(report([refused, judged(4, "ok")], { findings: [told] }))).toBe(refused.summary);
  });
});

it("does not call it right where sites could not answer or were not reached", () => {
  const [fine, without] = [judged(3, "ok"), judged(4, "ok")];
  const [exchange] = without.tunnel!.exchanges;
  const answer = { ...exchange!, response: { ...exchange!.response!, status: 502 } };
  const unreached = { ...without, tunnel: { ...without.tunnel!, exchanges: [exchange!, answer] } };
  expect(headline(report([fine, without]))).toMatch(/^Nothing wrong in 2 connections/);
  expect(headline(report([fine, unreached]))).toMatch(
    /^Nobody asked for credentials in the wrong place in 2 connections .*; but in 1 of them a site could not answer, or was not reached \(502, frame 43\)\.$/,
  );
});

it("leads with the connection of the first finding, which is the most certain", () => {
  const wrong = [3, 4].map((stream) => judged(stream, "tunnel-401-proxy", { summary: `What stream ${stream} shows.` }));
  const findings = [finding("tunnel-401-proxy", 4), finding("tunnel-401-proxy", 3, { title: "It may be the proxy's" })];
  expect(headline(report(wrong, { findings }))).toMatch(/^What stream 4 shows \(and 1 more with the verdict /);
});

it("does not call it right where TLS was ended by an alert behind its handshake", () => {
  const [fine, ended] = [judged(3, "ok"), judged(4, "ok")];
  const tls = ended.tunnel!.tls!;
  const alert = {
    frame: 44,
    from: "proxy",
    level: "fatal",
    description: "certificate_required",
    encrypted: true,
  } as const;
  const closing = { ...alert, level: "warning", description: "close_notify" } as const;
  const withAlerts = (...alerts: (typeof alert | typeof closing)[]) => ({
    ...ended,
    tunnel: { ...ended.tunnel!, tls: { ...tls, alerts } },
  });
  expect(headline(report([fine, withAlerts(closing)]))).toMatch(/^Nothing wrong in 2 connections/);
  expect(headline(report([fine, withAlerts(alert)]))).toMatch(
    /^Nobody asked .*; but in 1 of them TLS was ended by an alert \(certificate_required, frame 44\)\.$/,
  );
});

describe("tunnels that the client closed and asked nothing in", () => {
  const idle = (stream: number, verdict: "ok" | "encrypted", change: Partial<ReportConnection> = {}) => {
    const one = judged(stream, verdict, change);
    const { stages } = one.tunnel!;
    return { ...one, tunnel: { ...one.tunnel!, exchanges: [], stages: { ...stages, https: NOTHING_ASKED } } };
  };
  const REFUSED = "so does a client that does not accept the certificate, or that has nothing to ask";

  it("are told of, and nothing is said to be right with them", () => {
    expect(headline(report([idle(3, "ok"), idle(4, "ok")]))).toBe(
      `Nobody asked for credentials in the wrong place in 2 connections to the proxy, and all of it could be seen; but in 2 of them the client closed the tunnel and asked nothing: ${REFUSED}.`,
    );
    // A 407 on another connection is no request in a tunnel.
    const challenged = judged(2, "auth-ok", { tunnel: null });
    expect(headline(report([challenged, idle(3, "ok")]))).toContain("but in 1 of them the client closed the tunnel");
    expect(headline(report([idle(3, "encrypted"), idle(4, "encrypted")]))).toBe(
      `Nothing wrong was seen, but not all could be seen: of 2 connections 2 were encrypted and could not be read, and nothing was asked in them: ${REFUSED}.`,
    );
  });

  it("are those of a browser that opens more than it needs, where it asked the same site in another", () => {
    expect(headline(report([judged(2, "ok"), idle(3, "ok")]))).toMatch(/^Nothing wrong in 2 connections/);
    expect(headline(report([judged(2, "encrypted"), idle(3, "encrypted")]))).toBe(
      "Nothing wrong was seen, but not all could be seen: of 2 connections 2 were encrypted and could not be read, and nothing was asked in 1 of them.",
    );
  });

  it("say nothing yet where they are still open", () => {
    const open = [3, 4].map((stream) => idle(stream, "ok", { closedBy: "open" }));
    expect(headline(report(open))).toMatch(/^Nothing wrong in 2 connections/);
    expect(headline(report(open.map((one) => ({ ...one, verdict: "encrypted" as const }))))).toMatch(
      /could not be read, and nothing was asked in them\.$/,
    );
  });
});
