// Negotiate at the proxy that comes to nothing: without a ticket, with one that is refused, with a handshake that nobody goes on with.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import type { Credentials } from "../../src/http/index.ts";
import { loadTruth } from "../harness/truth.ts";
import { asked, BASIC, NEGOTIATE, NTLM, ntlm, SENT, TYPE_1 } from "./asked.ts";
import { found } from "./diagnose.ts";

const TICKET: Credentials = { ...SENT, scheme: "Negotiate", step: "kerberos", user: null };
const IN_NEGOTIATE: Credentials = { ...TYPE_1, scheme: "Negotiate" };
const LEFT_ALONE = "The proxy did not go on with the handshake that the client began";

describe("a first message that gets none in answer", () => {
  it("is not what the client left unfinished: NTLM in Negotiate, as recorded", async () => {
    const capture = loadTruth().find(({ name }) => name === "squid-negotiate-no-ticket");
    const report = await checkCapture(capture!.path, {});
    if ("kind" in report) throw new Error(report.message);
    const [finding] = report.findings.filter(({ id }) => id === "auth-abandoned");
    expect(finding?.title).toBe(LEFT_ALONE);
    expect(finding?.detail).toMatch(/Negotiate with an NTLM message, frame 4\), and the proxy did not go on with that/);
    expect(finding?.advice.helpdesk).toContain("has no Kerberos ticket for the proxy");
  });

  it("of NTLM itself has other causes", () => {
    const [finding] = found("auth-abandoned", [asked(0, [{ with: TYPE_1, status: 407, challenges: [NTLM, BASIC] }])]);
    expect(finding?.title).toBe(LEFT_ALONE);
    expect(finding?.detail).toContain("began to authenticate (NTLM, frame 10)");
    expect(finding?.advice.proxyAdmin).toContain("balancer");
  });

  it.each([
    ["with a type 2 message", { ...NTLM, ntlm: ntlm(2) }, TYPE_1],
    ["with a message in Negotiate", { ...NEGOTIATE, negotiate: { kind: "unknown" as const } }, IN_NEGOTIATE],
  ])("but what is answered %s is left by the client", (_name, challenge, sent) => {
    const [finding] = found("auth-abandoned", [asked(0, [{ with: sent, status: 407, challenges: [challenge] }])]);
    expect(finding?.title).toContain("the client's handshake was not finished");
  });

  it("is not told where the scheme was not offered: the proxy never asked for it", () => {
    const [finding] = found("auth-abandoned", [asked(0, [{ with: TYPE_1, status: 407, challenges: [BASIC] }])]);
    expect(finding?.title).toContain("credentials of a scheme that the proxy does not offer");
  });

  it("is not told where the head of the answer is cut", () => {
    const one = asked(0, [{ with: TYPE_1, status: 407, challenges: [NTLM] }]);
    const cut = one.connects.map((connect) => ({ ...connect, response: { ...connect.response!, cut: true } }));
    expect(found("auth-abandoned", [{ ...one, connects: cut }])[0]?.title).not.toBe(LEFT_ALONE);
  });
});

describe("a refused Kerberos ticket is no wrong password", () => {
  const refused = { with: TICKET, status: 407, challenges: [NEGOTIATE] };

  it.each([
    ["auth-abandoned", [refused]],
    ["auth-loop", [refused, refused]],
  ] as const)("in %s", (id, steps) => {
    const [finding] = found(id, [asked(0, steps)]);
    expect(finding?.advice.helpdesk).toMatch(/not a password\. Check that the computer's clock/);
    expect(finding?.advice.proxyAdmin).toContain("keytab");
  });

  it("and where a password was refused beside it, that is asked for", () => {
    const [finding] = found("auth-loop", [asked(0, [refused, { with: SENT, status: 407, challenges: [BASIC] }])]);
    expect(finding?.advice.helpdesk).toContain("password was changed");
  });
});
