// Frames that belong to a connection's requests and answers, for findings.
import type { ExchangeFact, Timeline } from "../../proxy/index.ts";

/** Frames of all CONNECTs and their answers. */
export function connectFrames(timeline: Timeline): number[] {
  return timeline.connects.flatMap(({ request, response }) => [
    request.where.frame,
    ...(response === null ? [] : [response.where.frame]),
  ]);
}

/** Frames of exchanges, requests and answers. */
export function exchangeFrames(exchanges: readonly ExchangeFact[]): number[] {
  return exchanges.flatMap(({ request, response }) => [
    ...(request === null ? [] : [request.where.frame]),
    ...(response === null ? [] : [response.where.frame]),
  ]);
}
