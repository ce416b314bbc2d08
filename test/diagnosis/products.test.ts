// The table of products against recorded captures: what is marked as seen is there, and nothing else is; and who is in it.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it, vi } from "vitest";
import { checkCapture } from "../../src/audit/index.ts";
import { Collector } from "../../src/diagnosis/index.ts";
import { APPLIANCES } from "../../src/diagnosis/products/appliances.ts";
import { issuerProduct, MARK_OF_A_GATEWAY, marksOf, pageMarks } from "../../src/diagnosis/products/index.ts";
import { RELAYS } from "../../src/diagnosis/products/relays.ts";
import { SOFTWARE } from "../../src/diagnosis/products/software.ts";
import type { Mark, Product } from "../../src/diagnosis/products/types.ts";
import type { ResponseHead } from "../../src/http/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { loadTruth, type RecordedCapture } from "../harness/truth.ts";
import { BASIC } from "./asked.ts";
import { responseHead, where } from "./record-talk.ts";

const PRODUCTS: readonly Product[] = [...RELAYS, ...APPLIANCES, ...SOFTWARE];
const rows = PRODUCTS.flatMap((product) =>
  product.marks.map((mark) => [nameOf(product, mark), product, mark] as const),
);

function nameOf({ id }: Product, mark: Mark): string {
  return `${id}: ${mark.in} ${mark.header ?? ""} ${mark.pattern?.source ?? ""}`;
}

/** Who answers in a capture, by its truth's name of the proxy. */
const RECORDED: Readonly<Record<string, RegExp>> = {
  squid: /Squid/,
  mitmproxy: /mitmproxy/,
  tinyproxy: /tinyproxy/,
  privoxy: /Privoxy/,
  httpd: /Apache/,
  haproxy: /HAProxy/,
  nghttpx: /nghttpx/,
  cntlm: /Cntlm/,
  e2guardian: /e2guardian/,
  trafficserver: /Traffic Server/,
  "apt-cacher-ng": /Apt-Cacher NG/,
  ncat: /Ncat/,
};

interface Seen {
  readonly capture: RecordedCapture;
  readonly heads: readonly ResponseHead[];
  readonly issuers: readonly string[];
  /** The file itself: pages that are not compressed stand in it as they are. */
  readonly text: string;
}

const add = vi.spyOn(Collector.prototype, "add");
afterAll(() => add.mockRestore());

async function look(capture: RecordedCapture): Promise<Seen> {
  add.mockClear();
  await checkCapture(capture.path, {});
  const timelines: readonly Timeline[] = add.mock.calls.map(([timeline]) => timeline);
  const exchanges = timelines.flatMap(({ forwards, tunnel }) => [...forwards, ...(tunnel?.exchanges ?? [])]);
  const answers = [...timelines.flatMap(({ connects }) => connects), ...exchanges].map(({ response }) => response);
  return {
    capture,
    heads: answers.filter((head) => head !== null),
    issuers: timelines.flatMap(({ tunnel }) => tunnel?.tls?.certificates.slice(0, 1) ?? []).map(({ issuer }) => issuer),
    text: readFileSync(capture.path, "latin1"),
  };
}

/** What the mark is tried on, in one capture. */
function candidates(mark: Mark, { heads, issuers, text }: Seen): readonly string[] {
  switch (mark.in) {
    case "header":
      return mark.pattern === undefined
        ? heads.filter(({ names }) => names.includes(mark.header!)).map(() => "")
        : heads.flatMap(({ fields }) => fields.filter(({ name }) => name === mark.header).map(({ value }) => value));
    case "cookie":
      return heads.flatMap(({ fields }) =>
        fields.filter(({ name }) => name === "set-cookie").map(({ value }) => value),
      );
    case "reason":
      return heads.map(({ reason }) => reason);
    case "realm":
      return heads.flatMap((head) =>
        [...head.proxyChallenges, ...head.challenges].flatMap(({ realm }) => (realm === null ? [] : [realm])),
      );
    case "issuer":
      return issuers;
    case "body":
      return [text];
  }
}

function shows(mark: Mark, seen: Seen): boolean {
  return candidates(mark, seen).some((text) => mark.pattern?.test(text) ?? true);
}

describe("recorded captures", async () => {
  const all: Seen[] = [];
  for (const capture of loadTruth()) all.push(await look(capture));

  it.each(rows.filter(([, , mark]) => mark.seen))("%s is seen where the product answers", (_name, product, mark) => {
    const own = all.filter(({ capture }) =>
      RECORDED[product.id]?.test(capture.truth.proxy.product + capture.truth.about),
    );
    expect(own.length).toBeGreaterThan(0);
    expect(own.some((seen) => shows(mark, seen))).toBe(true);
  });

  it.each(rows.filter(([, , mark]) => !mark.seen && mark.in !== "body"))(
    "%s is documented, not seen",
    (_name, _p, mark) => {
      expect(all.filter((seen) => shows(mark, seen)).map(({ capture }) => capture.name)).toEqual([]);
    },
  );

  it("no mark that names the maker of an answer is on an answer of another product", () => {
    const wrong = rows
      .filter(([, , mark]) => mark.passed !== true && mark.in !== "body")
      .flatMap(([name, product, mark]) =>
        all
          .filter(({ capture: { truth } }) => {
            const proxies = [truth.proxy, ...truth.otherProxies].map((one) => one.product).join(" ");
            return RECORDED[product.id]?.test(proxies + truth.about) !== true;
          })
          .filter((seen) => shows(mark, seen))
          .map(({ capture }) => `${name} in ${capture.name}`),
      );
    expect(wrong).toEqual([]);
  });

  it("every product that was recorded has a mark that was seen", () => {
    for (const id of Object.keys(RECORDED)) {
      expect(
        PRODUCTS.find((product) => product.id === id)?.marks.some(({ seen }) => seen),
        id,
      ).toBe(true);
    }
  });
});

describe("the table", () => {
  it.each([
    ...["ProxySG", "Edge SWG", "Zscaler", "Cisco Secure Web Appliance", "Forcepoint", "Skyhigh (McAfee)", "Squid"],
    ...["FortiGate", "FortiProxy", "Palo Alto", "Sophos", "Check Point", "Netskope", "mitmproxy", "Fiddler", "Charles"],
    ...["Apache httpd", "Envoy", "HAProxy", "tinyproxy", "Privoxy", "Cntlm", "e2guardian"],
    ...["Apache Traffic Server", "Apt-Cacher NG", "Ncat"],
  ])("has %s", (name) => {
    expect(PRODUCTS.some((product) => product.name.includes(name))).toBe(true);
  });

  it("ids are unique, each mark has its source, and no pattern keeps a state", () => {
    expect(new Set(PRODUCTS.map(({ id }) => id)).size).toBe(PRODUCTS.length);
    for (const [name, , mark] of rows) {
      expect(mark.source, name).not.toBe("");
      expect(mark.pattern?.flags ?? "", name).toMatch(/^i?$/);
      expect(mark.in === "header", name).toBe(mark.header !== undefined);
      expect(mark.in === "header" || mark.pattern !== undefined, name).toBe(true);
    }
  });

  it("a mark that passes with what others made is never certain", () => {
    for (const [name, , mark] of rows.filter(([, , one]) => one.passed))
      expect(mark.certainty, name).not.toBe("certain");
  });
});

describe("looking up", () => {
  const found = (change: Partial<ResponseHead>, page: readonly string[] = []) =>
    marksOf(responseHead(where(5, 5), 401, change), page).map(({ product, passed }) => [product.id, passed]);

  it.each([
    ["a header by its value", { names: ["server"], fields: [{ name: "server", value: "squid/5.7" }] }, "squid", false],
    ["a header by its presence", { names: ["x-squid-error"] }, "squid", false],
    ["a reason phrase", { reason: "Request blocked by Privoxy" }, "privoxy", false],
    ["a realm", { challenges: [{ ...BASIC, realm: "mitmproxy" }] }, "mitmproxy", false],
    ["a realm for proxies", { proxyChallenges: [{ ...BASIC, realm: "Tinyproxy" }] }, "tinyproxy", false],
    ["a cookie", { fields: [{ name: "set-cookie", value: "_sm_au_c" }] }, "zscaler", false],
    // Broadcom's own words: it is set where a server behind the ProxySG challenges.
    ["a cookie that tells of others", { fields: [{ name: "set-cookie", value: "BCSI-CS-42" }] }, "proxysg", true],
    ["Via", { fields: [{ name: "via", value: "1.1 gateway (squid/5.7)" }] }, "squid", true],
  ])("%s", (_name, change, id, passed) => expect(found(change)).toEqual([[id, passed]]));

  it.each([
    ["a web server", { names: ["server"], fields: [{ name: "server", value: "nginx" }] }],
    ["a name inside another", { names: ["server"], fields: [{ name: "server", value: "not-squid" }] }],
    ["a realm that speaks of it", { challenges: [{ ...BASIC, realm: "mitmproxy training" }] }],
  ])("%s is none", (_name, change) => expect(found(change)).toEqual([]));

  it("pages and issuers", () => {
    expect(pageMarks("<p>Generated Mon, 09 Mar 2026 by gateway (squid/5.7)</p>")).toEqual(["squid"]);
    expect(pageMarks("<h1>Your web gateway asks</h1>")).toEqual([MARK_OF_A_GATEWAY]);
    expect(pageMarks("<h1>Log in</h1>")).toEqual([]);
    expect(found({}, ["squid"])).toEqual([["squid", false]]);
    expect(found({}, ["another"])).toEqual([]);
    expect(issuerProduct("CN=mitmproxy,O=mitmproxy")?.product.id).toBe("mitmproxy");
    expect(
      issuerProduct("CN=DO_NOT_TRUST_FiddlerRoot,O=DO_NOT_TRUST,OU=Created by http://www.fiddler2.com")?.product.id,
    ).toBe("fiddler");
    expect(issuerProduct("CN=R11,O=Let's Encrypt,C=US")).toBeNull();
  });
});

describe("the evidence of a mark", () => {
  it("quotes the hop that tells, not those before and behind it", () => {
    const via = "1.0 fred (Inside-7), 1.1 gateway (squid/5.7), 1.1 edge.example";
    const [mark] = marksOf(responseHead(where(5, 5), 401, { fields: [{ name: "via", value: via }] }), []);
    expect(mark?.text).toBe('the header "via: 1.1 gateway (squid/5.7)"');
  });
});
