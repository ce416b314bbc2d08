// Frames that belong to a connection's requests and answers, for findings.
import type { ExchangeFact, Timeline } from "../../proxy/index.ts";
import type { AuthStep } from "../auth-steps.ts";

/** Steps cited from each end of a list: a client that tries for hours leaves thousands. */
const MAX_CITED = 5;

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

/** The first and the last of steps, as many as are cited. */
export function cited(steps: readonly AuthStep[]): readonly AuthStep[] {
  return steps.length <= 2 * MAX_CITED ? steps : [...steps.slice(0, MAX_CITED), ...steps.slice(-MAX_CITED)];
}

/** "frame 14", the answer of a step, with its stream where that is not `own`. */
export function answerPlace({ stream, frame, responseFrame }: AuthStep, own: number): string {
  return `frame ${responseFrame ?? frame}${stream === own ? "" : ` (stream ${stream})`}`;
}
