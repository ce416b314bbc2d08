// Certificates of clients: what the ladder shows of them, and what is said where the server does not take them.
import { describe, expect, it } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { ladder } from "../../src/report/outputs/ladder.ts";
import { loadTruth } from "../harness/truth.ts";

const STYLE = { width: 200, colour: false, drawing: false, unicode: true, verbose: false };

async function reportOf(name: string) {
  const report = await checkCapture(loadTruth().find((one) => one.name === name)!.path);
  if ("kind" in report) throw new Error(report.message);
  return report;
}

describe("the ladder", () => {
  it.each(["tls-12-client-certificate", "tls-13-client-certificate", "tls-client-certificate-missing"])(
    "lays the server's certificate to the server only: %s",
    async (name) => {
      const report = await reportOf(name);
      const lines = ladder(report, report.connections[0]!, STYLE).split("\n");
      const shown = lines.flatMap((line, i) =>
        /(?:-->|<--) {2}certificate$/.test(line) ? [[line, lines[i + 1]!]] : [],
      );
      expect(shown.map(([line]) => line!.includes("<--"))).toEqual([true, false]);
      expect(shown[0]![1]).toContain("CN=www.example.com, issued by");
      expect(shown[1]![1]).not.toContain("issued by");
    },
  );
});

describe("a server that does not take the client's certificate", () => {
  it("is not called one whose own is not trusted", async () => {
    const [finding] = (await reportOf("tls-client-certificate-missing")).findings;
    expect(finding).toMatchObject({ id: "tls-failed", title: expect.stringContaining("a certificate of the client") });
    expect(finding!.advice.helpdesk).not.toContain("does not trust");
    expect(finding!.advice.proxyAdmin).toMatch(/cannot pass a proxy that intercepts/);
  });

  it("is another thing than a client that does not trust the proxy's", async () => {
    const [finding] = (await reportOf("tls-unknown-ca-tls12")).findings;
    expect(finding).toMatchObject({ id: "tls-failed", title: "The TLS handshake in the tunnel failed" });
  });

  it("and than one that has nothing in common with the client", async () => {
    const [finding] = (await reportOf("tls-no-common-cipher")).findings;
    expect(finding).toMatchObject({ id: "tls-failed", title: "The TLS handshake in the tunnel failed" });
  });

  it("behind the handshake has not made it fail, and what it left unanswered is told", async () => {
    const { connections } = await reportOf("tls-13-certificate-later");
    const summaries = connections.map(({ summary }) => summary.replaceAll(/\d+\)/g, "N)"));
    const asked =
      "The tunnel to www.example.com:443 ended when the client was asked for a certificate behind the TLS handshake (frame N)";
    expect(summaries).toEqual([
      "The inside of the tunnel to www.example.com:443 was read: no 401 or 407, but the proxy's side sent the alert unsupported_certificate (frame N), and GET https://www.example.com/members/ (frame N) was not answered.",
      `${asked}: the proxy's side sent the alert unsupported_certificate (frame N).`,
      `${asked}: the proxy's side sent the alert certificate_required (frame N).`,
    ]);
  });
});
