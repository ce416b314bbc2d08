// Patterns among arguments: on Windows no shell makes names of *.pcap, so the program does.
import { isPattern, lookAt, namesOf } from "../audit/index.ts";

/** `paths` with the files that patterns stand for; a pattern that nothing fits stays, and is told of as a name. */
export async function expanded(paths: readonly string[]): Promise<readonly string[]> {
  if (process.platform !== "win32" || !paths.some(isPattern)) return paths;
  const all: string[] = [];
  for (const path of paths) {
    const found = isPattern(path) ? await filesOf(path) : [];
    all.push(...(found.length === 0 ? [path] : found));
  }
  return all;
}

async function filesOf(pattern: string): Promise<readonly string[]> {
  try {
    const names = await namesOf(pattern);
    return names.filter((name) => {
      const status = lookAt(name);
      return typeof status === "string" || status.isFile();
    });
  } catch {
    // A folder that cannot be read, or no pattern that can be understood.
    return [];
  }
}
