// Where certificate chains end, by Node's bundled Mozilla roots and by files that were named. Made when the first chain asks.
import { X509Certificate } from "node:crypto";
import { latin1 } from "../bytes/index.ts";
import type { ChainEnd, Trust } from "../diagnosis/index.ts";
import { builtin } from "./builtin.ts";
import { contentOf } from "./files.ts";
import { lentFor, NOTHING_HELD } from "./pipes.ts";
import { readFailure } from "./read-failure.ts";
import type { FileSource, Held } from "./types.ts";

/** Longer chains are made to be tiring: real ones have two to four certificates. */
const MAX_DEPTH = 8;
/** All public roots together have 250 KB. */
const MAX_FILE = 16 * 1024 * 1024;
/** Issuers remembered; a capture shows a few dozen. */
const MAX_NAMES = 1_000;
/** Longer than the name of any root. */
const MAX_NAME_LENGTH = 1_024;
/** Keys of authorities have 4,096 bits at most and an exponent of 17; with others a signature takes milliseconds to check. */
const MAX_RSA_BITS = 8_192;
const MAX_RSA_EXPONENT = 2n ** 33n;
const PEM_LINE = /-----(BEGIN|END) (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/** Files of certificates, PEM (several in one are a bundle) or DER. */
export interface TrustFiles {
  /** Roots of origins that are not public. */
  readonly trust?: readonly FileSource[] | undefined;
  /** The authority with which the proxy intercepts. */
  readonly proxyCa?: readonly FileSource[] | undefined;
  /** Of those, what is a pipe. */
  readonly held?: Held | undefined;
}

/** Trust as the options name it; or the file that cannot be used. Reading the public roots waits for a chain to judge. */
export function loadTrust(
  files: TrustFiles,
): { readonly trust: Trust } | { readonly path: string; readonly why: string } {
  const named: { end: ChainEnd; certificates: readonly X509Certificate[] }[] = [];
  for (const [end, paths] of [
    ["proxy-ca", files.proxyCa ?? []],
    ["trusted", files.trust ?? []],
  ] as const) {
    for (const path of paths) {
      const read = readCertificates(lentFor(path, files.held ?? NOTHING_HELD));
      if (typeof read === "string") return { path: typeof path === "string" ? path : "-", why: read };
      named.push({ end, certificates: read });
    }
  }
  return { trust: new NodeTrust(named) };
}

class NodeTrust implements Trust {
  readonly #named: readonly { end: ChainEnd; certificates: readonly X509Certificate[] }[];

  constructor(named: readonly { end: ChainEnd; certificates: readonly X509Certificate[] }[]) {
    this.#named = named;
  }

  /**
   * Signatures and CA flags are checked from the leaf upwards, in whatever order the chain was sent. Dates are not: a
   * certificate that has expired was still not made by the proxy, which is all that is asked here.
   */
  chainEnd(chain: readonly Uint8Array[]): ChainEnd {
    const certificates: X509Certificate[] = [];
    for (const der of chain.slice(0, MAX_DEPTH)) {
      const certificate = parse(der);
      if (certificate === null) return "unknown";
      certificates.push(certificate);
    }
    let current = certificates.shift();
    if (current === undefined) return "unknown";
    for (let depth = 0; depth < MAX_DEPTH; depth++) {
      const end = this.#rootOf(current);
      if (end !== null) return end;
      const issuers = certificates.filter((candidate) => candidate !== current && issued(candidate, current!));
      const issuer = issuers.find(({ fingerprint256 }) => fingerprint256 !== current!.fingerprint256);
      if (issuer === undefined) break;
      current = issuer;
      certificates.splice(certificates.indexOf(issuer), 1);
    }
    // An authority that was not sent may lead anywhere; only one that signs itself ends there.
    return issued(current, current) || current.issuer === current.subject ? "other" : "unknown";
  }

  #rootOf(certificate: X509Certificate): ChainEnd | null {
    for (const { end, certificates } of this.#named) {
      const found = certificates.some(
        (root) => root.fingerprint256 === certificate.fingerprint256 || issued(root, certificate),
      );
      if (found) return end;
    }
    publicRoots ??= new PublicRoots();
    const found = publicRoots
      .named(certificate.issuer)
      .some((root) => root.fingerprint256 === certificate.fingerprint256 || issued(root, certificate));
    return found ? "public-root" : null;
  }
}

/** Node's bundled Mozilla roots. Parsing all of them costs as long as checking a small capture: only those asked for are, once. */
class PublicRoots {
  readonly #ders: readonly string[];
  readonly #parsed: (X509Certificate | null | undefined)[] = [];
  readonly #byName = new Map<string, readonly X509Certificate[]>();

  constructor() {
    const { rootCertificates } = builtin("node:tls");
    this.#ders = rootCertificates.map((pem) =>
      Buffer.from(pem.replace(/-----[^-]+-----/g, ""), "base64").toString("latin1"),
    );
  }

  /** Roots with this name, of a line per part, whatever its case (RFC 5280 §7.1). */
  named(name: string): readonly X509Certificate[] {
    if (name.length > MAX_NAME_LENGTH) return [];
    let roots = this.#byName.get(name);
    if (roots === undefined) {
      roots = this.#find(name);
      if (this.#byName.size < MAX_NAMES) this.#byName.set(name, roots);
    }
    return roots;
  }

  /** Of the roots in which the last part of the name occurs, its common name mostly, those that have all of it. */
  #find(name: string): readonly X509Certificate[] {
    const value = Buffer.from(name.slice(name.lastIndexOf("=") + 1)).toString("latin1");
    if (value === "") return [];
    const found: X509Certificate[] = [];
    for (const [i, der] of this.#ders.entries()) {
      if (!der.includes(value)) continue;
      this.#parsed[i] ??= parse(Buffer.from(der, "latin1"));
      const root = this.#parsed[i];
      if (root !== null && root.subject.toLowerCase() === name.toLowerCase()) found.push(root);
    }
    return found;
  }
}

/** The same for all captures of a process, and made when the first chain asks. */
let publicRoots: PublicRoots | null = null;

/** Whether `issuer` may sign certificates (RFC 5280 §4.2.1.9) and signed this one. */
function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return issuer.ca && certificate.checkIssued(issuer) && isOrdinary(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    // A key of a kind that the platform does not know: nothing was shown.
    return false;
  }
}

/** Whether checking a signature with its key takes no longer than with those that authorities have. */
function isOrdinary({ publicKey }: X509Certificate): boolean {
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  return modulusLength <= MAX_RSA_BITS && publicExponent <= MAX_RSA_EXPONENT;
}

function parse(certificate: string | Uint8Array): X509Certificate | null {
  try {
    return new X509Certificate(certificate);
  } catch {
    // What was on the wire need not be a certificate.
    return null;
  }
}

/** The certificates of a file, or why there are none. */
function readCertificates(file: FileSource | readonly Uint8Array[]): readonly X509Certificate[] | string {
  let bytes: Uint8Array;
  try {
    bytes = contentOf(file, MAX_FILE);
  } catch (error) {
    return `the certificate cannot be read: ${readFailure(error)}`;
  }
  const blocks = pemBlocks(latin1(bytes));
  const found = blocks.length > 0 ? blocks.map(parse) : [parse(bytes)];
  const whole = found.filter((certificate) => certificate !== null);
  if (whole.length === 0) return "it holds no certificate (PEM or DER)";
  return whole.length < found.length ? "one of its certificates is damaged" : whole;
}

/** What stands between a first line and the next last one, both included: each line is met once, however many have no end. */
function pemBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let from = -1;
  for (const line of text.matchAll(PEM_LINE)) {
    if (line[1] === "BEGIN") {
      if (from < 0) from = line.index;
    } else if (from >= 0) {
      blocks.push(text.slice(from, line.index + line[0].length));
      from = -1;
    }
  }
  return blocks;
}
