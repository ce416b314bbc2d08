// Addresses and names that somebody has masked before passing a trace on: `10.7X.XXX.XXX`, `xxxx.example.com`.

/** Whether `written` can stand for `real`: an X or * stands for a character, a part of nothing else for any part. */
export function maskFits(written: string, real: string): boolean {
  const a = written.toLowerCase();
  const b = real.toLowerCase();
  if (a === b) return true;
  if (!/[x*]/.test(a)) return false;
  const separator = b.includes(":") && !b.includes(".") ? ":" : ".";
  const parts = a.split(separator);
  const others = b.split(separator);
  return parts.length === others.length && parts.every((part, i) => partFits(part, others[i]!));
}

function partFits(part: string, real: string): boolean {
  if (part === real || /^[x*]+$/.test(part)) return true;
  if (part.length !== real.length) return false;
  for (let i = 0; i < part.length; i++) {
    if (part[i] !== "x" && part[i] !== "*" && part[i] !== real[i]) return false;
  }
  return true;
}
