/** Command lines: declared options, strict parsing, help texts made from the same declaration. */
import { suggest } from "../../kernels/suggest";
import { parseText } from "../../runtime/config/resolve";
import { type Field, type Fields, type Schema, usage, type Values } from "../../runtime/config/schema";
import { keyRow, keysOf, placeholder } from "./keys";

export interface Positional {
  readonly name: string;
  readonly help: string;
  /** Default false: it must be given. */
  readonly optional?: boolean;
  /** The last one may take all that remain. */
  readonly many?: boolean;
}

/** What a command takes. Option keys are written as on the command line, without the dashes: `"top-k"`. */
export interface CommandSpec<F extends Fields = Fields> {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  readonly options: F;
  readonly positionals?: readonly Positional[];
  /** Options that must be given. */
  readonly required?: readonly (keyof F & string)[];
  /** One-letter spellings: `{ o: "out" }`. */
  readonly short?: Readonly<Record<string, keyof F & string>>;
  /** The config that `--set` changes: its keys are listed at the end of the help, under `title`. */
  readonly config?: { readonly title: string; readonly schema: Schema };
  /** Command lines to show, without the program's name. */
  readonly examples?: readonly string[];
}

export interface ParsedOptions<F extends Fields> {
  readonly values: Values<F>;
  readonly positionals: string[];
  /** Options that were written, as against taken from their defaults. */
  readonly given: ReadonlySet<keyof F & string>;
  /** `--help` or `-h` was written; nothing else was checked then. */
  readonly help: boolean;
}

/** `--set key=value` for commands with a config; put it among their options. */
export const SET_OPTION = { type: "list", placeholder: "KEY=VALUE", help: "change one key of the config" } as const;

const isNumber = (text: string) => /^-(\d|\.\d)/.test(text);

/** Walks the words of one command line. */
class Parser {
  readonly values: Record<string, unknown> = {};
  readonly given = new Set<string>();
  readonly positionals: string[] = [];

  constructor(
    readonly spec: CommandSpec,
    readonly words: readonly string[],
    readonly helpHint: string,
  ) {
    for (const [name, field] of Object.entries(spec.options)) this.values[name] = field.default;
  }

  run(): void {
    for (let i = 0; i < this.words.length; i++) {
      const word = this.words[i];
      if (word === "--") {
        this.positionals.push(...this.words.slice(i + 1));
        return;
      }
      if (!word.startsWith("-") || word === "-" || isNumber(word)) this.positionals.push(word);
      else i += this.option(word, this.words[i + 1]);
    }
  }

  /** Take in one option; returns how many further words it used. */
  option(word: string, next: string | undefined): number {
    const equals = word.indexOf("=");
    const written = equals < 0 ? word : word.slice(0, equals);
    const attached = equals < 0 ? undefined : word.slice(equals + 1);
    const { name, off } = this.resolve(written);
    const field = this.spec.options[name];
    if (field.type === "boolean") {
      if (off && attached !== undefined)
        throw usage(`${written} takes no value`, `write --${name}=${attached} or ${written}`);
      this.store(name, field, attached === undefined ? !off : parseText(field, attached, written));
      return 0;
    }
    const value = attached ?? next;
    const looksLikeOption = attached === undefined && next?.startsWith("-") && next !== "-" && !isNumber(next);
    if (value === undefined || looksLikeOption) {
      throw usage(
        `${written} needs a value`,
        `write ${written} ${placeholder(field)}${looksLikeOption ? `, or ${written}=${next}` : ""}`,
      );
    }
    this.store(name, field, field.type === "list" ? value : parseText(field, value, written));
    return attached === undefined ? 1 : 0;
  }

  resolve(written: string): { name: string; off: boolean } {
    const { options, short } = this.spec;
    if (!written.startsWith("--")) {
      const letter = written.slice(1);
      const name = short && Object.hasOwn(short, letter) ? short[letter] : undefined;
      if (name !== undefined) return { name, off: false };
    }
    const name = written.replace(/^--?/, "");
    if (written.startsWith("--")) {
      if (Object.hasOwn(options, name)) return { name, off: false };
      const positive = name.startsWith("no-") ? name.slice(3) : "";
      if (Object.hasOwn(options, positive) && options[positive].type === "boolean")
        return { name: positive, off: true };
    }
    const known = [...Object.keys(options), "help"].map((key) => `--${key}`);
    throw usage(`unknown option ${written}`, `${suggest(`--${name}`, known)} (${this.helpHint})`);
  }

  store(name: string, field: Field, value: unknown): void {
    if (field.type === "list") {
      const before = this.given.has(name) ? (this.values[name] as string[]) : [];
      if (value === "") throw usage(`--${name} is empty`, `write --${name} ${placeholder(field)}`);
      this.values[name] = [...before, value];
    } else if (this.given.has(name)) {
      throw usage(`--${name} is given twice`, "keep one");
    } else {
      this.values[name] = value;
    }
    this.given.add(name);
  }

  finish(): void {
    const { positionals = [], required = [] } = this.spec;
    const least = positionals.filter((positional) => !positional.optional).length;
    const most = positionals.at(-1)?.many ? Number.POSITIVE_INFINITY : positionals.length;
    if (this.positionals.length < least) {
      throw usage(`${this.spec.name}: ${positionals[this.positionals.length].name} is missing`, this.helpHint);
    }
    if (this.positionals.length > most) {
      throw usage(`${this.spec.name}: unexpected argument ${JSON.stringify(this.positionals[most])}`, this.helpHint);
    }
    const missing = required.find((name) => !this.given.has(name));
    if (missing !== undefined) {
      throw usage(
        `${this.spec.name}: --${missing} is missing`,
        `write --${missing} ${placeholder(this.spec.options[missing])}`,
      );
    }
  }
}

/**
 * Read a command's arguments: `--name value`, `--name=value`, `--flag`, `--no-flag`, `-h`, and `--` before arguments that
 * begin with a dash.
 * @param words what follows the command's name
 * @throws SpectroscopeError (usage, exit 2): unknown option with the nearest known one, missing, doubled or unfit value
 */
export function parseOptions<F extends Fields>(
  spec: CommandSpec<F>,
  words: readonly string[],
  program = "spectroscope",
): ParsedOptions<F> {
  const end = words.indexOf("--");
  const help = (end < 0 ? words : words.slice(0, end)).some((word) => word === "--help" || word === "-h");
  const parser = new Parser(spec as unknown as CommandSpec, words, `see ${program} ${spec.name} --help`);
  if (!help) {
    parser.run();
    parser.finish();
  }
  return {
    values: parser.values as Values<F>,
    positionals: parser.positionals,
    given: parser.given as Set<keyof F & string>,
    help,
  };
}

/** Wrap words at `width` columns, later lines indented. */
function wrap(text: string, indent: number, width = 96): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

function table(rows: readonly (readonly [left: string, right: string])[]): string {
  const column = Math.min(30, Math.max(0, ...rows.map(([left]) => left.length))) + 4;
  return rows
    .map(([left, right]) => {
      const head = `  ${left}`;
      const gap = head.length + 2 > column ? `\n${" ".repeat(column)}` : " ".repeat(column - head.length);
      return right === "" ? head : `${head}${gap}${wrap(right, column)}`;
    })
    .join("\n");
}

function optionRow(name: string, field: Field, spec: CommandSpec): [string, string] {
  const letter = Object.entries(spec.short ?? {}).find(([, long]) => long === name)?.[0];
  const flag = field.type === "boolean";
  const spelled = flag && field.default === true ? `--no-${name}` : `--${name}`;
  const left = `${letter ? `-${letter}, ` : ""}${spelled}${flag ? "" : ` ${placeholder(field)}`}`;
  const notes: string[] = [];
  if (spec.required?.includes(name)) notes.push("required");
  if (field.type === "list") notes.push("may be repeated");
  const standard = field.default;
  const empty = Array.isArray(standard) && standard.length === 0;
  if (standard !== undefined && !flag && !empty) notes.push(`default ${String(standard)}`);
  return [left, notes.length > 0 ? `${field.help} (${notes.join("; ")})` : field.help];
}

/** Help text of one command. */
export function helpText(command: CommandSpec, program = "spectroscope"): string {
  const positionals = command.positionals ?? [];
  const pieces = positionals.map(({ name, optional, many }) => {
    const dots = many ? `${name}...` : name;
    return optional ? `[${dots}]` : dots;
  });
  const parts = [command.summary, "", `Usage: ${[program, command.name, ...pieces, "[options]"].join(" ")}`];
  if (positionals.length > 0) parts.push("", "Arguments:", table(positionals.map(({ name, help }) => [name, help])));
  const rows = Object.entries(command.options).map(([name, field]) => optionRow(name, field, command));
  parts.push("", "Options:", table([...rows, ["-h, --help", "show this text"]]));
  if (command.config) parts.push("", `${command.config.title}:`, table(keysOf(command.config.schema).map(keyRow)));
  if (command.examples?.length) parts.push("", "Examples:", ...command.examples.map((line) => `  ${program} ${line}`));
  return `${parts.join("\n")}\n`;
}

/** Help text of the program: its commands. */
export function programHelp(summary: string, commands: readonly CommandSpec[], program = "spectroscope"): string {
  const rows = commands.map(({ name, summary }) => [name, summary] as const);
  return `${[
    summary,
    "",
    `Usage: ${program} COMMAND [options]`,
    "",
    "Commands:",
    table(rows),
    "",
    `${program} COMMAND --help tells a command's options.`,
  ].join("\n")}\n`;
}

/** The command of this name. @throws SpectroscopeError (usage) with the nearest known name */
export function findCommand<C extends CommandSpec>(commands: readonly C[], name: string): C {
  const command = commands.find((one) => one.name === name);
  if (command) return command;
  const names = commands.map((one) => one.name);
  throw usage(`unknown command ${JSON.stringify(name)}`, suggest(name, names));
}
