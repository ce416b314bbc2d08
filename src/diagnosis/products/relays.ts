// Proxies that pass their parent's answers on as they are, with that one's marks: filters and helpers that sign in to another proxy.
import type { Product } from "./types.ts";

export const RELAYS: readonly Product[] = [
  {
    id: "cntlm",
    name: "Cntlm",
    marks: [
      // It puts this in place of what its parent offers.
      { in: "realm", pattern: /^Cntlm for /, certainty: "certain", source: "Cntlm source: forward", seen: true },
      {
        in: "body",
        pattern: /<a href='http:\/\/cntlm\.sf\.net\/'>Cntlm<\/a> proxy/,
        signs: true,
        certainty: "certain",
        source: "Cntlm source: pages",
        seen: false,
      },
    ],
  },
  {
    id: "e2guardian",
    name: "e2guardian",
    marks: [
      {
        in: "header",
        header: "server",
        pattern: /^e2guardian$/i,
        certainty: "certain",
        source: "e2guardian source: ConnectionHandler",
        seen: true,
      },
      {
        in: "body",
        pattern: /<title>e2guardian - /i,
        signs: true,
        certainty: "certain",
        source: "e2guardian templates",
        seen: false,
      },
    ],
  },
];
