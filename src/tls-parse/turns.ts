// Whose turn it is in a handshake: a server says nothing before the ClientHello, and a client nothing behind it before the
// server has answered (RFC 8446 §2, RFC 5246 §7.3). A capture point that records the two directions in the wrong order shows
// it otherwise, and then the bytes that are too early have to wait.

type Turn =
  /** The client's: for its first hello. */
  | "hello"
  /** The client's: for its hello behind a HelloRetryRequest; the server may send a ChangeCipherSpec before it (RFC 8446 §D.4). */
  | "again"
  /** The server's: for its hello. */
  | "answer"
  /** The server's: for what follows its hello at TLS 1.3, protected already. */
  | "flight"
  /** The handshake is beyond it, or a side can't be followed: nobody waits any more. */
  | "over";

/** Of one TLS connection. */
export class Turns {
  #turn: Turn = "hello";

  /** Whether the client's next record can't have been sent before something of the server that is still to come. */
  get clientWaits(): boolean {
    return this.#turn === "answer" || this.#turn === "flight";
  }

  /** Whether the server's next record answers a ClientHello that is still to come. */
  get serverWaits(): boolean {
    return this.#turn === "hello";
  }

  /** `waits`: the hello is whole and no early data follows it, which does not wait for the server (RFC 8446 §2.3). */
  clientHello(waits: boolean): void {
    if (this.#clientsTurn()) this.#turn = waits ? "answer" : "over";
  }

  serverHello(retry: boolean, tls13: boolean): void {
    if (this.#turn === "answer" || this.#turn === "again") this.#turn = retry ? "again" : tls13 ? "flight" : "over";
  }

  /** A protected record of the server. */
  serverFlight(): void {
    if (this.#turn === "flight") this.#turn = "over";
  }

  /** The client sends something else than a hello: it was joined late. */
  clientRecord(): void {
    if (this.#clientsTurn()) this.#turn = "over";
  }

  /** Bytes of a side are missing or are not TLS, a side has ended or has failed, or too much has waited. */
  giveUp(): void {
    this.#turn = "over";
  }

  #clientsTurn(): boolean {
    return this.#turn === "hello" || this.#turn === "again";
  }
}
