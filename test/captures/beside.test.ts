// What is said of a connection does not depend on what other clients asked other proxies meanwhile.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Report } from "../../src/report/index.ts";
import { beside, besideAddress, ipv4Packets, OTHER_NETWORK } from "../harness/beside.ts";
import { times } from "../harness/times.ts";
import { loadTruth } from "../harness/truth.ts";

const OFFSETS_MICROS = [-30_000, 0, 400, 50_000, 60_000_000];

const RECORDED = loadTruth().flatMap(({ name, path, keysPath, truth }) => {
  // Options would leave out the proxies of the other one; of a tunnel that carries the mirrored packets only the outer addresses are moved.
  const packets = truth.options.length > 0 || name.startsWith("mirror-") ? null : ipv4Packets(path);
  return packets === null || packets.length === 0 ? [] : [{ name, keysPath, packets, truth }];
});
type Recorded = (typeof RECORDED)[number];

async function reportOf(capture: Uint8Array, recordings: readonly Recorded[], keys: boolean): Promise<Report> {
  const keylogs = recordings.flatMap(({ keysPath }) => (keys && keysPath !== null ? [keysPath] : []));
  const report = await checkCapture(capture, { keylogs });
  if ("kind" in report) throw new Error(report.message);
  return report;
}

/** Of each connection its verdict, who answered, and the signs; `ours` says whose they are. */
function said({ connections }: Report, ours: (ip: string) => boolean): readonly string[] {
  return connections
    .filter(({ proxy }) => ours(proxy.ip))
    .map(({ client, verdict, tunnel, forwards }) => {
      const answers = [...(tunnel?.exchanges ?? []), ...forwards].map(({ response, sentBy }) => [
        response?.status,
        sentBy,
      ]);
      return JSON.stringify([client.port, verdict, answers, tunnel?.signs.map(({ id }) => id).sort()]);
    });
}

/** The kinds of findings; of the quality of a capture others are told where there are more connections. */
const kinds = ({ findings }: Report): readonly string[] =>
  findings.filter(({ id }) => id !== "capture-quality").map(({ id, title }) => `${id}: ${title.replace(/\d+/g, "N")}`);

const isElsewhere = (ip: string): boolean => ip.startsWith(`10.${OTHER_NETWORK}.`);

const alone = new Map<string, Promise<Report>>();
function aloneOf(recorded: Recorded, keys: boolean): Promise<Report> {
  const name = `${recorded.name} ${keys}`;
  let report = alone.get(name);
  if (report === undefined) {
    report = reportOf(beside(recorded.packets, [], 0), [recorded], keys);
    alone.set(name, report);
  }
  return report;
}

async function holds(one: Recorded, other: Recorded, offset: number, keys: boolean): Promise<void> {
  const both = await reportOf(beside(one.packets, other.packets, offset), [one, other], keys);
  const [first, second] = [await aloneOf(one, keys), await aloneOf(other, keys)];
  const what = `${one.name}, and ${other.name} ${offset / 1e6} s behind`;
  expect(
    said(both, (ip) => !isElsewhere(ip)),
    what,
  ).toEqual(said(first, () => true));
  expect(said(both, isElsewhere), what).toEqual(said(second, () => true));
  const known = new Set([...kinds(first), ...kinds(second)]);
  expect(
    kinds(both).filter((kind) => !known.has(kind)),
    what,
  ).toEqual([]);
}

describe("two recordings beside each other", () => {
  it("are enough to try", () => expect(RECORDED.length).toBeGreaterThan(150));

  it.each([false, true])("are each told as alone (with keys: %s)", { timeout: 120_000 }, async (keys) => {
    const recording = fc.nat(RECORDED.length - 1);
    await fc.assert(
      fc.asyncProperty(recording, recording, fc.constantFrom(...OFFSETS_MICROS), async (i, j, offset) => {
        // The same twice has the same keys, and the same words at the same time.
        if (i !== j) await holds(RECORDED[i]!, RECORDED[j]!, offset, keys);
      }),
      { numRuns: times(150) },
    );
  });

  const named = (name: string): Recorded => RECORDED.find((one) => one.name === name)!;
  it.each([
    ["a proxy's other address is not another one's", "labelled-proxy-tls12", "cooked-v1", 0],
    ["a 407 is not taken for one that came from the other proxy", "scripted-407-no-scheme", "vlan", 0],
    ["TLS to the plain port of a second proxy is met behind a first one", "squid-basic", "tls-to-plain-port", 0],
  ])("%s", async (_what, one, other, offset) => {
    for (const keys of [false, true]) await holds(named(one), named(other), offset, keys);
  });
});

/** Who was asked, of which product: what it does depends on how it is set up, and who answered does not. */
const proxyOf = ({ truth: { proxy } }: Recorded): string => `${proxy.product} ${proxy.ip}:${proxy.port}`;

const SENDERS = ["proxy", "origin"] as const;

/** Answers that the other one is said to have given than did, with more than one sign. */
function wronglyNamed(
  { connections }: Report,
  recordings: readonly { recorded: Recorded; addressOf(ip: string): string }[],
) {
  return recordings.flatMap(({ recorded: { name, truth }, addressOf }) =>
    truth.connections.flatMap(({ client, exchanges, forwards }) => {
      const [, ip, port] = /^(.*):(\d+)$/.exec(client)!;
      const own = connections.find((one) => one.client.ip === addressOf(ip!) && one.client.port === Number(port));
      return [...(own?.tunnel?.exchanges ?? []), ...(own?.forwards ?? [])].flatMap(
        ({ url, response, sentBy, certainty }) => {
          const known = [...exchanges, ...forwards].filter((one) => one.url === url && one.status === response?.status);
          const others = SENDERS.filter((sender) => !known.some((one) => one.sentBy === sender || one.sentBy === null));
          const isWrong = known.length > 0 && certainty !== "possible" && others.some((sender) => sender === sentBy);
          return isWrong ? [`${name}: ${url} ${response?.status} by the ${sentBy}, ${certainty}`] : [];
        },
      );
    }),
  );
}

describe("another client of the same proxy, of which the connections to origins may be recorded for one only", () => {
  async function blamed(one: Recorded, other: Recorded, offset: number): Promise<readonly string[]> {
    const ips = new Set(other.truth.connections.map(({ client }) => client.replace(/:\d+$/, "")));
    const report = await reportOf(beside(one.packets, other.packets, offset, ips), [one, other], true);
    return wronglyNamed(report, [
      { recorded: one, addressOf: (ip) => ip },
      { recorded: other, addressOf: besideAddress },
    ]);
  }

  it("never brings a wrong one into play", { timeout: 120_000 }, async () => {
    const pairs = RECORDED.flatMap((one) =>
      RECORDED.filter((other) => other !== one && proxyOf(other) === proxyOf(one)).map((other) => ({ one, other })),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(pairs.length - 1), fc.constantFrom(...OFFSETS_MICROS), async (i, offset) => {
        const { one, other } = pairs[i]!;
        expect(await blamed(one, other, offset), `${one.name}, ${other.name} ${offset / 1e6} s behind`).toEqual([]);
      }),
      { numRuns: times(150) },
    );
  });

  it.each([
    ["cooked-v2", "tls-12-client-certificate"],
    ["forward-both-legs", "tunnel-http-origin-401"],
  ])("as %s and %s did", async (one, other) => {
    for (const offset of OFFSETS_MICROS) {
      const [first, second] = [one, other].map((name) => RECORDED.find((each) => each.name === name)!);
      expect(await blamed(first!, second!, offset)).toEqual([]);
    }
  });
});
