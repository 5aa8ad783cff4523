import { describeError } from "../../kernels/errors";
import { version } from "../../runtime/measure/version";
import { useNodeThreads } from "../../runtime/node/threads";
import { type Command, output } from "./command";
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
import { modes } from "./commands/modes";
import { report } from "./commands/report";
import { run, sample } from "./commands/run";
import { sae } from "./commands/sae";
import { sweep } from "./commands/sweep";
import { tune } from "./commands/tune";
import { verify } from "./commands/verify";
import { findCommand, helpText, parseOptions, programHelp } from "./options";
import { guardStreams, stdoutError, writeNote } from "./streams";

useNodeThreads();

const commands: Command[] = [
  ...[run, devices, verify, bench, tune, fetch, loss],
  ...[sample, merge, cluster, controls, sweep, modes, sae, compare, llc, influence, report, check],
];
const specs = commands.map(({ spec }) => spec);

async function main(words: string[]): Promise<number> {
  const [name, ...rest] = words;
  const help = programHelp("Spectroscopy of language models: susceptibilities and conductance clusters.", specs);
  if (name === undefined) {
    writeNote(help);
    return 2;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    output(help);
    return 0;
  }
  if (name === "--version") {
    output(version);
    return 0;
  }
  const spec = findCommand(specs, name);
  const options = parseOptions(spec, rest);
  if (options.help) {
    output(helpText(spec));
    return 0;
  }
  return commands[specs.indexOf(spec)].run(options);
}

guardStreams();
for (const event of ["uncaughtException", "unhandledRejection"] as const)
  process.on(event, (error) => {
    process.exit(fail(error));
  });

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = fail(error);
}
const lost = stdoutError();
if (lost) process.exitCode = fail(lost) || process.exitCode;

/** Tells an error in one line, and where its stack lies only of a fault of the program's own; what the process ends with. */
function fail(error: unknown): number {
  const { line, exitCode, code } = describeError(error);
  writeNote(`spectroscope: ${line}\n`);
  if (process.argv.some((word) => /^--json(=true)?$/.test(word))) output(JSON.stringify({ error: line, code }));
  if (code === "internal" && error instanceof Error)
    writeNote(
      `this is a fault of spectroscope ${version}: please report it with the command and these lines\n${error.stack}\n`,
    );
  return exitCode;
}
