// The values of options: ports, addresses, numbers, verdicts, kinds of pseudonyms.
import { InvalidArgumentError } from "commander";
import { ipAddress, type ProxyAddress } from "../audit/index.ts";
import { VERDICTS, type Verdict } from "../diagnosis/index.ts";
import { REDACT_KINDS, type RedactKind } from "../report/index.ts";

/** The name of a file. An empty one comes from a variable of a script that is not set, and any answer about the file would mislead. */
export function fileName(value: string): string {
  if (value === "") throw new InvalidArgumentError("The name is empty.");
  return value;
}

/** The same of an option that may be given several times. */
export function fileNames(value: string, before: readonly string[] = []): string[] {
  return [...before, fileName(value)];
}

/** tcp.stream and the like: 0 to 999,999,999. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError("It takes a whole number.");
  return Number(value);
}

/** Seconds or MiB: more than nothing. */
export function positive(value: string): number {
  const number = /^\d{1,9}(?:\.\d{1,3})?$/.test(value) ? Number(value) : 0;
  if (number <= 0) throw new InvalidArgumentError("It takes a number greater than 0.");
  return number;
}

/** `2/8`: the second of eight parts. */
export function shard(value: string): { readonly index: number; readonly of: number } {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(value);
  const [index, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || index < 1 || index > of)
    throw new InvalidArgumentError("It takes I/N, with I from 1 to N, and N up to 999999.");
  return { index, of };
}

/** Workers of an audit: 1 to 64. */
export function jobs(value: string): number {
  const number = wholeNumber(value);
  if (number < 1 || number > 64) throw new InvalidArgumentError("It takes a number from 1 to 64.");
  return number;
}

function port(value: string): number {
  const number = /^\d{1,5}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > 65_535) throw new InvalidArgumentError(`"${value}" is no port (1 to 65535).`);
  return number;
}

/** `8080`, `8080,3128`; repeatable. */
export function ports(value: string, before: readonly number[] = []): number[] {
  return [...before, ...value.split(",").map(port)];
}

/** `10.0.0.2`, `10.0.0.2:8080`, `fd00::2`, `[fd00::2]:8080`; repeatable. */
export function proxies(value: string, before: readonly ProxyAddress[] = []): ProxyAddress[] {
  const match = /^\[([^\]]*)\](?::(.*))?$/.exec(value) ?? /^([^:]*)(?::([^:]*))?$/.exec(value) ?? [value, value];
  const host = ipAddress(match[1] ?? "");
  if (host === null) throw new InvalidArgumentError("It takes an IP address, with :PORT if wanted.");
  return [...before, match[2] === undefined ? { host } : { host, port: port(match[2]) }];
}

/** `none`, or names of verdicts with commas between them. */
export function verdicts(value: string): readonly Verdict[] {
  if (value === "none") return [];
  return value.split(",").map((name) => {
    const verdict = VERDICTS.find((candidate) => candidate === name);
    if (verdict === undefined) throw new InvalidArgumentError(`"${name}" is no verdict; pcapcheck explain lists them.`);
    return verdict;
  });
}

/** `ip,host,user`, or some of them. */
export function redactKinds(value: string): readonly RedactKind[] {
  return value.split(",").map((name) => {
    const kind = REDACT_KINDS.find((candidate) => candidate === name);
    if (kind === undefined) throw new InvalidArgumentError(`"${name}" is none of ${REDACT_KINDS.join(", ")}.`);
    return kind;
  });
}
