// Evidence by likeness: the same challenge or page came from this proxy before, or in tunnels to unrelated sites.
import { askedBy, type Challenge, type ResponseHead } from "../../http/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { hostOf, schemesText } from "../wording.ts";
import { type AnswerRegister, serverOf } from "./answers.ts";
import type { Question } from "./types.ts";
import { isUsualRealm, namesWebServer } from "./web-servers.ts";

/** The same challenge as a 407 of this proxy. A bare scheme is alike wherever it comes from. */
export const sameChallenge: Question = (_exchange, head, { timeline, answers }) => {
  const challenges = askedBy(head);
  if (challenges.length === 0 || isBare(challenges)) return [];
  const same = answers.proxyChallenge(timeline, challenges, head.where.frame);
  if (same === null) return [];
  const own = same.status === 407 ? "407" : "401 to a CONNECT";
  const text = `the challenge (${schemesText(challenges)}) is the same as in this proxy's ${own} of frame ${same.frame}`;
  // A realm that comes with software, or into everybody's mind, may be the proxy's and the site's; with one Server it is less so.
  const isOneServer = same.server !== null && same.server === serverOf(head);
  const weight = hasUsualRealm(challenges) && !isOneServer ? "possible" : "likely";
  return [{ says: "proxy", weight, source: "challenge", text }];
};

/** Sites that have nothing to do with each other do not challenge alike: what they share is the proxy. */
export const challengeElsewhere: Question = (exchange, head, { timeline, inTunnel, answers }) => {
  const challenges = askedBy(head);
  if (exchange.url === null || challenges.length === 0 || isBare(challenges)) return [];
  const host = hostOf(exchange.url);
  // Default realms and pages of web servers are alike on sites that have nothing else in common.
  if (namesWebServer(head) || hasUsualRealm(challenges)) {
    const [one, other] = answers.alikeElsewhere(timeline, head, host);
    if (one === undefined || other === undefined) return inTunnel ? [] : oneAlike(head, host, timeline, answers);
    const text = `the same challenge came with the same Server for the unrelated sites ${one.host} (frame ${one.frame}) and ${other.host} (frame ${other.frame})`;
    return [{ says: "proxy", weight: "possible", source: "elsewhere", text }];
  }
  const same = answers.challengeElsewhere(timeline, challenges, host);
  if (same === null) return [];
  const text = `the same challenge came for the unrelated site ${same.host} (frame ${same.frame})`;
  return [{ says: "proxy", weight: "likely", source: elsewhere(challenges), chance: !same.many, text }];
};

/**
 * Who answers a forwarded request need not show that it can read inside: with a realm of its own on one other site of the same
 * software it may be the proxy, or both sites are one owner's.
 */
function oneAlike(head: ResponseHead, host: string, timeline: Timeline, answers: AnswerRegister): ReturnType<Question> {
  if (hasUsualRealm(askedBy(head))) return [];
  const same = answers.challengeElsewhere(timeline, askedBy(head), host);
  if (same === null || same.server !== serverOf(head)) return [];
  const text = `the same challenge came with the same Server for the unrelated site ${same.host} (frame ${same.frame})`;
  return [{ says: "proxy", weight: "possible", source: "elsewhere", text }];
}

/** It names nobody: no realm, no domain. */
function isBare(challenges: readonly Challenge[]): boolean {
  return challenges.every(({ realm, ntlm }) => realm === null && ntlm?.targetName == null);
}

/** The same page to the byte for unrelated sites. */
export const pageElsewhere: Question = (exchange, head, { timeline, inTunnel, answers }) => {
  if (namesWebServer(head) || !inTunnel || exchange.url === null || exchange.body === null || exchange.body.bytes === 0)
    return [];
  const same = answers.pageElsewhere(timeline, exchange.body.tag, hostOf(exchange.url));
  if (same === null) return [];
  const text = `the same page, to the byte, came for the unrelated site ${same.host} (frame ${same.frame})`;
  // A realm that software brings along comes with its page: two sites of one software are alike to the byte.
  const challenges = askedBy(head);
  const weight = hasUsualRealm(challenges) ? "possible" : "likely";
  return [{ says: "proxy", weight, source: elsewhere(challenges), chance: !same.many, text }];
};

function hasUsualRealm(challenges: readonly Challenge[]): boolean {
  return challenges.length > 0 && challenges.every(({ realm }) => realm !== null && isUsualRealm(realm));
}

/**
 * Where a realm is named, likeness to the proxy's 407 and likeness between sites are two signs. Without one they are one: all
 * servers of a Windows domain name the same NTLM target and send the same pages.
 */
function elsewhere(challenges: readonly Challenge[]): string {
  return challenges.some(({ realm }) => realm !== null) ? "elsewhere" : "challenge";
}
