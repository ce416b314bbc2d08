// What the engine takes and gives, for the command line, the library and audits.
import type { Report } from "../report/index.ts";
import type { TlsPlatform } from "../tls-decrypt/index.ts";
import type { CancelSignal } from "./byte-source.ts";

/** A place to look for proxies; either part may be left out. */
export interface ProxyAddress {
  /** An IP address. Left out: any that listens at `port`. */
  readonly host?: string;
  /** 1 to 65535. Left out: any port of `host`. */
  readonly port?: number;
}

/** A small file beside a capture: its path, or what is in it. */
export type FileSource = string | Uint8Array;

/** What pipes gave, in pieces, by the paths under which they were named. Workers share the pieces. */
export type Held = ReadonlyMap<string, readonly Uint8Array[]>;

/** How one capture is checked; what is left out has a default. */
export interface CheckOptions {
  /** Where proxies listen; without it they are found by what the bytes say, on any port. */
  readonly proxies?: readonly ProxyAddress[];
  /** Key logs (NSS format). Those beside a capture that is a file (NAME.keys, .keylog, .sslkeylog) are found without being named. */
  readonly keylogs?: readonly FileSource[];
  /** RSA private keys (PEM) of servers, for TLS with RSA key exchange. */
  readonly rsaKeys?: readonly FileSource[];
  /** Certificates (PEM or DER) of private roots under which origins are: their chains rule interception out. */
  readonly trust?: readonly FileSource[];
  /** Certificates of the authority with which the proxy intercepts. */
  readonly proxyCa?: readonly FileSource[];
  /** Paths of policy traces (ProxySG) of the same minutes: joined to the tunnels. */
  readonly policyTraces?: readonly string[];
  /** Paths of the proxy's access logs in the W3C extended format, likewise. */
  readonly accessLogs?: readonly string[];
  /** What pipes among those paths gave, where several captures ask for it; without it key logs are read for each capture. */
  readonly held?: Held;
  /** False: large response bodies inside TLS are passed over, so their authentication tags are not verified. Default true. */
  readonly verifyBodies?: boolean;
  /** The ciphers with which TLS is opened. Default: those of Node; `pcapcheck/portable` has some that need no platform. */
  readonly ciphers?: TlsPlatform;
  /**
   * Called while reading with the bytes read so far and the size of the file or memory, null where it is not known; again from 0
   * where a capture is read a second time for keys that lie behind what they open. What it throws is what the check rejects with.
   */
  readonly onProgress?: (bytes: number, total: number | null) => void;
  /** Ends the check, which rejects with the signal's reason; a stream is ended with it. */
  readonly signal?: CancelSignal;
  /** Connections kept in full (of remarkable ones as many again); the others are summed up as `folded`. Default 2,000. */
  readonly maxConnections?: number;
  /**
   * "connections": the report has no fingerprints (JA3, JA4, certificate), which take longer than the rest of it. "verdict": of the
   * connections it has only those besides that the capture's sentence is about, which is all that a line or an exit code needs;
   * totals and findings are those of all. Default "full".
   */
  readonly detail?: "full" | "connections" | "verdict";
  /** The name under which the capture stands in the report; default: the path, or "-". */
  readonly name?: string;
}

/** Files for every capture, by their paths: the journal remembers which ones, and their state. */
export interface AuditFiles {
  /** Key logs (NSS format); those beside a capture are found without being named. */
  readonly keylogs?: readonly string[];
  /** RSA private keys (PEM) of servers. */
  readonly rsaKeys?: readonly string[];
  /** Certificates of origins' private roots. */
  readonly trust?: readonly string[];
  /** Certificates of the proxy's interception authority. */
  readonly proxyCa?: readonly string[];
}

/** The same with what the pipes among them gave. */
export type LentFiles = AuditFiles & Pick<CheckOptions, "held">;

/** The source could not be checked: exit code 2. */
export interface CheckFailure {
  readonly kind: "failed";
  readonly path: string;
  /** One sentence without the path. */
  readonly message: string;
  /** How to convert or what to do, or null. */
  readonly advice: string | null;
  /** The source could be read and holds something else. */
  readonly notACapture?: true;
}

/** A report, or a failure, which has `kind`. */
export type CheckResult = Report | CheckFailure;
