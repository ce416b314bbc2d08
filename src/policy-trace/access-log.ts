// Reads access logs in the W3C extended log file format (#Fields, one record per line, "-" for nothing), as proxies write them.
import type { Nanos } from "../bytes/index.ts";
import { shownMethod, shownUrl } from "../http/index.ts";
import { readTime } from "./field-lines.ts";
import { LineSplitter } from "./lines.ts";
import { splitUrl } from "./request-line.ts";
import type { LogEntry, TraceNoteSink } from "./types.ts";

export interface LogSink {
  entry(entry: LogEntry): void;
  readonly note: TraceNoteSink;
}

export interface LogCounts {
  /** A #Fields line was seen. */
  readonly hasFields: boolean;
}

/** Columns of one line; no format has nearly as many. */
const MAX_COLUMNS = 512;

/** Takes an access log in pieces of any size. */
export class AccessLogReader {
  readonly #sink: LogSink;
  readonly #splitter: LineSplitter;
  #fields: ReadonlyMap<string, number> | null = null;
  #columns = 0;
  /** #Date, for lines that have only a time. */
  #date: string | null = null;

  constructor(sink: LogSink) {
    this.#sink = sink;
    this.#splitter = new LineSplitter({ line: (text, number) => this.#line(text, number), note: sink.note });
  }

  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.#splitter.push(bytes, start, end);
  }

  end(): LogCounts {
    this.#splitter.end();
    return { hasFields: this.#fields !== null };
  }

  #line(text: string, number: number): void {
    if (text.trim() === "") return;
    if (text.trimStart().startsWith("#")) {
      this.#directive(text.trim());
      return;
    }
    if (this.#fields === null) {
      this.#sink.note("log-no-fields", number);
      return;
    }
    const columns = columnsOf(text);
    if (columns.length !== this.#columns) {
      // Which column is which is not known any more.
      this.#sink.note("log-field-count", number);
      return;
    }
    this.#sink.entry(this.#entry(columns, this.#fields, number));
  }

  #directive(text: string): void {
    const fields = /^#\s*Fields\s*:\s*(.*)$/i.exec(text);
    if (fields !== null) {
      const names = fields[1]!
        .split(/\s+/)
        .filter((name) => name !== "")
        .slice(0, MAX_COLUMNS);
      this.#fields = new Map(names.map((name, i) => [name.toLowerCase(), i]));
      this.#columns = names.length;
      return;
    }
    const date = /^#\s*(?:Start-)?Date\s*:\s*(\d{4}-\d{2}-\d{2})/i.exec(text);
    if (date !== null) this.#date = date[1]!;
  }

  #entry(columns: readonly string[], fields: ReadonlyMap<string, number>, line: number): LogEntry {
    const value = (...names: string[]): string | null => {
      for (const name of names) {
        const at = fields.get(name);
        const text = at === undefined ? undefined : columns[at];
        if (text !== undefined && text !== "-" && text !== "") return text;
      }
      return null;
    };
    const number = (...names: string[]): number | null => {
      const text = value(...names);
      return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
    };
    const uri = value("cs-uri", "c-uri", "cs-url");
    const whole = uri === null ? null : /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(uri);
    const url = whole === null ? null : splitUrl(whole[2]!);
    const method = value("cs-method");
    const path = value("cs-uri-path") ?? url?.path ?? null;
    const host = splitUrl(value("cs-host", "cs-uri-host", "cs-uri-hostname", "cs(host)") ?? "");
    return {
      line,
      time: this.#time(value, number("time-taken")),
      clientAddress: value("c-ip", "cs-ip"),
      clientPort: number("c-port", "cs-port", "x-client-port"),
      method: method === null ? null : shownMethod(method),
      scheme: (value("cs-uri-scheme", "cs-protocol") ?? whole?.[1] ?? null)?.toLowerCase() ?? null,
      host: host.host === "" ? (url?.host ?? null) : host.host,
      port: number("cs-uri-port") ?? host.port ?? url?.port ?? null,
      path: path === null ? null : shownUrl(path),
      status: number("sc-status"),
      serverStatus: number("rs-status", "sr-status", "x-rs-status", "r-status"),
      exception: value("x-exception-id")?.toLowerCase() ?? null,
      filterResult: value("sc-filter-result")?.toUpperCase() ?? null,
      action: value("s-action")?.toUpperCase() ?? null,
      supplier: value("s-supplier-ip", "r-ip", "s-supplier-name"),
    };
  }

  #time(value: (...names: string[]) => string | null, takenMs: number | null): Nanos | null {
    const date = value("date", "gmtdate", "x-timestamp-date") ?? this.#date;
    const time = value("time");
    const text =
      value("gmttime", "localtime", "x-timestamp") ?? (date !== null && time !== null ? `${date} ${time}` : null);
    if (text === null) return null;
    const at = readTime(text) ?? readCommonTime(text);
    return at === null ? null : at - BigInt(takenMs ?? 0) * 1_000_000n;
  }
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** `[24/May/2019:11:17:14 +0200]`, as `gmttime` and `localtime` are written. */
function readCommonTime(text: string): Nanos | null {
  const found = /^\[?(\d{1,2})\/([A-Za-z]{3})\/(\d{4})[:\s](\d{2}:\d{2}:\d{2})\s*([+-]\d{4}|GMT|UTC)?\]?$/.exec(
    text.trim(),
  );
  if (found === null) return null;
  const month = MONTHS.indexOf(found[2]!.toLowerCase()) + 1;
  if (month === 0) return null;
  const [, day, , year, clock, zone = "UTC"] = found;
  return readTime(`${year}-${String(month).padStart(2, "0")}-${day!.padStart(2, "0")} ${clock} ${zone}`);
}

/** Columns stand between spaces or tabs; one in double quotes may hold them, and a doubled quote is a quote. `[...]` holds together, too. */
function columnsOf(text: string): string[] {
  const columns: string[] = [];
  const pattern = /\s*(?:"((?:[^"]|"")*)"|(\[[^\]\s]* [^\]\s]*\])|(\S+))/gy;
  for (let found = pattern.exec(text); found !== null && columns.length <= MAX_COLUMNS; found = pattern.exec(text)) {
    columns.push(found[1] === undefined ? (found[2] ?? found[3] ?? "") : found[1].replaceAll('""', '"'));
  }
  return columns;
}
