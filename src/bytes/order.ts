// Order of values that are not subtracted: texts by their code units, times.

/** For sorting, ascending. */
export function compare<Value extends string | bigint>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
