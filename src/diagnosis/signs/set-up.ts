// How long setting one tunnel up took, beyond the round trip to the proxy.
import { type Millis, millisBetween } from "../../bytes/index.ts";
import type { RequestHead } from "../../http/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { openingOf } from "../opening.ts";

/** Below this a proxy's own work (a certificate, a name, a sign-in) takes as long as its way, and nothing can be told. */
export const MIN_WAY_MS = 20;

/** What setting one tunnel up took beyond the round trip to the proxy. */
export interface SetUp {
  readonly ms: Millis;
  /** The smaller one of the two measures. */
  readonly lesser: Millis;
  readonly byConnect: boolean;
  /** Frames of what was asked and of its answer. */
  readonly from: number;
  readonly to: number;
  readonly start: bigint;
  readonly end: bigint;
}

/** Whether setting the tunnel up took so long that the proxy's answers can be told from the origin's. */
export function isLong(setUp: SetUp | null): boolean {
  return setUp !== null && setUp.ms >= MIN_WAY_MS;
}

/** The last leg of NTLM or Kerberos: a domain controller may have been asked meanwhile, on every connection anew. Passwords are cached. */
function isCheckedAnew({ proxyAuthorization: credentials }: RequestHead): boolean {
  return credentials !== null && credentials.step !== null;
}

/** From CONNECT to its 2xx, and from ClientHello to ServerHello: a proxy goes to the origin during the one or the other. */
export function setUpOf(timeline: Timeline): SetUp | null {
  const { tunnel, roundTripMs } = timeline;
  const opening = openingOf(timeline);
  const tls = tunnel?.tls ?? null;
  if (opening?.response == null || tls?.clientHello == null || tls.serverHello === null) return null;
  const toProxy = roundTripMs ?? 0;
  const asked = opening.request.where;
  const opened = opening.response.where;
  const connect = isCheckedAnew(opening.request) ? 0 : millisBetween(asked.time, opened.time) - toProxy;
  // A HelloRetryRequest is answered by the client in between.
  const hello =
    tls.helloRetryRequest !== null
      ? 0
      : millisBetween(tls.clientHello.where.time, tls.serverHello.where.time) - toProxy;
  const byConnect = Math.min(connect, hello) >= MIN_WAY_MS ? connect <= hello : connect >= hello;
  const [from, to] = byConnect
    ? [asked.frame, opened.frame]
    : [tls.clientHello.where.frame, tls.serverHello.where.frame];
  return {
    // Where both show a way, the smaller one has less of other work in it.
    ms: Math.min(connect, hello) >= MIN_WAY_MS ? Math.min(connect, hello) : Math.max(connect, hello),
    lesser: Math.min(connect, hello),
    byConnect,
    from,
    to,
    start: asked.time,
    end: tls.serverHello.where.time,
  };
}
