// tls-parse and tls-decrypt together: plaintext reaches the sink, in order, from conversations of Node's TLS.
import { describe, expect, it } from "vitest";
import { createTlsConversation } from "../../src/tls-parse/index.ts";
import { type TalkOptions, type TappedTalk, talk } from "../harness/tls-talk.ts";
import { openerFor } from "./walk.ts";

function read(talked: TappedTalk, keyLog = talked.keyLog) {
  const data = { client: "", server: "" };
  const notes: string[] = [];
  const opener = openerFor(keyLog);
  const conversation = createTlsConversation({
    note: ({ id }) => void notes.push(id),
    now: () => 0n,
    opener,
    sink: {
      data(from, bytes, start, end) {
        data[from] += Buffer.from(bytes.slice(start, end)).toString("latin1");
      },
      gap() {},
      end() {},
    },
  });
  for (const [i, { from, bytes }] of talked.pieces.entries()) conversation[from].push(bytes, 0, bytes.length, i + 1);
  conversation.client.end("fin", talked.pieces.length);
  conversation.server.end("fin", talked.pieces.length);
  return { data, notes, facts: conversation.facts, stats: opener.stats };
}

const tls12 = (ciphers: string, version: "TLSv1.2" | "TLSv1" = "TLSv1.2") => {
  const both = { minVersion: version, maxVersion: version, ciphers: `${ciphers}:@SECLEVEL=0` };
  return { server: both, client: both };
};
const LONG = "z".repeat(40_000);
const turns = ["ask", `${LONG}answer`, "ask again", "answer again"];

const ROWS: readonly (TalkOptions & { name: string })[] = [
  { name: "TLS 1.3" },
  { name: "TLS 1.3 behind a HelloRetryRequest", server: { ecdhCurve: "P-384" }, client: { ecdhCurve: "X25519:P-384" } },
  { name: "TLS 1.2 AES-GCM", ...tls12("ECDHE-RSA-AES128-GCM-SHA256") },
  { name: "TLS 1.2 CBC", ...tls12("AES128-SHA256") },
  { name: "TLS 1.0 CBC", ...tls12("AES128-SHA", "TLSv1") },
  { name: "TLS 1.2 with renegotiation", ...tls12("ECDHE-RSA-AES128-GCM-SHA256"), renegotiate: true },
];

describe("a TLS conversation with keys", () => {
  it.each(ROWS)("$name", async (row) => {
    const talked = await talk({ ...row, turns });
    const { data, facts, stats, notes } = read(talked);
    expect(data.client).toBe(talked.said.client);
    expect(data.server === talked.said.server).toBe(true);
    expect(facts).toMatchObject({ damaged: 0, closed: 0, handshakeComplete: true });
    expect(facts.opened).toBe(stats.client.opened + stats.server.opened);
    expect(notes).toEqual([]);
  });

  it("claims nothing without keys", async () => {
    const talked = await talk({ turns });
    const { data, facts } = read(talked, "");
    expect(data).toEqual({ client: "", server: "" });
    expect(facts).toMatchObject({ opened: 0, damaged: 0 });
  });
});
