// One TLS connection: two byte sinks in, facts out.
import { Connection } from "./connection.ts";
import { RecordReader } from "./records.ts";
import { Side } from "./side.ts";
import type { TlsConversation, TlsFacts, TlsSetup } from "./types.ts";
import { unusualBytesOfTls } from "./weight.ts";

/** Follows one TLS connection, from its first record or from anywhere behind it. */
export function createTlsConversation(setup: TlsSetup): TlsConversation {
  return new Conversation(setup);
}

// A class: an object that is written down with a getter has a shape of its own each time, and thousands of shapes are collected slowly.
class Conversation implements TlsConversation {
  readonly client: RecordReader;
  readonly server: RecordReader;
  readonly facts: TlsFacts;
  readonly #opener: TlsSetup["opener"];
  readonly #connection: Connection;
  readonly #clientSide: Side;
  readonly #serverSide: Side;

  constructor(setup: TlsSetup) {
    const connection = new Connection(setup);
    this.#connection = connection;
    this.facts = connection.facts;
    this.#opener = setup.opener;
    this.#clientSide = new Side("client", connection);
    this.#serverSide = new Side("server", connection);
    this.client = new RecordReader(this.#clientSide, setup.note);
    this.server = new RecordReader(this.#serverSide, setup.note);
    this.client.meet(this.server);
  }

  get kept(): number {
    const unusual = unusualBytesOfTls(this.facts) + (this.#opener?.kept ?? 0);
    const early = this.#connection.early?.kept ?? 0;
    return unusual + early + this.client.kept + this.server.kept + this.#clientSide.kept + this.#serverSide.kept;
  }
}
