// The proxy room's side of tcp: which connections to follow, and what is made of them.
import type { Conversation, FirstPayload, Interest, TcpConnection, TcpHandler } from "../tcp/index.ts";
import type { ProxyContext } from "./context.ts";
import { ProxyConversation } from "./conversation.ts";
import { interestOf, type Role } from "./detect.ts";
import { LegConversation } from "./legs.ts";
import { PassedOver } from "./passed-over.ts";
import { proxyHeaderLength } from "./proxy-header.ts";
import { SecureConversation } from "./secure.ts";
import { UndecidedConversation } from "./undecided.ts";

/** Legs are read for comparison only; a busy proxy opens one per tunnel, and each costs like one. */
const MAX_LEGS = 50_000;

/** Makes timelines of the connections to proxies; give it to `createTcp`. What it does not follow, `passedOver` may tell. */
export function createProxyTracker(context: ProxyContext, passedOver = new PassedOver()): TcpHandler {
  let legs = 0;
  const countLeg = (): boolean => legs++ < MAX_LEGS;
  // The first payload tells a leg from a connection to a further proxy; tcp opens right behind a "follow".
  let asked: Role | null = null;
  const make = (role: Role, connection: TcpConnection, around: ProxyContext): Conversation => {
    if (role === "leg" && countLeg()) return new LegConversation(connection, around);
    if (role === "maybe-leg") return new LegConversation(connection, around, countLeg);
    if (role === "secure") return new SecureConversation(connection, around);
    return new ProxyConversation(connection, around);
  };
  return {
    interest(peek: FirstPayload): Interest {
      // What it is tell the bytes behind it.
      if (proxyHeaderLength(peek.bytes, peek.start, peek.end) !== 0) return "follow";
      asked = interestOf(peek, context);
      if (asked !== null) return "follow";
      return passedOver.look(peek, context.known) ? "answer" : "ignore";
    },
    answered: (peek) => passedOver.lookAtAnswer(peek, context.known),
    open(connection: TcpConnection): Conversation {
      const role = asked;
      asked = null;
      if (role !== null) return make(role, connection, context);
      const decided = (found: Role, around: ProxyContext): Conversation => make(found, connection, around);
      return new UndecidedConversation(connection, context, decided, passedOver);
    },
  };
}
