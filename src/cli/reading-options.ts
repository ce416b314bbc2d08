// Options about how captures are read: the same for one and for many.
import type { Command } from "commander";
import type { AuditFiles, CheckOptions, ProxyAddress } from "../audit/index.ts";
import { fileNames, ports, proxies } from "./option-values.ts";

/** Their values as commander gives them. */
export interface ReadingArguments {
  readonly proxyPort?: readonly number[];
  readonly proxy?: readonly ProxyAddress[];
  readonly keylog?: readonly string[];
  readonly rsaKey?: readonly string[];
  readonly trust?: readonly string[];
  readonly proxyCa?: readonly string[];
  readonly skipBodies?: boolean;
}

/** What they mean to the engine. */
export function readingOptionsOf(given: ReadingArguments): AuditFiles & Pick<CheckOptions, "proxies" | "verifyBodies"> {
  return {
    proxies: [...(given.proxy ?? []), ...(given.proxyPort ?? []).map((port) => ({ port }))],
    keylogs: given.keylog ?? [],
    rsaKeys: given.rsaKey ?? [],
    trust: given.trust ?? [],
    proxyCa: given.proxyCa ?? [],
    verifyBodies: given.skipBodies !== true,
  };
}

/** Adds them to `command`. */
export function readingOptions(command: Command): Command {
  return command
    .option("-p, --proxy-port <port,...>", "where the proxy listens; without it, found by what the bytes say", ports)
    .option("--proxy <ip[:port]>", "the proxy's IP address; repeatable", proxies)
    .option(
      "-k, --keylog <file>",
      "TLS key log (SSLKEYLOGFILE); repeatable; NAME.keys beside the capture is found",
      fileNames,
    )
    .option("--rsa-key <file>", "a server's RSA private key (PEM), for RSA key exchange; repeatable", fileNames)
    .option("--trust <file>", "certificates of origins' private roots (PEM or DER); repeatable", fileNames)
    .option("--proxy-ca <file>", "certificates of the proxy's interception authority; repeatable", fileNames)
    .option("--skip-bodies", "pass over large bodies inside TLS without verifying their tags: quicker");
}
