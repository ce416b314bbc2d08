// What the facts of a TLS connection are said to take: told without making what is not kept.
import { expect, it } from "vitest";
import { weightOfTls } from "../../src/tls-parse/index.ts";
import { clientHello, play, type RawExtension, record, serverHello } from "./play.ts";

it("of a hello with thousands of extensions no list is made to weigh it", () => {
  const many = Array.from({ length: 2_000 }, (_, at): RawExtension => [at, []]);
  const { facts } = play([
    { from: "client", bytes: record(22, clientHello({ extensions: many })) },
    { from: "server", bytes: record(22, serverHello({ extensions: many })) },
  ]);
  let asked = 0;
  for (const hello of [facts.clientHello!, facts.serverHello!]) {
    expect(hello.extensions).toHaveLength(2_000);
    for (const list of ["extensions", "alpn", "cipherSuites", "groups", "signatureAlgorithms", "supportedVersions"]) {
      Object.defineProperty(hello, list, {
        get() {
          asked++;
          return [];
        },
      });
    }
  }
  // The bytes of both, and little else.
  expect(weightOfTls(facts)).toBeGreaterThan(16_000);
  expect(weightOfTls(facts)).toBeLessThan(20_000);
  expect(asked).toBe(0);
});
