// Evidence for the site: it asks as an API does, and answers as it always does.
import { quoted } from "../../bytes/index.ts";
import { fieldOf } from "../../http/index.ts";
import { marksOf } from "../products/index.ts";
import { hostOf, schemesText } from "../wording.ts";
import { serverOf } from "./answers.ts";
import { PASSED_ON } from "./cache-lookup.ts";
import type { Question } from "./types.ts";
import { namesWebServer } from "./web-servers.ts";

/** Headers that come with the kind of answer, not with the hand that wrote it. */
const OF_THE_MESSAGE =
  /^(?:content-|transfer-encoding$|connection$|keep-alive$|date$|etag$|last-modified$|accept-ranges$|location$|www-authenticate$|set-cookie$|vary$|age$|expires$|cache-control$|pragma$|:status$)/;
/** Headers that intercepting proxies put on whatever passes, and on what they make themselves. */
const OF_PROXIES = /^(?:via|x-cache|x-cache-lookup|x-bluecoat-via|proxy-.*|x-forwarded-.*)$/;
/** An edge server in front of an application lacks one header (`X-Powered-By`) as easily as a proxy does. */
const MIN_MISSING = 2;

/** Proxies do not ask for bearer tokens; APIs do (RFC 6750 §3). */
export const bearer: Question = (_exchange, head) => {
  if (!head.challenges.some(({ scheme }) => /^(bearer|dpop|aws4-hmac-sha256|token|apikey)$/i.test(scheme))) return [];
  const text = `it asks for ${schemesText(head.challenges)}, as an API does (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "likely", source: "scheme", text }];
};

/** A proxy writes pages for people, an API errors for programs. */
export const apiError: Question = (_exchange, head) => {
  if (!/^application\/(?:[\w.+-]*\+)?json\b/i.test(fieldOf(head, "content-type") ?? "")) return [];
  const text = `its body is JSON, as an API's error is (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "likely", source: PASSED_ON, text }];
};

/** The same `Server` and the same further headers as ordinary answers of this site; or, for the proxy, none of them. */
export const likeTheSite: Question = (exchange, head, { timeline, inTunnel, answers }) => {
  if (!inTunnel || exchange.url === null) return [];
  const host = hostOf(exchange.url);
  const usual = answers.site(timeline, host);
  if (usual === null) return [];
  const server = serverOf(head);
  // A product's own name says the same of pages that the proxy made as of those of a site behind that product.
  if (usual.server === server && marksOf(head, []).some(({ header, passed }) => header === "server" && !passed))
    return [];
  const own = [...usual.names].filter((name) => !OF_THE_MESSAGE.test(name) && !OF_PROXIES.test(name));
  if (own.length === 0) return [];
  const missing = own.filter((name) => !head.names.includes(name));
  if (missing.length === 0 && (usual.server === null || usual.server === server)) {
    const what =
      usual.server === null ? `the headers ${own.slice(0, 3).join(", ")}` : quoted(`Server: ${usual.server}`);
    const text = `it has ${what} like other answers of ${host} (frame ${usual.frame})`;
    return [{ says: "origin", weight: "likely", source: "site-headers", text }];
  }
  if (missing.length < Math.max(own.length, MIN_MISSING)) return [];
  const text = `it has none of the headers that ${host} sends with other answers (${own.slice(0, 3).join(", ")}; frame ${usual.frame})`;
  return [{ says: "proxy", weight: "possible", source: "site-headers", text }];
};

/** A web server's name, where no ordinary answer of the site is there to compare with. Gateways are built on such servers, too. */
export const siteServer: Question = (exchange, head, { timeline, inTunnel, answers }) => {
  const host = exchange.url === null ? null : hostOf(exchange.url);
  if (host !== null && inTunnel && answers.site(timeline, host) !== null) return [];
  if (host !== null && answers.alikeElsewhere(timeline, head, host).length > 0) return [];
  const server = serverOf(head);
  if (server === null || !namesWebServer(head)) return [];
  // It asked in the same words for a CONNECT, which no site is asked for.
  if (answers.proxyChallenge(timeline, head.challenges, head.where.frame)?.server === server) return [];
  const text = `${quoted(`Server: ${server}`)} names a web server (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "possible", source: "site-headers", text }];
};

/** Headers by which server software of sites tells of itself, in its refusals as well. No proxy writes them. */
const OF_SITES =
  /^(?:x-jenkins|x-hudson|x-gitlab-.*|x-artifactory-.*|x-jfrog-.*|docker-distribution-api-version|x-elastic-product|x-gitea-.*|microsoftsharepointteamservices|sprequestguid|x-sharepointhealthscore|x-owa-version|x-feserver|x-aspnet-version|x-aspnetmvc-version|x-powered-by|dav|x-drupal-.*|x-generator|x-vault-.*|x-influxdb-.*|x-couchdb-.*|x-amz-request-id|x-ms-request-id|x-github-request-id|x-nexus-.*)$/;
export const siteSoftware: Question = (_exchange, head) => {
  const name = head.names.find((one) => OF_SITES.test(one));
  if (name === undefined) return [];
  const text = `the header ${name} is one of server software for sites (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "likely", source: "software", text }];
};

/** A ProxySG sets this cookie where a server behind it asks for credentials, to tell its own challenges from others'. */
export const challengeState: Question = (_exchange, head) => {
  if (!head.fields.some(({ name, value }) => name === "set-cookie" && /^BCSI-CS-/i.test(value))) return [];
  const text = `it has the cookie with which a ProxySG marks challenges of servers behind it (BCSI-CS, frame ${head.where.frame})`;
  return [{ says: "origin", weight: "likely", source: "challenge-state", text }];
};

/** Cookies are the site's business, but for those of proxies' own products. */
export const siteCookies: Question = (_exchange, head) => {
  if (!head.names.includes("set-cookie")) return [];
  if (marksOf(head, []).some(({ text }) => text.startsWith("the cookie "))) return [];
  const text = `it sets a cookie, as the site's own login does (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "likely", source: PASSED_ON, text }];
};
