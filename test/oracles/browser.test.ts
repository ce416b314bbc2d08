// The HTML report in Chromium: it shows, asks for nothing from elsewhere, breaks no rule of its own policy, and can be told aloud.
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FORMATS } from "../../src/report/index.ts";
import { buildProgram, captured, type Program } from "../cli/build.ts";
import { ascii } from "../harness/capture-file.ts";
import { toProxy } from "../harness/tunnelled.ts";
import { judged, report } from "../report/samples.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/** Contrast of text against what is behind it (WCAG 2.2, 1.4.3), for every element with text; runs in the page. */
const CONTRASTS = `(() => {
  const parse = (colour) => (colour.match(/[\\d.]+/g) ?? []).map(Number);
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!own || element.closest("title, desc") !== null) continue;
    const style = getComputedStyle(element);
    const colour = parse(element.closest("svg") === null ? style.color : style.fill);
    const [light, dark] = [luminance(colour), luminance(behind(element))].sort((a, b) => b - a);
    found.push((light + 0.05) / (dark + 0.05));
  }
  return found;
})()`;

describe.skipIf(CHROMIUM === undefined)("the HTML report in Chromium (skipped where there is no Chromium)", () => {
  let browser: Browser;
  let program: Program;
  beforeAll(async () => {
    program = buildProgram();
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS });
  });
  afterAll(async () => {
    await browser.close();
    program.remove();
  });

  /** Opens `file` and notes what it asked for and complained about. */
  async function open(
    file: string,
    look: { colorScheme?: "light" | "dark"; media?: "print" | "screen" } = {},
  ): Promise<{ page: Page; requests: string[]; complaints: string[] }> {
    const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`));
    await page.emulateMedia(look);
    await page.goto(pathToFileURL(file).href);
    return { page, requests, complaints };
  }

  const write = (captures: readonly string[]): string => {
    const file = join(program.folder, "report.html");
    program.run(["-f", "html", "-o", file, ...captures]);
    return file;
  };

  it.each([["light"], ["dark"]] as const)("is shown whole and quietly, %s", async (colorScheme) => {
    const file = write([captured("mitm-401-many-hosts.pcap"), captured("squid-basic.pcap"), captured("README.md")]);
    const { page, requests, complaints } = await open(file, { colorScheme });
    expect(requests).toEqual([pathToFileURL(file).href]);
    expect(complaints).toEqual([]);
    expect(await page.title()).toBe("pcapcheck: 2 captures");
    expect(await page.locator("figure svg").count()).toBe(4);
    expect(await page.locator("svg .band").count()).toBe(12);
    const contrasts = (await page.evaluate(CONTRASTS)) as number[];
    expect(contrasts.length).toBeGreaterThan(100);
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
    // Its policy lets the style sheet through: the page is styled.
    expect(await page.evaluate("getComputedStyle(document.querySelector('article')).borderLeftWidth")).toBe("5px");
    // Nothing reaches beyond the page's width but what scrolls by itself.
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await page.close();
  });

  it("has landmarks, tables with headers and ladders with words for a screen reader", async () => {
    const { page } = await open(write([captured("mitm-401-basic.pcap")]));
    for (const role of ["banner", "main", "contentinfo"] as const) expect(await page.getByRole(role).count()).toBe(1);
    expect(await page.getByRole("columnheader").count()).toBe(7);
    expect(await page.getByRole("rowheader", { name: "0", exact: true }).count()).toBe(1);
    expect(await page.getByRole("img", { name: /^Ladder of stream 0: tunnel-401-proxy/ }).count()).toBe(1);
    const tree = await page.locator("body").ariaSnapshot();
    for (const words of ['heading "Findings"', 'heading "Connections"', "region"]) expect(tree).toContain(words);
    await page.close();
  });

  it("prints on white paper, with every ladder on it", async () => {
    const { page } = await open(write([captured("mitm-401-basic.pcap")]), { media: "print", colorScheme: "dark" });
    expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(0, 0, 0)");
    expect(Math.min(...((await page.evaluate(CONTRASTS)) as number[]))).toBeGreaterThanOrEqual(4.5);
    const pdf = await page.pdf({ format: "A4" });
    expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
    await page.close();
  });

  it.each([["light"], ["dark"]] as const)("shows an audit whole and quietly, %s", async (colorScheme) => {
    const file = join(program.folder, "audit.html");
    const names = ["mitm-401-many-hosts.pcap", "squid-403.pcap", "squid-basic.pcap", "README.md"];
    const audit = (...args: string[]) => program.run(["audit", ...names.map(captured), ...args]);
    program.run(["audit", captured("squid-403.pcap"), "-q", "--journal", "earlier.ndjson"]);
    expect(audit("-f", "html", "-o", file, "--since", "earlier.ndjson").code).toBe(2);
    const { page, requests, complaints } = await open(file, { colorScheme });
    expect(requests).toEqual([pathToFileURL(file).href]);
    expect(complaints).toEqual([]);
    for (const role of ["banner", "main", "contentinfo"] as const) expect(await page.getByRole(role).count()).toBe(1);
    const headings = await page.getByRole("heading", { level: 2 }).allTextContents();
    for (const heading of ["Summary", "What is wrong", "Per proxy", "Captures", "Could not be checked"])
      expect(headings).toContain(heading);
    const contrasts = (await page.evaluate(CONTRASTS)) as number[];
    expect(contrasts.length).toBeGreaterThan(50);
    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect((await page.pdf({ format: "A4" })).subarray(0, 5).toString()).toBe("%PDF-");
    // Each of its tables has a name.
    for (const heading of headings.slice(1))
      expect(await page.getByRole("table", { name: heading, exact: true }).count()).toBe(1);
    await page.close();
  });

  it("keeps a stream and a frame apart behind a name that is written from right to left", async () => {
    const name = "\u05e9\u05dc\u05d5\u05dd";
    copyFileSync(captured("squid-403.pcap"), join(program.folder, name));
    const file = join(program.folder, "audit.html");
    program.run(["audit", name, "-f", "html", "-o", file]);
    const { page } = await open(file);
    expect(await page.getByRole("cell", { name: `${name}, 0, 1`, exact: true }).count()).toBe(1);
    const [stream, frame] = (await page.evaluate(`(() => {
      const cell = document.querySelector("#problems + table td:last-child");
      const text = cell.lastChild;
      return ["0", "1"].map((digit) => {
        const range = document.createRange();
        range.setStart(text, text.data.indexOf(digit));
        range.setEnd(text, text.data.indexOf(digit) + 1);
        return range.getBoundingClientRect().left;
      });
    })()`)) as [number, number];
    expect(stream).toBeLessThan(frame);
    await page.close();
  });

  it.each([320, 1200])("keeps within %i pixels whatever is long and has no place to break", async (width) => {
    const host = Array.from({ length: 4 }, () => "h".repeat(60)).join(".");
    const capture = join(program.folder, `${"n".repeat(200)}.pcap`);
    const said = (from: "client" | "server", text: string) => ({ from, bytes: ascii(`${text}\r\n\r\n`) });
    const head = `Host: ${host}\r\nUser-Agent: ${"a".repeat(300)}`;
    const connections = [
      [
        said("client", `CONNECT ${host}:443 HTTP/1.1\r\n${head}`),
        said("server", `HTTP/1.1 200 ${"r".repeat(180)}`),
        said("client", `GET /${"p".repeat(900)} HTTP/1.1\r\n${head}`),
        said(
          "server",
          `HTTP/1.1 401 ${"r".repeat(180)}\r\nWWW-Authenticate: Basic realm="${"r".repeat(190)}"\r\nContent-Length: 0`,
        ),
      ],
      [
        said("client", `GET http://${host}/${"p".repeat(900)} HTTP/1.1\r\n${head}`),
        said("server", `HTTP/1.1 407 N\r\nProxy-Authenticate: ${"s".repeat(200)}\r\nContent-Length: 0`),
      ],
    ];
    writeFileSync(capture, toProxy(connections));
    const other = join(program.folder, "r".repeat(250));
    writeFileSync(other, "no capture");
    const { page } = await open(write([capture, capture, other]));
    await page.setViewportSize({ width, height: 900 });
    expect(await page.locator("figure svg").count()).toBe(4);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    // What scrolls can be reached by keyboard (WCAG 2.1.1).
    expect(await page.locator("table").count()).toBe(4);
    expect(await page.locator(".scroll[tabindex='0'] table").count()).toBe(4);
    await page.close();
  });

  it("runs nothing of what hostile captures carry", async () => {
    const texts = [
      "</title></style></svg><script>alert(1)</script>",
      '"><img src=http://127.0.0.1:9/x onerror=alert(1)>',
      "<style>@import url(http://127.0.0.1:9/y)</style><meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    ];
    const document = await FORMATS.html.open(
      { width: 80, colour: false, drawing: true, unicode: true, verbose: false },
      true,
    );
    const reports = texts.map((text, i) => {
      const one = report([judged(i, "tunnel-401-proxy", { summary: text, client: { ip: text, port: 1 } })]);
      return { ...one, capture: { ...one.capture, path: text } };
    });
    const file = join(program.folder, "hostile.html");
    writeFileSync(file, reports.map((one) => document.add(one)).join("") + document.end());
    const { page, requests, complaints } = await open(file);
    expect(requests).toEqual([pathToFileURL(file).href]);
    expect(complaints).toEqual([]);
    expect(await page.locator("script, img, main style").count()).toBe(0);
    const shown = await page.locator("body").textContent();
    for (const text of texts) expect(shown).toContain(text);
    await page.close();
  });
});
