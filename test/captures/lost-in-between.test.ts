// Recorded captures of which packets are missing where that makes something else of them: what is left is not taken for it.
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/diagnosis/index.ts";
import type { Report } from "../../src/report/index.ts";
import { type Damage, damagedReport, without } from "../harness/damaged.ts";

/** These frames of the whole capture are lost. */
const lost =
  (...frames: readonly number[]): Damage =>
  (packets) =>
    packets.filter((_, i) => !frames.includes(i + 1));

const verdictsOf = ({ connections }: Report): readonly Verdict[] => connections.map(({ verdict }) => verdict);

/** Requests and CONNECTs with the status that answered them. */
const answersOf = ({ connections }: Report): readonly string[] =>
  connections.flatMap(({ connects, tunnel, forwards }) => [
    ...connects.map(({ target, response }) => `CONNECT ${target} ${response?.status ?? "-"}`),
    ...[...(tunnel?.exchanges ?? []), ...forwards].map(
      ({ method, url, response }) => `${method ?? "-"} ${url ?? "-"} ${response?.status ?? "-"}`,
    ),
  ]);

describe("a close_notify of which all before it is lost", () => {
  it.each([
    ["apache-basic", lost(10, 12, 13), ["incomplete"]],
    ["apache-basic", lost(7, 8, 10, 12, 13), ["incomplete"]],
    ["far-401-both", lost(28, 31, 33), ["ok", "incomplete", "tunnel-401-origin"]],
  ] as const)("%s: is no client's refusal of the certificate", async (name, damage, verdicts) => {
    const report = await damagedReport(name, damage, true);
    expect(verdictsOf(report)).toEqual(verdicts);
    expect(report.findings.map(({ id }) => id)).not.toContain("untrusted-interception");
  });
});

it("tls-13-certificate-later: a client was not refused where the answer before the alert is lost", async () => {
  const { connections } = await damagedReport("tls-13-certificate-later", without(13), true);
  expect(connections[0]!.verdict).toBe("incomplete");
});

it("tls-13-certificate-later: a handshake did not fail behind which something was answered", async () => {
  const { connections } = await damagedReport("tls-13-certificate-later", lost(10, 12, 14, 16, 18), true);
  expect(connections[0]!.verdict).toBe("incomplete");
  expect(connections[0]!.tunnel?.exchanges.map(({ response }) => response?.status)).toEqual([200]);
});

it("client-breaks-off: a CONNECT whose end is lost has the answer that came meanwhile", async () => {
  const report = await damagedReport("client-breaks-off", without(12));
  expect(answersOf(report)).toEqual(["CONNECT www.example.com:443 407", "CONNECT www.example.com:443 -"]);
  expect(verdictsOf(report)).toEqual(["incomplete"]);
});

it("client-breaks-off: what it broke off is not all that it asked for where the first request is lost", async () => {
  expect(verdictsOf(await damagedReport("client-breaks-off", without(4)))).toEqual(["incomplete"]);
});

it.each([
  ["the request", 1],
  ["all of the handshake", 5],
])(
  "chromium-basic: who came back on a connection, of which %s is lost, came back for that one",
  async (_what, count) => {
    const { connections } = await damagedReport("chromium-basic", without(18, count), true);
    expect(connections.slice(0, 3).map(({ verdict, continues }) => [verdict, continues])).toEqual([
      ["auth-ok", null],
      ["incomplete", null],
      ["auth-ok", 0],
    ]);
  },
);

it("elinks-refuses-certificate: a CONNECT is not unanswered behind which the client went on", async () => {
  const report = await damagedReport("elinks-refuses-certificate", lost(5, 6, 7, 8, 9, 10, 11, 17, 18), true);
  expect(report.connections[0]?.verdict).toBe("incomplete");
});

describe("a connection of which the request is lost", () => {
  it.each([
    ["squid-icap-401", 4],
    ["tls-to-plain-port", 4],
  ])("%s: is one to the proxy that is found later", async (name, frame) => {
    const report = await damagedReport(name, without(frame), true);
    expect(report.connections[0]?.verdict).toBe("incomplete");
    expect(report.exitCode).toBe(3);
  });
});

describe("requests that were sent without waiting", () => {
  it.each([
    ["tls-12-ccm", 11],
    ["tls-13-early-data", 12],
  ])("%s: have no answer that may be another one's", async (name, frame) => {
    const all = answersOf(await damagedReport(name, lost(), true));
    const some = answersOf(await damagedReport(name, lost(frame), true));
    const answered = some.filter((text) => text.startsWith("GET") && !text.endsWith("-"));
    expect(answered.filter((text) => !all.includes(text))).toEqual([]);
  });
});

describe("requests that were held back behind a loss", () => {
  it.each<[name: string, damage: Damage, lacks: string]>([
    ["calm-proxy-cache", lost(41, 50, 51, 53), "GET https://news.example.com/style -"],
    ["chromium-basic", lost(26, 29, 35, 42, 43, 46), "GET https://www.example.com/page -"],
  ])("%s: have no answer that stands behind lost ones and a later request", async (name, damage, lacks) => {
    expect(answersOf(await damagedReport(name, damage, true))).toContain(lacks);
  });

  it("squid-ntlm: have the first answer that came meanwhile, not that which opened the tunnel", async () => {
    const { connections } = await damagedReport("squid-ntlm", lost(4, 11, 14), true);
    expect(connections[0]?.connects.map(({ response }) => response?.status)).toEqual([407]);
  });
});

it("far-401-h2: HTTP/2 is read where both sides' first frames are lost", async () => {
  const report = await damagedReport("far-401-h2", lost(11, 19, 23, 29, 33, 39, 45, 46), true);
  expect(answersOf(report)).toContain("GET https://news.example.com/ 401");
  expect(report.verdict).toBe("tunnel-401-proxy");
});

describe("several CONNECTs of which the answers are lost", () => {
  const inside = "GET https://www.example.com/ 200";
  it.each<[name: string, damage: Damage, answers: readonly string[]]>([
    ["apache-basic", lost(6, 9), ["CONNECT www.example.com:443 -", "CONNECT www.example.com:443 -", inside]],
    ["squid-ntlm", lost(6, 9), [...["-", "-", "200"].map((status) => `CONNECT www.example.com:443 ${status}`), inside]],
    [
      "connect-refused-then-other",
      lost(6, 9),
      ["CONNECT news.example.com:443 -", "CONNECT shop.example.net:443 -", "CONNECT www.example.com:443 200", inside],
    ],
    [
      "gvfs-asks-for-the-proxy",
      lost(6, 9, 10),
      ["CONNECT www.example.com:443 -", "CONNECT 10.44.1.80:3128 -", "- - 400"],
    ],
  ])("%s: leave the last one and its tunnel", async (name, damage, answers) => {
    const report = await damagedReport(name, damage, true);
    expect(answersOf(report)).toEqual(answers);
    expect(report.connections[0]?.tunnel?.protocol).toBe("tls");
  });
});
