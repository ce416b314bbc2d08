// How long a proxy took to set a tunnel up: what its way to the origin shows in, beside its own work.
import { type Millis, millisBetween } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { openingOf } from "../opening.ts";

/** A proxy that reads inside makes a certificate during the handshake: 20 to 70 ms with an RSA key, as recorded. */
export const CERTIFICATE_MS = 70;

/** What setting up a tunnel took, less the round trip to the proxy. */
export interface SetUp {
  /** From the CONNECT to its 2xx; null where it was not seen, or credentials were checked anew. */
  readonly connect: Millis | null;
  /** From the ClientHello to the ServerHello; null where it was not seen, or asked for another ClientHello. */
  readonly handshake: Millis | null;
}

export function setUpOf(timeline: Timeline): SetUp {
  const { tunnel, roundTripMs } = timeline;
  const toProxy = roundTripMs ?? 0;
  const tls = tunnel?.tls;
  const handshake =
    tls?.clientHello != null && tls.serverHello !== null && tls.helloRetryRequest === null
      ? millisBetween(tls.clientHello.where.time, tls.serverHello.where.time) - toProxy
      : null;
  const opening = openingOf(timeline);
  if (opening?.response == null) return { connect: null, handshake };
  const credentials = opening.request.proxyAuthorization;
  // Checking credentials takes a while, too: those of a multi-step scheme on every connection, others at least the first time.
  const shown = credentials === null || (credentials.step === null && handshake !== null);
  const connect = shown ? millisBetween(opening.request.where.time, opening.response.where.time) - toProxy : null;
  return { connect, handshake };
}

/** The most that the way to the origin may have taken of it, where the proxy reads inside; null where nothing was measured. */
export function wayIn({ connect, handshake }: SetUp): Millis | null {
  if (connect === null && handshake === null) return null;
  return Math.max(connect ?? 0, (handshake ?? 0) - CERTIFICATE_MS);
}
