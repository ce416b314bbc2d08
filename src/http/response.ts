// What is asked of a response's head by those who judge it.
import type { Challenge, ResponseHead } from "./types.ts";

/** 2xx (RFC 9110 §15.3): any of them opens the tunnel that a CONNECT asked for (§9.3.6). */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Whether it asks for credentials, as an origin (401) or as a proxy (407); RFC 9110 §15.5.2, §15.5.8. */
export function isChallenge(
  response: ResponseHead | null | undefined,
): response is ResponseHead & { readonly status: 401 | 407 } {
  return response?.status === 401 || response?.status === 407;
}

/** What it asks for: a 407 in Proxy-Authenticate, everything else in WWW-Authenticate (RFC 9110 §11.6.1, §11.7.1). */
export function askedBy({ status, challenges, proxyChallenges }: ResponseHead): readonly Challenge[] {
  return status === 407 ? proxyChallenges : challenges;
}

/** The value of the first of its kept fields with this name, in lower case; null without one. */
export function fieldOf({ fields }: ResponseHead, field: string): string | null {
  return fields.find(({ name }) => name === field)?.value ?? null;
}
