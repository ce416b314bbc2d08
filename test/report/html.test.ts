// The HTML report against a validator, its own policy, and strings that want to be markup.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { FORMATS, type Report } from "../../src/report/index.ts";
import { STYLE_SHEET, STYLE_SHEET_HASH } from "../../src/report/outputs/html/style-sheet.ts";
import { htmlComplaints } from "../harness/html-valid.ts";
import { finding, judged, report, SAMPLES } from "./samples.ts";

const STYLE = { width: 80, colour: false, drawing: true, unicode: true, verbose: false };

async function page(reports: readonly Report[], failed: readonly string[] = []): Promise<string> {
  const document = await FORMATS.html.open(STYLE, reports.length + failed.length > 1);
  const text = reports.map((one) => document.add(one)).join("");
  for (const path of failed) document.failed({ path, message: "this is no packet capture" });
  return text + document.end();
}

const EVERYTHING = [...SAMPLES.values()];

describe("the HTML report", () => {
  it.each([...SAMPLES])("of %s is valid", async (_verdict, sample) => {
    expect(await htmlComplaints(await page([sample]))).toEqual([]);
  });

  it("over several captures is one valid page, with those that could not be checked", async () => {
    const text = await page(EVERYTHING, ["broken.pcap"]);
    expect(await htmlComplaints(text)).toEqual([]);
    expect(text.match(/<html/g)).toHaveLength(1);
    for (let i = 1; i <= EVERYTHING.length; i++) expect(text).toContain(`href="#capture-${i}"`);
    expect(text).toContain("broken.pcap");
  });

  it("is checked by something that finds faults", async () => {
    const text = await page([SAMPLES.get("ok")!]);
    expect(await htmlComplaints(text.replace('<html lang="en">', "<html>"))).not.toEqual([]);
    expect(await htmlComplaints(text.replace("</table>", ""))).not.toEqual([]);
    expect(await htmlComplaints(text.replace("<p class", '<p style="color: red" class'))).not.toEqual([]);
  });

  it("allows its own style sheet and nothing else", async () => {
    const hash = createHash("sha256").update(STYLE_SHEET).digest("base64");
    expect(STYLE_SHEET_HASH).toBe(`sha256-${hash}`);
    const text = await page(EVERYTHING);
    expect(text).toContain(
      `content="default-src 'none'; style-src '${STYLE_SHEET_HASH}'; base-uri 'none'; form-action 'none'"`,
    );
    expect(text).toContain(`<style>${STYLE_SHEET}</style>`);
    expect(text).not.toMatch(/<(?:script|link|img|iframe|object|embed|base|form|image|use)\b/i);
    // Links stay on the page; namespaces are no addresses.
    for (const [, address] of text.matchAll(/\b(?:href|src)="([^"]*)"/g)) expect(address).toMatch(/^#/);
  });

  it("shows what is wrong with advice, and a ladder with its three stages", async () => {
    const text = await page([SAMPLES.get("tunnel-401-proxy")!]);
    for (const words of ["What the helpdesk does", "What the administrator does", "tcp.stream eq 3 and", "likely"])
      expect(text).toContain(words);
    const svg = /<svg[\s\S]*<\/svg>/.exec(text)?.[0] ?? "";
    const stages = [...svg.matchAll(/class="stage"[^>]*>([^<]*)</g)].map(([, title]) => title);
    expect(stages).toEqual([
      ...["client 192.0.2.17:52113", "proxy 192.0.2.80:8080"],
      "CONNECT tcp://  answered 200 after 407, 407",
      "unknown ssl://  handshake complete",
      expect.stringMatching(/^GET https:\/\/ {2}401 by the proxy/),
    ]);
    expect(svg).toMatch(/<title id="([^"]*)">.*<\/title>\n<desc id="[^"]*">.*Frame 43, proxy: 401/);
    expect(svg.match(/class="arrow wrong"/g)).toHaveLength(1);
  });

  it("draws no ladder where nothing is wrong", async () => {
    for (const verdict of ["ok", "auth-ok", "encrypted", "tunnel-401-origin"] as const)
      expect(await page([SAMPLES.get(verdict)!])).not.toContain("<svg");
  });

  it("bounds what it draws and says so", async () => {
    const connections = Array.from({ length: 45 }, (_, i) => judged(i, "connect-401"));
    const text = await page([
      report(connections, { findings: connections.map(({ stream }) => finding("connect-401", stream)) }),
    ]);
    expect(text.match(/<svg/g)).toHaveLength(20);
    expect(text).toContain("25 more connections went wrong");
    expect(text).toContain("The same on 25 more connections.");
    expect(text.match(/<th scope="row">/g)).toHaveLength(45);
    expect(await htmlComplaints(text)).toEqual([]);
  });

  it.each([
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'onload='alert(1)",
    "</svg></style><script>alert(1)</script>",
    "]]><!--",
    "&lt;b&gt;",
    "javascript:alert(1)",
  ])("shows %s as text", async (text) => {
    const bad = judged(3, "tunnel-401-proxy", { summary: text, proxy: { ip: text, port: 1 } });
    const sample = report([bad], {
      findings: [
        finding("tunnel-401-proxy", 3, { title: text, detail: text, evidence: [text, text], displayFilter: text }),
      ],
    });
    const out = await page([{ ...sample, capture: { ...sample.capture, path: text } }], [text]);
    expect(await htmlComplaints(out)).toEqual([]);
    for (const [tag] of out.matchAll(/<[^>]*>/g)) expect(tag).not.toMatch(/^<(?:script|img|b)\b|\son\w+=/i);
    // What a browser shows of it is the text itself.
    const decoded = out
      .replace(/<[^>]*>/g, "")
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    expect(decoded).toContain(text);
  });

  it("cuts what is longer than anybody reads, as text all the same", async () => {
    const text = `<script>alert(1)</script>${"x".repeat(1_500)}`;
    const bad = judged(3, "tunnel-401-proxy", { summary: text });
    const sample = report([bad], { findings: [finding("tunnel-401-proxy", 3, { detail: text, evidence: [text] })] });
    const out = await page([{ ...sample, capture: { ...sample.capture, path: text } }], [text]);
    expect(await htmlComplaints(out)).toEqual([]);
    expect(out).not.toMatch(/<script/);
    expect(out).toContain(`&#60;script&#62;alert(1)&#60;/script&#62;${"x".repeat(975)}… (525 characters more)`);
  });

  it("draws so many steps of a stage, and so much of their description", async () => {
    const one = judged(3, "connect-401");
    const asked = (count: number) => ({
      ...one,
      connects: Array.from({ length: count }, () => ({
        ...one.connects[0]!,
        target: `${"long-".repeat(30)}.example:443`,
      })),
    });
    const drawn = async (count: number): Promise<string> => await page([report([asked(count)])]);
    expect(await drawn(15)).not.toMatch(/>and \d+ more</);
    // Each is a request and its answer.
    const text = await drawn(40);
    expect(text).toContain(">and 50 more<");
    const description = /<desc[^>]*>([^<]*)</.exec(text)![1]!;
    expect(description.length).toBeGreaterThan(3_000);
    expect(description).not.toContain("characters more");
  });

  it("says what the proxy's own records are, and how they meet the capture", async () => {
    const source = {
      ...{ path: "proxy<1>.log", kind: "access-log" as const, records: 9, clockDifferenceMs: -2_000, clockMatches: 2 },
      ...{ clockCertain: true, joined: 5, ambiguous: 3, unmatched: 1 },
      notes: [{ id: "log-field-count", text: "a line has other columns", count: 2, line: 7 }],
    };
    const told = async (policy: Report["policy"]): Promise<string> =>
      await page([report([judged(1, "ok")], { policy })]);
    const text = await told({ sources: [source], joins: [], dropped: 4 });
    expect(await htmlComplaints(text)).toEqual([]);
    expect(text).toContain(
      "<dt>Records</dt><dd><ul><li>Log proxy&#60;1&#62;.log: its clock is 2.0 s behind (2 CONNECTs meet); of 9 records 5 belong to one connection, 3 to one of several, 1 to none</li><li>a line has other columns (2 times, first at line 7)</li><li>4 records more were not looked at</li></ul></dd>",
    );
    expect(await told(null)).not.toContain("Records");
  });

  it("is nothing if nothing could be checked", async () => {
    expect(await page([], ["broken.pcap"])).toBe("");
  });
});
