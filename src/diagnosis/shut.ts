// Why the inside of a TLS connection could not be read, in words.
import { cipherSuiteName, type TlsFacts } from "../tls-parse/index.ts";

/** `no-keys`: for this session; `unfit`: there are some for its random, and none opens a record. */
export type ShutWhy = "no-keys" | "unfit" | "unsupported";

/** Why records of a connection stay closed; null: all of them were opened, or there were none. */
export function whyShut({ opened, damaged, closed, unsupported }: TlsFacts): ShutWhy | null {
  if (closed + damaged === 0) return null;
  if (unsupported) return "unsupported";
  return opened === 0 && damaged > 0 ? "unfit" : "no-keys";
}

/** What follows "cannot be read". */
export function shutText(tls: TlsFacts): string {
  switch (whyShut(tls)) {
    case "unsupported":
      return `: its cipher suite, ${suiteText(tls)}, is none that can be opened here`;
    case "unfit":
      return ": the keys at hand for this session do not open it";
    default:
      return " without keys";
  }
}

/** The name of the cipher suite that the server chose (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3), for a sentence. */
export function suiteText({ serverHello }: TlsFacts): string {
  return serverHello === null ? "which is not known" : cipherSuiteName(serverHello.cipherSuite);
}
