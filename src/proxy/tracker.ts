// The proxy room's side of tcp: which connections to follow, and what is made of them.
import type { Conversation, FirstPayload, Interest, TcpConnection, TcpHandler } from "../tcp/index.ts";
import type { ProxyContext } from "./context.ts";
import { ProxyConversation } from "./conversation.ts";
import { interestOf, type Role, roleOf } from "./detect.ts";
import { LegConversation } from "./legs.ts";
import { SecureConversation } from "./secure.ts";

/** Legs are read for comparison only; a busy proxy opens one per tunnel, and each costs like one. */
const MAX_LEGS = 50_000;

/** Makes timelines of the connections to proxies; give it to `createTcp`. */
export function createProxyTracker(context: ProxyContext): TcpHandler {
  let legs = 0;
  // The first payload tells a leg from a connection to a further proxy; tcp opens right behind a "follow".
  let asked: Role | null = null;
  return {
    interest(peek: FirstPayload): Interest {
      asked = interestOf(peek, context);
      return asked === null ? "ignore" : "follow";
    },
    open(connection: TcpConnection): Conversation {
      const role = asked ?? roleOf(connection, context.known);
      asked = null;
      if (role === "leg" && legs++ < MAX_LEGS) return new LegConversation(connection, context);
      if (role === "secure") return new SecureConversation(connection, context);
      return new ProxyConversation(connection, context);
    },
  };
}
