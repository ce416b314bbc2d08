// What is said of an argument that a program gives and that is none of what it may be.

/** Longer texts are told by their beginning. */
const MAX_SHOWN = 40;

/** The error for an argument that is none of what it may be: names it, and tells what was given. */
export function wrong(name: string, what: string, given: unknown): TypeError {
  return new TypeError(`${name} must be ${what}, and not ${shown(given)}`);
}

function shown(given: unknown): string {
  switch (typeof given) {
    case "string":
      return JSON.stringify(given.length > MAX_SHOWN ? `${given.slice(0, MAX_SHOWN)}...` : given);
    case "number":
    case "bigint":
    case "boolean":
    case "undefined":
      return String(given);
    case "object": {
      if (given === null) return "null";
      const { name } = (given.constructor ?? Object) as { readonly name?: unknown };
      return typeof name === "string" && name !== "" && name !== "Object" ? `an object of ${name}` : "another object";
    }
    default:
      return `a ${typeof given}`;
  }
}
