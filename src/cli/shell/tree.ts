// The command tree as plain data, for completion and the manual page: what commander was told is told once.
import type { Command, Option } from "commander";

export interface TreeOption {
  readonly short: string | null;
  readonly long: string | null;
  /** "<file>" where it takes a value, else null. */
  readonly value: string | null;
  readonly description: string;
  readonly choices: readonly string[];
  readonly standard: string | null;
}

export interface TreeArgument {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly choices: readonly string[];
}

export interface TreeCommand {
  readonly name: string;
  readonly description: string;
  /** Done if no command is named. */
  readonly standard: boolean;
  readonly arguments: readonly TreeArgument[];
  readonly options: readonly TreeOption[];
}

export interface Tree {
  readonly name: string;
  readonly description: string;
  readonly options: readonly TreeOption[];
  readonly commands: readonly TreeCommand[];
}

const HELP: TreeOption = {
  short: "-h",
  long: "--help",
  value: null,
  description: "print this help",
  choices: [],
  standard: null,
};

/** The tree of `program`; `standard` is the name of the command that is done if none is named. */
export function treeOf(program: Command, standard: string): Tree {
  return {
    name: program.name(),
    description: program.description(),
    options: [...program.options.map(treeOption), HELP],
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: command.description(),
      standard: command.name() === standard,
      arguments: command.registeredArguments.map((argument) => ({
        name: argument.name(),
        description: argument.description,
        required: argument.required,
        variadic: argument.variadic,
        choices: argument.argChoices ?? [],
      })),
      options: [...command.options.filter(({ hidden }) => !hidden).map(treeOption), HELP],
    })),
  };
}

function treeOption(option: Option): TreeOption {
  return {
    short: option.short ?? null,
    long: option.long ?? null,
    value: /[<[].*$/.exec(option.flags)?.[0] ?? null,
    description: option.description,
    choices: option.argChoices ?? [],
    standard: typeof option.defaultValue === "string" ? option.defaultValue : null,
  };
}
