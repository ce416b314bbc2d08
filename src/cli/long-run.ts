// What V8 is told before much is read. The program alone may do that: a library leaves its host's engine as it is.

let told = false;

/**
 * The first connections of a capture are kept, which teaches V8 to place what later ones are made of among the long-lived at
 * once; there it keeps alive all that it points to, and a capture of short tunnels costs a third more time and twice the memory.
 * A short run does without: loading node:v8 takes 3 % of it.
 */
export function prepareForMuch(): void {
  if (told) return;
  told = true;
  process.getBuiltinModule("node:v8").setFlagsFromString("--no-allocation-site-pretenuring");
}
