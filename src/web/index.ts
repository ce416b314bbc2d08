// What runs without Node.
export type { TlsPlatform } from "../tls-decrypt/index.ts";
export { portableCiphers } from "./portable-ciphers.ts";
