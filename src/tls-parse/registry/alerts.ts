// Alert descriptions (RFC 8446 §6, with those of earlier versions and of extensions).

export const CLOSE_NOTIFY = 0;

const ALERTS: Readonly<Record<number, string>> = {
  [CLOSE_NOTIFY]: "close_notify",
  10: "unexpected_message",
  20: "bad_record_mac",
  21: "decryption_failed", // RFC 4346 §7.2
  22: "record_overflow",
  30: "decompression_failure", // RFC 5246 §7.2
  40: "handshake_failure",
  41: "no_certificate", // RFC 6101 §5.4.2
  42: "bad_certificate",
  43: "unsupported_certificate",
  44: "certificate_revoked",
  45: "certificate_expired",
  46: "certificate_unknown",
  47: "illegal_parameter",
  48: "unknown_ca",
  49: "access_denied",
  50: "decode_error",
  51: "decrypt_error",
  52: "too_many_cids_requested", // RFC 9146 §10.2
  60: "export_restriction", // RFC 2246 §7.2
  70: "protocol_version",
  71: "insufficient_security",
  80: "internal_error",
  86: "inappropriate_fallback", // RFC 7507 §2
  90: "user_canceled",
  100: "no_renegotiation", // RFC 5246 §7.2
  109: "missing_extension",
  110: "unsupported_extension",
  111: "certificate_unobtainable", // RFC 6066 §9
  112: "unrecognized_name",
  113: "bad_certificate_status_response",
  114: "bad_certificate_hash_value", // RFC 6066 §9
  115: "unknown_psk_identity",
  116: "certificate_required",
  120: "no_application_protocol", // RFC 7301 §3.2
  121: "ech_required", // RFC 9849 §5
};

/** Registry name of an alert description; the number as text if unknown. */
export function alertName(description: number): string {
  return ALERTS[description] ?? String(description);
}
