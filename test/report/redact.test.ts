// Pseudonyms: nothing of the originals remains, the same is the same, and what belongs together stays together.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOTES } from "../../src/bytes/index.ts";
import {
  FORMATS,
  type FormatName,
  loadLadder,
  REDACT_KINDS,
  type RedactKind,
  type Report,
} from "../../src/report/index.ts";
import { createRedactor } from "../../src/report/redact/redact.ts";
import { recordedReport } from "../harness/recorded-reports.ts";
import { times } from "../harness/times.ts";
import { loadTruth } from "../harness/truth.ts";
import { finding, judged, report, SAMPLES } from "./samples.ts";

const STYLE = { width: 100, colour: false, drawing: true, unicode: true, verbose: true };
const ALL = new Set(REDACT_KINDS);

/** One text through a redactor, as the detail of a finding. */
function text(value: string, kinds: ReadonlySet<RedactKind> = ALL): string {
  return createRedactor(kinds).redact({ detail: value }).detail;
}

async function outputs(sample: Report): Promise<string[]> {
  const texts: string[] = [];
  for (const name of Object.keys(FORMATS) as FormatName[]) {
    const document = await FORMATS[name].open(STYLE, false);
    texts.push(document.add(sample) + document.end());
  }
  const ladder = await loadLadder();
  return [...texts, ...sample.connections.map((connection) => ladder(sample, connection, STYLE))];
}

it("gives a user one name in whatever case, in a domain in whatever case, and in front of a password in a URL", () => {
  const { user, url } = createRedactor(ALL).redact({
    user: ["EXAMPLE\\Kim", "example\\kim", "kim@Example"],
    url: ["http://kim:hush@intranet/", "http://KIM@intranet/"],
  });
  expect(user).toEqual(["domain-1\\user-1", "domain-1\\user-1", "user-1@domain-1"]);
  expect(url).toEqual(["http://user-1@host-1/", "http://user-1@host-1/"]);
});

describe("a field of its own", () => {
  const one = (field: string, value: string): string => {
    const data: Record<string, string> = { [field]: value };
    return createRedactor(ALL).redact(data)[field]!;
  };

  it.each([
    ["ip", "192.0.2.17", "ip-1"],
    ["ip", "2001:db8::17", "ip-1"],
    ["target", "www.example.com:443", "host-1.site-1.example:443"],
    ["target", "example.com:443", "site-1.example:443"],
    ["target", "192.0.2.9:443", "ip-1:443"],
    ["target", "[2001:db8::9]:443", "[ip-1]:443"],
    ["target", "intranet:80", "host-1:80"],
    ["target", "a b:c", "host-1"],
    ["sni", "WWW.Example.COM.", "host-1.site-1.example"],
    ["names", "*.example.com", "*.site-1.example"],
    ["user", "kim", "user-1"],
    ["user", "EXAMPLE\\kim", "domain-1\\user-1"],
    ["user", "kim@EXAMPLE.COM", "user-1@domain-1"],
    ["realm", "Example gateway", "realm-1"],
    ["subject", "CN=www.example.com,O=Example", "CN=host-1.site-1.example"],
    ["issuer", "CN=Example CA,O=Example", "CN=issuer-1"],
    ["fingerprint", "9f86d081", "fingerprint-1"],
    ["path", "/home/kim/www.example.com.pcapng.gz", "capture-1.pcapng.gz"],
    ["path", "-", "-"],
    ["client", "several", "several"],
    ["url", "https://www.example.com/", "https://host-1.site-1.example/"],
    ["url", "http://kim:secret@www.example.com:8080/a?b=c", "http://user-1@host-1.site-1.example:8080/a?redacted"],
    ["url", "https://www.example.com/users/kim/inbox", "https://host-1.site-1.example/users/user-1/inbox"],
    ["url", "https://www.example.com/~kim/", "https://host-1.site-1.example/user-1/"],
    ["url", "http://192.0.2.9/to/intranet.example.net", "http://ip-1/to/host-1.site-1.example"],
    ["url", "http://example.com/a/pixel.gif", "http://site-1.example/a/pixel.gif"],
    ["url", "/mail/kim%40example.com", "/mail/user-1@domain-1"],
    ["url", "https://www.example.com/acme-tender/login.html", "https://host-1.site-1.example/text-1-text-2/login.html"],
    ["url", "http://acme.com/docs/acme.com.html", "http://site-1.example/docs/site-1.example.html"],
    ["url", "http://example.com/docs/a.acme.com.html", "http://site-1.example/docs/a.text-1.text-2.html"],
    ["reason", "Denied for kim", "Denied for text-1"],
    ["scheme", "AcmeLogin", "scheme-1"],
    ["scheme", "Negotiate", "Negotiate"],
    ["scheme", "unknown", "unknown"],
    ["alpn", "http/1.1", "http/1.1"],
    ["exception", "acme_denied", "text-1_denied"],
    ["service", "Acme HTTP", "text-1 HTTP"],
    ["realm", 'FortiGate "Acme"', "realm-1"],
    ["verdict", "ok", "ok"],
    ["name", "Squid", "Squid"],
    ["time", "2026-03-09T08:15:02.000000000Z", "2026-03-09T08:15:02.000000000Z"],
  ])("%s: %s", (field, value, expected) => {
    expect(one(field, value)).toBe(expected);
  });

  it("is left alone if its kind was not asked for", () => {
    const data = { ip: "192.0.2.17", target: "www.example.com:443", user: "kim", url: "http://192.0.2.9/?a" };
    expect(createRedactor(new Set(["ip"])).redact(data)).toEqual({
      ...{ ip: "ip-1", target: "www.example.com:443", user: "kim", url: "http://ip-2/?a" },
    });
    expect(createRedactor(new Set(["host"])).redact(data)).toEqual({
      ...{ ip: "192.0.2.17", target: "host-1.site-1.example:443", user: "kim", url: "http://192.0.2.9/?redacted" },
    });
    expect(createRedactor(new Set(["user"])).redact(data)).toEqual({
      ...{ ip: "192.0.2.17", target: "www.example.com:443", user: "user-1", url: "http://192.0.2.9/?redacted" },
    });
  });

  it.each<[RedactKind, string, string]>([
    ["ip", "CN=192.0.2.9,O=Example", "CN=ip-1,O=Example"],
    ["user", "CN=Example CA,EMAILADDRESS=kim@example.com", "CN=Example CA,EMAILADDRESS=user-1@domain-1"],
  ])("a certificate's has no %s, whatever else stays: %s", (kind, name, expected) => {
    const data = { subject: name, issuer: name, detail: `by another (issuer "${name}")` };
    expect(createRedactor(new Set([kind])).redact(data)).toEqual({
      ...{ subject: expected, issuer: expected, detail: `by another (issuer "${expected}")` },
    });
  });
});

describe("a sentence", () => {
  it.each([
    ["the origin 192.0.2.9:443 answered", "the origin ip-1:443 answered"],
    ["from [2001:DB8:0:0::9]:443 and 2001:db8::9.", "from [ip-1]:443 and ip-1."],
    ["at fe80::1%eth0: closed", "at ip-1: closed"],
    ["::ffff:192.0.2.9 is 192.0.2.9", "ip-1 is ip-1"],
    ["it ended at fe80::1:", "it ended at ip-1:"],
    ['the header "via: 1.1 proxy01 (squid/5.7)" (frame 16)', 'the header "via: 1.1 host-1 (squid/5.7)" (frame 16)'],
    ['"x-cache-lookup: NONE from proxy01:3128"', '"x-cache-lookup: NONE from host-1:3128"'],
    ['(issuer "CN=Corp CA,O=Corp") (frame 9)', '(issuer "CN=issuer-1") (frame 9)'],
    ['asks for Basic (realm "Corp proxy")', 'asks for Basic (realm "realm-1")'],
    ["the realm \"FortiGate 'Acme' x\" is a mark", 'the realm "realm-1" is a mark'],
    ['"server: squid/5.7 (acmesrv01)" (frame 5)', '"server: squid/5.7 (text-1)" (frame 5)'],
    ['"via: 1.1 acme (Content Gateway on acme)"', '"via: 1.1 host-1 (Content Gateway on host-1)"'],
    ['the reason phrase "Blocked for acme by Privoxy"', 'the reason phrase "Blocked for text-1 by Privoxy"'],
    ['the cookie "BCSI-CS-acme" is a mark', 'the cookie "BCSI-text-1-text-2" is a mark'],
    ['it has "Server: Acme/2.1 Python/3.11"', 'it has "Server: text-1/2.1 Python/3.11"'],
    [
      'The client calls itself "AcmeAgent/2.1 (Windows NT 10.0; kims)".',
      'The client calls itself "text-1/2.1 (Windows NT 10.0; text-2)".',
    ],
    ['407 with Basic, "AcmeLogin", frame 5', '407 with Basic, "text-1", frame 5'],
    [
      'CONNECT acme:443 (frame 12) was answered 503 (frame 14) Denied for "kim": the proxy did not open the tunnel.',
      'CONNECT host-1:443 (frame 12) was answered 503 (frame 14) Denied for "text-1": the proxy did not open the tunnel.',
    ],
    [
      "CONNECT acme:443 (frame 12) was answered 405 (frame 14) Denied for kim: the tunnel was not opened.",
      "CONNECT host-1:443 (frame 12) was answered 405 (frame 14) Denied for text-1: the tunnel was not opened.",
    ],
    ["The tunnel to acme:443 carries SSH.", "The tunnel to host-1:443 carries SSH."],
    [
      "GET http://acme/users/kim (frame 4) was answered 401",
      "GET http://host-1/users/user-1 (frame 4) was answered 401",
    ],
    [
      'The rule `group="CORP\\Domain Admins" user=kim url.host=acme authenticate(CorpLdap)` matches',
      'The rule `group="domain-1\\user-1 text-1" user=text-2 url.host=text-3 authenticate(text-4)` matches',
    ],
    [
      "trace:7: MATCH at GET https://: user=kim authenticate(no)",
      "trace:7: MATCH at GET https://: user=text-1 authenticate(no)",
    ],
    [
      'At GET https:// the realm is "Acme", at CONNECT tcp:// it is "Corp".',
      'At GET https:// the realm is "realm-1", at CONNECT tcp:// it is "realm-2".',
    ],
    [
      "log:7: GET https://acme/: sc-status 401, x-exception-id kims_denied, sc-filter-result DENIED",
      "log:7: GET https://host-1/: sc-status 401, x-exception-id text-1_denied, sc-filter-result DENIED",
    ],
    ["sc-filter-result ACME", "sc-filter-result text-1"],
    ["trace:9: EXCEPTION(kims_denied)", "trace:9: EXCEPTION(text-1_denied)"],
    ["the rule sets user.login.log_out_other(yes)", "the rule sets user.login.log_out_other(yes)"],
    ['the header "via: HTTP/1.1 proxy01 (squid)"', 'the header "via: HTTP/1.1 host-1 (squid)"'],
    ['the reason phrase "Acme-Kim: denied" names it', 'the reason phrase "text-1-text-2: denied" names it'],
    ["authentication status need_credentials", "authentication status need_credentials"],
    ["authentication status acme_needed", "authentication status text-1_text-2"],
    ["mail to kim@corp.example.com", "mail to user-1@domain-1"],
    ["as CORP\\kim", "as domain-1\\user-1"],
    ["GET https://www.example.com/x (frame 40)", "GET https://host-1.site-1.example/x (frame 40)"],
    ["HTTP/1.x, TLS 1.3, squid/5.7, 23.8 ms", "HTTP/1.x, TLS 1.3, squid/5.7, 23.8 ms"],
    ["at 05:06:57, 10 :: 20", "at 05:06:57, 10 :: 20"],
    [
      "url.domain=//www.example.com/ authenticate.mode(proxy)",
      "url.domain=//host-1.site-1.example/ authenticate.mode(proxy)",
    ],
    ["client.response.code: 401, url.corp.example.com", "client.response.code: 401, host-1.site-1.example"],
    [
      "it has the headers x-acme-id, x-frame-options, x-kim like other answers of www.example.com (frame 8)",
      "it has the headers x-text-1-id, x-frame-options, x-text-2 like other answers of host-1.site-1.example (frame 8)",
    ],
    [
      "it has none of the headers that acme.example sends with other answers (x-acme-id, x-powered-by; frame 8)",
      "it has none of the headers that site-1.example sends with other answers (x-text-1-id, x-powered-by; frame 8)",
    ],
    ["GET acme:kim (frame 4) was answered 401", "GET text-1%3Atext-2 (frame 4) was answered 401"],
    ["GET HTTP://acme/KIM (frame 4) was answered", "GET HTTP://host-1/text-1 (frame 4) was answered"],
    ["unknown /users/kim (frame 4) was answered", "unknown /users/user-1 (frame 4) was answered"],
    ["get /acme kim/b (frame 4) was answered", "get /text-1%20text-2/b (frame 4) was answered"],
    [
      "Java leaves Basic out (jdk.http.auth.tunneling.disabledSchemes); -Djdk.http.auth.tunneling.disabledSchemes=",
      "Java leaves Basic out (jdk.http.auth.tunneling.disabledSchemes); -Djdk.http.auth.tunneling.disabledSchemes=",
    ],
    ["example.com and www.example.com", "site-1.example and host-1.site-1.example"],
    ["tcp.stream eq 3 and url.scheme=https", "tcp.stream eq 3 and url.scheme=https"],
  ])("%s", (value, expected) => {
    expect(text(value)).toBe(expected);
  });

  it.each([
    ["/home/kil%C3%ADm/x", "/home/user-1/x"],
    ["/%7Ekilim/", "/user-1/"],
    ["/users/kil%20im", "/users/user-1"],
  ])("quotes the URL %s as its field has it", (path, shown) => {
    const url = `http://www.a.example${path}`;
    const { detail, ...data } = createRedactor(ALL).redact({ detail: `GET ${url} (frame 4) was answered`, url });
    expect(data.url).toBe(`http://host-1.site-1.example${shown}`);
    expect(detail).toBe(`GET ${data.url} (frame 4) was answered`);
  });

  it.each([
    ["with more than a port", "acme:443:kim"],
    ["like a piece of a sentence", "acme(frame 3) was kim:443"],
    ["with a quote", 'acme"kim:443'],
    ["of one long word", `acme${"z".repeat(1_990)}:443`],
    ["of many words", `${"acme-".repeat(400)}kim:443`],
  ])("quotes a target %s as its field has it, wherever it stands", (_what, target) => {
    const sentences = [
      `CONNECT ${target} (frame 12) was answered 403 (frame 14) No: the proxy did not open the tunnel.`,
      `The tunnel to ${target} was opened and closed without anything in it.`,
      `2 tunnels could not be read (www.example.net:443, ${target}).`,
      `The certificate shown for ${target} (frame 9) was refused.`,
    ];
    const data = createRedactor(ALL).redact({ evidence: sentences, target });
    expect(data.target).toMatch(/^host-1(?::443)?$/);
    expect(data.evidence).toEqual(
      sentences.map((sentence) =>
        sentence.replace(target, data.target).replace("www.example.net", "host-2.site-1.example"),
      ),
    );
  });

  it("has values that were met anywhere, behind and before it, longest first and as whole words", () => {
    const data = {
      detail: "kim and kim.lee at Workplace 7 (kimono, KIM, Kim-lee)",
      connections: [{ user: "kim" }, { user: "kim.lee" }, { realm: "Workplace" }, { realm: "Workplace 7" }],
    };
    expect(createRedactor(ALL).redact(data).detail).toBe("user-1 and user-2 at realm-2 (kimono, user-1, user-1-lee)");
  });

  it("hides a host that is called like a user who stays", () => {
    const data = { user: "acme", target: "acme:443", detail: "other answers came from acme" };
    expect(createRedactor(new Set(["host"])).redact(data).detail).toBe("other answers came from host-1");
  });

  it("stays readable if somebody is called like a word that the program uses", () => {
    const data = { detail: "The user was asked by the proxy (frame 40).", user: "user", realm: "40", names: ["proxy"] };
    expect(createRedactor(ALL).redact(data)).toEqual({
      ...{ detail: "The user was asked by the proxy (frame 40).", user: "user-1", realm: "realm-1", names: ["host-1"] },
    });
  });
});

describe("a host that is called like a word of the sentence", () => {
  it.each([
    [
      "the same challenge came for the unrelated site proxy (frame 4)",
      "the same challenge came for the unrelated site host-1 (frame 4)",
    ],
    [
      "the same challenge came with the same Server for the unrelated sites gateway (frame 4) and proxy (frame 9)",
      "the same challenge came with the same Server for the unrelated sites host-2 (frame 4) and host-1 (frame 9)",
    ],
    [
      "as those of 3 unrelated sites: proxy (stream 1, frame 4), www.example.com (stream 2, frame 6), gateway (stream 3, frame 9)",
      "as those of 3 unrelated sites: host-1 (stream 1, frame 4), host-3.site-1.example (stream 2, frame 6), host-2 (stream 3, frame 9)",
    ],
    [
      "the same unknown issuer as those of the unrelated sites proxy, gateway, x.example",
      "the same unknown issuer as those of the unrelated sites host-1, host-2, site-2.example",
    ],
    [
      "the session goes on from an earlier one to proxy: it ended",
      "the session goes on from an earlier one to host-1: it ended",
    ],
    [
      "it has the Server like other answers of proxy (frame 3)",
      "it has the Server like other answers of host-1 (frame 3)",
    ],
    [
      "it has none of the headers that gateway sends with other answers (x-frame-options; frame 3)",
      "it has none of the headers that host-2 sends with other answers (x-frame-options; frame 3)",
    ],
    ["the proxy's connection to proxy is in the capture", "the proxy's connection to host-1 is in the capture"],
    ["proxy: challenged inside the tunnel (frame 3)", "host-1: challenged inside the tunnel (frame 3)"],
    ["gateway: challenged on the CONNECT (frame 3)", "host-2: challenged on the CONNECT (frame 3)"],
    [
      "proxy, x.example and gateway are challenged at GET https:// although this client (192.0.2.1) was authenticated at CONNECT (frame 3); gateway is challenged at CONNECT tcp:// only; proxy at CONNECT tcp://, and what comes inside could not be read; gateway, proxy and 4 more are not challenged at all.",
      "host-1, site-2.example and host-2 are challenged at GET https:// although this client (ip-1) was authenticated at CONNECT (frame 3); host-2 is challenged at CONNECT tcp:// only; host-1 at CONNECT tcp://, and what comes inside could not be read; host-2, host-1 and 4 more are not challenged at all.",
    ],
    [
      "proxy seems to be challenged by the proxy at GET https://",
      "host-1 seems to be challenged by the proxy at GET https://",
    ],
    ["The proxy was asked, and the gateway is challenged.", "The proxy was asked, and the gateway is challenged."],
  ])("is hidden where only a host can stand: %s", (sentence, expected) => {
    const data = { hosts: [{ host: "Proxy" }, { host: "gateway" }, { host: "www.example.com" }], detail: sentence };
    expect(createRedactor(ALL).redact(data).detail).toBe(expected);
  });
});

describe("JA4", () => {
  it.each([
    [["h2", "http/1.1"], "t13d1516h2_8daaf6152771_e5627efa2ab1", "t13d1516h2_8daaf6152771_e5627efa2ab1"],
    [[], "t13d151600_8daaf6152771_e5627efa2ab1", "t13d151600_8daaf6152771_e5627efa2ab1"],
    [["acme-sync", "h2"], "t13d1516ac_8daaf6152771_e5627efa2ab1", "t13d1516--_8daaf6152771_e5627efa2ab1"],
  ])("keeps what is of a protocol that everybody has: %j", (alpnOffered, ja4, expected) => {
    const shown = (kinds: ReadonlySet<RedactKind>) => createRedactor(kinds).redact({ alpnOffered, ja4 }).ja4;
    expect(shown(ALL)).toBe(expected);
    expect(shown(new Set(["ip"]))).toBe(ja4);
  });
});

describe("the program's own words", () => {
  const SENTENCES = new Set([
    "detail",
    "evidence",
    "text",
    "summary",
    "interceptedWhy",
    "title",
    "helpdesk",
    "proxyAdmin",
  ]);
  /** What quotes the wire by itself: in quotes, behind a method or CONNECT, hosts and addresses. */
  const QUOTES =
    /"[^"]*"|`[^`]*`|\(frame \d+\) [^:]*(?=: the proxy did)|\b[A-Z]{3,} \S+|\S+:\/\/\S*|[\w[\]:-]*\w[.:]\w[\w.:[\]-]*|\b[\w-]+:(?= challenged)/g;
  const texts = new Set<string>(Object.values(NOTES));
  const gather = (value: unknown, field: string): void => {
    if (typeof value === "string" && SENTENCES.has(field)) texts.add(value.replace(QUOTES, ""));
    else if (Array.isArray(value)) for (const item of value) gather(item, field);
    else if (typeof value === "object" && value !== null)
      for (const [name, item] of Object.entries(value)) gather(item, name);
  };

  it("stay in their sentences, whoever is called like one of them", async () => {
    for (const capture of loadTruth()) gather(await recordedReport(capture), "");
    const words = new Set([...texts].flatMap((text) => text.match(/(?<![\w-])[A-Za-z][a-z]+(?![\w-])/g) ?? []));
    expect(words.size).toBeGreaterThan(400);
    const replaced = [...words].filter((word) => {
      const detail = `It is ${word} here.`;
      return createRedactor(ALL).redact({ detail, realm: word }).detail !== detail;
    });
    expect(replaced).toEqual([]);
  });
});

describe("display filters", () => {
  it("stay valid", () => {
    const filters = (displayFilter: string, user = "3"): string =>
      createRedactor(ALL).redact({ user, stream: 3, frames: [12, 14], displayFilter }).displayFilter;
    expect(filters("tcp.stream eq 3 and frame.number in {12, 14}")).toBe(
      "tcp.stream eq 3 and frame.number in {12, 14}",
    );
    expect(filters("tcp.stream eq 3 and ip.addr == 192.0.2.1")).toBe("tcp.stream eq 3 and frame.number in {12, 14}");
  });
});

describe("the same value", () => {
  it("has the same pseudonym over the reports of a run, and sites keep their hosts", () => {
    const redactor = createRedactor(ALL);
    const targets = ["www.example.com:443", "mail.example.com:443", "example.com:80", "www.example.co.uk:443"];
    const names = targets.map((target) => redactor.redact({ target }).target);
    expect(names).toEqual([
      ...["host-1.site-1.example:443", "host-2.site-1.example:443", "site-1.example:80", "host-3.site-2.example:443"],
    ]);
    expect(targets.map((target) => redactor.redact({ target }).target)).toEqual(names);
    expect(redactor.redact({ detail: "to MAIL.example.com" }).detail).toBe("to host-2.site-1.example");
  });

  it("has the same in every run with the same key, and another one with another", () => {
    const keyed = (key: string) =>
      createRedactor(ALL, (value) =>
        Buffer.from(key + value)
          .toString("hex")
          .padEnd(12)
          .slice(-12),
      );
    const [a, b, c] = ["1", "1", "2"].map((key, i) => {
      const redactor = keyed(key);
      if (i === 1) redactor.redact({ ip: "192.0.2.99" });
      return redactor.redact({ ip: "192.0.2.17" }).ip;
    });
    expect(a).toMatch(/^ip-[0-9a-f]{12}$/);
    expect(b).toBe(a);
    expect(c).toBe(a);
  });
});

describe("whatever names there are", () => {
  const name = fc
    .array(fc.constantFrom("a", "b", "ab", "é", "İ", "ß", "日本", "😀", "-", "_", ".", " ", "x1", "Q", "7"), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => `zq${parts.join("")}`.trim())
    // A name that ends in a dot is the same without it.
    .filter((value) => !/[.\s-]$/.test(value));

  it("nothing of them remains in any output", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(name, { minLength: 3, maxLength: 6 }),
        fc.ipV4(),
        fc.ipV6(),
        async (all, v4, v6) => {
          const [user = "", realm = "", ...hosts] = all;
          const said = `${all.join(", ")}; [${v6}]:443 and ${v4}, "${hosts.join('" "')}" or ${user}@${realm}`;
          const sample = SAMPLES.get("tunnel-401-proxy")!;
          const [connection] = sample.connections;
          const hostile = judged(3, "tunnel-401-proxy", {
            summary: said,
            client: { ip: v4, port: 1 },
            proxy: { ip: v6, port: 2 },
            connects: [
              {
                ...connection!.connects[0]!,
                target: `${hosts[0]}:443`,
                credentials: { scheme: "NTLM", step: null, user: `${realm}\\${user}` },
              },
            ],
            notes: [{ id: "tls-gap", frame: 7, text: said }],
            tunnel: {
              ...connection!.tunnel!,
              target: `${hosts.at(-1)}:443`,
              tls: {
                ...connection!.tunnel!.tls!,
                certificate: { ...connection!.tunnel!.tls!.certificate!, names: hosts },
              },
            },
          });
          const bad = report([hostile], {
            findings: [
              finding("tunnel-401-proxy", 3, {
                detail: said,
                evidence: [said, said.replace(/[a-z]/g, (letter) => letter.toUpperCase())],
              }),
            ],
            proxies: [{ ...sample.proxies[0]!, ip: v6 }],
          });
          for (const output of await outputs(createRedactor(ALL).redact(bad))) {
            expect(output.toLowerCase()).not.toContain("zq");
            expect(output).not.toContain(v4);
            expect(output.toLowerCase()).not.toContain(v6.toLowerCase());
          }
        },
      ),
      { numRuns: times(60) },
    );
  });

  it("an address is found in every spelling", () => {
    fc.assert(
      fc.property(
        fc.ipV6(),
        fc.constantFrom(" ", "[", '"', "(", ","),
        fc.constantFrom(" ", "]:443", '"', ")", ","),
        (ip, a, z) => {
          const out = text(`from${a}${ip}${z}on`);
          // "::" alone says nothing.
          if (/[0-9a-f]/i.test(ip)) expect(out).toBe(`from${a}ip-1${z}on`);
        },
      ),
      { numRuns: times(500) },
    );
  });

  it("takes time that grows with the text only", () => {
    for (const part of [
      "a.",
      "a-",
      "1.",
      ":",
      "a:",
      "a\\",
      "a@",
      "~a/",
      "%",
      "CONNECT ",
      "(frame 1) ",
      '"',
      "`",
      "GET /",
      "a://b",
      "a://b ",
      "via: 1 ",
    ]) {
      const long = part.repeat(30_000);
      expect(createRedactor(ALL).redact({ detail: long, url: `http://h/${long}`, user: long }).detail).toBeTypeOf(
        "string",
      );
    }
  });
});
