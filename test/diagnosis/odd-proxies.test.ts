// What a report may say of credentials that are refused later, of a 407 from behind the proxy, and of a site that one sign speaks for.
import { describe, expect, it } from "vitest";
import { Collector, type Finding } from "../../src/diagnosis/index.ts";
import type { Timeline } from "../../src/proxy/index.ts";
import { client, play, proxy } from "../proxy/play.ts";
import { ACCEPTED, asked, BASIC, CHALLENGED, read, SENT } from "./asked.ts";
import { diagnosisOf, found, QUALITY } from "./diagnose.ts";
import { readLeg } from "./evidence-talk.ts";
import { exchangeFact, requestHead, responseHead, timeline, where } from "./record-talk.ts";

const REFUSED = { with: SENT, status: 407, challenges: [BASIC] };
const letThrough = (stream: number): Timeline => read(stream, [ACCEPTED], [{ status: 200 }]);

function helpdesk(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ title, detail, advice }) => `${title} | ${detail} | ${advice.helpdesk}`);
}

describe("credentials that the proxy accepted, and then refused", () => {
  const said = (timelines: readonly Timeline[]) => helpdesk(found("challenge-after-success", timelines));

  it("may have become wrong: nobody is told that another password will not help", () => {
    const other = read(2, [{ with: { ...SENT, tag: "b" }, status: 200 }], [{ status: 200 }]);
    expect(said([letThrough(0), asked(1, [REFUSED]), other])).toEqual([
      expect.stringMatching(
        /^The proxy refused credentials that it had let through before \| .* let through in frame 10, .* were refused in frame 1012\. \| Ask whether the password was changed lately.* wrong all the time/,
      ),
    ]);
  });

  it("were right all the time where they are accepted again", () => {
    expect(said([letThrough(0), asked(1, [REFUSED]), letThrough(2)])).toEqual([
      expect.stringMatching(
        /that it accepts otherwise \| .* refused in frame 1012, and accepted again in frame 2010\. \| The password is right/,
      ),
    ]);
  });

  it("are not said to have been accepted before where they were only later, on whatever connection", () => {
    expect(said([asked(0, [REFUSED]), letThrough(1)])).toEqual([]);
    const late = { ...letThrough(3), stream: 0 };
    expect(said([late, { ...asked(1, [REFUSED]), stream: 1 }])).toEqual([]);
  });

  it("still say that the proxy asked again where it did so inside the tunnel", () => {
    const inside = read(0, [CHALLENGED, ACCEPTED], [{ status: 407, proxyChallenges: [BASIC] }]);
    expect(said([inside])).toEqual([expect.stringContaining("another password will not help")]);
  });
});

describe("a 407 inside the tunnel", () => {
  const said = (legStatus: number | null, realm = BASIC.realm): readonly string[] => {
    const collector = new Collector({ connections: 9 });
    collector.add(read(0, [CHALLENGED, ACCEPTED], [{ status: 407, proxyChallenges: [{ ...BASIC, realm }] }]));
    if (legStatus !== null) collector.addLeg(readLeg(legStatus));
    const { findings, verdict } = collector.finish(QUALITY, {
      sources: [],
      sessions: 0,
      decrypted: 0,
      tlsConnections: 1,
    });
    expect(verdict).toBe("tunnel-407");
    return helpdesk(findings.filter(({ id }) => id === "tunnel-407"));
  };

  it("is the proxy's, as its status says and the same challenge on the CONNECT", () => {
    expect(said(null)).toEqual([expect.stringMatching(/^The proxy asked with 407 inside the tunnel/)]);
  });

  it("may be another's where nothing but its status speaks for the proxy", () => {
    expect(said(null, "Members")).toEqual([
      expect.stringMatching(
        /^A 407 inside the tunnel, .* that may be the proxy's \| .* \| Do not blame either side yet/,
      ),
    ]);
  });

  it("is not the proxy's where the server leg shows that it came from there", () => {
    expect(said(407)).toEqual([
      expect.stringMatching(/^A 407 inside the tunnel that came from behind the proxy .* The proxy passed on/),
    ]);
  });
});

describe("a 401 of a site for which one sign speaks", () => {
  it("inside a tunnel is said to seem the site's", () => {
    const fields = [{ name: "server", value: "cloudflare" }];
    const one = found("tunnel-401-origin", [read(0, [ACCEPTED], [{ status: 401, challenges: [BASIC], fields }])]);
    expect(one.map(({ certainty }) => certainty)).toEqual(["possible"]);
    expect(helpdesk(one)).toEqual([expect.stringMatching(/^A 401 .* that seems to be .* login box seems to belong/)]);
  });

  it("outside of one as well", () => {
    const request = requestHead(where(20, 20), { method: "GET", target: "http://a.example/", host: "a.example" });
    const response = responseHead(where(21, 21), 401, {
      challenges: [BASIC],
      fields: [{ name: "server", value: "nginx" }],
    });
    const forwards = [exchangeFact(request, response, { url: "http://a.example/" })];
    const one = found("forward-401-origin", [timeline({ detectedBy: "absolute-form", forwards })]);
    expect(one.map(({ certainty }) => certainty)).toEqual(["possible"]);
    expect(helpdesk(one)).toEqual([
      expect.stringMatching(/answered 401, which seems to be the web site's own login \| .* login box seems to belong/),
    ]);
    expect(one[0]?.advice.proxyAdmin).toMatch(/^Nothing to do, if it is the site's own: look for this request/);
  });
});

describe("a CONNECT that is answered with a page", () => {
  const CONNECT = "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\r\n";
  const HELLO = Uint8Array.from(
    Buffer.concat([
      Buffer.from("160301002f0100002b0303", "hex"),
      Buffer.alloc(32, 7),
      Buffer.from("000002130101000000", "hex"),
    ]),
  );
  const head = (...fields: readonly string[]): string => ["HTTP/1.1 200 OK", ...fields, "", ""].join("\r\n");
  const LENGTH = "Content-Length: 26";
  const HTML = "Content-Type: text/html; charset=utf-8";
  const PAGE = "<html>Please log in</html>";
  const said = (...turns: Parameters<typeof play>[0]): readonly string[] => {
    const { verdict, findings } = diagnosisOf(play([client(CONNECT), ...turns]).timelines);
    return [verdict, ...helpdesk(findings.filter(({ id }) => id === verdict))];
  };

  it.each([
    ["with a length", head(HTML, LENGTH) + PAGE],
    ["in chunks", `${head(HTML, "Transfer-Encoding: chunked")}1a\r\n${PAGE}\r\n0\r\n\r\n`],
  ])("got no tunnel: %s", (_name, page) => {
    expect(said(proxy(page))).toEqual([
      "tunnel-refused",
      expect.stringMatching(
        /was not opened.* answered 200 \(frame 2\) with a page and not with a tunnel.*\| Open a plain/,
      ),
    ]);
    expect(said(proxy(page), client(HELLO))).toEqual([
      "tls-failed",
      expect.stringMatching(/not TLS came in frame 2\. CONNECT .* with a page and not with a tunnel.*\| Open a plain/),
    ]);
  });

  it.each([
    ["has no length, as it should be", head(HTML)],
    ["has a length of 0", head(HTML, "Content-Length: 0")],
    ["is no page", head("Content-Type: application/octet-stream", LENGTH)],
    ["is of no type", head(LENGTH)],
  ])("is not said of an answer that %s", (_name, opened) => {
    for (const turns of [[proxy(opened + PAGE)], [proxy(opened + PAGE), client(HELLO)]])
      expect(said(...turns).join()).not.toContain("page");
  });

  it("is not said where the client spoke another protocol, and was answered", () => {
    expect(said(proxy(head(HTML, LENGTH)), client("FOO 1"), proxy("BAR 2"))[0]).toBe("not-tls");
  });
});

describe("the realm of this proxy's 407 in a 401 inside the tunnel", () => {
  it.each([
    ["Corp gateway", "likely"],
    ["Restricted", "possible"],
  ])("%s, beside a header of proxies, makes it %s", (realm, certainty) => {
    const challenges = [{ ...BASIC, realm }];
    const inside = { status: 401, challenges, names: ["www-authenticate", "proxy-connection"] };
    const one = read(0, [{ status: 407, challenges }, ACCEPTED], [inside]);
    expect(found("tunnel-401-proxy", [one]).map((finding) => finding.certainty)).toEqual([certainty]);
  });
});
