// Advice that depends on the case: programs whose keys are missing, passwords that were accepted.
import { describe, expect, it } from "vitest";
import { explanations } from "../../src/diagnosis/index.ts";
import { signsSpeak } from "../../src/diagnosis/wording.ts";
import type { RequestHead, ResponseHead } from "../../src/http/index.ts";
import { GATEWAY, read, SENT, unread } from "./asked.ts";
import { found } from "./diagnose.ts";

describe("what the helpdesk is told of missing keys", () => {
  it("tell how to get keys for the programs that the tunnels belong to", () => {
    const advice = (agent: string): string => found("keys-missing", [unread(agent)])[0]?.advice.helpdesk ?? "";
    expect(advice("Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0")).toMatch(/Firefox: /);
    expect(advice("Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0")).not.toMatch(/Chrome/);
    expect(advice("Mozilla/5.0 AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0")).toMatch(
      /--ssl-key-log-file/,
    );
    expect(advice("curl/8.5.0")).toMatch(/Schannel/);
    expect(advice("Java/17.0.9")).toMatch(/-javaagent/);
    expect(advice("python-requests/2.31")).toMatch(/Python/);
    expect(advice("something else")).toMatch(/Firefox: .*Chrome and Edge: /);
    for (const agent of ["curl/8.5.0", "x"]) expect(advice(agent)).toMatch(/pcapcheck --keylog keys\.log/);
  });
});

describe("what the helpdesk is told of a 401 by the proxy", () => {
  const SURE = { fields: [{ name: "proxy-agent", value: "BlueCoat" }] };
  const advice = (second: Partial<RequestHead>, status: number, mark: Partial<ResponseHead> = SURE): string => {
    const one = read(0, [{ status: 200 }], [{ status: 401, ...GATEWAY, ...mark }, { status }]);
    const [first, last] = one.tunnel!.exchanges;
    const exchanges = [first!, { ...last!, request: { ...last!.request!, ...second } }];
    return found("tunnel-401-proxy", [{ ...one, tunnel: { ...one.tunnel!, exchanges } }])[0]?.advice.helpdesk ?? "";
  };

  it("says that a password was accepted where one was", () => {
    expect(advice({ authorization: SENT }, 200)).toMatch(/was accepted \(frame 203\)/);
  });

  it.each([
    ["nothing was sent", {}, 200],
    ["it was refused", { authorization: SENT }, 403],
  ] as const)("says not to enter one where %s", (_name, second, status) => {
    expect(advice(second, status)).toMatch(/not to enter a password/);
  });

  it("says that it may be the site's own where one sign speaks for the proxy", () => {
    expect(advice({}, 200, {})).toMatch(/own login is not ruled out\. Open the site without the proxy/);
    expect(advice({ authorization: SENT }, 200, {})).toMatch(/was accepted \(frame 203\), as it would be by a site's/);
    expect(advice({}, 200, {})).toMatch(/^One sign speaks for the proxy/);
  });
});

it("counts the weak signs that it speaks of", () => {
  expect([[], ["a"], ["a", "b"]].map(signsSpeak)).toEqual(["One sign speaks", "One sign speaks", "Weak signs speak"]);
});

it("tells of a suspicion how a refusal is told from a challenge", () => {
  const suspicion = explanations().find(({ id }) => id === "tunnel-401-suspected")!;
  expect(suspicion.meaning).toMatch(/refuses everything \(403\) can look like/);
  expect(suspicion.advice.helpdesk).toMatch(/access is denied, nobody asked/);
  expect(suspicion.advice.proxyAdmin).toMatch(/If the code there is 403/);
});
