// Rules at their edges: how much is named, which frames are cited, what ends well after all.
import { describe, expect, it } from "vitest";
import type { Timeline } from "../../src/proxy/index.ts";
import {
  ACCEPTED,
  type Asked,
  asked,
  CHALLENGED,
  GATEWAY,
  NTLM,
  ntlm,
  read,
  refusing,
  TYPE_1,
  TYPE_3,
  unread,
} from "./asked.ts";
import { diagnosisOf, found, type Setting } from "./diagnose.ts";
import { exchangeFact, requestHead, responseHead, timeline, tunnelOf, where } from "./record-talk.ts";

const TYPE_2 = { ...NTLM, ntlm: ntlm(2) };

describe("keys-missing", () => {
  const tunnels = (count: number) =>
    Array.from({ length: count }, (_, i) => {
      const one = unread("curl/8.5.0");
      const target = { ...one.tunnel!.target, text: `host-${i}.example.com:443`, host: `host-${i}.example.com` };
      return { ...one, stream: i, tunnel: { ...one.tunnel!, target } };
    });

  it.each([
    [5, /host-4\.example\.com:443\): whether/],
    [6, /host-4\.example\.com:443 and 1 more\): whether/],
    [8, /host-4\.example\.com:443 and 3 more\): whether/],
  ])("names five of %i targets at most", (count, says) => {
    expect(found("keys-missing", tunnels(count)).map(({ detail }) => detail)).toEqual([expect.stringMatching(says)]);
  });

  it.each([
    [0, /tried on: it belongs to another recording\.$/],
    [
      1,
      /tried on: it belongs to another recording, or to the 1 tunnel of which packets are not in the order of time\. Put/,
    ],
    [3, /tried on; packets of these are not in the order of time, and then none can fit\. Put .*reordercap/],
  ])("says of %i of three tunnels only that no keys can fit, as packets are misplaced", (misplaced, says) => {
    const early = { longestMs: 0, misplaced: true };
    const all = tunnels(3).map((one, i) => (i < misplaced ? { ...one, fromProxy: { ...one.fromProxy, early } } : one));
    const [finding] = found("keys-missing", all, { keys: { sessions: 4 } });
    expect(finding?.detail).toMatch(says);
  });

  const lacking = (gaps: number, tls: { opened?: number; closed: number }) => {
    const [one] = tunnels(1);
    const tunnel = { ...one!.tunnel!, inside: tls.opened === undefined ? ("none" as const) : ("partial" as const) };
    const gap = { from: "client" as const, length: 300, where: where(17, 17) };
    return {
      ...one!,
      gaps: Array.from({ length: gaps }, () => gap),
      tunnel: { ...tunnel, tls: { ...tunnel.tls!, ...tls } },
    };
  };

  it("does not say that a key log is another recording's where every record lacks bytes", () => {
    const said = (gaps: number, closed = 3) =>
      found("keys-missing", [lacking(gaps, { closed })], { keys: { sessions: 4 } })[0]?.detail;
    expect(said(1, 1)).toMatch(/: bytes are missing in every record/);
    expect(said(3)).toMatch(/opened nothing of the \d+ TLS connections? .*: bytes are missing in every record/);
    expect(said(2)).toMatch(/it belongs to another recording\.$/);
  });

  it("is none where keys opened all that is in the capture: what is missing there is bytes", () => {
    expect(found("keys-missing", [lacking(1, { opened: 9, closed: 0 })])).toEqual([]);
    expect(found("keys-missing", [lacking(1, { opened: 9, closed: 1 })])).toHaveLength(1);
  });
});

describe("capture-quality", () => {
  const of = (quality: NonNullable<Setting["quality"]>) =>
    found("capture-quality", [asked(0, [CHALLENGED])], { quality })[0];

  it("calls a capture whole that only has packets twice, and asks for no other one", () => {
    const [twice, torn] = [of({ duplicates: 3 }), of({ duplicates: 3, gaps: 1, missingBytes: 9 })];
    expect(twice?.title).toBe("The capture has packets twice");
    expect(twice?.advice.helpdesk).not.toMatch(/record again/i);
    expect(torn?.title).toBe("The capture is not whole");
    expect(torn?.advice.helpdesk).toMatch(
      /^If a verdict is `incomplete`, or `encrypted` although there are keys, record/,
    );
  });
});

describe("frames", () => {
  it("of a forwarded request and of its answer are cited, and none for what is not there", () => {
    const request = requestHead(where(10, 10), { form: "absolute", host: "www.example.com" });
    const response = responseHead(where(12, 12), 407, { proxyChallenges: [NTLM] });
    const answered = exchangeFact(request, response);
    const waiting = exchangeFact(requestHead(where(14, 14), { form: "absolute" }), null, { unanswered: "closed" });
    const lost = exchangeFact(null, response);
    const [finding] = found("auth-abandoned", [timeline({ forwards: [answered] })]);
    expect(finding?.frames).toEqual([10, 12]);
    const [silent] = found("no-response", [timeline({ forwards: [waiting] })]);
    expect(silent?.frames).toEqual([14, 99]);
    expect(found("incomplete", [timeline({ forwards: [lost] })])).toHaveLength(1);
  });
});

describe("untrusted-interception", () => {
  it("has only what was seen for evidence where nobody knows whose certificate it is", () => {
    const [finding] = found("untrusted-interception", [refusing("unknown_ca")]);
    expect(finding?.evidence).toEqual(["the client answered with the alert unknown_ca (frame 40)"]);
    expect(finding?.detail).toMatch(/cannot be told from this capture\.$/);
  });

  it("is none where another alert says why, whatever the client sent in the last record", () => {
    const shell = tunnelOf({
      version: 0x0303,
      records: [{ from: "client", bytes: 2, ms: 5 }],
      closedBy: "reset-by-client",
    });
    const tunnel = shell.tunnel!;
    const { frame } = tunnel.tls!.marks.at(-1)!;
    const alert = { where: where(frame, 40), from: "client", encrypted: false, level: "fatal" } as const;
    const ended = (description: string) => {
      const alerts = [{ ...alert, description }];
      const tls = { ...tunnel.tls!, alerts, handshakeComplete: false, handshakeCompleteWhere: null };
      return found("untrusted-interception", [{ ...shell, lastFrame: frame, tunnel: { ...tunnel, tls } }]).length;
    };
    expect([ended("unknown_ca"), ended("protocol_version")]).toEqual([1, 0]);
  });

  it.each(["client", "server"] as const)("is possible where the last record is the client's, here the %s's", (from) => {
    // Of TLS 1.2, and behind it the connection is over: what the record says is not known.
    const shell = tunnelOf({ version: 0x0303, records: [{ from, bytes: 2, ms: 5 }], closedBy: "reset-by-client" });
    const tunnel = shell.tunnel!;
    const tls = { ...tunnel.tls!, handshakeComplete: false, handshakeCompleteWhere: null };
    const last = { ...shell, lastFrame: tls.marks.at(-1)!.frame, tunnel: { ...tunnel, tls } };
    const findings = found("untrusted-interception", [last]);
    expect(findings.map(({ certainty }) => certainty)).toEqual(from === "client" ? ["possible"] : []);
  });
});

describe("a client that leaves in the middle of the handshake, and says nothing", () => {
  it("seems to refuse the certificate, and what is told of it says no more", () => {
    const shell = tunnelOf({ records: [], closedBy: "reset-by-client" });
    const tls = shell.tunnel!.tls!;
    const marks = tls.marks.filter(({ from }) => from === "server");
    const open = { ...tls, marks, handshakeComplete: false, handshakeCompleteWhere: null };
    const one = { ...shell, tunnel: { ...shell.tunnel!, tls: open } };
    const [refused] = found("untrusted-interception", [one]);
    expect(refused?.certainty).toBe("possible");
    expect(refused?.detail).toContain("seems to have been refused: the client reset the connection behind");
    expect(found("tls-failed", [one])[0]!.advice.helpdesk).toMatch(/^The client gives no reason\. As a rule/);
  });
});

describe("a client that resets the connection behind the handshake", () => {
  it("seems not to trust the certificate, where it can be read that it asked nothing", () => {
    const left = (change: Partial<Timeline>) =>
      found("untrusted-interception", [read(0, [ACCEPTED], [], { closedBy: "reset-by-client", ...change })]);
    const opened = (one: Timeline) => ({ ...one.tunnel!, tls: { ...one.tunnel!.tls!, opened: 4 } });
    const tunnel = opened(read(0, [ACCEPTED], []));
    expect(left({ tunnel }).map(({ certainty, detail }) => `${certainty} ${detail}`)).toEqual([
      expect.stringMatching(/^possible .* the client reset the connection behind the handshake without a request/),
    ]);
    expect(left({ tunnel, closedBy: "reset-by-proxy" })).toEqual([]);
    expect(left({ tunnel: opened(read(0, [ACCEPTED], [{ status: 200 }])) })).toEqual([]);
  });
});

describe("ntlm-broken-connection", () => {
  it("is none where bytes are missing, or the connection is open at the capture's end: the answer may be behind that", () => {
    const steps = [
      { status: 407, challenges: [NTLM] },
      { with: TYPE_1, status: 407, challenges: [TYPE_2] },
    ];
    const gap = { from: "client" as const, length: 300, where: where(17, 17) };
    expect(found("ntlm-broken-connection", [asked(0, steps)])).toHaveLength(1);
    expect(found("ntlm-broken-connection", [asked(0, steps, { gaps: [gap] })])).toEqual([]);
    expect(found("ntlm-broken-connection", [asked(0, steps, { closedBy: "open" })])).toEqual([]);
  });

  it("is none where the handshake starts over and ends well", () => {
    const steps = [
      { with: TYPE_3, status: 407, challenges: [NTLM] },
      { with: TYPE_1, status: 407, challenges: [TYPE_2] },
      { with: TYPE_3, status: 200 },
    ];
    expect(found("ntlm-broken-connection", [read(0, steps, [{}])])).toEqual([]);
    expect(found("ntlm-broken-connection", [asked(0, steps.slice(0, 1))])).toHaveLength(1);
  });

  it("is none where the client came back elsewhere", () => {
    const refused = asked(0, [{ with: TYPE_3, status: 407, challenges: [NTLM] }]);
    const again = asked(1, [
      { with: TYPE_1, status: 407, challenges: [TYPE_2] },
      { with: TYPE_3, status: 403 },
    ]);
    expect(found("ntlm-broken-connection", [refused, again])).toEqual([]);
  });
});

describe("tunnel-401-proxy", () => {
  const detail = (steps: readonly Asked[]) =>
    found("tunnel-401-proxy", [read(0, steps, [{ ...GATEWAY, status: 401 }])]).map((one) => one.detail);
  const CONNECT = String.raw`CONNECT www\.example\.com:443 \(frame \d+\)`;

  it.each<readonly [string, readonly Asked[], string]>([
    [
      "that was answered 2xx",
      [CHALLENGED, ACCEPTED],
      `${CONNECT} was answered 200 \\(frame \\d+\\), so the tunnel was up\\. The 401`,
    ],
    [
      "that was refused",
      [CHALLENGED],
      `${CONNECT} was answered 407 \\(frame \\d+\\)\\. The CONNECT that opened the tunnel is not in the capture; what followed shows that it was up\\. The 401`,
    ],
    [
      "without an answer",
      [{ status: null }],
      `The answer to ${CONNECT} is not in the capture; what followed it shows that the tunnel was up\\. The 401`,
    ],
  ])("says of a tunnel behind a CONNECT %s how it was opened", (_what, steps, says) => {
    expect(detail(steps)).toEqual([expect.stringMatching(new RegExp(says))]);
  });
});

describe("a connection of which the order is lost", () => {
  /** An answer without its request, on a connection that is whole but for these gaps. */
  const said = (change: Partial<Timeline>, misplaced = true, side: "fromClient" | "fromProxy" = "fromProxy") => {
    const one = asked(0, [], { forwards: [exchangeFact(null, responseHead(where(20, 20), 200))] });
    const early = { longestMs: 0, misplaced };
    return diagnosisOf([{ ...one, [side]: { ...one[side], early }, ...change }]).facts.connections[0];
  };

  it.each(["fromClient", "fromProxy"] as const)(
    "says so, and how it is mended, where nothing is missing: %s",
    (side) => {
      expect(said({}, true, side)).toMatchObject({
        verdict: "incomplete",
        summary: expect.stringMatching(/^What answers what cannot be told .* reordercap/),
      });
    },
  );

  it.each<[name: string, change: Partial<Timeline>, misplaced?: boolean]>([
    ["bytes are missing", { gaps: [{ from: "client", where: where(11, 11), length: 90 }] }],
    ["a direction is missing", { oneSided: true }],
    ["its beginning is missing", { lateStart: true }],
    ["its end is missing", { closedBy: "open" }],
    ["the order is right", {}, false],
  ])("is told of as any other where %s", (_name, change, misplaced) => {
    expect(said(change, misplaced)).toMatchObject({
      verdict: "incomplete",
      summary: "Responses of the proxy are in the capture, the requests to them are not.",
    });
  });
});
