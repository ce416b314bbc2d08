// All rules, verdicts worst first, then those of their own.
import type { Rule } from "../rule.ts";
import { authAbandoned } from "./auth-abandoned.ts";
import { authLoop } from "./auth-loop.ts";
import { authNoScheme } from "./auth-no-scheme.ts";
import { basicInClear } from "./basic-in-clear.ts";
import { authOk, encrypted, notTls, ok } from "./calm.ts";
import { captureQuality } from "./capture-quality.ts";
import { challengeAfterSuccess } from "./challenge-after-success.ts";
import { connect401 } from "./connect-401.ts";
import { forward401Origin } from "./forward-401-origin.ts";
import { forward401Proxy } from "./forward-401-proxy.ts";
import { incomplete } from "./incomplete.ts";
import { keysMissing } from "./keys-missing.ts";
import { mixedAuthContext } from "./mixed-auth-context.ts";
import { noResponse } from "./no-response.ts";
import { ntlmBrokenConnection } from "./ntlm-broken-connection.ts";
import { schemeMismatch } from "./scheme-mismatch.ts";
import { tlsFailed } from "./tls-failed.ts";
import { tunnel401Origin } from "./tunnel-401-origin.ts";
import { tunnel401Proxy } from "./tunnel-401-proxy.ts";
import { tunnel401Suspected } from "./tunnel-401-suspected.ts";
import { tunnel401Unattributed } from "./tunnel-401-unattributed.ts";
import { tunnel407 } from "./tunnel-407.ts";
import { tunnelRefused } from "./tunnel-refused.ts";
import { untrustedInterception } from "./untrusted-interception.ts";

export const RULES: readonly Rule[] = [
  tunnel401Proxy,
  tunnel407,
  connect401,
  forward401Proxy,
  tunnel401Unattributed,
  tunnel401Suspected,
  authLoop,
  authNoScheme,
  authAbandoned,
  tunnelRefused,
  noResponse,
  tlsFailed,
  incomplete,
  encrypted,
  notTls,
  tunnel401Origin,
  forward401Origin,
  authOk,
  ok,
  mixedAuthContext,
  challengeAfterSuccess,
  ntlmBrokenConnection,
  schemeMismatch,
  untrustedInterception,
  basicInClear,
  captureQuality,
  keysMissing,
];
