// pcapcheck explain [ID]: a verdict or finding in plain words.
import { type Explanation, explanations } from "../../diagnosis/index.ts";
import { type TraceExplanation, traceExplanations } from "../../policy-trace/index.ts";
import { paint, safe, type TerminalStyle, terminalText, wrap } from "../../report/index.ts";
import { NOT_CHECKED } from "../exit-code.ts";
import { nearest } from "../nearest.ts";
import { print, warn } from "../standard-streams.ts";
import { type LookOptions, terminalStyle } from "../terminal.ts";

/** Findings of captures and of policy traces. */
type Explained = Explanation | TraceExplanation;

/** Prints; returns the exit code. */
export function explain(id: string | null, options: LookOptions): number {
  const style = terminalStyle(options, false);
  const all = [...explanations(), ...traceExplanations()];
  if (id === null) {
    print(`${list(all, style)}\n`);
    return 0;
  }
  const wanted = id.toLowerCase();
  const found = all.find((explanation) => explanation.id === wanted);
  if (found === undefined) {
    const ids = all.map((explanation) => explanation.id);
    const near = nearest(wanted, ids);
    const hint = near === null ? "pcapcheck explain lists them" : `did you mean ${near}?`;
    warn(`pcapcheck: there is no verdict or finding "${terminalText(id)}"; ${hint}\n`);
    return NOT_CHECKED;
  }
  print(`${whole(found, style)}\n`);
  return 0;
}

const COLOURS = { error: "red", warning: "yellow", info: "bold" } as const;

/** Narrower terminals get the title below the id. */
const NARROW = 64;

function list(all: readonly Explained[], style: TerminalStyle): string {
  const column = Math.max(...all.map(({ id }) => id.length)) + 2;
  const narrow = style.width < NARROW;
  return all
    .map(({ id, severity, title }) => {
      const lines = wrap(safe(style, title), style.width - (narrow ? 2 : column));
      const name = paint(style, COLOURS[severity], id);
      if (narrow) return [name, ...lines.map((line) => `  ${line}`)].join("\n");
      const pad = " ".repeat(column);
      return lines.map((line, i) => (i === 0 ? name + " ".repeat(column - id.length) : pad) + line).join("\n");
    })
    .join("\n");
}

function whole(explanation: Explained, style: TerminalStyle): string {
  const { id, severity, title, meaning, looksLike, example, evidence, advice, references } = explanation;
  const section = (name: string, texts: readonly string[]): string => {
    const lines = texts.flatMap((text) => wrap(safe(style, text), style.width - 2));
    return [paint(style, "bold", name), ...lines.map((line) => `  ${line}`)].join("\n");
  };
  return [
    [`${paint(style, COLOURS[severity], id)} (${severity})`, ...wrap(safe(style, title), style.width)].join("\n"),
    section("Meaning", [meaning]),
    section(id.startsWith("trace-") ? "In a trace" : "In a capture", [looksLike]),
    section("Example", example),
    section("Evidence", [evidence]),
    section("For the helpdesk", [advice.helpdesk]),
    section("For the proxy's administrator", [advice.proxyAdmin]),
    section("References", references),
  ].join("\n\n");
}
