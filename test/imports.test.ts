// Holds the floors of the house: a file imports from its own room, or from the index.ts of a room on a lower floor.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const FLOORS: Record<string, number> = {
  bytes: 0,
  "pcap-parser": 1,
  packet: 2,
  tcp: 3,
  http: 4,
  "tls-parse": 4,
  "tls-decrypt": 5,
  proxy: 6,
  diagnosis: 7,
  "policy-trace": 7,
  report: 8,
  audit: 9,
  cli: 10,
  web: 10,
};

/** Rooms below `audit` take bytes and return values: nothing of the platform may be imported there. */
const SANS_IO_BELOW = 9;

const root = fileURLToPath(new URL("../src/", import.meta.url));
const files = filesIn(root).filter((file) => file.endsWith(".ts"));

/** Paths below `folder`, with slashes on Windows, too. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => file.replaceAll(sep, "/"));
}

interface Import {
  file: string;
  specifier: string;
}

const imports: Import[] = files.flatMap((file) =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => ({
    file,
    specifier: match[1]!,
  })),
);

const roomOf = (file: string): string => (file.includes("/") ? file.slice(0, file.indexOf("/")) : "");

describe("the floors of the house", () => {
  it("knows every room", () => {
    const rooms = new Set(files.map(roomOf).filter((room) => room !== ""));
    for (const room of rooms) expect(FLOORS, `src/${room}`).toHaveProperty([room]);
    expect(imports.length).toBeGreaterThan(20);
  });

  it("imports point toward the bytes, through the door of a room", () => {
    const wrong: string[] = [];
    for (const { file, specifier } of imports) {
      const room = roomOf(file);
      if (!specifier.startsWith(".") || room === "") continue;
      const target = posix.normalize(posix.join(dirname(file), specifier));
      const targetRoom = roomOf(target);
      if (targetRoom === room) continue;
      const down = targetRoom !== "" && FLOORS[targetRoom]! < FLOORS[room]!;
      const throughDoor = target === `${targetRoom}/index.ts`;
      if (!down || !throughDoor) wrong.push(`${file} imports ${specifier}`);
    }
    expect(wrong).toEqual([]);
  });

  it("go round in no circle, types and late ones included", () => {
    const targets = new Map<string, string[]>(files.map((file) => [file, []]));
    for (const { file, specifier } of imports)
      if (specifier.startsWith(".")) targets.get(file)!.push(posix.normalize(posix.join(dirname(file), specifier)));
    // What imports nothing that is left is taken away, again and again: circles stay.
    for (let before = -1; before !== targets.size; ) {
      before = targets.size;
      for (const [file, own] of targets) if (!own.some((target) => targets.has(target))) targets.delete(file);
    }
    // Nor do those that only lead to a circle.
    const imported = new Set([...targets.values()].flat());
    expect([...targets.keys()].filter((file) => imported.has(file))).toEqual([]);
  });

  it("keeps everything below audit free of the platform", () => {
    const wrong = imports.filter(({ file, specifier }) => {
      const room = roomOf(file);
      return room !== "" && FLOORS[room]! < SANS_IO_BELOW && specifier.startsWith("node:");
    });
    expect(wrong).toEqual([]);
  });

  it("takes no URL's pathname for a path: of a folder with a space, and on Windows, it is none", () => {
    const wrong = ["../src/", "../test/"].flatMap((folder) => {
      const at = fileURLToPath(new URL(folder, import.meta.url));
      const code = filesIn(at).filter((file) => /\.(?:ts|mjs)$/.test(file));
      return code.filter((file) => /import\.meta\.url\)\.pathname/.test(readFileSync(join(at, file), "utf8")));
    });
    expect(wrong).toEqual([]);
  });
});
