// HTTP in 2,361 captures of other programs: requests and statuses of every plaintext stream as tshark 4.0.17 lists them.
import { describe, expect, it } from "vitest";
import { CORPUS_SKIP, type CorpusRow, corpusBytes, corpusRows, hasCorpus } from "../harness/corpus.ts";
import { type HttpStream, httpStreams } from "../harness/http-follow.ts";
import { DIFFERENCES } from "./http-differences.ts";

/** What tshark says of a stream; see the corpus's README. */
interface Listed {
  readonly stream: number;
  readonly tls_records?: object;
  /** At most 30; URIs are cut at 120 characters. */
  readonly http?: readonly { readonly request?: string; readonly uri?: string; readonly status?: number }[];
  /** How many there are, where not all are listed. */
  readonly http_messages?: number;
  readonly http2_statuses?: readonly number[];
}

interface HttpRow extends CorpusRow {
  readonly streams?: readonly Listed[];
  /** With TCP reassembly out of order, where that changes the answer. */
  readonly reordered?: { readonly streams?: readonly Listed[] };
  readonly tls?: { readonly decrypted_by_tshark?: unknown };
}

const MAX_LISTED = 30;
const MAX_URI = 120;

/** Streams in plaintext, each as tshark lists it with its two ways of reassembly; what it decrypted is compared elsewhere. */
function plainStreams(row: HttpRow): (readonly [Listed, Listed])[] {
  if (row.tls?.decrypted_by_tshark !== undefined) return [];
  const reordered = new Map(row.reordered?.streams?.map((stream) => [stream.stream, stream]));
  return (row.streams ?? [])
    .filter(
      ({ http, http2_statuses, tls_records }) =>
        (http !== undefined || http2_statuses !== undefined) && tls_records === undefined,
    )
    .map((stream) => [stream, reordered.get(stream.stream) ?? stream] as const);
}

/** Both sides' lists as text, cut to what is listed. */
function compared(listed: Listed, ours: HttpStream): readonly [kind: string, tshark: string, ours: string][] {
  const http = listed.http ?? [];
  const requests = http.flatMap(({ request, uri }) => (request === undefined ? [] : [`${request} ${uri ?? ""}`]));
  const statuses = http.flatMap(({ status }) => (status === undefined ? [] : [status]));
  const http2 = listed.http2_statuses ?? [];
  const cut = (listed.http_messages ?? 0) > http.length;
  const shown = ours.requests.map((line) => line.slice(0, line.indexOf(" ") + 1 + MAX_URI));
  return [
    ["requests", requests.join(" | "), (cut ? shown.slice(0, requests.length) : shown).join(" | ")],
    ["responses", statuses.join(" "), (cut ? ours.responses.slice(0, statuses.length) : ours.responses).join(" ")],
    ["http2", http2.join(" "), (http2.length === MAX_LISTED ? ours.http2.slice(0, MAX_LISTED) : ours.http2).join(" ")],
  ];
}

const NOTHING: HttpStream = { requests: [], responses: [], http2: [] };

describe.skipIf(!hasCorpus)(`HTTP in plaintext${CORPUS_SKIP}`, () => {
  it("is what tshark lists, in every stream, but for the differences that are listed", () => {
    const expected = new Map(Object.values(DIFFERENCES).flatMap((rows) => Object.entries(rows)));
    const found = new Map<string, string>();
    let streams = 0;
    let messages = 0;
    for (const [name, row] of corpusRows<HttpRow>()) {
      const plain = plainStreams(row);
      if (plain.length === 0) continue;
      const ours = httpStreams(corpusBytes(name));
      for (const [listed, reordered] of plain) {
        streams++;
        messages += (listed.http?.length ?? 0) + (listed.http2_statuses?.length ?? 0);
        const own = ours.get(listed.stream) ?? NOTHING;
        const other = compared(reordered, own);
        for (const [i, [kind, theirs, what]] of compared(listed, own).entries()) {
          if (theirs !== what && other[i]?.[1] !== what) found.set(`${name} #${listed.stream} ${kind}`, what);
        }
      }
    }
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    expect(streams).toBeGreaterThan(800);
    expect(messages).toBeGreaterThan(2_000);
  }, 60_000);
});
