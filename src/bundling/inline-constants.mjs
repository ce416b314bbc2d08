// Puts the numbers of the sources' tables of constants (`export const ROW = { LOW: 0, … } as const`) where they are used. TypeScript
// has enums for that, which Node cannot run unbuilt; as properties of an object they cost the way of a packet some 4 %.
import { readdirSync, readFileSync } from "node:fs";

const TABLE = /^(?:export )?const ([A-Z][A-Z0-9_]*) = (\{[^{}]*\}) as const;$/gm;

/** The tables in `text` of which every value is a number, by their names. */
function tablesIn(text) {
  const tables = new Map();
  for (const [, name, literal] of text.matchAll(TABLE)) {
    if (!/^[\s\w:,<+*|(){}-]*$/.test(withoutComments(literal))) continue;
    let table;
    try {
      table = new Function(`return ${literal}`)();
    } catch {
      // It is made of other names: it stays as it is.
      continue;
    }
    if (Object.values(table).every((value) => typeof value === "number" && value >= 0)) tables.set(name, table);
  }
  return tables;
}

function withoutComments(text) {
  return text.replace(/\/\*.*?\*\/|\/\/.*$/gms, "");
}

/** Makes a function of the text of a module below `folder`. A table is known by its name, which only one file may have. */
export function inlineConstants(folder) {
  const tables = new Map();
  for (const file of readdirSync(folder, { recursive: true })) {
    if (!file.endsWith(".ts")) continue;
    for (const [name, table] of tablesIn(readFileSync(`${folder}/${file}`, "utf8"))) {
      tables.set(name, tables.has(name) ? null : table);
    }
  }
  const names = [...tables.keys()].filter((name) => tables.get(name) !== null);
  if (names.length === 0) throw new Error(`no tables of constants below ${folder}`);
  const use = new RegExp(`(?<![\\w$.])(${names.join("|")})\\.(\\w+)`, "g");
  return (text) => text.replace(use, (whole, name, key) => String(tables.get(name)[key] ?? whole));
}
