import { describeError } from "../../kernels/errors";
import type { Command } from "./command";
import { bench } from "./commands/bench";
import { cluster } from "./commands/cluster";
import { devices } from "./commands/devices";
import { loss } from "./commands/loss";
import { report } from "./commands/report";
import { run, sample } from "./commands/run";
import { verify } from "./commands/verify";
import { findCommand, helpText, parseOptions, programHelp } from "./options";

const commands: Command[] = [run, devices, verify, bench, loss, sample, cluster, report];
const specs = commands.map(({ spec }) => spec);

async function main(words: string[]): Promise<number> {
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(
      programHelp("Spectroscopy of language models: susceptibilities and conductance clusters.", specs),
    );
    return name === undefined ? 2 : 0;
  }
  const spec = findCommand(specs, name);
  const options = parseOptions(spec, rest);
  if (options.help) {
    process.stdout.write(helpText(spec));
    return 0;
  }
  return commands[specs.indexOf(spec)].run(options);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { line, exitCode, code } = describeError(error);
  process.stderr.write(`spectroscope: ${line}\n`);
  if (code === "internal" && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exitCode = exitCode;
}
