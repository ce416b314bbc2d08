// Server legs: what a proxy's own connection to an origin carries, whichever side of it was captured first, with losses at its beginning.
import { describe, expect, it } from "vitest";
import type { Note, Side } from "../../src/bytes/index.ts";
import { KnownProxies, type ServerLeg } from "../../src/proxy/index.ts";
import { LegConversation } from "../../src/proxy/legs.ts";
import type { GapCause, TcpConnection } from "../../src/tcp/index.ts";
import { clientHello, record, serverHello, serverName } from "../tls-parse/play.ts";
import { contextWith, DIRECTION } from "./play.ts";

const [PROXY, ORIGIN] = [
  { ip: "192.0.2.80", port: 50_001 },
  { ip: "198.51.100.7", port: 443 },
];
const GET = "GET /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n";
const REFUSAL = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
const HELLO = record(22, clientHello({ extensions: [serverName("www.example.com")] }));

/** What the proxy or the origin says; a number: so many bytes are lost, 0 before the capture. */
type Said = readonly [from: "proxy" | "origin", what: string | Uint8Array | number];

interface LegOptions {
  /** Whose segment was the first that was captured. */
  readonly first?: "proxy" | "origin";
  /** No SYN was captured. */
  readonly late?: boolean;
  /** Hosts that clients asked for; the ClientHello has to name one of them. */
  readonly asked?: readonly string[];
  /** There is no room for more legs. */
  readonly full?: boolean;
}

function legOf(said: readonly Said[], { first = "proxy", late = false, asked, full = false }: LegOptions = {}) {
  const legs: ServerLeg[] = [];
  const notes: Note[] = [];
  const known = new KnownProxies([]);
  known.learn({ ip: PROXY!.ip, port: 8080 }, "connect");
  for (const host of asked ?? []) known.asked.add(host, "192.0.2.1", 0n);
  const context = contextWith({ known, leg: (leg) => void legs.push(leg), note: (note) => void notes.push(note) });
  const proxySide: Side = first === "proxy" ? 0 : 1;
  const sideOf = (from: Said[0]): Side => (from === first ? 0 : 1);
  const connection: TcpConnection = {
    ...{ stream: 3, endpoints: first === "proxy" ? [PROXY!, ORIGIN!] : [ORIGIN!, PROXY!], firstFrame: 1, lastFrame: 9 },
    ...{ startTime: 0n, endTime: 9n, directions: [DIRECTION, DIRECTION], synToSynAckMs: 1, synAckToAckMs: 1 },
    initiator: late ? null : proxySide,
  };
  const conversation = new LegConversation(connection, context, asked === undefined ? null : () => !full);
  for (const [i, [from, what]] of said.entries()) {
    const sink = conversation.sinks[sideOf(from)];
    const cause: GapCause = what === 0 ? "late-start" : "lost";
    if (typeof what === "number") sink.gap(what, cause, i + 1);
    else sink.push(typeof what === "string" ? Buffer.from(what, "latin1") : what, 0, what.length, i + 1);
    if (conversation.abandoned) return { leg: null, abandoned: true, notes, known };
  }
  for (const sink of conversation.sinks) sink.end("fin", 9);
  conversation.closed();
  expect(legs.length).toBeLessThanOrEqual(1);
  return { leg: legs[0] ?? null, abandoned: false, notes, known };
}

const exchangesOf = (said: readonly Said[], options?: LegOptions) =>
  legOf(said, options).leg?.exchanges.map(({ url, response }) => `${url} ${response?.status}`);

describe.each<[string, LegOptions]>([
  ["the proxy's side captured first", {}],
  ["the origin's side captured first", { first: "origin" }],
  ["no SYN captured", { late: true }],
  ["no SYN captured, the origin's side first", { first: "origin", late: true }],
])("a server leg, with %s", (_name, options) => {
  it("is one of the proxy to an origin", () => {
    const { leg } = legOf([["proxy", GET]], options);
    expect(leg).toMatchObject({ stream: 3, proxy: PROXY, origin: ORIGIN, lateStart: options.late === true, tls: null });
  });

  it("has the requests of the proxy and what the origin answers", () => {
    expect(
      exchangesOf(
        [
          ["proxy", GET],
          ["origin", REFUSAL],
        ],
        options,
      ),
    ).toEqual(["http://www.example.com/a 401"]);
  });

  it("has the hellos of its TLS", () => {
    const { leg } = legOf(
      [
        ["proxy", HELLO],
        ["origin", record(22, serverHello())],
      ],
      options,
    );
    expect(leg?.tls).toMatchObject({ clientHello: { sni: "www.example.com" }, serverHello: {} });
  });
});

describe("a server leg", () => {
  it("on which nothing was said is none", () => {
    expect(legOf([]).leg).toBeNull();
  });

  it("takes nothing for a request that stands behind a loss and looks like none", () => {
    const rest: readonly Said[] = [
      ["proxy", 500],
      ["proxy", "rest of a body"],
      ["proxy", GET],
      ["origin", REFUSAL],
    ];
    expect(legOf(rest).notes).toEqual([]);
    expect(exchangesOf(rest)).toEqual(["http://www.example.com/a 401"]);
  });

  it("lost nothing where it was joined late", () => {
    const late: readonly Said[] = [
      ["proxy", 0],
      ["origin", 0],
      ["proxy", HELLO],
    ];
    expect(legOf(late, { late: true }).leg?.tls?.gaps).toBe(0);
  });

  it("lost what was lost before it was known what it carries", () => {
    expect(
      legOf([
        ["origin", 100],
        ["proxy", HELLO],
      ]).leg?.tls?.gaps,
    ).toBe(1);
  });
});

describe("what may be a server leg, as the end of its ClientHello will tell", () => {
  const inPieces: readonly Said[] = [
    ["proxy", HELLO.slice(0, 40)],
    ["proxy", HELLO.slice(40)],
  ];

  it("is one where it leads to what a client asked for", () => {
    expect(legOf(inPieces, { asked: ["www.example.com"] }).leg?.tls?.clientHello?.sni).toBe("www.example.com");
  });

  it("is one where it leads there by a name in capitals", () => {
    const capitals = record(22, clientHello({ extensions: [serverName("WWW.Example.COM")] }));
    const said: readonly Said[] = [
      ["proxy", capitals.slice(0, 40)],
      ["proxy", capitals.slice(40)],
    ];
    expect(legOf(said, { asked: ["www.example.com"] }).abandoned).toBe(false);
  });

  it("is none where it leads elsewhere, and is remembered for who may ask for that later", () => {
    const { abandoned, known } = legOf(inPieces, { asked: ["news.example.com"] });
    expect(abandoned).toBe(true);
    known.asked.add("www.example.com", "192.0.2.1", 0n);
    expect(known.asked.legsInFront).toBe(true);
  });

  it("is none where there are too many, where its server answers first, or where its hello never ends", () => {
    expect(legOf(inPieces, { asked: ["www.example.com"], full: true }).abandoned).toBe(true);
    expect(legOf([["origin", record(22, serverHello())]], { asked: ["www.example.com"] }).abandoned).toBe(true);
    expect(legOf(inPieces.slice(0, 1), { asked: ["www.example.com"] })).toMatchObject({ leg: null, abandoned: false });
  });
});
