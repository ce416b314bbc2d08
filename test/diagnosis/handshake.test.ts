// How a handshake ended, as far as the records tell: what is said of each end, and with which frame.
import { describe, expect, it } from "vitest";
import { handshakeOutcome } from "../../src/diagnosis/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import type { TlsFacts } from "../../src/tls-parse/index.ts";
import { tunnelOf, where } from "./record-talk.ts";

/** A handshake that was begun and is not complete. */
function outcome(tls: Partial<TlsFacts>, timeline: Partial<Timeline> = {}) {
  const shell = { ...tunnelOf({ records: [] }), lastFrame: where(99, 99).frame, ...timeline };
  const facts = { ...shell.tunnel!.tls!, handshakeComplete: false, handshakeCompleteWhere: null, marks: [], ...tls };
  return handshakeOutcome(shell, { ...shell.tunnel!, tls: facts }, facts);
}

const NOT_TLS = { client: where(30, 30), server: where(31, 31) };
const NO_HELLOS = { clientHello: null, serverHello: null };
const carried = (client: number, server: number) => ({ ...NO_HELLOS, applicationBytes: { client, server } });

describe("a handshake", () => {
  it.each([
    ["the proxy's side says something else", { notTls: { client: null, server: NOT_TLS.server } }, {}, 31],
    ["the client says something else", { notTls: { client: NOT_TLS.client, server: null } }, {}, 30],
    ["both say something else", { notTls: NOT_TLS }, {}, 31],
    ["it is closed", {}, { closedBy: "fin" }, 99],
    ["the client resets it", {}, { closedBy: "reset-by-client" }, 99],
    ["the proxy's side resets it", {}, { closedBy: "reset-by-proxy" }, 99],
  ] as const)("failed where %s", (_name, tls, timeline, frame) => {
    expect(outcome(tls, timeline)).toMatchObject({ kind: "failed", frame });
  });

  it.each([
    ["the capture ends", {}, { closedBy: "open" }],
    ["bytes of TLS are missing", { gaps: 1 }, {}],
    ["one direction is missing", {}, { oneSided: true }],
    ["bytes are missing, and something else seems to be said", { gaps: 1, notTls: NOT_TLS }, {}],
    ["its hellos are missing", NO_HELLOS, {}],
    ["its ClientHello is missing, and it is closed", { clientHello: null }, { closedBy: "fin" }],
    ["its ClientHello is missing, and it is reset", { clientHello: null }, { closedBy: "reset-by-client" }],
    ["its hellos are missing, and only one side carries data", carried(0, 90), { lateStart: true }],
    ["its hellos are missing from a connection seen from its start", carried(90, 90), {}],
  ] as const)("is not seen to its end where %s", (_name, tls, timeline) => {
    expect(outcome(tls, timeline).kind).toBe("unseen");
  });

  it.each([0x0304, 0x7f1c])(
    "failed where the client sends a short record instead of its Finished (version %d)",
    (version) => {
      const { serverHello } = tunnelOf({ records: [] }).tunnel!.tls!;
      const mark = {
        from: "client",
        kind: "applicationData",
        length: 19,
        frame: 40,
        firstFrame: 40,
        firstTime: 0n,
        time: 0n,
      } as const;
      const tls = { serverHello: { ...serverHello!, version }, marks: [mark] };
      expect(outcome(tls)).toMatchObject({ kind: "failed", frame: 40, byClose: false });
    },
  );

  it("went well where both sides carry data behind it, which is all that was recorded", () => {
    expect(outcome(carried(90, 90), { lateStart: true })).toEqual({ kind: "complete" });
  });

  describe("that the client leaves without an alert, behind the server's part of it,", () => {
    const shell = tunnelOf({ records: [], closedBy: "reset-by-client" });
    const { marks, serverHello } = shell.tunnel!.tls!;
    const flight = marks.filter(({ from }) => from === "server");
    const end = flight.at(-1)!.time + 50_000_000n;
    const left = (tls: Partial<TlsFacts>, change: Partial<Timeline> = {}) =>
      outcome({ marks: flight, ...tls }, { closedBy: "reset-by-client", end, ...change });
    const why = (of: ReturnType<typeof outcome>) => (of.kind === "failed" ? of.why : "");
    const shown = { frame: 10, firstFrame: 10, at: 0, time: flight.at(-1)!.time };

    it.each([
      ["which cannot be read at TLS 1.3", {}],
      ["whose certificate can be read", { certificateWhere: shown, marks: [] }],
    ] as const)("%s, does not trust the certificate, as it seems", (_name, tls) => {
      const failed = left(tls);
      expect(failed).toMatchObject({ kind: "failed", frame: 99, byClose: true });
      expect(why(failed)).toBe(
        "the client reset the connection behind the server's part of the handshake (frame 10) instead of finishing it, as it does when it does not trust the certificate",
      );
    });

    it("is not said to come behind the handshake, also where the server's part was read", () => {
      const read = { ...shell, closedBy: "reset-by-client", end } as const;
      const tls = {
        ...shell.tunnel!.tls!,
        marks: flight,
        opened: 4,
        handshakeComplete: false,
        handshakeCompleteWhere: null,
      };
      const tunnel = { ...shell.tunnel!, inside: "full", exchanges: [], tls } as const;
      expect(why(handshakeOutcome(read, tunnel, tls))).toContain("instead of finishing it");
      const done = { ...tls, handshakeComplete: true };
      expect(why(handshakeOutcome(read, tunnel, done))).toContain("behind the handshake without a request");
    });

    it("may have none of its own", () => {
      const asked = { where: shown, from: "server", what: "certificate-request", decrypted: true } as const;
      expect(why(left({ certificateWhere: shown, transitions: [asked] }))).toMatch(
        /, or has none of its own, for which/,
      );
    });

    it.each([
      ["it waited first", {}, { end: end + 1_000_000_000n }],
      ["the server resumed a session", { serverHello: { ...serverHello!, resumed: true } }, {}],
      ["the server came no further than its ServerHello", { marks: [] }, {}],
      ["the proxy's side closed it", {}, { closedBy: "reset-by-proxy" }],
    ] as const)("says nothing by that where %s", (_name, tls, change) => {
      expect(why(left(tls, change))).toMatch(/reset the connection before it was complete$/);
    });
  });
});
