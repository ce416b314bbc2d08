// Whether the proxy terminates the TLS of a tunnel itself: told from certificates, by chain, by comparison, by age.
import { addTo, latin1, millisBetween, type Nanos, quoted, sameBytes } from "../bytes/index.ts";
import type { ServerLeg, Timeline } from "../proxy/index.ts";
import type { Certificate, TlsFacts } from "../tls-parse/index.ts";
import { legsOf } from "./legs.ts";
import { issuerProduct } from "./products/index.ts";
import { siteOf } from "./sites.ts";
import type { ChainEnd, Trust } from "./trust.ts";
import { duration, hostOfTimeline, serverNameOf } from "./wording.ts";

/** Whether a tunnel's TLS ends at the proxy, and how that is known. */
export interface Interception {
  readonly state: "yes" | "no" | "unknown";
  /** In words with frames; null where nothing is known. */
  readonly why: string | null;
}

const UNKNOWN: Interception = { state: "unknown", why: null };

/** Certificates remembered for comparison, one per proxy, host and leaf; more tunnels than this are judged by themselves. */
const MAX_CERTIFICATES = 5_000;
/** What those take in memory at most; text of theirs as well as their bytes. */
const MAX_CERTIFICATE_BYTES = 16 * 1024 * 1024;
/** Longer names and keys are none that are met twice; answers about them are not remembered. */
const MAX_ID = 8 * 1024;
/** Public authorities date certificates back by an hour; one made minutes before it is used was made for this connection. */
const FRESH_MS = 10 * 60_000;
/** Unrelated sites with one unknown issuer: a company's own authority may sign for a few of its domains, hardly for so many. */
const MIN_SITES_OF_ISSUER = 5;
/** Embedded timestamps of certificate logs (RFC 6962 §3.3): only public authorities have them made. The DER of their OID. */
const SCT_LIST = [0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];

interface Known {
  readonly proxy: string;
  readonly host: string;
  readonly leaf: Certificate;
  readonly frame: number;
}

/** Remembers the certificates of all tunnels, then tells which were made by the proxy. */
export class CertificateRegister {
  readonly #trust: Trust;
  /** Those that are remembered, by proxy, host and leaf. */
  readonly #seen = new Set<string>();
  readonly #ends = new Map<string, ChainEnd>();
  readonly #byHost = new Map<string, Interception>();
  /** By proxy and public key, by proxy and issuer: certificates to compare with. */
  readonly #byKey = new Map<string, Known[]>();
  readonly #byIssuer = new Map<string, Known[]>();
  /** Of their certificates. */
  #bytes = 0;

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  learn(timeline: Timeline): void {
    const leaf = timeline.tunnel?.tls?.certificates[0];
    const host = hostOfTimeline(timeline);
    if (leaf === undefined || leaf.malformed || host === null || this.#seen.size >= MAX_CERTIFICATES) return;
    const proxy = timeline.proxy.ip;
    const id = `${proxy} ${host} ${leaf.serial} ${leaf.issuer}`;
    if (this.#seen.has(id)) return;
    if (this.#bytes + leaf.der.length > MAX_CERTIFICATE_BYTES) return;
    this.#bytes += leaf.der.length;
    this.#seen.add(id);
    const known = { proxy, host, leaf, frame: timeline.tunnel?.tls?.certificateWhere?.frame ?? timeline.firstFrame };
    addTo(this.#byKey, `${proxy} ${latin1(leaf.publicKey)}`, known);
    addTo(this.#byIssuer, `${proxy} ${leaf.issuer}`, known);
  }

  /** Ask when everything was learned. `legs`: the server legs of the capture. */
  of(timeline: Timeline, legs: readonly ServerLeg[]): Interception {
    const tls = timeline.tunnel?.tls ?? null;
    if (tls === null || timeline.tunnel?.plaintextAnswer === true) return UNKNOWN;
    const host = hostOfTimeline(timeline) ?? "";
    const id = `${timeline.proxy.ip} ${host}`;
    if (tls.certificates.length > 0) {
      const found = this.#ofCertificates(timeline, tls, host, legs);
      if (found.state !== "unknown") this.#byHost.set(id, found);
      return found;
    }
    if (tls.serverHello?.resumed !== true) return UNKNOWN;
    // A resumed session shows no certificate; it goes on from one to the same host through the same proxy.
    const before = this.#byHost.get(id);
    return before === undefined
      ? UNKNOWN
      : { state: before.state, why: `the session goes on from an earlier one to ${host}: ${before.why}` };
  }

  #ofCertificates(timeline: Timeline, tls: TlsFacts, host: string, legs: readonly ServerLeg[]): Interception {
    const leaf = tls.certificates[0]!;
    const frame = tls.certificateWhere?.frame ?? timeline.firstFrame;
    const says = `the certificate of frame ${frame} (issuer ${quoted(leaf.issuer)})`;
    const end = this.#chainEnd(tls, timeline.start);
    if (end === "proxy-ca") return { state: "yes", why: `${says} was made by the authority given with --proxy-ca` };
    // A proxy may have a certificate of a public authority, too, but none in the site's name.
    const isOwn = isFor(leaf, [host, serverNameOf(tls) ?? host]);
    if (end === "public-root" && isOwn) {
      return { state: "no", why: `${says} leads to a public root: the proxy does not read inside` };
    }
    const compared =
      this.#ofLegs(timeline, host, leaf, says, legs) ?? this.#ofIssuer(timeline, host, leaf, says, frame);
    // The root of a company may have signed the authority of its proxy as well as its sites.
    if (end === "trusted" && isOwn && compared?.state !== "yes") {
      return { state: "no", why: `${says} leads to a root given with --trust: the proxy does not read inside` };
    }
    return compared ?? UNKNOWN;
  }

  /** The same site's certificate on the proxy's own connection to it. */
  #ofLegs(
    timeline: Timeline,
    host: string,
    leaf: Certificate,
    says: string,
    legs: readonly ServerLeg[],
  ): Interception | null {
    let differing: string | null = null;
    for (const leg of legsOf(legs, timeline, { host, port: timeline.tunnel?.target.port ?? null })) {
      const other = leg.tls?.certificates[0];
      if (other === undefined || serverNameOf(leg.tls) !== host) continue;
      const where = `stream ${leg.stream}, frame ${leg.tls?.certificateWhere?.frame}`;
      if (sameBytes(other.der, leaf.der))
        return { state: "no", why: `${says} is the same as on the proxy's connection to the origin (${where})` };
      // One authority gives a site several certificates: for other clients, for another kind of key.
      if (other.issuer !== leaf.issuer)
        differing ??= `${says} is another one than the origin showed the proxy (issuer ${quoted(other.issuer)}, ${where})`;
    }
    return differing === null ? null : { state: "yes", why: differing };
  }

  #ofIssuer(timeline: Timeline, host: string, leaf: Certificate, says: string, frame: number): Interception | null {
    const product = issuerProduct(leaf.issuer);
    if (product !== null)
      return {
        state: "yes",
        why: `the certificate of frame ${frame} was made by ${product.product.name}: its issuer is ${quoted(leaf.issuer)}`,
      };
    if (includes(leaf.der, SCT_LIST)) return null;
    const proxy = timeline.proxy.ip;
    const twin = (this.#byKey.get(`${proxy} ${latin1(leaf.publicKey)}`) ?? []).find(
      (other) => siteOf(other.host) !== siteOf(host) && !sameBytes(other.leaf.der, leaf.der),
    );
    if (twin !== undefined)
      return {
        state: "yes",
        why: `${says} has the same public key as another one for the unrelated site ${twin.host} (frame ${twin.frame})`,
      };
    const age = leaf.notBefore === null ? null : millisBetween(leaf.notBefore, timeline.start);
    if (age !== null && age >= 0 && age < FRESH_MS)
      return { state: "yes", why: `${says} had been made only ${duration(age)} before` };
    const sites = new Set((this.#byIssuer.get(`${proxy} ${leaf.issuer}`) ?? []).map((other) => siteOf(other.host)));
    if (sites.size >= MIN_SITES_OF_ISSUER)
      return {
        state: "yes",
        why: `${says} has the same unknown issuer as those of the unrelated sites ${[...sites].slice(0, MIN_SITES_OF_ISSUER).join(", ")}`,
      };
    return null;
  }

  #chainEnd(tls: TlsFacts, at: Nanos): ChainEnd {
    const leaf = tls.certificates[0]!;
    const id = `${leaf.issuer} ${leaf.serial} ${latin1(leaf.publicKey)}`;
    let end = this.#ends.get(id);
    if (end === undefined) {
      end = this.#trust.chainEnd(
        tls.certificates.map(({ der }) => der),
        at,
      );
      if (this.#ends.size < MAX_CERTIFICATES && id.length <= MAX_ID) this.#ends.set(id, end);
    }
    return end;
  }
}

/** Whether the certificate is one for any of these hosts (RFC 9525 §6.3, which takes no common names any more; here they count where an old certificate has no other name). */
function isFor({ names, subjectCommonName }: Certificate, hosts: readonly string[]): boolean {
  const own = names.length > 0 ? names : subjectCommonName === null ? [] : [subjectCommonName];
  return own.some((name) => {
    const pattern = name.toLowerCase().replace(/\.$/, "");
    return hosts.some((host) => {
      const dot = host.indexOf(".");
      return pattern === host || (pattern.startsWith("*.") && dot > 0 && pattern.slice(1) === host.slice(dot));
    });
  });
}

function includes(bytes: Uint8Array, part: readonly number[]): boolean {
  const first = part[0]!;
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (part.every((byte, i) => bytes[at + i] === byte)) return true;
  }
  return false;
}
