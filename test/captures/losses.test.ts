// Recorded captures of which packets are missing or stand in another order: no verdict is made of what the capture does not show.
import { describe, expect, it } from "vitest";
import type { Verdict } from "../../src/diagnosis/index.ts";
import { type Damage, damagedReport, delayed, only, split, swapped, without } from "../harness/damaged.ts";

/** A capture, what happens to it, and the verdicts of its connections then, in the order of the report. */
type Row = readonly [name: string, what: string, damage: Damage, verdicts: readonly Verdict[]];

async function verdictsOf(name: string, damage: Damage, keys = false): Promise<readonly Verdict[]> {
  return (await damagedReport(name, damage, keys)).connections.map(({ verdict }) => verdict);
}

describe("a RST that says that more was sent", () => {
  it.each<Row>([
    ["squid-403", "the answer to the CONNECT", without(5, 3), ["incomplete"]],
    ["squid-auth-403", "the second CONNECT and its answer", without(8, 3), ["incomplete"]],
    ["tls-unknown-ca-tls12", "all of the tunnel", without(8, 3), ["incomplete"]],
    ["tls-unknown-ca", "the handshake's answer", without(9, 3), ["incomplete"]],
    ["tls-unknown-ca-wget", "the end of the handshake", without(12, 3), ["incomplete"]],
    ["scripted-plain-401", "the answer in the tunnel", without(8, 3), ["incomplete"]],
  ])("%s without %s", async (name, _what, damage, verdicts) => {
    expect(await verdictsOf(name, damage)).toEqual(verdicts);
  });
});

it("calls nothing right of which a request and its answer are lost, and only the answer's length is known", async () => {
  // The 401, one answer more and both FIN: what is left is an acknowledgement of all that.
  expect(await verdictsOf("forward-401-proxy", without(14, 10))).toEqual(["incomplete"]);
});

it("finds the CONNECT that waits behind a lost one until its tunnel is open", async () => {
  const { connections } = await damagedReport("squid-basic", without(4), true);
  expect(connections[0]?.connects.map(({ frame, response }) => [frame, response?.status])).toEqual([[7, 200]]);
  expect(connections[0]?.tunnel?.target).toBe("www.example.com:443");
  expect(connections[0]?.tunnel?.exchanges.map(({ method, response }) => [method, response?.status])).toEqual([
    ["GET", 200],
  ]);
});

describe("a capture that begins behind an earlier answer", () => {
  it.each(["mirror-erspan", "mirror-geneve"])(
    "%s: what is acknowledged before the CONNECT is no lost answer to it",
    async (name) => {
      for (const first of [12, 13, 14])
        expect(await verdictsOf(name, only(first)), `from ${first}`).toEqual(["encrypted"]);
      expect(await verdictsOf(name, only(12), true)).toEqual(["ok"]);
    },
  );
});

describe("a proxy behind TLS", () => {
  it("https-proxy: fails no handshake in a tunnel where the client's side of the outer TLS can't be read", async () => {
    expect(await verdictsOf("https-proxy", without(7, 4), true)).toEqual(["incomplete"]);
  });

  it("https-proxy: misses no answer to a CONNECT that was sent behind what is lost", async () => {
    // The client's Finished and a session ticket.
    expect(await verdictsOf("https-proxy", without(8, 2), true)).toEqual(["auth-ok"]);
  });

  it("h2-proxy-chromium: knows the tunnel by its records where both hellos are lost", async () => {
    for (const first of [17, 18]) {
      expect(await verdictsOf("h2-proxy-chromium", without(first, 4), true), `from ${first}`).toEqual([
        "encrypted",
        "ok",
      ]);
    }
  });
});

describe("a CONNECT that is lost with its answer", () => {
  it("connect-refused-then-other: leaves the tunnel behind it, and no refusal of an earlier one", async () => {
    expect(await verdictsOf("connect-refused-then-other", without(11, 2))).toEqual(["incomplete"]);
  });

  it.each([
    ["and the ClientHello", without(11, 3)],
    ["and both hellos", without(11, 4)],
    ["and the end of the refusal before it", without(10, 4)],
    ["and the refusal before it", without(9, 5)],
    ["and all of the handshake", without(11, 6)],
  ])("connect-refused-then-other: is not the refused one, where it is lost %s", async (_what, damage) => {
    expect(await verdictsOf("connect-refused-then-other", damage)).toEqual(["incomplete"]);
  });

  it("connect-refused-then-other: stays refused where nothing was asked behind it", async () => {
    expect(await verdictsOf("connect-refused-then-other", (packets) => packets.slice(0, 10))).toEqual([
      "tunnel-refused",
    ]);
  });

  it("chromium-basic: leaves a connection to the known proxy, on which the client may have come back", async () => {
    const [challenged, ...others] = await verdictsOf("chromium-basic", without(35, 4), true);
    expect([challenged, others.length]).toEqual(["incomplete", 6]);
  });
});

describe("an answer inside TLS that is lost with the next request", () => {
  /** Requests with their answers, by the frames of the whole capture, of one without `count` frames from `first` on. */
  async function pairsOf(name: string, first = 1, count = 0): Promise<readonly string[]> {
    const report = await damagedReport(name, without(first, count), true);
    const place = (frame: number): number => (frame < first ? frame : frame + count);
    return report.connections
      .flatMap(({ tunnel, forwards }) => [...(tunnel?.exchanges ?? []), ...forwards])
      .flatMap(({ url, frame, response }) =>
        url === null || frame === null || response === null
          ? []
          : [`${place(frame)} ${place(response.frame)} ${response.status}`],
      );
  }

  it.each(["bump-origin-401", "both-legs-site-ntlm", "git-clone", "calm-proxy-cache", "forward-401-proxy"])(
    "%s: leaves the request before it without an answer, and the one behind it without a request",
    async (name) => {
      const pairs = await pairsOf(name);
      const frames = pairs.map((pair) => pair.split(" ").map(Number));
      let tried = 0;
      for (const [i, [, answered = 0]] of frames.entries()) {
        const asked = frames[i + 1]?.[0] ?? 0;
        if (asked <= answered || asked - answered > 6) continue;
        tried++;
        for (const [first, last] of [
          [answered, asked],
          [answered - 1, asked],
          [answered, asked + 1],
        ] as const) {
          const found = await pairsOf(name, first, last - first + 1);
          expect(
            found.filter((pair) => !pairs.includes(pair)),
            `without ${first} to ${last}`,
          ).toEqual([]);
        }
      }
      expect(tried).toBeGreaterThan(0);
    },
  );
});

it("forward-401-proxy: is not in order where a request is lost with its 401", async () => {
  expect(await verdictsOf("forward-401-proxy", without(14, 2))).toEqual(["incomplete"]);
});

it("forward-401-nginx: claims neither side where two sites alike are left, and says what speaks for each", async () => {
  const { verdict, connections } = await damagedReport("forward-401-nginx", without(10, 2));
  expect(verdict).toBe("forward-401-origin");
  const [first] = connections[0]!.forwards;
  expect([first?.sentBy, first?.certainty]).toEqual(["unknown", null]);
  expect(first?.evidence).toEqual([
    "speaks for the proxy: the same challenge came with the same Server for the unrelated site shop.example.net (frame 9)",
    'speaks for the site: "Server: nginx/1.22.1" names a web server (frame 6)',
  ]);
  const alone = (await damagedReport("forward-401-nginx", without(7, 6))).connections[0]!.forwards;
  expect(alone.map(({ sentBy, certainty }) => [sentBy, certainty])).toEqual([["origin", "possible"]]);
});

it("tls-13-early-data: fails no handshake whose ServerHello was recorded behind the client's Finished", async () => {
  expect(await verdictsOf("tls-13-early-data", swapped(28))).toEqual(["encrypted", "encrypted"]);
});

describe("an answer to the ClientHello in the clear", () => {
  it.each(["scripted-plain-401", "scripted-plain-407"])(
    "%s: is one wherever it is cut, and in front of the ClientHello",
    async (name) => {
      const whole = (await damagedReport(name, only(1))).connections[0]!;
      for (const damage of [split(9, 1), split(9, 3), split(9, 5), split(9, 20), swapped(8)]) {
        const { verdict, tunnel } = (await damagedReport(name, damage)).connections[0]!;
        expect([verdict, tunnel?.protocol]).toEqual([whole.verdict, "tls"]);
      }
    },
  );
});

describe("a proxy behind TLS that is named", () => {
  it.each<Row>([
    ["https-proxy", "a first segment of three bytes", split(4, 3), ["auth-ok"]],
    ["https-proxy", "both hellos in each other's place", swapped(4, 6), ["auth-ok"]],
    [
      "https-proxy",
      "the first segment behind the second",
      (packets) => swapped(4)(split(4, 100)(packets)),
      ["auth-ok"],
    ],
    ["https-proxy-origin-401", "a first segment of three bytes", split(4, 3), ["tunnel-401-origin"]],
    ["h2-proxy-chromium", "both hellos in each other's place", swapped(4, 6), ["ok", "ok"]],
  ])("%s is found with %s", async (name, _what, damage, verdicts) => {
    expect(await verdictsOf(name, damage, true)).toEqual(verdicts);
  });

  it("https-proxy is found without keys, too", async () => {
    expect(await verdictsOf("https-proxy", split(4, 3))).toEqual(["encrypted"]);
  });
});

describe("mitm-both-legs", () => {
  /** Who sent the 401 of the second connection, and the first sign for it. */
  async function sender(damage: Damage): Promise<readonly unknown[]> {
    const { connections } = await damagedReport("mitm-both-legs", damage, true);
    const [exchange] = connections[1]?.tunnel?.exchanges ?? [];
    return [exchange?.sentBy, exchange?.certainty, exchange?.evidence[0]];
  }
  const answered = expect.stringMatching(/^the origin 10\.44\.2\.12:443 answered the proxy 401 to the same request/);

  it("joins a server leg whose ClientHello comes in two segments, whatever names the server", async () => {
    for (const length of [40, 100, 300]) {
      expect(await sender(split(63, length)), `${length} bytes first`).toEqual(["origin", "certain", answered]);
    }
    expect(await sender(split(63, 3))).toEqual(["origin", "certain", answered]);
  });

  it("blames nobody where the time runs backwards between request and answer", async () => {
    for (const frame of [27, 29]) expect((await sender(delayed(frame, 5)))[0], `frame ${frame}`).not.toBe("proxy");
  });

  it("blames nobody where the answer waited for a packet that was recorded too late", async () => {
    const { connections } = await damagedReport("mitm-both-legs-lazy", delayed(27, 5), true);
    expect(connections[1]?.tunnel?.exchanges[0]?.sentBy).toBe("origin");
  });
});

/** The proxy has one address only: that of the server legs becomes the one that it listens on. */
const withOneAddress: Damage = (packets) =>
  packets.map((packet) => {
    const bytes = Buffer.from(packet.bytes);
    for (let at = bytes.indexOf(OUTSIDE); at >= 0; at = bytes.indexOf(OUTSIDE)) bytes.set(LISTENING, at);
    return { ...packet, bytes };
  });
const OUTSIDE = Uint8Array.of(10, 44, 2, 80);
const LISTENING = Uint8Array.of(10, 44, 1, 80);

describe("forward-both-legs, by a proxy of one address", () => {
  const evidenceOf = async (damage: Damage): Promise<readonly string[]> => {
    const { connections } = await damagedReport("forward-both-legs", (packets) => damage(withOneAddress(packets)));
    return connections[0]?.forwards[0]?.evidence ?? [];
  };

  it("has the origin's answer on the server leg", async () => {
    expect((await evidenceOf((packets) => packets))[0]).toMatch(/^the origin 10\.44\.2\.12:80 answered the proxy 401/);
  });

  it("is not said to have sent nothing on where its request is lost", async () => {
    for (const damage of [without(9), without(9, 2), without(6, 4), swapped(9, 13)]) {
      expect((await evidenceOf(damage)).filter((text) => text.includes("carries this request"))).toEqual([]);
    }
  });
});
