import { describeError } from "../../kernels/errors";
import { version } from "../../runtime/measure/version";
import { useNodeThreads } from "../../runtime/node/threads";
import type { Command } from "./command";
import { bench } from "./commands/bench";
import { check } from "./commands/check";
import { cluster } from "./commands/cluster";
import { compare } from "./commands/compare";
import { controls } from "./commands/controls";
import { devices } from "./commands/devices";
import { fetch } from "./commands/fetch";
import { influence } from "./commands/influence";
import { llc } from "./commands/llc";
import { loss } from "./commands/loss";
import { merge } from "./commands/merge";
import { report } from "./commands/report";
import { run, sample } from "./commands/run";
import { sweep } from "./commands/sweep";
import { tune } from "./commands/tune";
import { verify } from "./commands/verify";
import { findCommand, helpText, parseOptions, programHelp } from "./options";

useNodeThreads();

const commands: Command[] = [
  ...[run, devices, verify, bench, tune, fetch, loss],
  ...[sample, merge, cluster, controls, sweep, compare, llc, influence, report, check],
];
const specs = commands.map(({ spec }) => spec);

async function main(words: string[]): Promise<number> {
  const [name, ...rest] = words;
  const help = programHelp("Spectroscopy of language models: susceptibilities and conductance clusters.", specs);
  if (name === undefined) {
    process.stderr.write(help);
    return 2;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(help);
    return 0;
  }
  if (name === "--version") {
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const spec = findCommand(specs, name);
  const options = parseOptions(spec, rest);
  if (options.help) {
    process.stdout.write(helpText(spec));
    return 0;
  }
  return commands[specs.indexOf(spec)].run(options);
}

// A reader that has seen enough (`| head`) closes the pipe; that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { line, exitCode, code } = describeError(error);
  process.stderr.write(`spectroscope: ${line}\n`);
  if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify({ error: line, code })}\n`);
  if (code === "internal" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = exitCode;
}
