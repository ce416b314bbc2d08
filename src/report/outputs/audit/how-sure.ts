// How sure an audit is of like connections, in words: one sign only is not said in the words of many.
import type { AuditProblem } from "../../audit-types.ts";
import { counted } from "../style.ts";

type Like = Pick<AuditProblem, "verdict" | "connections" | "possible">;

/** The verdict, "possibly" before it where that is all that is known of any of the connections. */
export function verdictText({ verdict, connections, possible }: Like): string {
  return possible === connections ? `possibly ${verdict}` : verdict;
}

/** "40 connections, 31 of them only possibly". */
export function connectionsText(like: Like): string {
  return `${counted(like.connections, "connection")}${doubtText(like)}`;
}

/** ", 31 of them only possibly"; nothing where it is none or all of them. */
export function doubtText({ connections, possible }: Like): string {
  return possible > 0 && possible < connections ? `, ${possible} of them only possibly` : "";
}
