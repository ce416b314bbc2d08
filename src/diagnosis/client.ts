// Who asks: where a load balancer stands in front of the proxy, the client that its PROXY header names.
import type { Timeline } from "../proxy/index.ts";

/** The client's address: as the header names it, else that of the connection. */
export function clientOf({ client, namedClient }: Pick<Timeline, "client" | "namedClient">): string {
  return namedClient?.ip ?? client.ip;
}

/**
 * What is the same for all connections of one client, and of nobody else. Anybody may write such a header: what came behind
 * one is never taken for what a client of this address asked without it, or through another balancer.
 */
export function clientKey({ client, namedClient }: Pick<Timeline, "client" | "namedClient">): string {
  return namedClient === null ? client.ip : `${namedClient.ip} ${client.ip}`;
}

/** A client at one proxy: whose connections are compared with each other. */
export function atProxy(timeline: Pick<Timeline, "client" | "namedClient" | "proxy">): string {
  return `${clientKey(timeline)} ${proxyKey(timeline)}`;
}

/** What is the same for all connections to one proxy. */
export function proxyKey({ proxy: { ip, port } }: Pick<Timeline, "proxy">): string {
  return `${ip} ${port}`;
}

/** The client in a sentence, with the balancer that speaks for it. */
export function clientText({ client, namedClient }: Pick<Timeline, "client" | "namedClient">): string {
  return namedClient === null ? client.ip : `${namedClient.ip}, as the PROXY header of ${client.ip} says`;
}
