// About how much memory the facts of a TLS connection take, in bytes.
import { GrowingFacts } from "./facts.ts";
import type { ClientHello, ServerHello, TlsFacts } from "./types.ts";

/** The counts, sums and lists of each connection, however short. */
const FACTS = 1_000;
/** A step, alert or record with its places and times. */
const ENTRY = 150;
/** A hello beside its message: where the fields are, and what is read at once. */
const HELLO = 250;
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
    weightOfHello(clientHello) +
    weightOfHello(serverHello) +
    weightOfHello(helloRetryRequest) +
    PER_CERTIFICATE_BYTE * bytesOfChain(facts) +
    ENTRY * (transitions.length + alerts.length + marks.length)
  );
}

/** Lists of a hello are made anew whenever they are asked for: those of an odd one have thousands of entries, and none is kept. */
function weightOfHello(hello: ClientHello | ServerHello | null): number {
  return hello === null ? 0 : HELLO + hello.raw.length;
}

function bytesOfChain(facts: TlsFacts): number {
  let sum = 0;
  if (facts instanceof GrowingFacts) for (const der of facts.chain) sum += der.length;
  return sum;
}
