// About how much memory the facts of a TLS connection take, in bytes.
import { GrowingFacts } from "./facts.ts";
import type { ClientHello, ServerHello, TlsFacts } from "./types.ts";

/** The counts, sums and lists of each connection, however short. */
const FACTS = 1_000;
/** A step, alert or record with its places and times. */
const ENTRY = 150;
/** An extension beside its data, which is part of the message. */
const EXTENSION = 100;
/** A number in a list. */
const NUMBER = 8;
/** A certificate with what is read out of it, for each of its bytes. */
const PER_CERTIFICATE_BYTE = 3;

/** A usual hello and chain: tens of thousands of connections may be open. */
const USUAL = 4 * 1024;

/** What the messages take that a sender makes as long as it likes, beyond what is usual. */
export function unusualBytesOfTls(facts: TlsFacts): number {
  return Math.max(0, (facts.clientHello?.raw.length ?? 0) + bytesOfChain(facts) - USUAL);
}

/** Of all that `facts` holds; certificates that were not asked for yet are not parsed for it. */
export function weightOfTls(facts: TlsFacts): number {
  const { clientHello, serverHello, helloRetryRequest, transitions, alerts, marks } = facts;
  return (
    FACTS +
    weightOfClientHello(clientHello) +
    weightOfServerHello(serverHello) +
    weightOfServerHello(helloRetryRequest) +
    PER_CERTIFICATE_BYTE * bytesOfChain(facts) +
    ENTRY * (transitions.length + alerts.length + marks.length)
  );
}

function weightOfClientHello(hello: ClientHello | null): number {
  if (hello === null) return 0;
  const { raw, extensions, cipherSuites, groups, signatureAlgorithms, supportedVersions, alpn } = hello;
  const numbers = cipherSuites.length + groups.length + signatureAlgorithms.length + supportedVersions.length;
  return raw.length + EXTENSION * (extensions.length + alpn.length) + NUMBER * numbers;
}

function weightOfServerHello(hello: ServerHello | null): number {
  return hello === null ? 0 : hello.raw.length + EXTENSION * hello.extensions.length;
}

function bytesOfChain(facts: TlsFacts): number {
  let sum = 0;
  if (facts instanceof GrowingFacts) for (const der of facts.chain) sum += der.length;
  return sum;
}
