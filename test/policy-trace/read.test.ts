// Policy traces: every kind of line, brackets or none, line ends, odd spaces, masked values, damage.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordOfTransaction } from "../../src/policy-trace/records.ts";
import { times } from "../harness/times.ts";
import { bytesOf, fixture, readTrace, summarise } from "./harness.ts";

const LOST = fixture("context-lost.txt");
const PASTED = fixture("pasted.txt");
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("a trace as the proxy writes it", () => {
  const { transactions, notes } = readTrace(LOST);

  it("has its transactions, in brackets", () => {
    expect(
      transactions.map(({ firstLine, lastLine, bracketed, cut }) => ({ firstLine, lastLine, bracketed, cut })),
    ).toEqual([
      { firstLine: 1, lastLine: 26, bracketed: true, cut: false },
      { firstLine: 27, lastLine: 39, bracketed: true, cut: false },
      { firstLine: 40, lastLine: 55, bracketed: true, cut: false },
    ]);
    expect(notes).toEqual([]);
  });

  it("keeps as data what is concluded from", () => {
    expect(transactions[0]).toMatchObject({
      ruleCounts: { match: 2, miss: 1, "n/a": 1 },
      connection: {
        service: "Explicit HTTP",
        clientAddress: "10.44.1.2",
        proxyPort: 8080,
      },
      time: BigInt(Date.UTC(2026, 10, 24, 5, 6, 57)) * 1_000_000n,
      request: { stage: "connect", method: "CONNECT", scheme: "tcp", host: "news.example.com", port: 443 },
      user: { name: "EXAMPLE\\alice", realm: "corp" },
      authStatus: "none",
      serverStatus: { value: 0, line: 23 },
      clientStatus: { value: 200, line: 24 },
    });
    expect(transactions[1]).toMatchObject({ request: { stage: "tls", method: "unknown" } });
    expect(transactions[2]).toMatchObject({
      request: { stage: "https", path: "/front" },
      exception: { value: "authentication_failed", line: 52 },
    });
  });

  it("takes conditions and properties of rules apart, with their layer", () => {
    const [missed, matched] = transactions[0]!.rules;
    expect(missed).toMatchObject({
      outcome: "miss",
      line: 4,
      layer: 'Proxy "Authentication"',
      conditions: [
        { name: "url.scheme", value: "https" },
        { name: "url.domain", value: "//news.example.com/" },
      ],
      properties: [
        { name: "authenticate", value: "domain1" },
        { name: "authenticate.force", value: "no" },
        { name: "authenticate.mode", value: "proxy-ip" },
      ],
    });
    expect(matched).toMatchObject({
      outcome: "match",
      properties: expect.arrayContaining([{ name: "authenticate", value: "corp" }]),
    });
  });

  it("keeps no credentials, cookies and queries", () => {
    expect(JSON.stringify(transactions, (_, value) => (typeof value === "bigint" ? `${value}` : value))).not.toMatch(
      /SECRET|dXNlcjpwYXNz/,
    );
  });
});

describe.each<[string, string, object]>([
  [
    "an older connection line",
    "connection: service.name=HTTP client_address=10.0.0.9 proxy_port=3128",
    { connection: { clientAddress: "10.0.0.9", proxyPort: 3128 } },
  ],
  [
    "an address with its port",
    "connection: client.address=10.0.0.9:52110 proxy.port=8080",
    { connection: { clientAddress: "10.0.0.9", clientPort: 52110 } },
  ],
  [
    "an IPv6 address",
    "connection: client.address=[fd00::9]:52110 proxy.port=8080",
    { connection: { clientAddress: "fd00::9", clientPort: 52110 } },
  ],
  [
    "a bare ssl request",
    "ssl://www.example.com:443/",
    { request: { stage: "tls", method: null, host: "www.example.com" } },
  ],
  ["a tunnel", "tunnel://10.9.8.7:443/", { request: { stage: "other", host: "10.9.8.7", port: 443 } }],
  ["SOCKS", "socks://10.9.8.7:1080/", { request: { stage: "other", scheme: "socks" } }],
  [
    "a plain request",
    "POST http://www.example.com/a?b=c",
    { request: { stage: "forward", method: "POST", path: "/a" } },
  ],
  ["a method that is none, which may be anything", "hunter2-secret http://www.example.com/a", { request: null }],
  [
    "a method that nobody knows, which may be a piece of anything",
    "ACME-ALICE http://www.example.com/a",
    { request: { stage: "forward", method: "unknown", path: "/a" } },
  ],
  [
    "an IPv6 host",
    "CONNECT tcp://[2001:db8::1]:443/",
    { request: { stage: "connect", host: "2001:db8::1", port: 443 } },
  ],
  [
    "user information, which is dropped",
    "GET https://user:pw@www.example.com/",
    { request: { host: "www.example.com" } },
  ],
  [
    "headers behind a connection, in which a client may say anything",
    "connection: client.address=10.0.0.9\n  User-Agent: client.address=10.6.6.6\n  X-Note: authentication status='none'",
    { connection: { clientAddress: "10.0.0.9" }, authStatus: null },
  ],
  ["a time without a zone", "time: 2019-05-24 11:17:14", { time: 1558696634000000000n }],
  ["a masked user", 'user: name="[email protected]" realm=IWA', { user: { name: "[email protected]", realm: "IWA" } }],
  ["an exception alone", "EXCEPTION(policy_denied): Denied", { exception: { value: "policy_denied" } }],
])("reads %s", (_what, line, expected) => {
  it(line, () => {
    const { transactions } = readTrace(bytesOf(`start transaction ---\n ${line}\nstop transaction ---\n`));
    expect(transactions[0]).toMatchObject(expected);
  });
});

describe("a trace as it is pasted", () => {
  it("is one transaction without brackets", () => {
    const { transactions, notes } = readTrace(PASTED);
    expect(transactions).toHaveLength(1);
    expect(transactions[0]).toMatchObject({ bracketed: false, cut: false, clientStatus: { value: 401, line: 11 } });
    expect(notes).toEqual([]);
  });

  it("is divided where only another transaction can begin", () => {
    const unbracketed = text(LOST)
      .split("\n")
      .filter((line) => !/transaction (ID|-)/.test(line))
      .join("\n");
    expect(readTrace(bytesOf(unbracketed)).transactions.map(({ request }) => request?.stage)).toEqual([
      "connect",
      "tls",
      "https",
    ]);
  });

  it.each([
    ["CR LF", (lines: string[]) => lines.join("\r\n")],
    ["CR", (lines: string[]) => lines.join("\r")],
    ["mixed line ends", (lines: string[]) => lines.map((line, i) => line + ["\n", "\r\n", "\r"][i % 3]).join("")],
    ["blank lines between", (lines: string[]) => lines.join("\n\n \n")],
    ["non-breaking spaces", (lines: string[]) => lines.map((line) => line.replaceAll(" ", "\u00a0")).join("\n")],
    ["a byte order mark", (lines: string[]) => `\ufeff${lines.join("\n")}`],
  ])("reads the same with %s", (_what, change) => {
    const strip = (bytes: Uint8Array): unknown => {
      const facts = summarise(bytes);
      return { ids: facts.findingCounts, transactions: facts.transactions, notes: facts.notes.map(({ id }) => id) };
    };
    expect(strip(bytesOf(change(text(LOST).split("\n"))))).toEqual(strip(LOST));
  });

  it("reads non-breaking spaces in Latin-1, too", () => {
    const latin = Uint8Array.from(text(PASTED).replaceAll(" ", "\u00a0"), (character) => character.charCodeAt(0));
    expect(readTrace(latin).transactions[0]).toMatchObject({
      clientStatus: { value: 401 },
      request: { host: "facebook.com" },
    });
  });
});

describe("whatever comes", () => {
  const whole = new Uint8Array([...LOST, ...PASTED]);

  it("is the same however it is cut", () => {
    const expected = readTrace(whole);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: whole.length }), { maxLength: 40 }), (cuts) => {
        expect(readTrace(whole, cuts)).toEqual(expected);
      }),
      { numRuns: times(40) },
    );
    expect(readTrace(whole, [...whole.keys()])).toEqual(expected);
  });

  it("never throws at a truncation, and says that something is missing", () => {
    for (let end = 0; end < LOST.length; end++) {
      const facts = summarise(LOST.slice(0, end));
      const inside = facts.transactions > 0 && end < LOST.length - 60;
      if (inside && facts.findingCounts["trace-401-after-connect"] > 0)
        expect(facts.notes.map(({ id }) => id)).toContain("trace-transaction-cut");
    }
  });

  it("never throws at flipped bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 30 }), (flips) => {
        const bytes = whole.slice();
        for (const [at, value] of flips) bytes[at] = value;
        summarise(bytes);
      }),
      { numRuns: times(200) },
    );
  });

  it("is right or says so where lines are shuffled", () => {
    const lines = text(LOST).trimEnd().split("\n");
    fc.assert(
      fc.property(fc.shuffledSubarray(lines, { minLength: lines.length, maxLength: lines.length }), (shuffled) => {
        const facts = summarise(bytesOf(shuffled.join("\n")));
        const right = facts.findingCounts["trace-401-after-connect"] === 1 && facts.transactions === 3;
        expect(right || facts.notes.length > 0 || shuffled.join() === lines.join()).toBe(true);
      }),
      { numRuns: times(200) },
    );
  });

  it("keeps nothing of long lines and of lines that nothing is concluded from", () => {
    const long = `start transaction ---\n${"x".repeat(200_000)}\n${"some text\n".repeat(1000)} GET https://a.example/\nstop transaction ---\n`;
    const { transactions, notes } = readTrace(bytesOf(long));
    expect(transactions[0]).toMatchObject({ firstLine: 1, lastLine: 1004, request: { host: "a.example" } });
    expect(JSON.stringify(transactions)).not.toMatch(/xxx|some text/);
    expect(notes).toEqual([["trace-line-too-long", 2]]);
    // Of a long line nothing is left for the next one, in however many pieces that comes.
    expect(readTrace(bytesOf(long), [long.indexOf("GET")]).notes).toEqual(notes);
  });

  it("keeps the first of two codes in one transaction, and says that two have run together", () => {
    const { transactions, notes } = readTrace(
      bytesOf(
        "start transaction ---\n GET https://a.example/\n client.response.code: 401\n client.response.code: 200\nstop transaction ---\n",
      ),
    );
    expect(transactions[0]!.clientStatus).toEqual({ value: 401, line: 3 });
    expect(notes).toEqual([["trace-unordered", 4]]);
  });

  it.each([
    ["a server that was not asked", 0, null, "proxy"],
    ["a server that answered so", 401, null, "origin"],
    ["a server that answered so, and an exception of the proxy", 401, "authentication_failed", null],
    ["an exception of authentication alone", null, "authentication_failed", "proxy"],
    ["another exception alone", null, "policy_denied", null],
    ["nothing", null, null, null],
  ])("says by %s who sent a 401", (_what, server, exception, says) => {
    const { transactions } = readTrace(
      bytesOf(
        [
          "start transaction ---\n time: 2026-11-24 05:06:57 UTC\n GET https://a.example/\n",
          exception === null ? "" : ` EXCEPTION(${exception}): text\n`,
          server === null ? "" : ` server.response.code: ${server}\n`,
          " client.response.code: 401\nstop transaction ---\n",
        ].join(""),
      ),
    );
    expect(recordOfTransaction(transactions[0]!, 0)!.says).toBe(says);
  });

  it("keeps so many rules of one transaction, and counts them all", () => {
    const rules = Array.from({ length: 300 }, (_, i) => `   MATCH: url.domain=//a${i}.example/ authenticate(corp)\n`);
    const { transactions } = readTrace(
      bytesOf(`start transaction ---\n${rules.join("")} GET https://a.example/\nstop transaction ---\n`),
    );
    expect([transactions[0]!.rules.length, transactions[0]!.ruleCounts.match]).toEqual([256, 300]);
  });

  it("reads fractions of seconds and zones", () => {
    const nanos = (time: string): bigint | null =>
      readTrace(bytesOf(`start transaction ---\n time: ${time}\n GET https://a.example/\nstop transaction ---\n`))
        .transactions[0]!.time;
    const at = BigInt(Date.UTC(2026, 10, 24, 5, 6, 57)) * 1_000_000n;
    expect(nanos("2026-11-24 05:06:57.25 UTC")).toBe(at + 250_000_000n);
    expect(nanos("2026-11-24T06:36:57.000000001+01:30")).toBe(at + 1n);
    expect(nanos("2026-11-24 00:06:57 -0500")).toBe(at);
  });

  it.each([
    ["connection: client.address=10.0.0.2", { connection: { clientAddress: "10.0.0.2" } }],
    ["time: 2026-11-24 05:06:57 UTC", { time: BigInt(Date.UTC(2026, 10, 24, 5, 6, 57)) * 1_000_000n }],
  ])("begins another transaction at %s behind a request", (line, expected) => {
    const request = "GET https://a.example/\nclient.response.code: 200\n";
    const { transactions } = readTrace(bytesOf(`${request}${line}\n${request}`));
    expect(transactions).toMatchObject([{ connection: null, time: null }, expected]);
  });

  it.each([
    "2026-02-31 05:06:57",
    "2026-02-03 25:06:57",
    "2026-13-03 05:06:57",
    "2026-12-03 05:75:57",
    "0026-12-03 05:06:57",
  ])("takes %s for no time", (time) => {
    const { transactions, notes } = readTrace(
      bytesOf(`start transaction ---\n time: ${time} UTC\n GET https://a.example/\nstop transaction ---\n`),
    );
    expect(transactions[0]!.time).toBeNull();
    expect(notes).toEqual([["trace-time-unreadable", 2]]);
  });
});
