// An exchange in a tunnel that was answered 401, and every kind of evidence for its sender to put around it or leave out.

import { AnswerRegister, type Evidence, evidenceOf, type SenderContext } from "../../src/diagnosis/evidence/index.ts";
import { attribute } from "../../src/diagnosis/sender.ts";
import type { Attribution } from "../../src/diagnosis/types.ts";
import type { Challenge, HeaderField } from "../../src/http/index.ts";
import type { ExchangeFact, ServerLeg, Timeline } from "../../src/proxy/index.ts";
import { asked, BASIC } from "./asked.ts";
import { atMs, exchangeFact, requestHead, responseHead, tunnelOf, where } from "./record-talk.ts";

/** One kind of evidence: what the table of senders says it is worth, and how it is put around the exchange. */
export interface Kind {
  readonly id: string;
  readonly says: Evidence["says"];
  readonly weight: Evidence["weight"];
  /** Kinds of one source are one sign. */
  readonly source: string;
  /** Kinds of one slot change the same thing: one of them at a time. */
  readonly slot: string;
  put(scene: Scene): void;
}

/** What is changed while a scene is set. */
interface Scene {
  connectMs: number;
  answerMs: number;
  plaintext: boolean;
  names: string[];
  fields: HeaderField[];
  challenges: Challenge[];
  marks: string[];
  page: boolean;
  ruledOut: boolean;
  told: Evidence[];
  legs: (() => ServerLeg)[];
  /** Made once the answer is known, to be like it. */
  others: ((answer: ExchangeFact) => Timeline)[];
}

export const HOST = "www.example.com";
const ELSEWHERE = "news.example.net";
export const REQUEST_MS = 200;
/** The 401's size on the stream. */
const ANSWER_BYTES = 900;

const LOGIN: Challenge = { ...BASIC, realm: "Example staff" };
const SHOP: readonly string[] = ["content-type", "server", "x-shop", "strict-transport-security"];

function header(name: string, value: string | null = null) {
  return (scene: Scene): void => {
    scene.names.push(name);
    if (value !== null) scene.fields.push({ name, value });
  };
}

/** A tunnel to a host with one exchange. */
function tunnelWith(host: string, exchange: ExchangeFact, connectMs = 2): Timeline {
  const one = tunnelOf({ host, inside: "full", connectMs, helloMs: connectMs, records: [] });
  return { ...one, tunnel: { ...one.tunnel!, exchanges: [exchange] } };
}

/** The same answer where it has nothing to do with the first site; `change` makes it differ. */
export function sameElsewhere(answer: ExchangeFact, change: Partial<ExchangeFact>): Timeline {
  const request = requestHead(where(900, 900), { method: "GET", target: "/", host: ELSEWHERE });
  const response = { ...answer.response!, where: where(901, 901) };
  return tunnelWith(ELSEWHERE, { ...answer, request, response, url: `https://${ELSEWHERE}/`, ...change });
}

/** An ordinary answer of the site itself, with the headers of a shop. */
export function ordinary(names: readonly string[] = SHOP, server = "shop"): Timeline {
  const response = responseHead(where(951, 952), 200, { names, fields: [{ name: "server", value: server }] });
  // Without its request it says nothing of the way to the origin.
  return tunnelWith(HOST, exchangeFact(null, response, { url: `https://${HOST}/` }));
}

/** The proxy's own TLS connection to a host, open all the time; records as from, bytes, milliseconds. */
export function leg(host: string, records: readonly (readonly ["client" | "server", number, number])[]): ServerLeg {
  const tls = tunnelOf({ host, records: [] }).tunnel!.tls!;
  const marks = records.map(([from, length, ms], i) => ({
    from,
    kind: "applicationData" as const,
    length,
    firstFrame: 700 + i,
    frame: 700 + i,
    firstTime: atMs(ms),
    time: atMs(ms),
  }));
  return {
    stream: 70,
    proxy: { ip: "192.0.2.80", port: 40_000 },
    origin: { ip: "198.51.100.7", port: 443 },
    firstFrame: 60,
    start: atMs(0),
    end: atMs(5_000),
    tls: { ...tls, marks: [...tls.marks.filter(({ from }) => from === "client"), ...marks] },
    exchanges: [],
    whole: true,
    filled: null,
    lateStart: false,
  };
}

/** A server leg that was read, and answered the same request with this status. */
export function readLeg(status: number): ServerLeg {
  const request = requestHead(where(710, REQUEST_MS + 0.2), { method: "GET", target: "/", host: HOST });
  const response = responseHead(where(711, REQUEST_MS + 0.6), status);
  const answered = exchangeFact(request, response, { url: `https://${HOST}/` });
  return { ...leg(HOST, []), exchanges: [answered] };
}

export const KINDS: readonly Kind[] = [
  {
    id: "interception ruled out",
    says: "origin",
    weight: "certain",
    source: "interception",
    slot: "interception",
    put: (scene) => {
      scene.ruledOut = true;
    },
  },
  {
    id: "the proxy's own record",
    says: "proxy",
    weight: "certain",
    source: "policy-trace",
    slot: "told",
    put: (scene) => {
      scene.told.push({ says: "proxy", weight: "certain", source: "policy-trace", text: "the trace says so" });
    },
  },
  {
    id: "never sent on the leg to the host",
    says: "proxy",
    weight: "certain",
    source: "legs",
    slot: "legs",
    put: (scene) => {
      scene.legs.push(() => leg(HOST, []));
    },
  },
  {
    id: "no leg carries the request",
    says: "proxy",
    weight: "likely",
    source: "legs",
    slot: "legs",
    put: (scene) => {
      scene.legs.push(() => leg(ELSEWHERE, []));
    },
  },
  {
    id: "the leg gave the same answer",
    says: "origin",
    weight: "certain",
    source: "legs",
    slot: "legs",
    put: (scene) => {
      scene.legs.push(() => readLeg(401));
    },
  },
  {
    id: "the leg gave as many bytes",
    says: "origin",
    weight: "likely",
    source: "legs",
    slot: "legs",
    put: (scene) => {
      scene.legs.push(() =>
        leg(HOST, [
          ["client", 300, REQUEST_MS + 0.2],
          ["server", ANSWER_BYTES + 40, REQUEST_MS + 0.6],
        ]),
      );
    },
  },
  {
    id: "plain HTTP to a ClientHello",
    says: "proxy",
    weight: "likely",
    source: "plaintext",
    slot: "plaintext",
    put: (scene) => {
      scene.plaintext = true;
    },
  },
  {
    id: "the challenge of this proxy's 407",
    says: "proxy",
    weight: "likely",
    source: "challenge",
    slot: "challenge",
    put: (scene) => {
      scene.others.push(({ response }) => asked(3, [{ status: 407, challenges: response!.challenges }]));
    },
  },
  {
    id: "the challenge elsewhere",
    says: "proxy",
    weight: "likely",
    source: "elsewhere",
    slot: "challenge elsewhere",
    put: (scene) => {
      scene.others.push((answer) => sameElsewhere(answer, { body: null }));
    },
  },
  {
    id: "the page elsewhere",
    says: "proxy",
    weight: "likely",
    source: "elsewhere",
    slot: "page elsewhere",
    put: (scene) => {
      scene.page = true;
      scene.others.push((answer) =>
        sameElsewhere(answer, { response: { ...answer.response!, where: where(901, 901), challenges: [] } }),
      );
    },
  },
  {
    id: "a product's name",
    says: "proxy",
    weight: "certain",
    source: "product",
    slot: "product",
    put: header("proxy-agent", "tinyproxy/1.11.1"),
  },
  {
    id: "a product's page",
    says: "proxy",
    weight: "likely",
    source: "product",
    slot: "product",
    put: (scene) => {
      scene.page = true;
      scene.marks.push("privoxy");
    },
  },
  {
    id: "a page that speaks of a gateway",
    says: "proxy",
    weight: "possible",
    source: "product",
    slot: "product",
    put: (scene) => {
      scene.page = true;
      scene.marks.push("a-gateway");
    },
  },
  {
    id: "Proxy-Connection",
    says: "proxy",
    weight: "likely",
    source: "proxy-headers",
    slot: "proxy-headers",
    put: header("proxy-connection"),
  },
  {
    id: "sooner than the origin can be reached",
    says: "proxy",
    weight: "likely",
    source: "timing",
    slot: "timing",
    put: (scene) => {
      scene.connectMs = 41;
    },
  },
  {
    id: "as late as an origin",
    says: "origin",
    weight: "possible",
    source: "timing",
    slot: "timing",
    put: (scene) => {
      scene.connectMs = 41;
      scene.answerMs = 45;
    },
  },
  {
    id: "none of the site's headers",
    says: "proxy",
    weight: "possible",
    source: "site-headers",
    slot: "site",
    put: (scene) => {
      scene.others.push(() => ordinary());
    },
  },
  {
    id: "the site's usual headers",
    says: "origin",
    weight: "likely",
    source: "site-headers",
    slot: "site",
    put: (scene) => {
      for (const name of SHOP) scene.names.push(name);
      scene.fields.push({ name: "server", value: "shop" });
      scene.others.push(() => ordinary());
    },
  },
  {
    id: "a web server's name",
    says: "origin",
    weight: "possible",
    source: "site-headers",
    slot: "site",
    put: header("server", "Microsoft-IIS/10.0"),
  },
  {
    id: "Bearer",
    says: "origin",
    weight: "likely",
    source: "scheme",
    slot: "scheme",
    put: (scene) => {
      scene.challenges.push({ ...BASIC, scheme: "Bearer" });
    },
  },
  {
    id: "an API's error",
    says: "origin",
    weight: "likely",
    source: "passed",
    slot: "body",
    put: header("content-type", "application/problem+json; charset=utf-8"),
  },
  {
    id: "a cookie",
    says: "origin",
    weight: "likely",
    source: "passed",
    slot: "cookie",
    put: header("set-cookie", "session"),
  },
  {
    id: "a ProxySG's mark of others' challenges",
    says: "origin",
    weight: "likely",
    source: "challenge-state",
    slot: "cookie",
    put: header("set-cookie", "BCSI-CS-0123456789"),
  },
];

/** The exchange with these kinds of evidence around it. */
export function staged(kinds: readonly Kind[]): { readonly exchange: ExchangeFact; readonly context: SenderContext } {
  const scene: Scene = {
    connectMs: 2,
    answerMs: 1,
    plaintext: false,
    names: ["www-authenticate"],
    fields: [],
    challenges: [LOGIN],
    marks: [],
    page: false,
    ruledOut: false,
    told: [],
    legs: [],
    others: [],
  };
  for (const kind of kinds) kind.put(scene);
  const { names, fields, challenges, marks } = scene;
  const request = requestHead(where(201, REQUEST_MS), { method: "GET", target: "/", form: "origin", host: HOST });
  const response = responseHead(where(203, REQUEST_MS + scene.answerMs), 401, { names, fields, challenges });
  const exchange = exchangeFact(request, response, {
    url: `https://${HOST}/`,
    responseBytes: ANSWER_BYTES,
    body: scene.page ? { marks, bytes: 400, tag: "page" } : null,
  });
  const bare = tunnelWith(HOST, exchange, scene.connectMs);
  const timeline = { ...bare, tunnel: { ...bare.tunnel!, plaintextAnswer: scene.plaintext } };
  const answers = new AnswerRegister();
  for (const other of [timeline, ...scene.others.map((make) => make(exchange))]) answers.learn(other);
  const context: SenderContext = {
    timeline,
    inTunnel: true,
    interception: scene.ruledOut
      ? { state: "no", why: "the certificate leads to a public root" }
      : { state: "unknown", why: null },
    legs: scene.legs.map((make) => make()),
    answers,
    beside: [],
    lacksLegs: () => false,
    isKnownAs: () => true,
    told: scene.told,
  };
  return { exchange, context };
}

export function evidenceFor(kinds: readonly Kind[]): readonly Evidence[] {
  const { exchange, context } = staged(kinds);
  return evidenceOf(exchange, context);
}

export function sender(kinds: readonly Kind[]): Attribution {
  const { exchange, context } = staged(kinds);
  return attribute(exchange, context);
}
