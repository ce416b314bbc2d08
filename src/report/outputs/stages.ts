// The three stages of a tunnel as a proxy's policy has them.

/** Names of the stages with their titles, in the order in which a tunnel goes through them. */
export const STAGES = [
  ["connect", "CONNECT tcp://"],
  ["tls", "unknown ssl://"],
  ["https", "GET https://"],
] as const;

export type Stage = (typeof STAGES)[number][0];
