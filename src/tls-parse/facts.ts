// The facts of one TLS connection while they grow: lists with limits, counters, and what is told from the order of records.
import type { FrameNo, Nanos, StreamOffset, Where } from "../bytes/index.ts";
import { parseCertificate } from "./certificate.ts";
import { ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEARTBEAT } from "./registry/versions.ts";
import type { GrowingServerHello } from "./server-hello.ts";
import type {
  Certificate,
  ClientHello,
  RecordKind,
  RecordMark,
  TlsAlert,
  TlsFacts,
  TlsRole,
  TlsTransition,
} from "./types.ts";

/** A handshake has some twenty steps; with renegotiation forty. */
const MAX_TRANSITIONS = 64;
/** Records that `TlsFacts.marks` has at most: sizes are looked at for the first requests and responses only. */
export const MAX_MARKS = 96;
/** A peer may send one warning after the other. */
const MAX_ALERTS = 16;

type Counts = Record<RecordKind, number>;

/** One object per connection, which `TlsConversation.facts` gives out as `TlsFacts`. */
export class GrowingFacts implements TlsFacts {
  clientHello: ClientHello | null = null;
  clientHellos = 0;
  serverHello: GrowingServerHello | null = null;
  helloRetryRequest: GrowingServerHello | null = null;
  certificateWhere: Where | null = null;
  readonly alerts: TlsAlert[] = [];
  readonly records = { client: noRecords(), server: noRecords() };
  readonly transitions: TlsTransition[] = [];
  readonly marks: RecordMark[] = [];
  readonly applicationBytes = { client: 0, server: 0 };
  handshakeCompleteWhere: Where | null = null;
  alpn: string | null = null;
  readonly closeNotify = { client: false, server: false };
  readonly notTls: { client: Where | null; server: Where | null } = { client: null, server: null };
  gaps = 0;
  opened = 0;
  damaged = 0;
  closed = 0;
  unsupported = false;
  /** Whether other steps than requests for certificates are listed; see `TlsSetup`. */
  readonly #all: boolean;
  /** The chain as it was sent; parsed when asked for. */
  chain: readonly Uint8Array[] = [];
  #certificates: readonly Certificate[] | null = null;

  constructor(all: boolean) {
    this.#all = all;
  }

  get certificates(): readonly Certificate[] {
    this.#certificates ??= this.chain.map(parseCertificate);
    return this.#certificates;
  }

  get handshakeComplete(): boolean {
    return this.handshakeCompleteWhere !== null;
  }

  setChain(chain: readonly Uint8Array[], where: Where): void {
    if (this.certificateWhere !== null) return;
    this.chain = chain;
    this.certificateWhere = where;
  }

  countRecord(from: TlsRole, type: number): void {
    const counts = from === "client" ? this.records.client : this.records.server;
    switch (type) {
      case CHANGE_CIPHER_SPEC:
        counts.changeCipherSpec++;
        return;
      case ALERT:
        counts.alert++;
        return;
      case HANDSHAKE:
        counts.handshake++;
        return;
      case APPLICATION_DATA:
        counts.applicationData++;
        return;
      case HEARTBEAT:
        counts.heartbeat++;
    }
  }

  addTransition(from: TlsRole, what: TlsTransition["what"], where: Where, decrypted: boolean): void {
    if (!this.#all && what !== "certificate-request") return;
    if (this.transitions.length < MAX_TRANSITIONS) this.transitions.push({ where, from, what, decrypted });
  }

  addAlert(alert: TlsAlert): void {
    if (this.alerts.length < MAX_ALERTS) this.alerts.push(alert);
  }

  /** Whether another mark fits. */
  get wantsMarks(): boolean {
    return this.marks.length < MAX_MARKS;
  }
}

/** The time of the frame being worked on, asked for once per frame: a `bigint` is not for nothing. */
export class FrameClock {
  readonly #setup: { now(): Nanos };
  #frame: FrameNo = -1;
  #time: Nanos = 0n;

  constructor(setup: { now(): Nanos }) {
    this.#setup = setup;
  }

  timeOf(frame: FrameNo): Nanos {
    if (frame !== this.#frame) {
      this.#frame = frame;
      this.#time = this.#setup.now();
    }
    return this.#time;
  }
}

/** Where a record or message was that became complete in `frame`, the one being worked on. */
export function placeOf(
  thing: { readonly at: StreamOffset; readonly firstFrame: FrameNo },
  frame: FrameNo,
  clock: FrameClock,
): Where {
  return { frame, firstFrame: thing.firstFrame, at: thing.at, time: clock.timeOf(frame) };
}

function noRecords(): Counts {
  return { changeCipherSpec: 0, alert: 0, handshake: 0, applicationData: 0, heartbeat: 0 };
}
