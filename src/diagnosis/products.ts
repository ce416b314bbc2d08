// How proxy products sign their own answers. Data with sources; what could be recorded here is marked as seen.
import type { ResponseHead } from "../http/index.ts";
import type { Certainty } from "./types.ts";

/** One mark of a product. */
interface Mark {
  /** Where it is: a header (lower case), its absence of value allowed, the reason phrase, a realm, or the text of a page. */
  readonly in: "header" | "reason" | "realm" | "body" | "issuer";
  readonly header?: string;
  /** Tried on the value; a header without pattern counts by its presence. */
  readonly pattern?: RegExp;
  readonly certainty: Certainty;
  /** Where it is documented, and whether a recorded capture shows it. */
  readonly source: string;
  readonly seen: boolean;
}

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly marks: readonly Mark[];
}

/** A product that was recognised, with the words for it. */
export interface ProductMatch {
  readonly name: string;
  readonly certainty: Certainty;
  readonly evidence: readonly string[];
}

export const PRODUCTS: readonly Product[] = [
  {
    id: "squid",
    name: "Squid",
    marks: [
      {
        in: "header",
        header: "server",
        pattern: /^squid(\/|$)/i,
        certainty: "certain",
        source: "Squid FAQ, error responses",
        seen: true,
      },
      { in: "header", header: "x-squid-error", certainty: "certain", source: "Squid source, errorpage", seen: true },
      {
        in: "header",
        header: "via",
        pattern: /\(squid(\/|\))/i,
        certainty: "possible",
        source: "Squid configuration: via",
        seen: true,
      },
      {
        in: "body",
        pattern: /Generated .{0,80}\(squid(\/|\))/i,
        certainty: "certain",
        source: "Squid error page templates",
        seen: true,
      },
    ],
  },
  {
    id: "mitmproxy",
    name: "mitmproxy",
    marks: [
      {
        in: "header",
        header: "server",
        pattern: /^mitmproxy(\s|\/|$)/i,
        certainty: "certain",
        source: "mitmproxy source, error responses",
        seen: true,
      },
      { in: "realm", pattern: /^mitmproxy$/i, certainty: "certain", source: "mitmproxy source, proxyauth", seen: true },
      {
        in: "issuer",
        pattern: /^mitmproxy$/i,
        certainty: "certain",
        source: "mitmproxy documentation: certificates",
        seen: true,
      },
    ],
  },
  {
    id: "tinyproxy",
    name: "tinyproxy",
    marks: [
      {
        in: "header",
        header: "server",
        pattern: /^tinyproxy\//i,
        certainty: "certain",
        source: "tinyproxy source, html-error",
        seen: true,
      },
      {
        in: "header",
        header: "proxy-agent",
        pattern: /^tinyproxy\//i,
        certainty: "certain",
        source: "tinyproxy source, reqs",
        seen: true,
      },
      {
        in: "header",
        header: "via",
        pattern: /\(tinyproxy\//i,
        certainty: "possible",
        source: "tinyproxy.conf: ViaProxyName",
        seen: true,
      },
    ],
  },
  {
    id: "privoxy",
    name: "Privoxy",
    marks: [{ in: "body", pattern: /Privoxy/, certainty: "likely", source: "Privoxy templates", seen: false }],
  },
  {
    id: "proxysg",
    name: "Broadcom (Blue Coat) ProxySG / Edge SWG",
    marks: [
      {
        in: "header",
        header: "x-bluecoat-via",
        certainty: "possible",
        source: "Broadcom knowledge base: X-BlueCoat-Via header",
        seen: false,
      },
      {
        in: "header",
        header: "server",
        pattern: /^BlueCoat-Security-Appliance/i,
        certainty: "certain",
        source: "Broadcom: ProxySG admin guide",
        seen: false,
      },
      {
        in: "header",
        header: "proxy-agent",
        pattern: /BlueCoat/i,
        certainty: "certain",
        source: "Broadcom: ProxySG admin guide",
        seen: false,
      },
      {
        in: "body",
        pattern: /Blue ?Coat|ProxySG/i,
        certainty: "likely",
        source: "Broadcom: exception pages",
        seen: false,
      },
    ],
  },
  {
    id: "zscaler",
    name: "Zscaler",
    marks: [
      {
        in: "header",
        header: "server",
        pattern: /^Zscaler/i,
        certainty: "certain",
        source: "Zscaler help: proxy responses",
        seen: false,
      },
      {
        in: "body",
        pattern: /zscaler/i,
        certainty: "likely",
        source: "Zscaler help: end user notifications",
        seen: false,
      },
      {
        in: "issuer",
        pattern: /Zscaler/i,
        certainty: "likely",
        source: "Zscaler help: SSL inspection certificates",
        seen: false,
      },
    ],
  },
  {
    id: "cisco-swa",
    name: "Cisco Secure Web Appliance",
    marks: [
      {
        in: "header",
        header: "via",
        pattern: /Cisco-(WSA|SWA)/i,
        certainty: "possible",
        source: "Cisco SWA user guide: Via header",
        seen: false,
      },
      {
        in: "header",
        header: "proxy-agent",
        pattern: /Cisco/i,
        certainty: "likely",
        source: "Cisco SWA user guide",
        seen: false,
      },
      {
        in: "body",
        pattern: /Cisco (Web Security|Secure Web) Appliance|IronPort/i,
        certainty: "likely",
        source: "Cisco SWA notification pages",
        seen: false,
      },
    ],
  },
  {
    id: "forcepoint",
    name: "Forcepoint",
    marks: [
      {
        in: "header",
        header: "via",
        pattern: /Content[ _-]Gateway|Websense/i,
        certainty: "possible",
        source: "Forcepoint Content Gateway help",
        seen: false,
      },
      {
        in: "body",
        pattern: /Forcepoint|Websense/i,
        certainty: "likely",
        source: "Forcepoint block pages",
        seen: false,
      },
    ],
  },
  {
    id: "skyhigh",
    name: "Skyhigh (McAfee) Web Gateway",
    marks: [
      {
        in: "header",
        header: "via",
        pattern: /McAfee Web Gateway|Skyhigh/i,
        certainty: "possible",
        source: "McAfee Web Gateway product guide: Via",
        seen: false,
      },
      {
        in: "realm",
        pattern: /^McAfee Web Gateway$/i,
        certainty: "likely",
        source: "McAfee Web Gateway product guide: authentication",
        seen: false,
      },
      {
        in: "body",
        pattern: /McAfee Web Gateway|Skyhigh Secure Web Gateway/i,
        certainty: "likely",
        source: "McAfee Web Gateway templates",
        seen: false,
      },
    ],
  },
  {
    id: "fortinet",
    name: "FortiGate / FortiProxy",
    marks: [
      {
        in: "body",
        pattern: /FortiGate|FortiProxy|FortiGuard/i,
        certainty: "likely",
        source: "Fortinet replacement messages",
        seen: false,
      },
      {
        in: "issuer",
        pattern: /Fortinet|FortiGate|Fortigate CA/i,
        certainty: "likely",
        source: "Fortinet: deep inspection certificates",
        seen: false,
      },
    ],
  },
  {
    id: "paloalto",
    name: "Palo Alto Networks",
    marks: [
      { in: "body", pattern: /Palo Alto Networks/i, certainty: "likely", source: "PAN-OS response pages", seen: false },
    ],
  },
  {
    id: "sophos",
    name: "Sophos",
    marks: [
      {
        in: "body",
        pattern: /Sophos (Firewall|UTM|Web)/i,
        certainty: "likely",
        source: "Sophos block pages",
        seen: false,
      },
      { in: "issuer", pattern: /Sophos/i, certainty: "likely", source: "Sophos: HTTPS decryption CA", seen: false },
    ],
  },
  {
    id: "checkpoint",
    name: "Check Point",
    marks: [
      {
        in: "header",
        header: "server",
        pattern: /^CPWS/i,
        certainty: "possible",
        source: "Check Point portals",
        seen: false,
      },
      {
        in: "body",
        pattern: /Check Point (UserCheck|Software)/i,
        certainty: "likely",
        source: "Check Point UserCheck pages",
        seen: false,
      },
    ],
  },
  {
    id: "netskope",
    name: "Netskope",
    marks: [
      { in: "body", pattern: /netskope/i, certainty: "likely", source: "Netskope block pages", seen: false },
      {
        in: "issuer",
        pattern: /goskope|netskope/i,
        certainty: "likely",
        source: "Netskope: SSL decryption certificates",
        seen: false,
      },
    ],
  },
  {
    id: "fiddler",
    name: "Fiddler",
    marks: [
      { in: "header", header: "fiddlergateway", certainty: "likely", source: "Fiddler documentation", seen: false },
      {
        in: "issuer",
        pattern: /DO_NOT_TRUST_FiddlerRoot/i,
        certainty: "certain",
        source: "Fiddler documentation: root certificate",
        seen: false,
      },
    ],
  },
  {
    id: "charles",
    name: "Charles",
    marks: [
      {
        in: "issuer",
        pattern: /Charles Proxy/i,
        certainty: "certain",
        source: "Charles documentation: SSL certificates",
        seen: false,
      },
    ],
  },
  {
    id: "httpd",
    name: "Apache httpd (mod_proxy)",
    marks: [
      {
        in: "header",
        header: "proxy-agent",
        pattern: /^Apache/i,
        certainty: "certain",
        source: "Apache httpd source, mod_proxy_connect",
        seen: false,
      },
    ],
  },
  {
    id: "envoy",
    name: "Envoy",
    marks: [
      {
        in: "header",
        header: "server",
        pattern: /^envoy$/i,
        certainty: "likely",
        source: "Envoy documentation: server_name",
        seen: false,
      },
    ],
  },
];

/** A mark that was found in one answer. */
export interface MarkFound {
  readonly product: Product;
  readonly certainty: Certainty;
  readonly text: string;
}

/** Marks in a response's head and page. `Via` alone says only that the product passed the answer on. */
export function marksOf(head: ResponseHead, bodyMarks: readonly string[]): readonly MarkFound[] {
  const found: MarkFound[] = [];
  for (const product of PRODUCTS) {
    for (const mark of product.marks) {
      const text = markText(mark, head);
      if (text !== null) found.push({ product, certainty: mark.certainty, text });
    }
    const body = product.marks.find((mark) => mark.in === "body");
    if (body !== undefined && bodyMarks.includes(product.id)) {
      found.push({ product, certainty: body.certainty, text: "the text of the page" });
    }
  }
  return found;
}

/** Ids of the products whose page texts are in `text`: given to the proxy room, which forgets the text. */
export function pageMarks(text: string): readonly string[] {
  return PRODUCTS.filter(({ marks }) =>
    marks.some((mark) => mark.in === "body" && mark.pattern?.test(text) === true),
  ).map(({ id }) => id);
}

/** The product that makes certificates with this issuer. */
export function issuerProduct(issuer: string): MarkFound | null {
  for (const product of PRODUCTS) {
    for (const mark of product.marks) {
      if (mark.in === "issuer" && mark.pattern?.test(issuer)) {
        return { product, certainty: mark.certainty, text: `the certificate's issuer "${issuer}"` };
      }
    }
  }
  return null;
}

function markText(mark: Mark, head: ResponseHead): string | null {
  if (mark.in === "header" && mark.header !== undefined) {
    const field = head.fields.find(({ name }) => name === mark.header);
    if (mark.pattern === undefined) return head.names.includes(mark.header) ? `the header ${mark.header}` : null;
    return field !== undefined && mark.pattern.test(field.value) ? `the header "${mark.header}: ${field.value}"` : null;
  }
  if (mark.in === "reason") return mark.pattern?.test(head.reason) ? `the reason phrase "${head.reason}"` : null;
  if (mark.in === "realm") {
    const challenge = [...head.proxyChallenges, ...head.challenges].find(
      ({ realm }) => realm !== null && mark.pattern?.test(realm),
    );
    return challenge === undefined ? null : `the realm "${challenge.realm}"`;
  }
  return null;
}
