// Digests for fingerprints of clients and certificates, from Node.
import type { ReportDigests } from "../report/index.ts";
import { builtin } from "./builtin.ts";

/** node:crypto takes 4 % of a short run to load: only a report that shows fingerprints asks for it. */
export const DIGESTS: ReportDigests = {
  sha256: (bytes) => digest("sha256", bytes),
  md5: (bytes) => digest("md5", bytes),
};

function digest(algorithm: "sha256" | "md5", bytes: Uint8Array): Uint8Array {
  return builtin("node:crypto").createHash(algorithm).update(bytes).digest();
}
