// Access logs in the W3C extended format: fields, quotes, several headers, times.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ProxyRecord, recordOfEntry } from "../../src/policy-trace/records.ts";
import { bytesOf, readLog } from "./harness.ts";

const LOG = `#Software: SGOS 7.3.5.1
#Version: 1.0
#Start-Date: 2026-11-24 05:00:00
#Date: 2026-11-24 05:06:00
#Fields: date time time-taken c-ip c-port cs-username cs-auth-group x-exception-id sc-filter-result cs-categories sc-status s-action cs-method cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs(User-Agent) s-ip
#Remark: 2610140037 "proxy" "10.44.1.80" "main"
2026-11-24 05:06:57 1000 10.44.1.2 52110 - - authentication_failed DENIED "News/Media;none" 401 TCP_DENIED GET https news.example.com 443 /front;sid=SECRET ?q=SECRET "Mozilla/5.0 (""quoted"") x" 10.44.1.80
2026-11-24 05:06:58 5 10.44.1.2 - EXAMPLE\\alice - - OBSERVED "-" 200 TCP_TUNNELED CONNECT tcp www.example.com 443 / - - 10.44.1.80
too few fields
#Fields: gmttime c-ip cs-uri sc-status rs-status
[24/Nov/2026:05:06:59 +0100] 10.44.1.2 https://shop.example.net:8443/a;t=SECRET?b=c 401 401
`;

/** Who sent the 401 of a line, and how sure that is. */
function whoSent(line: string): readonly [ProxyRecord["says"], ProxyRecord["weight"]] {
  const fields = "date time cs-host sc-status x-exception-id sc-filter-result s-action rs-status s-supplier-ip";
  const [entry] = readLog(bytesOf(`#Fields: ${fields}\n2026-11-24 05:06:57 a.test ${line}\n`)).entries;
  const record = recordOfEntry(entry!, 0)!;
  return [record.says, record.weight];
}

describe("an access log", () => {
  const { entries, notes, counts } = readLog(bytesOf(LOG));

  it("is read by its fields, also where they change", () => {
    expect(
      entries.map(({ host, port, status, exception, serverStatus, path }) => [
        host,
        port,
        status,
        exception,
        serverStatus,
        path,
      ]),
    ).toEqual([
      ["news.example.com", 443, 401, "authentication_failed", null, "/front"],
      ["www.example.com", 443, 200, null, null, "/"],
      ["shop.example.net", 8443, 401, null, 401, "/a"],
    ]);
    expect(entries[0]).toMatchObject({
      line: 7,
      clientPort: 52110,
      filterResult: "DENIED",
      action: "TCP_DENIED",
      method: "GET",
    });
    expect(counts).toEqual({ hasFields: true });
  });

  it("does not show a method that is none, as of requests in a capture", () => {
    const fields = "#Fields: cs-method cs-uri cs-host\n";
    const { entries: odd } = readLog(
      bytesOf(`${fields}ACME-ALICE http://a.test/ a.test\nPROPFIND http://a.test/ a.test\n`),
    );
    expect(odd.map(({ method }) => method)).toEqual(["unknown", "PROPFIND"]);
  });

  it("tells when a request began: what is logged is its end", () => {
    expect(entries.map(({ time }) => time)).toEqual([
      BigInt(Date.UTC(2026, 10, 24, 5, 6, 56)) * 1_000_000n,
      BigInt(Date.UTC(2026, 10, 24, 5, 6, 57, 995)) * 1_000_000n,
      BigInt(Date.UTC(2026, 10, 24, 4, 6, 59)) * 1_000_000n,
    ]);
  });

  it("notes lines that do not fit their fields, and keeps no query", () => {
    expect(notes).toEqual([["log-field-count", 9]]);
    expect(readLog(bytesOf("a b c\n")).notes).toEqual([["log-no-fields", 1]]);
    expect(JSON.stringify(entries, (_, value) => (typeof value === "bigint" ? `${value}` : value))).not.toContain(
      "SECRET",
    );
  });

  it("takes the day from above where lines have the time only, and a time without a zone for UTC", () => {
    const log = "#Fields: time cs-host sc-status\n05:06:57 a.test 200\n#Date: 2026-11-24\n05:06:57 a.test 200\n";
    const at = BigInt(Date.UTC(2026, 10, 24, 5, 6, 57)) * 1_000_000n;
    expect(readLog(bytesOf(log)).entries.map(({ time }) => time)).toEqual([null, at]);
    const zoneless = "#Fields: localtime cs-host sc-status\n[24/Nov/2026:05:06:57] a.test 200\n";
    expect(readLog(bytesOf(zoneless)).entries.map(({ time }) => time)).toEqual([at]);
  });

  it("takes two quotes in quotes for one, and a line with more columns than fields for none", () => {
    const log = '#Fields: cs-host cs-uri-path\na.test "/b ""c"" d"\na.test /b c\n';
    const { entries: read, notes: told } = readLog(bytesOf(log));
    expect(read.map(({ path }) => path)).toEqual(['/b "c" d']);
    expect(told).toEqual([["log-field-count", 3]]);
  });

  it.each<[string, string, ReturnType<typeof whoSent>]>([
    ["an exception of authentication", "401 authentication_failed DENIED TCP_DENIED - -", ["proxy", "certain"]],
    ["a server that answered 401", "401 - OBSERVED TCP_NC_MISS 401 192.0.2.10", ["origin", "certain"]],
    ["a denial without an exception", "401 - DENIED - - -", ["proxy", "likely"]],
    ["a denial by its action alone", "401 - OBSERVED TCP_DENIED - 192.0.2.10", ["proxy", "likely"]],
    ["a denial behind a server's 401", "401 - DENIED - 401 192.0.2.10", ["proxy", "likely"]],
    ["another exception behind a server's 401", "401 policy_denied OBSERVED - 401 192.0.2.10", ["proxy", "likely"]],
    ["a server that was asked", "401 - OBSERVED TCP_MISS - 192.0.2.10", ["origin", "likely"]],
    ["nothing", "401 - OBSERVED TCP_MISS - -", [null, "likely"]],
    ["no 401", "403 authentication_failed DENIED TCP_DENIED - -", [null, "likely"]],
  ])("says by %s who sent a 401", (_what, line, expected) => expect(whoSent(line)).toEqual(expected));

  it("is the same however it is cut, with any line end", () => {
    const bytes = bytesOf(LOG.replaceAll("\n", "\r\n"));
    expect(readLog(bytes).entries).toEqual(entries);
    expect(readLog(bytes, [...bytes.keys()]).entries).toEqual(entries);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300, unit: "binary" }), (noise) => {
        readLog(bytesOf(`#Fields: date time c-ip sc-status\n${noise}\n${noise}`));
      }),
    );
  });
});
