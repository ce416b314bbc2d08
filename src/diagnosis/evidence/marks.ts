// Evidence in the answer itself: marks of a product, headers of proxies, HTTP where TLS was expected.
import { quoted } from "../../bytes/index.ts";
import type { ResponseHead } from "../../http/index.ts";
import type { ExchangeFact } from "../../proxy/index.ts";
import { MARK_OF_A_GATEWAY, type MarkFound, marksOf, type Product } from "../products/index.ts";
import { isPublicSite } from "../sites.ts";
import type { Certainty } from "../types.ts";
import { hostOf, hostOfTimeline } from "../wording.ts";
import { serverOf } from "./answers.ts";
import type { Evidence, Question, SenderContext } from "./types.ts";
import { namesWebServer } from "./web-servers.ts";

const HTTPS_PORT = 443;

/** Marks of a product in head or page; what products put on answers that they pass on says nothing of who made them. */
export const productMarks: Question = (exchange, head, context) => {
  const page = exchange.body?.marks ?? [];
  const own = marksOf(head, page).filter(
    ({ passed, header, product }) =>
      !passed &&
      (header === null || !isUsual(header, exchange, head, context)) &&
      !isMakersSite(product, exchange, context),
  );
  const found = own.flatMap((mark): Evidence[] => {
    if (mark.mention && own.some((other) => other.product === mark.product && !other.mention)) return [];
    return sayOf(mark, head, context);
  });
  if (found.length === 0 && page.includes(MARK_OF_A_GATEWAY)) {
    const text = `its page calls its author a gateway or proxy (frame ${head.where.frame})`;
    return [{ says: "proxy", weight: "possible", source: "product", text }];
  }
  return found;
};

/** Whether the site is one of the product's maker, whose pages name it, too: a console, a portal, a cloud. */
function isMakersSite({ id }: Product, { url }: ExchangeFact, { timeline }: SenderContext): boolean {
  const host = url === null ? hostOfTimeline(timeline) : hostOf(url);
  return host?.includes(id) === true;
}

function sayOf(
  { product, certainty, mention, text }: MarkFound,
  head: ResponseHead,
  context: SenderContext,
): Evidence[] {
  const at = `(frame ${head.where.frame})`;
  if (mention) {
    const weight = context.isKnownAs(product) ? certainty : "possible";
    return [{ says: "proxy", weight, source: "product", text: `${text} names ${product.name} ${at}` }];
  }
  if (product.frontsSites === "always" && context.inTunnel) {
    const aside = `${text} is a mark of ${product.name}, which stands in front of sites and does not read inside tunnels ${at}`;
    return [{ says: "origin", weight: "likely", source: "product", text: aside }];
  }
  const weight = weightOf(product, certainty, context);
  if (weight === null) return [];
  const doubt = weight === certainty ? "" : ", which sites stand behind as well";
  return [{ says: "proxy", weight, source: "product", text: `${text} is a mark of ${product.name}${doubt} ${at}` }];
}

/** A product's own answer may come from the site's side, if nothing else says that this proxy is one, and reads inside; null: it says nothing. */
function weightOf(
  product: Product,
  certainty: Certainty,
  { timeline, inTunnel, interception, isKnownAs }: SenderContext,
) {
  if (product.frontsSites === undefined || certainty === "possible" || timeline.tunnel?.plaintextAnswer === true) {
    return certainty;
  }
  if (product.frontsSites === "seldom") return inTunnel && !isKnownAs(product) ? "likely" : certainty;
  return inTunnel && interception.state === "yes" && isKnownAs(product) ? "likely" : null;
}

/**
 * Headers that only a proxy has a reason to send (RFC 9110 §11.7.1). Outside of tunnels proxies put Proxy-Connection on what they
 * pass on, too.
 */
export const proxyHeaders: Question = (exchange, head, context) => {
  const telling = context.inTunnel ? ["proxy-authenticate", "proxy-connection"] : ["proxy-authenticate"];
  const name = telling.find((header) => head.names.includes(header) && !isUsual(header, exchange, head, context));
  if (name === undefined || head.status === 407) return [];
  const text = `the header ${name} stands beside the ${head.status} (frame ${head.where.frame})`;
  return [{ says: "proxy", weight: "likely", source: "proxy-headers", text }];
};

/** Whether the site's ordinary answers have this header, too: a site may stand behind the same software. */
function isUsual(
  header: string,
  { url }: ExchangeFact,
  head: ResponseHead,
  { timeline, inTunnel, answers }: SenderContext,
): boolean {
  const usual = inTunnel && url !== null ? answers.site(timeline, hostOf(url)) : null;
  if (usual === null) return false;
  return header === "server" ? usual.server === serverOf(head) : usual.names.has(header);
}

/**
 * HTTP in the clear answers a TLS handshake: a TLS origin does not do that. A device that serves plain HTTP where TLS is
 * expected may ask whoever comes, whatever was sent.
 */
export const plaintextAnswer: Question = ({ url }, head, { timeline, inTunnel }) => {
  if (!inTunnel || timeline.tunnel?.plaintextAnswer !== true) return [];
  const { target, tls } = timeline.tunnel;
  const { frame } = head.where;
  const hello = tls?.clientHello?.where.frame;
  const text = `frame ${frame} answers the ClientHello${hello === undefined ? "" : ` of frame ${hello}`} with plain HTTP: no TLS server was reached`;
  const server = serverOf(head);
  // Where a request was read, or a web server is named, that tells more.
  const isOpen = url === null && !namesWebServer(head);
  const isNamed = isOpen && server !== null && !marksOf(head, []).some(({ passed }) => !passed);
  const isInside = isOpen && target.text !== "" && (target.port !== HTTPS_PORT || !isPublicSite(target.host));
  const doubt = isInside
    ? `; ${target.text} is not where a public site is, and may be a device that speaks plain HTTP there`
    : "";
  const found: Evidence[] = [{ says: "proxy", weight: "likely", source: "plaintext", text: `${text}${doubt}` }];
  if (!isNamed) return found;
  const device = `${quoted(`Server: ${server}`)} names no proxy: it may be a device that speaks plain HTTP there (frame ${frame})`;
  return [...found, { says: "origin", weight: "possible", source: "device", text: device }];
};
