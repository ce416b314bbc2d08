// One TLS connection: two byte sinks in, facts out.
import { Connection } from "./connection.ts";
import { RecordReader } from "./records.ts";
import { Side } from "./side.ts";
import type { TlsConversation, TlsSetup } from "./types.ts";

/** Follows one TLS connection, from its first record or from anywhere behind it. */
export function createTlsConversation(setup: TlsSetup): TlsConversation {
  const connection = new Connection(setup);
  const sides = { client: new Side("client", connection), server: new Side("server", connection) };
  const client = new RecordReader(sides.client, setup.note);
  const server = new RecordReader(sides.server, setup.note);
  client.meet(server);
  return {
    client,
    server,
    facts: connection.facts,
    get kept() {
      const hello = connection.facts.clientHello?.raw.length ?? 0;
      return hello + client.kept + server.kept + sides.client.kept + sides.server.kept;
    },
  };
}
