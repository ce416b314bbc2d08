// What the build makes of imports from other rooms: what is not needed is not evaluated, and what is late comes when it is called.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../../src", import.meta.url));
const from = (path: string): string => JSON.stringify(join(src, path));
const late = (path: string): string => JSON.stringify(`late:${join(src, path)}`);
const importer = join(src, "audit/any.ts");
/** `directImports` of the build. */
const { directImports }: { directImports(lateRooms: readonly string[]): (text: string, path: string) => string } =
  await import(join(src, "bundling/direct-imports.mjs"));
const change = directImports(["policy-trace"]);

describe("imports through an index", () => {
  it("name the files behind it, under the names that are used, and no types", () => {
    const text = 'import {\n  quoted,\n  type Nanos,\n  nanos as exact,\n} from "../bytes/index.ts";\nconst a = 1;\n';
    const changed = change(text, importer);
    expect(changed).toMatch(/^import \{ quoted as quoted \} from ".*bytes\/text\.ts";$/m);
    expect(changed).toMatch(/^import \{ nanos as exact \} from ".*bytes\/units\.ts";$/m);
    expect(changed).not.toMatch(/Nanos|index/);
    expect(changed).toMatch(/\nconst a = 1;\n$/);
  });

  it("are late for functions and classes of a late room, but not for its constants, nor within it", () => {
    const text = 'import { RecordJoin, TRACE_NOTES } from "../policy-trace/index.ts";';
    expect(change(text, importer).split("\n")).toEqual([
      `import { RecordJoin as RecordJoin } from ${late("policy-trace/join.ts")};`,
      `import { TRACE_NOTES as TRACE_NOTES } from ${from("policy-trace/types.ts")};`,
    ]);
    expect(change(text, join(src, "policy-trace/any.ts"))).not.toMatch(/late:/);
  });

  it("are refused where what stands for a class would not do", () => {
    const text = 'import { RecordJoin } from "../policy-trace/index.ts";\n';
    expect(() => change(`${text}x instanceof RecordJoin;`, importer)).toThrow(/RecordJoin is loaded late/);
    expect(() => change(`${text}class A extends RecordJoin {}`, importer)).toThrow(/RecordJoin is loaded late/);
    expect(() => change(`${text}new RecordJoin();`, importer)).not.toThrow();
  });

  it("of types stay as they are", () => {
    const text = readFileSync(join(src, "diagnosis/facts.ts"), "utf8")
      .split("\n")
      .filter((line) => line.startsWith("import type"))
      .join("\n");
    expect(text).not.toBe("");
    expect(change(text, importer)).toBe(text);
  });
});
