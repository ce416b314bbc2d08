// Requests and answers of a tunnel without keys, told from sizes and order of its protected records (RFC 8446 §5, RFC 5246 §6.2).
import { millisBetween } from "../../bytes/index.ts";
import type { Timeline } from "../../proxy/index.ts";
import { isTls13, MAX_MARKS, type RecordMark, type TlsFacts } from "../../tls-parse/index.ts";
import { applicationRecords, MAX_CONTROL, type SizedRecord } from "../application-records.ts";
import type { Run, TunnelRecords, Turn } from "./types.ts";

/** HTTP/2 (RFC 9113 §6): a frame header, the SETTINGS acknowledgement that is nothing else, and the small frames beside requests. */
const H2_SETTINGS_ACK = 9;
const H2_CONTROL = new Set([9, 13, 17, 22, 26]);
/** HTTP/2: what is as small as the server's first SETTINGS with an acknowledgement or a WINDOW_UPDATE. */
const MAX_H2_SETTINGS = 9 + 6 * 8 + 13 + 9;
/** Preface, SETTINGS, a WINDOW_UPDATE and the PRIORITY frames with which some clients begin. */
const MAX_H2_PREFACE = 24 + 9 + 6 * 8 + 13 + 14 * 6;
const AT_ONCE_NS = 5_000_000n;
/** Tickets are a hundred bytes at least (a short state, encrypted), and seldom more than a certificate. */
const MIN_TICKET = 80;
const MAX_TICKET = 4_096;
/** They come as soon as the Finished was read; this is for a busy server. */
const SOON_MS = 20;
/** Padding (RFC 8446 §5.4) rounds up to a multiple of this or a larger power of two. */
const PADDING = 16;
/** As many records of a side on the grid are no chance: 16^-3. */
const MIN_PADDED = 3;

/** null where no exchange of HTTP inside TLS can be told: no TLS, other protocols, early data, bytes missing, padding. */
export function tunnelRecords(timeline: Timeline): TunnelRecords | null {
  const { tunnel } = timeline;
  const tls = tunnel?.tls ?? null;
  if (
    tunnel === null ||
    tls === null ||
    tls.serverHello === null ||
    !tls.handshakeComplete ||
    !speaksHttp(tls, tunnel.target.port)
  )
    return null;
  if (tls.clientHello === null || tls.clientHello.earlyData || tls.gaps > 0 || timeline.gaps.length > 0) return null;
  const data = applicationRecords(tls);
  if (data === null || data.records.length === 0 || isPadded(data.records)) return null;
  const said = withoutTickets(data.records, tls, timeline.roundTripMs ?? 0);
  const http2 = isHttp2(tls, said);
  const turns = turnsOf(said, http2);
  // A server that speaks first is no HTTP server.
  if (turns === null || turns.length === 0) return null;
  return {
    timeline,
    target: tunnel.target.text.toLowerCase(),
    host: tunnel.target.host,
    turns,
    exact: data.exact,
    http2,
    cut: tls.marks.length >= MAX_MARKS,
  };
}

function speaksHttp(tls: TlsFacts, port: number | null): boolean {
  const offered = tls.clientHello?.alpn ?? [];
  return offered.length === 0 ? port === 443 : offered.some((name) => name === "http/1.1" || name === "h2");
}

/**
 * TLS 1.3 session tickets (RFC 8446 §4.6.1) answer the client's Finished, in front of the first answer, and often behind the
 * first request on the wire: records of the server that come soon and are as long as each other. A single one cannot be
 * told from a quick answer by its size: it is left out, and a quick answer has to have more than that.
 */
function withoutTickets(records: readonly SizedRecord[], tls: TlsFacts, roundTripMs: number): readonly SizedRecord[] {
  if (!isTls13(tls.serverHello?.version ?? 0) || tls.handshakeCompleteWhere === null) return records;
  const firstAt = records.findIndex(({ mark }) => mark.from === "server");
  const first = records[firstAt];
  if (first === undefined || first.bytes < MIN_TICKET || first.bytes > MAX_TICKET) return records;
  const spokeAgain = records.findIndex(
    ({ mark, bytes }, i) => i > firstAt && mark.from === "client" && bytes > MAX_CONTROL,
  );
  const tickets = new Set<SizedRecord>();
  for (const record of spokeAgain < 0 ? records : records.slice(0, spokeAgain)) {
    if (record.mark.from === "client") continue;
    const since = millisBetween(tls.handshakeCompleteWhere.time, record.mark.time);
    if (record.bytes !== first.bytes || since > roundTripMs + SOON_MS) break;
    tickets.add(record);
  }
  return tickets.size === 0 ? records : records.filter((record) => !tickets.has(record));
}

/**
 * Offered, and spoken: an acknowledgement of SETTINGS is a record of its own, of a size that no HTTP/1.1 message has; or the
 * client begins with a short record, its preface and SETTINGS (RFC 9113 §3.4), and goes on before it is answered.
 */
function isHttp2(tls: TlsFacts, records: readonly SizedRecord[]): boolean {
  if (tls.alpn !== null) return tls.alpn === "h2";
  if (!(tls.clientHello?.alpn.includes("h2") ?? false)) return false;
  if (records.some(({ bytes }) => bytes === H2_SETTINGS_ACK)) return true;
  const [first, second] = records;
  if (first === undefined || first.bytes > MAX_H2_PREFACE || second?.mark.from !== "client") return false;
  return second.mark.time - first.mark.time <= AT_ONCE_NS;
}

/** What each side said in turn, without what is neither request nor answer; null where the server speaks first. */
function turnsOf(records: readonly SizedRecord[], http2: boolean): readonly Turn[] | null {
  const turns: { request: Growing; answer: Growing | null }[] = [];
  let last: RecordMark["from"] = "server";
  let settings = false;
  for (const { mark, bytes } of records) {
    if (bytes <= MAX_CONTROL || (http2 && H2_CONTROL.has(bytes))) continue;
    if (http2 && mark.from === "server" && !settings) {
      settings = true;
      if (bytes <= MAX_H2_SETTINGS) continue;
    }
    const turn = turns.at(-1);
    if (mark.from === last && turn !== undefined) grow(turn.answer ?? turn.request, mark, bytes);
    else if (mark.from === "client") turns.push({ request: run(mark, bytes), answer: null });
    else if (turn === undefined) return null;
    else turn.answer = run(mark, bytes);
    last = mark.from;
  }
  return turns;
}

type Growing = { -readonly [Key in keyof Run]: Run[Key] };

function run({ frame, time }: RecordMark, bytes: number): Growing {
  return { bytes, records: 1, firstFrame: frame, firstTime: time, frame, time };
}

function grow(own: Growing, { frame, time }: RecordMark, bytes: number): void {
  own.bytes += bytes;
  own.records++;
  own.frame = frame;
  own.time = time;
}

/** All records of one side on one grid: their lengths are those of the padding. */
function isPadded(records: readonly SizedRecord[]): boolean {
  const own = { client: 0, server: 0 };
  const onGrid = { client: true, server: true };
  for (const { mark, bytes } of records) {
    if (bytes <= MAX_CONTROL) continue;
    own[mark.from]++;
    if (bytes % PADDING !== 0) onGrid[mark.from] = false;
  }
  return (own.client >= MIN_PADDED && onGrid.client) || (own.server >= MIN_PADDED && onGrid.server);
}
