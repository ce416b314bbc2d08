// pcapcheck explain [ID]: a verdict or finding in plain words.
import { type Explanation, explanations } from "../../diagnosis/index.ts";
import { paint, type TerminalStyle, terminalText, wrap } from "../../report/index.ts";
import { terminalStyle } from "../terminal.ts";

/** Prints; returns the exit code. */
export function explain(id: string | null, options: { readonly color: boolean; readonly ascii?: boolean }): number {
  const style = terminalStyle(options, process.stdout, false);
  const all = explanations();
  if (id === null) {
    process.stdout.write(`${list(all, style)}\n`);
    return 0;
  }
  const found = all.find((explanation) => explanation.id === id.toLowerCase());
  if (found === undefined) {
    const near = nearest(
      id.toLowerCase(),
      all.map((explanation) => explanation.id),
    );
    process.stderr.write(
      `pcapcheck: there is no verdict or finding "${terminalText(id)}"${near === null ? "" : `; did you mean ${near}?`}\n`,
    );
    return 2;
  }
  process.stdout.write(`${whole(found, style)}\n`);
  return 0;
}

function list(all: readonly Explanation[], style: TerminalStyle): string {
  const width = Math.max(...all.map(({ id }) => id.length));
  return all.map(({ id, title }) => `${paint(style, "bold", id.padEnd(width))}  ${title}`).join("\n");
}

function whole(explanation: Explanation, style: TerminalStyle): string {
  const { id, severity, title, meaning, looksLike, evidence, advice, references } = explanation;
  const section = (name: string, text: string): string =>
    [paint(style, "bold", name), ...wrap(text, style.width - 2).map((part) => `  ${part}`)].join("\n");
  return [
    `${paint(style, "bold", id)} (${severity})\n${title}`,
    section("Meaning", meaning),
    section("In a capture", looksLike),
    section("Evidence", evidence),
    section("For the helpdesk", advice.helpdesk),
    section("For the proxy's administrator", advice.proxyAdmin),
    section("References", references.join("; ")),
  ].join("\n\n");
}

/** The most similar id, if it is similar at all. */
function nearest(word: string, ids: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(3, word.length / 3);
  for (const id of ids) {
    const distance = id.includes(word) && word.length > 3 ? 1 : editDistance(word, id);
    if (distance < least) {
      best = id;
      least = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
