import type { Fields } from "../../runtime/config/schema";
import type { CommandSpec, ParsedOptions } from "./options";
import { writeResult } from "./streams";

/** A command: what it takes and what it does. The result of `run` is the exit code. */
export interface Command<F extends Fields = Fields> {
  readonly spec: CommandSpec<F>;
  run(options: ParsedOptions<F>): Promise<number>;
}

/** Ties a command's function to the types of its options. */
export function command<const F extends Fields>(spec: CommandSpec<F>, run: Command<F>["run"]): Command {
  return { spec, run } as unknown as Command;
}

/** Options that most commands share. */
export const ADAPTER = {
  type: "string",
  placeholder: "NAME",
  help: "auto (a GPU, else the processor), gpu, software (WebGPU on the processor), wasm (the processor), none, or part of an adapter's name",
} as const;
export const OFFLINE = {
  type: "boolean",
  default: false,
  help: "take a model of the hub from the cache only",
} as const;
export const JSON_FLAG = {
  type: "boolean",
  default: false,
  help: "one JSON object on stdout instead of text",
} as const;

/** Writes the result of a command to stdout, control characters of names shown. */
export function output(text: string): void {
  writeResult(text.endsWith("\n") ? text : `${text}\n`);
}
