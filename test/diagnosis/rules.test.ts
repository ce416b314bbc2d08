// Every rule on facts made by hand: what it finds, and what looks like it and is something else.
import { describe, expect, it } from "vitest";
import type { FindingId } from "../../src/diagnosis/index.ts";
import type { RequestHead } from "../../src/http/index.ts";
import type { Timeline, TunnelFact } from "../../src/proxy/index.ts";
import type { TlsFacts } from "../../src/tls-parse/index.ts";
import {
  ACCEPTED,
  asked,
  BASIC,
  CHALLENGED,
  GATEWAY,
  NEGOTIATE,
  NTLM,
  ntlm,
  read,
  refusing,
  SENT,
  TYPE_1,
  TYPE_3,
  unread,
} from "./asked.ts";
import { diagnose, found, type Setting } from "./diagnose.ts";
import { timeline, tunnelOf, where } from "./record-talk.ts";

// --- tables: id, name, timelines, what the finding says (null: there is none)

/** A tunnel whose one request has this head, in the clear or in TLS that was read. */
function plain(request: Partial<RequestHead>, tls: TunnelFact["tls"] = null): Timeline {
  const one = read(0, [{ status: 200 }], [{}]);
  const tunnel = one.tunnel!;
  const exchanges = tunnel.exchanges.map((exchange) => ({
    ...exchange,
    request: { ...exchange.request!, ...request },
  }));
  return { ...one, tunnel: { ...tunnel, protocol: tls === null ? "http" : "tls", tls, exchanges } };
}

function inTls(request: Partial<RequestHead>): Timeline {
  return plain(request, tunnelOf({ records: [] }).tunnel!.tls);
}

/** A tunnel that was not read, whose TLS is like this. */
function shut(change: Partial<TlsFacts>): Timeline {
  const one = unread("curl/8.5.0");
  const tunnel = one.tunnel!;
  return { ...one, tunnel: { ...tunnel, tls: { ...tunnel.tls!, ...change } } };
}

/** A connection over TLS to the proxy itself, in which nothing was seen. */
function outer(change: Partial<TlsFacts>): Timeline {
  return timeline({ secure: { ...tunnelOf({ records: [] }).tunnel!.tls!, closed: 3, ...change } });
}

type Row = readonly [
  id: FindingId,
  name: string,
  timelines: readonly Timeline[],
  says: RegExp | null,
  setting?: Setting,
];

const NEWS = "news.example.com:443";

const ROWS: readonly Row[] = [
  // NTLM between its legs
  [
    "ntlm-broken-connection",
    "closed behind the type 2 message",
    [
      asked(0, [
        { status: 407, challenges: [NTLM] },
        { with: TYPE_1, status: 407, challenges: [{ ...NTLM, ntlm: ntlm(2) }] },
      ]),
    ],
    /NTLM challenge \(frame 16\).*ended/,
  ],
  [
    "ntlm-broken-connection",
    "inside Negotiate",
    [
      asked(0, [
        {
          with: { ...TYPE_1, scheme: "Negotiate" },
          status: 407,
          challenges: [{ ...NEGOTIATE, negotiate: { kind: "ntlm", message: ntlm(2) } }],
        },
      ]),
    ],
    /frame 12/,
  ],
  [
    "ntlm-broken-connection",
    "a type 3 message on a new connection, refused",
    [asked(0, [{ with: TYPE_3, status: 407, challenges: [NTLM] }])],
    /type 3 message \(frame 10\).*refused/,
  ],
  [
    "ntlm-broken-connection",
    "all three messages on one connection",
    [
      asked(0, [
        { with: TYPE_1, status: 407, challenges: [{ ...NTLM, ntlm: ntlm(2) }] },
        { with: TYPE_3, status: 200 },
      ]),
    ],
    null,
  ],
  [
    "ntlm-broken-connection",
    "still open when the capture ends",
    [asked(0, [{ with: TYPE_1, status: 407, challenges: [{ ...NTLM, ntlm: ntlm(2) }] }], { closedBy: "open" })],
    null,
  ],
  [
    "ntlm-broken-connection",
    "joined late",
    [asked(0, [{ with: TYPE_3, status: 407, challenges: [NTLM] }], { lateStart: true })],
    null,
  ],
  ...(
    [
      ["by the client, of its own accord", { client: 14, proxy: 15 }, null, null],
      ["by the client, which was told to", { client: 14, proxy: 15 }, "close", /NTLM challenge/],
      ["by the proxy", { client: 15, proxy: 14 }, null, /NTLM challenge/],
    ] as const
  ).map(([who, fin, connection, says]): Row => {
    const one = asked(0, [{ with: TYPE_1, status: 407, challenges: [{ ...NTLM, ntlm: ntlm(2) }] }]);
    const connects = one.connects.map((connect) => ({ ...connect, response: { ...connect.response!, connection } }));
    const fromClient = { ...one.fromClient, finFrame: where(fin.client, fin.client).frame };
    const fromProxy = { ...one.fromProxy, finFrame: where(fin.proxy, fin.proxy).frame };
    return ["ntlm-broken-connection", `closed first ${who}`, [{ ...one, connects, fromClient, fromProxy }], says];
  }),
  ["ntlm-broken-connection", "Basic, closed behind the challenge", [asked(0, [CHALLENGED])], null],

  // schemes
  [
    "scheme-mismatch",
    "credentials of a scheme that was not offered",
    [
      asked(0, [
        { status: 407, challenges: [NEGOTIATE] },
        { with: SENT, status: 407, challenges: [NEGOTIATE] },
      ]),
    ],
    /offers Negotiate.*sends Basic \(frame 14\)/,
  ],
  [
    "scheme-mismatch",
    "Java, where only Basic is offered for a tunnel",
    [asked(0, [{ agent: "Java/17.0.9", status: 407, challenges: [BASIC] }])],
    /Java leaves Basic out/,
  ],
  [
    "scheme-mismatch",
    "Java, where Negotiate is offered, too",
    [asked(0, [{ agent: "Java/17.0.9", status: 407, challenges: [BASIC, NEGOTIATE] }])],
    null,
  ],
  [
    "scheme-mismatch",
    "Java that is started with Basic for tunnels: it sends it on its next connection",
    [
      asked(0, [{ agent: "Java/17.0.9", status: 407, challenges: [BASIC] }]),
      asked(1, [{ agent: "Java/17.0.9", with: SENT, status: 407, challenges: [BASIC] }]),
    ],
    null,
  ],
  [
    "scheme-mismatch",
    "a client that uses another scheme elsewhere",
    [
      asked(0, [{ agent: "agent/1", target: NEWS, with: SENT, status: 200 }]),
      asked(1, [{ agent: "agent/1", status: 407, challenges: [NEGOTIATE] }]),
    ],
    /elsewhere in this capture the same client uses basic/,
  ],
  [
    "scheme-mismatch",
    "a client that gives up without showing what it knows",
    [asked(0, [{ agent: "agent/1", status: 407, challenges: [NEGOTIATE] }])],
    null,
  ],
  ["scheme-mismatch", "a wrong password", [asked(0, [CHALLENGED, { with: SENT, ...CHALLENGED }])], null],

  // passwords
  ["basic-in-clear", "Basic on a CONNECT", [asked(0, [CHALLENGED, ACCEPTED])], /1 request carried Basic/],
  [
    "basic-in-clear",
    "Basic in a tunnel that carries plain HTTP",
    [plain({ authorization: SENT })],
    /1 request carried Basic credentials to a site/,
  ],
  ["basic-in-clear", "Basic inside TLS", [inTls({ authorization: SENT })], null],
  [
    "basic-in-clear",
    "NTLM",
    [
      asked(0, [
        { with: TYPE_1, status: 407, challenges: [{ ...NTLM, ntlm: ntlm(2) }] },
        { with: TYPE_3, status: 200 },
      ]),
    ],
    null,
  ],
  [
    "basic-in-clear",
    "Basic to a proxy that is spoken to over TLS",
    [asked(0, [CHALLENGED, ACCEPTED], { secure: tunnelOf({ records: [] }).tunnel!.tls })],
    null,
  ],

  // certificates
  ["untrusted-interception", "unknown_ca by the client", [refusing("unknown_ca")], /alert unknown_ca \(frame 40\)/],
  ["untrusted-interception", "handshake_failure", [refusing("handshake_failure")], null],
  ["untrusted-interception", "an alert by the server", [refusing("unknown_ca", "server")], null],

  // authenticated, and asked again
  [
    "challenge-after-success",
    "accepted on the CONNECT, asked inside",
    [read(0, [CHALLENGED, ACCEPTED], [{ status: 401, ...GATEWAY }])],
    /accepted \(frame 16\).*asked for credentials again \(401, frame 201\)\.$/,
  ],
  [
    "challenge-after-success",
    "accepted on the CONNECT, asked inside by whom one sign names",
    [read(0, [CHALLENGED, ACCEPTED], [{ ...GATEWAY, status: 401, challenges: [{ ...BASIC, realm: "Another" }] }])],
    /accepted \(frame 16\).*asked for credentials again \(401, frame 201\), possibly by the proxy\.$/,
  ],
  [
    "challenge-after-success",
    "let through on the CONNECT where nobody had asked for them",
    [read(0, [ACCEPTED], [{ ...GATEWAY, status: 401, challenges: [{ ...BASIC, realm: "Another" }] }])],
    /, which answered no 407 in this capture, were let through \(frame 12\), and then .* was asked for credentials \(401, frame 201\), possibly by the proxy\.$/,
  ],
  [
    "challenge-after-success",
    "a ticket on the connection behind the one that was closed with its 407",
    [
      asked(0, [{ status: 407, challenges: [NEGOTIATE] }]),
      read(
        1,
        [{ with: { ...SENT, scheme: "Negotiate", step: "kerberos" }, status: 200 }],
        [{ status: 401, ...GATEWAY }],
      ),
    ],
    /^The credentials on the CONNECT \(Negotiate, frame 1010\) were accepted \(frame 1012\), and then .* again/,
  ],
  [
    "challenge-after-success",
    "on the CONNECT of the next connection, as browsers send what was accepted",
    [asked(0, [CHALLENGED, ACCEPTED]), read(1, [{ ...ACCEPTED, target: NEWS }], [{ status: 401, ...GATEWAY }])],
    /were accepted \(frame 1012\), and then .* again/,
  ],
  [
    "challenge-after-success",
    "the same credentials, refused later",
    [asked(0, [CHALLENGED, ACCEPTED]), asked(1, [{ with: SENT, ...CHALLENGED }])],
    /that were accepted in frame 14 were refused in frame 1012\.$/,
  ],
  [
    "challenge-after-success",
    "the same credentials, refused where somebody asks for them",
    [asked(0, [ACCEPTED]), asked(1, [{ with: SENT, ...CHALLENGED }])],
    /let through in frame 10, where they answered no 407, were refused in frame 1012\.$/,
  ],
  [
    "challenge-after-success",
    "the site's own login inside",
    [read(0, [CHALLENGED, ACCEPTED], [{ status: 401, challenges: [{ ...BASIC, scheme: "Bearer", realm: "api" }] }])],
    null,
  ],
  ["challenge-after-success", "never authenticated", [read(0, [{ status: 200 }], [{ status: 401, ...GATEWAY }])], null],
  [
    "challenge-after-success",
    "other credentials, refused",
    [asked(0, [ACCEPTED]), asked(1, [{ with: { ...SENT, tag: "b" }, ...CHALLENGED }])],
    null,
  ],

  // several hosts
  [
    "mixed-auth-context",
    "one host challenged on the CONNECT, another one inside",
    [read(0, [CHALLENGED, ACCEPTED], [{}]), read(1, [{ target: NEWS, ...ACCEPTED }], [{ status: 401, ...GATEWAY }])],
    /^news\.example\.com is challenged at GET https:\/\/ although this client \(192\.0\.2\.17\) was authenticated at CONNECT \(frame 16\); www\.example\.com is challenged at CONNECT tcp:\/\/ only\.$/,
  ],
  [
    "mixed-auth-context",
    "a host challenged inside whose CONNECT was let through with credentials that nobody had asked for",
    [read(0, [{ target: NEWS, ...ACCEPTED }], [{ status: 401, ...GATEWAY }])],
    /this client \(192\.0\.2\.17\) was let through at CONNECT with credentials \(frame 12\), which answered no 407 in this capture\.$/,
  ],
  [
    "mixed-auth-context",
    "the same with a connection on which they were asked for, whichever is first",
    [
      read(0, [{ target: NEWS, ...ACCEPTED, with: { ...SENT, tag: "b" } }], [{ status: 401, ...GATEWAY }]),
      read(1, [CHALLENGED, ACCEPTED], [{}]),
    ],
    /was authenticated at CONNECT \(frame 1016\); www/,
  ],
  [
    "mixed-auth-context",
    "two clients: of the other one nothing is said",
    [
      read(0, [CHALLENGED, ACCEPTED], [{}], { client: { ip: "192.0.2.99", port: 1 } }),
      read(1, [{ target: NEWS, status: 200 }], [{ status: 401, ...GATEWAY }]),
    ],
    null,
  ],
  [
    "mixed-auth-context",
    "another host that is never challenged",
    [read(0, [CHALLENGED, ACCEPTED], [{ status: 401, ...GATEWAY }]), read(1, [{ target: NEWS, status: 200 }], [{}])],
    /news\.example\.com is not challenged at all/,
  ],
  [
    "mixed-auth-context",
    "a host whose inside was not read: nothing is said of it",
    [
      { ...read(0, [CHALLENGED, ACCEPTED], []), tunnel: tunnelOf({ records: [] }).tunnel },
      read(1, [{ target: NEWS, ...ACCEPTED }], [{ status: 401, ...GATEWAY }]),
    ],
    /\(frame 16\); www\.example\.com at CONNECT tcp:\/\/, and what comes inside could not be read\.$/,
  ],
  [
    "mixed-auth-context",
    "nothing is challenged inside",
    [read(0, [CHALLENGED, ACCEPTED], [{}]), read(1, [{ target: NEWS, status: 200 }], [{}])],
    null,
  ],
  [
    "mixed-auth-context",
    "the site's own login inside",
    [
      read(0, [CHALLENGED, ACCEPTED], [{}]),
      read(1, [{ target: NEWS, ...ACCEPTED }], [{ status: 401, challenges: [{ ...BASIC, scheme: "Bearer" }] }]),
    ],
    null,
  ],

  // keys
  [
    "keys-missing",
    "a browser's tunnel",
    [unread("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0")],
    /^1 tunnel could not be read \(www\.example\.com:443\): whether a 401 came inside cannot be seen\.(?! Of)/,
  ],
  [
    "keys-missing",
    "a key log of another recording",
    [unread("curl/8.5.0")],
    /belongs to another recording/,
    { keys: { sessions: 4 } },
  ],
  [
    "keys-missing",
    "a key log that is none",
    [unread("curl/8.5.0")],
    /The key log that was named holds no keys: it is empty, or another file/,
    { keys: { sources: ["keylog"] } },
  ],
  ["keys-missing", "a tunnel that was read", [read(0, [{ status: 200 }], [{}])], null],
  [
    "keys-missing",
    "a suite that the ciphers at hand do not have: not said to be of another recording",
    [shut({ unsupported: true })],
    /cannot be seen\. 1 TLS connection cannot be opened with any keys here: TLS_[A-Z0-9_]+\.$/,
    { keys: { sessions: 4 } },
  ],
  [
    "keys-missing",
    "keys of this session that open nothing: not said to be of another recording",
    [shut({ opened: 0, damaged: 9 })],
    /cannot be seen\. For 1 TLS connection there are keys that open nothing: .*$/,
    { keys: { sessions: 4 } },
  ],
  [
    "keys-missing",
    "a proxy behind TLS",
    [outer({})],
    /^Of 1 connection over TLS to the proxy itself not all could be read: what was asked of it cannot be seen\.$/,
  ],
  ["keys-missing", "a proxy behind TLS that was read", [outer({ opened: 9, closed: 0 })], null],
  ["keys-missing", "no tunnel", [asked(0, [CHALLENGED])], null],

  // the capture
  ["capture-quality", "a sound one", [asked(0, [CHALLENGED, ACCEPTED])], null],
  [
    "capture-quality",
    "cut in the middle",
    [asked(0, [CHALLENGED, ACCEPTED])],
    /ends in the middle of a packet/,
    { quality: { cutShort: true } },
  ],
  [
    "capture-quality",
    "a snap length",
    [asked(0, [CHALLENGED, ACCEPTED])],
    /7 packets cut by the snap length/,
    { quality: { truncatedPackets: 7 } },
  ],
  [
    "capture-quality",
    "duplicates of a mirror port",
    [asked(0, [CHALLENGED, ACCEPTED])],
    /3 packets recorded twice/,
    { quality: { duplicates: 3 } },
  ],
  [
    "capture-quality",
    "one direction",
    [asked(0, [CHALLENGED, ACCEPTED], { oneSided: true })],
    /1 connection in one direction only \(stream 0\)/,
    { quality: { oneSided: 1 } },
  ],
  [
    "capture-quality",
    "a late start",
    [asked(4, [CHALLENGED, ACCEPTED], { lateStart: true })],
    /1 connection without a start \(stream 4\)/,
    { quality: { lateStarts: 1 } },
  ],
  [
    "capture-quality",
    "gaps",
    [asked(0, [CHALLENGED], { gaps: [{ from: "proxy", where: where(11, 11), length: 90 }] })],
    /1 gap in followed connections, 90 bytes missing \(stream 0\)/,
    { quality: { gaps: 1, missingBytes: 90 } },
  ],
  [
    "capture-quality",
    "losses while recording",
    [asked(0, [CHALLENGED, ACCEPTED])],
    /5 packets dropped while recording/,
    { quality: { droppedByCapture: 5 } },
  ],
  ["capture-quality", "no proxy", [], /No connection to a proxy was found/],
];

const CASES = ROWS.map(([id, name, timelines, says, setting]) => ({ id, name, timelines, says, setting }));

describe("rules", () => {
  it.each(CASES.filter(({ says }) => says !== null))("$id finds: $name", ({ id, timelines, says, setting }) => {
    const findings = found(id, timelines, setting);
    expect(findings.length).toBe(1);
    expect(findings[0]?.detail).toMatch(says ?? /^$/);
    expect(findings[0]?.advice.helpdesk.length).toBeGreaterThan(20);
  });

  it.each(CASES.filter(({ says }) => says === null))("$id does not find: $name", ({ id, timelines, setting }) => {
    expect(found(id, timelines, setting)).toEqual([]);
  });

  it("cite frames in order, and a filter that shows them", () => {
    for (const [, , timelines, , setting] of ROWS) {
      for (const { frames, displayFilter, stream } of diagnose(timelines, setting)) {
        expect([...frames].sort((a, b) => a - b)).toEqual(frames);
        expect(displayFilter === null).toBe(frames.length === 0 && stream === null);
        if (stream !== null) expect(displayFilter).toContain(`tcp.stream eq ${stream}`);
      }
    }
  });
});

/** Each verdict that is worth a finding has one, with its own words, for its own connection. */
const VERDICT_ROWS: readonly (readonly [id: FindingId, timelines: readonly Timeline[], says: RegExp])[] = [
  [
    "tunnel-401-proxy",
    [read(0, [{ status: 200 }], [{ status: 401, ...GATEWAY }])],
    /answered 401 inside the tunnel \(frame 201\), possibly by the proxy/,
  ],
  [
    "tunnel-407",
    [read(0, [{ status: 200 }], [{ status: 407, proxyChallenges: [BASIC] }])],
    /answered 407 inside the tunnel/,
  ],
  ["connect-401", [asked(0, [{ status: 401 }])], /answered 401 \(frame 12\)/],
  [
    "tunnel-401-unattributed",
    [read(0, [{ status: 200 }], [{ status: 401, challenges: [BASIC] }])],
    /who sent it cannot be told/,
  ],
  [
    "auth-loop",
    [asked(0, [CHALLENGED, { with: SENT, ...CHALLENGED }, { with: SENT, ...CHALLENGED }])],
    /refused complete credentials 2 times/,
  ],
  ["auth-no-scheme", [asked(0, [{ status: 407 }])], /names no authentication scheme/],
  ["auth-abandoned", [asked(0, [CHALLENGED])], /never came back/],
  ["tunnel-refused", [asked(0, [{ status: 403 }])], /answered 403/],
  [
    "no-response",
    [asked(0, [{ status: null }]).connects.map((connect) => ({ ...connect, unanswered: "closed" as const }))].map(
      (list) => timeline({ connects: list }),
    ),
    /was not answered/,
  ],
  ["tls-failed", [refusing("handshake_failure")], /alert handshake_failure \(frame 40\)/],
  [
    "incomplete",
    [asked(0, [{ status: null }]).connects.map((connect) => ({ ...connect, unanswered: "not-captured" as const }))].map(
      (list) => timeline({ connects: list }),
    ),
    /not in the capture/,
  ],
];

describe("findings of verdicts", () => {
  it.each(VERDICT_ROWS)("%s", (id, timelines, says) => {
    const findings = found(id, timelines);
    expect(findings.map(({ stream }) => stream)).toEqual([0]);
    expect(findings[0]?.detail).toMatch(says);
    expect(findings[0]?.frames.length).toBeGreaterThan(0);
  });
});
