// Which CONNECT opened a tunnel.
import type { ConnectFact, Timeline } from "../proxy/index.ts";

/** The CONNECT that opened the tunnel; null where none was seen. */
export function openingOf({ connects }: Timeline): ConnectFact | null {
  for (const connect of connects) {
    const status = connect.response?.status ?? 0;
    if (status >= 200 && status < 300) return connect;
  }
  return null;
}
