// Which CONNECT opened a tunnel.
import { isSuccess } from "../http/index.ts";
import type { ConnectFact, Timeline } from "../proxy/index.ts";

/** The CONNECT that opened the tunnel; null where none was seen. */
export function openingOf({ connects }: Timeline): ConnectFact | null {
  return connects.find(({ response }) => response !== null && isSuccess(response.status)) ?? null;
}
