// Sign: after a small answer the request comes again, larger by what credentials weigh, to the byte.
import { gather, type Millis, millisBetween } from "../../bytes/index.ts";
import { count, duration } from "../wording.ts";
import type { Run, Sign, TunnelRecords } from "./types.ts";
import { isFar, isSmall, MIN_ANSWER, type Way } from "./way.ts";

/** A field `Authorization: NAME BASE64` with its line end; base64 (RFC 4648 §4) comes in fours, so the remainder is known. */
interface Weight {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Of the growth, divided by four. */
  readonly rest: number;
  /** How long the client takes: programs answer by themselves, people type. */
  readonly waitMs: Millis;
  /** Smallest challenge that is answered so. */
  readonly minAnswer: number;
  /** Large enough to be told where sizes are known to a cipher block only. */
  readonly coarse: boolean;
}

const AT_ONCE_MS = 2_000;
/** As long as a challenge on one connection is joined with its answer on another. */
const TYPED_MS = 120_000;

/** "Authorization: Basic " and "Authorization: Negotiate " leave 3, "Authorization: NTLM " leaves 2. */
const WEIGHTS: readonly Weight[] = [
  // RFC 7617 §2: a name and a password of 6 to 60 bytes.
  { name: "Basic credentials", min: 31, max: 107, rest: 3, waitMs: TYPED_MS, minAnswer: MIN_ANSWER, coarse: false },
  // [MS-NLMP] §2.2.1.1: 32 to 80 bytes.
  {
    name: "NTLM's first message",
    min: 66,
    max: 134,
    rest: 2,
    waitMs: AT_ONCE_MS,
    minAnswer: MIN_ANSWER,
    coarse: false,
  },
  {
    name: "NTLM's first message",
    min: 71,
    max: 139,
    rest: 3,
    waitMs: AT_ONCE_MS,
    minAnswer: MIN_ANSWER,
    coarse: false,
  },
  // RFC 4120 §5.5.1 with the ticket in it.
  {
    name: "a Kerberos ticket",
    min: 1_500,
    max: 16_000,
    rest: 3,
    waitMs: AT_ONCE_MS,
    minAnswer: MIN_ANSWER,
    coarse: true,
  },
];

/** [MS-NLMP] §2.2.1.3 in place of §2.2.1.1: both in base64; the challenge between them (§2.2.1.2) is 75 bytes of base64 at least. */
const NTLM_LAST: Weight = {
  name: "NTLM's last message in place of its first",
  min: 150,
  max: 1_000,
  rest: 0,
  waitMs: AT_ONCE_MS,
  minAnswer: MIN_ANSWER + 100,
  coarse: true,
};

/** Requests whose lengths are both multiples of this are padded (RFC 8446 §5.4) as likely as not. */
const GRID = 16;

/** A repeated request. */
export interface Repeat {
  readonly tunnel: TunnelRecords;
  /** The turn that was answered with what looks like a challenge. */
  readonly index: number;
  readonly sign: Sign;
  /** What followed speaks for a challenge by the proxy: refused again, or it took the way to the origin. */
  readonly consistent: boolean;
}

/** Repeats in `tunnels`: all of one proxy, one client and one target, by their start. */
export function repeats(tunnels: readonly TunnelRecords[], way: Way | null): readonly Repeat[] {
  return gather(tunnels, (tunnel, at) => [...onOneConnection(tunnel, way), ...onTheNext(tunnel, tunnels[at + 1], way)]);
}

function onOneConnection(tunnel: TunnelRecords, way: Way | null): readonly Repeat[] {
  // HTTP/2 repeats fields by number (RFC 7541 §2.3): a repeated request is shorter, whatever it carries.
  if (tunnel.http2) return [];
  const found: Repeat[] = [];
  for (let i = 0; i + 1 < tunnel.turns.length; i++) {
    const turn = tunnel.turns[i]!;
    const next = tunnel.turns[i + 1]!;
    const { answer } = turn;
    if (!isSmall(answer)) continue;
    const weight = weightOf(turn.request, next.request, answer, tunnel.exact, i === 0 || found.at(-1)?.index === i - 1);
    if (weight === null) continue;
    const repeat = { tunnel, index: i, sign: sign(turn.request, answer, next.request, weight, null) };
    // Of NTLM's steps the first one is the challenge, and the last one decides.
    const end = lastStep(tunnel, i + 1);
    found.push({ ...repeat, consistent: isConsistent(tunnel, answer, end, way) });
  }
  return found;
}

/** The next tunnel's first request, where this one was over after the answer. */
function onTheNext(tunnel: TunnelRecords, next: TunnelRecords | undefined, way: Way | null): readonly Repeat[] {
  const index = tunnel.turns.length - 1;
  const turn = tunnel.turns[index];
  const first = next?.turns[0];
  if (next === undefined || first === undefined || turn === undefined || tunnel.http2 || next.http2) return [];
  if (
    !isSmall(turn.answer) ||
    tunnel.cut ||
    tunnel.timeline.closedBy === "open" ||
    first.request.time < turn.answer.time
  )
    return [];
  const weight = weightOf(turn.request, first.request, turn.answer, tunnel.exact && next.exact, false);
  if (weight === null) return [];
  const consistent = isConsistent(next, turn.answer, lastStep(next, 0), way);
  return [
    { tunnel, index, sign: sign(turn.request, turn.answer, first.request, weight, next.timeline.stream), consistent },
  ];
}

function weightOf(request: Run, again: Run, answer: Run, exact: boolean, mayBeLast: boolean): Weight | null {
  const growth = again.bytes - request.bytes;
  const waited = millisBetween(answer.time, again.firstTime);
  const candidates = mayBeLast ? [...WEIGHTS, NTLM_LAST] : WEIGHTS;
  if (request.bytes % GRID === 0 && again.bytes % GRID === 0) return null;
  return (
    candidates.find(
      ({ min, max, rest, waitMs, minAnswer, coarse }) =>
        growth >= min &&
        growth <= max &&
        waited <= waitMs &&
        answer.bytes >= minAnswer &&
        (exact ? growth % 4 === rest : coarse),
    ) ?? null
  );
}

/** The index of the last of the steps that begin with `from`: each larger by NTLM's last message. */
function lastStep(tunnel: TunnelRecords, from: number): number {
  const turn = tunnel.turns[from];
  const next = tunnel.turns[from + 1];
  if (turn === undefined || next === undefined || !isSmall(turn.answer)) return from;
  return weightOf(turn.request, next.request, turn.answer, tunnel.exact, true) === NTLM_LAST ? from + 1 : from;
}

/** With a near origin, or a cache, the answer to the credentials is another one and near, too. */
function isConsistent(tunnel: TunnelRecords, challenge: Run, end: number, way: Way | null): boolean {
  const turn = tunnel.turns[end];
  if (turn?.answer == null || way === null) return true;
  return turn.answer.bytes === challenge.bytes || isFar(tunnel, { ...turn, answer: turn.answer }, way);
}

function sign(request: Run, answer: Run, again: Run, weight: Weight, stream: number | null): Sign {
  const where = stream === null ? `frame ${again.frame}` : `stream ${stream}, frame ${again.frame}`;
  const growth = again.bytes - request.bytes;
  return {
    id: "credentials-repeat",
    frame: answer.frame,
    time: answer.time,
    frames: [request.frame, answer.frame, again.frame],
    text: `after an answer of ${answer.bytes} bytes (frame ${answer.frame}) the client asked again ${duration(millisBetween(answer.time, again.firstTime))} later (${where}), with ${count(growth, "byte")} more than before (frame ${request.frame}): as much as ${weight.name} would add`,
  };
}
