// One TLS connection: two byte sinks in, facts out.
import { Connection } from "./connection.ts";
import { RecordReader } from "./records.ts";
import { Side } from "./side.ts";
import type { TlsConversation, TlsSetup } from "./types.ts";

/** Follows one TLS connection, from its first record or from anywhere behind it. */
export function createTlsConversation(setup: TlsSetup): TlsConversation {
  const connection = new Connection(setup);
  const client = new RecordReader(new Side("client", connection), setup.note);
  const server = new RecordReader(new Side("server", connection), setup.note);
  client.meet(server);
  return { client, server, facts: connection.facts };
}
