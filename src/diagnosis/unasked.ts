// Why a client closes a tunnel that was set up, and asks nothing in it.
import { quoted } from "../bytes/index.ts";
import { isTls13, type TlsFacts } from "../tls-parse/index.ts";

/** A sentence's end, behind "nothing was asked in it before the client closed the connection: ". */
export function whyUnasked(tls: TlsFacts): string {
  const offered = unmet(tls);
  if (offered === null) return "so does a client that does not accept the certificate, or that has nothing to ask";
  return `it offered only ${offered.map(quoted).join(", ")} as protocol (ALPN), and none was accepted: so does a program that needs HTTP/2, as gRPC does, where the site or a proxy that ends its TLS has none`;
}

/**
 * The protocols of a client that speaks no HTTP/1.1, where the other side certainly chose none of them (RFC 7301 §3.1); else null.
 * At TLS 1.3 the choice stands in front of the certificate, which tells that it was read.
 */
function unmet({ clientHello, serverHello, certificates, alpn, gaps }: TlsFacts): readonly string[] | null {
  if (clientHello === null || serverHello === null || !clientHello.whole || gaps > 0 || alpn !== null) return null;
  if (isTls13(serverHello.version) && certificates.length === 0) return null;
  const offered = clientHello.alpn;
  return offered.length === 0 || offered.some((protocol) => protocol.startsWith("http/1")) ? null : offered;
}
