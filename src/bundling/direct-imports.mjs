// Imports through a room's index.ts become imports of the files behind it. Where modules are evaluated when they are first needed, one
// name of a room would else have all of the room evaluated: a third of the modules that checking a capture does without.
import { readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";

const EXPORT = /^export \{([^}]*)\} from "([^"]+)";$/gm;
const IMPORT = /^import \{([^}]*)\} from "(\.[^"]*\/index\.ts)";$/gm;
const CONSTANT = /^[A-Z][A-Z0-9_]*$/;

/** The values, not the types, in the braces of an import or export: the name there and the name here. */
function valuesIn(list) {
  return list
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "" && !item.startsWith("type "))
    .map((item) => item.split(" as "))
    .map(([theirs, ours = theirs]) => ({ theirs, ours }));
}

/** What the index at `path` passes on, by name: the file that has it, and its name there. */
function passedOnBy(path) {
  const origins = new Map();
  for (const [, list, file] of readFileSync(path, "utf8").matchAll(EXPORT)) {
    for (const { theirs, ours } of valuesIn(list)) origins.set(ours, { file: join(dirname(path), file), name: theirs });
  }
  return origins;
}

/**
 * Makes a function of a module's text and path. Functions and classes of `lateRooms`, folders beside each other in src, are imported
 * as `late:FILE` by other rooms.
 */
export function directImports(lateRooms) {
  const indexes = new Map();
  const isLate = (index, importer) =>
    lateRooms.some((room) => index.includes(`${sep}${room}${sep}`) && !importer.includes(`${sep}${room}${sep}`));
  return (text, path) =>
    text.replace(IMPORT, (_, list, file) => {
      const index = join(dirname(path), file);
      if (!indexes.has(index)) indexes.set(index, passedOnBy(index));
      const origins = indexes.get(index);
      return valuesIn(list)
        .map(({ theirs, ours }) => {
          // Made in the index itself.
          const origin = origins.get(theirs) ?? { file: index, name: theirs };
          const late = isLate(index, path) && !CONSTANT.test(origin.name) ? "late:" : "";
          // What stands for a class until it is first made has neither its instances nor its heirs.
          if (late !== "" && new RegExp(`(?:instanceof|extends) ${ours}\\b`).test(text))
            throw new Error(`${path}: ${ours} is loaded late, and cannot be tested for or extended`);
          return `import { ${origin.name} as ${ours} } from ${JSON.stringify(late + origin.file)};`;
        })
        .join("\n");
    });
}
