// The labels of NSS key logs (draft-ietf-tls-keylogfile §2, Wireshark's older ones).
import { SECRET, type SecretKind } from "./key-store.ts";

/** Secrets by client random: the length of the secret is the hash's, or 48 for a master secret (RFC 5246 §8.1). */
export const BY_RANDOM: Readonly<Record<string, { kind: SecretKind; lengths: readonly number[] }>> = {
  CLIENT_RANDOM: { kind: SECRET.master, lengths: [48] },
  PMS_CLIENT_RANDOM: { kind: SECRET.premaster, lengths: [] },
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: { kind: SECRET.clientHandshake, lengths: [32, 48] },
  SERVER_HANDSHAKE_TRAFFIC_SECRET: { kind: SECRET.serverHandshake, lengths: [32, 48] },
  CLIENT_TRAFFIC_SECRET_0: { kind: SECRET.clientTraffic, lengths: [32, 48] },
  SERVER_TRAFFIC_SECRET_0: { kind: SECRET.serverTraffic, lengths: [32, 48] },
  CLIENT_EARLY_TRAFFIC_SECRET: { kind: SECRET.clientEarly, lengths: [32, 48] },
};

/** Labels that are known and open no record: exporters, ECH, QUIC, and generations that follow from the first one. */
export const IGNORED =
  /^(EARLY_EXPORTER_(MASTER_)?SECRET|EXPORTER_SECRET|ECH_SECRET|ECH_CONFIG|QUIC_\w+|(CLIENT|SERVER)_TRAFFIC_SECRET_\d+)$/;
