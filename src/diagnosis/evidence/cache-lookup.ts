// What a Squid says of its cache, by name and port of its own: whether it looked for an answer there, or made it at once.
import { gather, quoted } from "../../bytes/index.ts";
import type { ResponseHead } from "../../http/index.ts";
import { marksOf } from "../products/index.ts";
import { portOf } from "../wording.ts";
import type { Question } from "./types.ts";

/** What a Squid passed on may come from a proxy behind it, which sets cookies and writes JSON as easily as a site: all that is one sign. */
export const PASSED_ON = "passed";

/** Source of what a Squid says of its cache. */
export const CACHE_LOOKUP = "cache-lookup";

/** Squid source: client_side_reply. NONE is said of an answer that it made, or had made by its content filter (ICAP), without looking. */
const LOOKED_UP = /^(MISS|HIT|NONE) from \S+:(\d+)$/;

interface Lookup {
  /** The field's value as a whole. */
  readonly value: string;
  readonly result: string;
  readonly port: number;
}

/**
 * A Squid that reads inside says of what it passes on that it looked for it in its cache. Outside of tunnels that may come from
 * a further proxy as well; and with Squid's own marks it may be a refusal of what it had fetched.
 */
export const passedThrough: Question = (_exchange, head, { timeline, inTunnel }) => {
  if (!inTunnel || marksOf(head, []).some(({ product, passed }) => product.id === "squid" && !passed)) return [];
  const own = lookupsOf(head).find(({ result, port }) => result !== "NONE" && port === timeline.proxy.port);
  if (own === undefined) return [];
  const text = `${told(own)} says that the proxy looked for it in its cache, as a Squid does for what it passes on, from the site or from a proxy behind it (frame ${head.where.frame})`;
  return [{ says: "origin", weight: "likely", source: PASSED_ON, text }];
};

/** Of what a Squid does not get from others it says NONE; whatever stood behind it would have been looked for first. */
export const madeAtOnce: Question = ({ url }, head, { timeline }) => {
  const lookups = lookupsOf(head);
  const [own] = lookups;
  const { port } = timeline.proxy;
  if (own === undefined || lookups.some((one) => one.result !== "NONE" || one.port !== port)) return [];
  // A Squid may be the site's, at the port that was asked for.
  if ((url === null ? timeline.tunnel?.target.port : portOf(url)) === port) return [];
  const text = `${told(own)} says that the proxy did not look for it in its cache, as a Squid does for what it passes on: it, or its content filter, made it (frame ${head.where.frame})`;
  return [{ says: "proxy", weight: "likely", source: CACHE_LOOKUP, text }];
};

function told({ value }: Lookup): string {
  return quoted(`X-Cache-Lookup: ${value}`);
}

/** In the order in which proxies in a row wrote them. */
function lookupsOf(head: ResponseHead): readonly Lookup[] {
  return gather(head.fields, ({ name, value }) =>
    name === "x-cache-lookup"
      ? value.split(",").flatMap((member) => {
          const [, result, port] = LOOKED_UP.exec(member.trim()) ?? [];
          return result === undefined ? [] : [{ value, result, port: Number(port) }];
        })
      : [],
  );
}
