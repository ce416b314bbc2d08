// What may stand at the place of the cursor: asked by the completion scripts, the same for every shell.
import { explanations, VERDICTS } from "../../diagnosis/index.ts";
import { TRACE_FINDINGS, traceExplanations } from "../../policy-trace/index.ts";
import { REDACT_KINDS } from "../../report/index.ts";
import type { Tree, TreeCommand, TreeOption } from "./tree.ts";

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Names of files fit as well. */
  readonly files: boolean;
}

const FILES: Completion = { candidates: [], files: true };
const NOTHING: Completion = { candidates: [], files: false };

/**
 * `words` are those behind the program's name up to the cursor; the last one, which may be empty, is being written.
 */
export function complete(tree: Tree, words: readonly string[]): Completion {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const { command, named, positionals, pending, ended } = read(tree, before);
  if (pending !== null) return valuesOf(pending, current, "");
  const [, name, value] = /^(--[^=]+)=(.*)$/s.exec(current) ?? [];
  if (!ended && name !== undefined) {
    const option = optionsOf(tree, command, named).find(({ long }) => long === name);
    return option === undefined ? NOTHING : valuesOf(option, value ?? "", `${name}=`);
  }
  if (!ended && current.startsWith("-") && current !== "-") {
    return fitting(current, optionsOf(tree, command, named).flatMap(flagsOf), false);
  }
  const commands = named || positionals > 0 || ended ? [] : tree.commands;
  const own = argumentValues(command, positionals);
  return fitting(
    current,
    [...commands.map(({ name: value, description }) => ({ value, description })), ...own.candidates],
    own.files,
  );
}

interface Read {
  readonly command: TreeCommand;
  /** Whether the command was named, or is the one that is done by default. */
  readonly named: boolean;
  readonly positionals: number;
  /** The option whose value comes next. */
  readonly pending: TreeOption | null;
  /** Behind "--" there are no options. */
  readonly ended: boolean;
}

/** What the words in front of the cursor say. */
function read(tree: Tree, words: readonly string[]): Read {
  let command: TreeCommand = tree.commands.find(({ standard }) => standard) ?? tree.commands[0]!;
  let named = false;
  let positionals = 0;
  let pending: TreeOption | null = null;
  let ended = false;
  for (const word of words) {
    if (pending !== null) pending = null;
    else if (ended || !word.startsWith("-") || word === "-") {
      const found: TreeCommand | undefined =
        named || positionals > 0 || ended ? undefined : tree.commands.find(({ name }) => name === word);
      if (found === undefined) positionals++;
      else [command, named] = [found, true];
    } else if (word === "--") ended = true;
    else {
      const options = optionsOf(tree, command, named);
      pending = options.find(({ short, long, value }) => value !== null && (short === word || long === word)) ?? null;
    }
  }
  return { command, named, positionals, pending, ended };
}

/** In front of a command's name stand the options of the program and of the command that is done by default. */
function optionsOf(tree: Tree, command: TreeCommand, named: boolean): readonly TreeOption[] {
  const all = named ? command.options : [...command.options, ...tree.options];
  return all.filter(({ long }, i) => all.findIndex((other) => other.long === long) === i);
}

function flagsOf({ short, long, description }: TreeOption): Candidate[] {
  return [long, short].flatMap((value) => (value === null ? [] : [{ value, description }]));
}

/** Values by the name that the help gives them; what is not here has no list. */
const VALUES: Readonly<Record<string, () => readonly Candidate[]>> = {
  "<verdict,...>": () => [...VERDICTS, "none"].map((value) => ({ value, description: titleOf(value) })),
  "<finding,...>": () => [...TRACE_FINDINGS, "none"].map((value) => ({ value, description: titleOf(value) })),
  "<kind,...>": () => REDACT_KINDS.map((value) => ({ value, description: "" })),
};

/** `prefix` stands in front of the value in the same word. */
function valuesOf({ value, choices }: TreeOption, current: string, prefix: string): Completion {
  const name = value ?? "";
  const known = VALUES[name]?.() ?? choices.map((choice) => ({ value: choice, description: "" }));
  if (known.length === 0) return /file|journal/.test(name) ? FILES : NOTHING;
  // Of a list the last one is being written, and nothing is offered twice.
  const list = name.includes(",") ? current.slice(0, current.lastIndexOf(",") + 1) : "";
  const given = new Set(list.split(","));
  const offered = known
    .filter((candidate) => !given.has(candidate.value))
    .map((candidate) => ({ ...candidate, value: prefix + list + candidate.value }));
  return fitting(prefix + current, offered, false);
}

function argumentValues({ arguments: known }: TreeCommand, position: number): Completion {
  const argument = known[position] ?? (known.at(-1)?.variadic === true ? known.at(-1) : undefined);
  if (argument === undefined) return NOTHING;
  if (argument.name === "id") {
    return { candidates: explained().map(({ id, title }) => ({ value: id, description: title })), files: false };
  }
  if (argument.choices.length > 0) {
    return { candidates: argument.choices.map((value) => ({ value, description: "" })), files: false };
  }
  return FILES;
}

function fitting(current: string, candidates: readonly Candidate[], files: boolean): Completion {
  return { candidates: candidates.filter(({ value }) => value.startsWith(current)), files };
}

/** All that `explain` tells about. */
function explained(): readonly { readonly id: string; readonly title: string }[] {
  return [...explanations(), ...traceExplanations()];
}

function titleOf(id: string): string {
  return explained().find((explanation) => explanation.id === id)?.title ?? "";
}

/**
 * Answers a completion script: `--complete SHELL WORD…`. The first line tells whether names of files fit ("files") or not
 * ("words"), each further one is a value, a tab and its description.
 */
export function answerShell(tree: Tree, shell: string, given: readonly string[]): string {
  // PowerShell drops empty arguments, so its script puts a mark in front of each; bash takes "--a=b" for three words.
  const words = shell === "powershell" ? given.map((word) => word.slice(1)) : [...given];
  let own = "";
  if (shell === "bash") {
    const joined = joinedWords(words);
    own = joined.own;
    words.splice(0, words.length, ...joined.words);
  }
  const { candidates, files } = complete(tree, words);
  const lines = candidates.map(({ value, description }) => `${value.slice(own.length)}\t${description}`);
  return `${[files ? "files" : "words", ...lines].join("\n")}\n`;
}

/** Undoes the splitting at "=". `own`: what stands in front of the cursor's word and is not to be offered again. */
function joinedWords(words: readonly string[]): { readonly words: readonly string[]; readonly own: string } {
  const joined: string[] = [];
  let own = "";
  for (const [i, word] of words.entries()) {
    const last = joined.at(-1);
    const goesOn = last !== undefined && (word === "=" ? last.startsWith("--") : words[i - 1] === "=");
    if (!goesOn) {
      joined.push(word);
      own = "";
      continue;
    }
    // The word "=" itself is replaced by an empty one.
    own = word === "=" ? `${last}=` : last;
    joined[joined.length - 1] = last + word;
  }
  return { words: joined, own };
}
