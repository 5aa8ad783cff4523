/** `npm run mutate`: how many small changes of the code the tests notice. */
import { readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { describeError, SpectroscopeError } from "../../kernels/errors";
import { projectRoot } from "../../runtime/node/root";
import { type CommandSpec, helpText, parseOptions } from "../cli/options";
import { bundleTests, mutateSources } from "./bundles";
import { reachOf, sampleMutants, tryMutants, type Verdict } from "./campaign";
import type { Mutant } from "./mutants";

/** Where mutants are made: the rooms whose mistakes are results that look right. */
const ROOMS = ["measure", "cluster", "susceptibility", "sampler", "store"].map((room) => `runtime/${room}`);
const REPORT = "harness/report";
/** A style sheet, of which no test knows what is pretty, and functions that the page holds as text: a browser runs them. */
const NOT = ["style.ts", "behavior.ts", "canvas.ts"].map((name) => `${REPORT}/${name}`);
/** Tests that may judge them. */
const JUDGES = ["runtime", "harness/report", "harness/cli", "harness/test"];

const SPEC = {
  name: "mutate",
  summary: "Change the code in small ways, one at a time, and count how often a test fails.",
  options: {
    count: { type: "integer", default: 300, min: 1, help: "mutants to try, evenly over the folders" },
    seed: { type: "integer", default: 1, min: 0, help: "which of them" },
    within: { type: "number", default: 60, min: 1, help: "seconds that a test file may take to judge mutants" },
    judges: {
      type: "list",
      placeholder: "PATHWORD",
      help: "only test files with this in their path; several: any of them",
    },
    lanes: { type: "integer", default: Math.min(2, availableParallelism()), min: 1, help: "test files at a time" },
    json: { type: "string", placeholder: "FILE", help: "write all verdicts into a file too" },
    list: { type: "boolean", default: false, help: "print the mutants that were chosen and try none" },
    only: { type: "string", placeholder: "TEXT", help: "every mutant with this in its id, as file:line:" },
  },
  positionals: [
    { name: "PATHWORD", help: "part of a source's path; several: any of them", optional: true, many: true },
  ],
  examples: ["mutate", "mutate runtime/store --count 60", "mutate --only runtime/cluster/assign.ts:2"],
} as const satisfies CommandSpec;

function* testsIn(root: string, folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (entry.isDirectory()) yield* testsIn(root, `${folder}/${entry.name}`);
    else if (entry.name.endsWith(".test.ts")) yield `${folder}/${entry.name}`;
  }
}

const shown = ({ id, original, mutated }: Mutant) => `${id}\n    ${original}\n    ${mutated}`;

/** A line a room, and one for all: killed of tried. */
function table(verdicts: readonly Verdict[], rooms: readonly string[]): string[] {
  const line = (name: string, of: readonly Verdict[]) => {
    const count = (...kinds: Verdict["status"][]) => of.filter(({ status }) => kinds.includes(status)).length;
    const killed = count("killed", "late");
    const score = ((100 * killed) / Math.max(1, of.length)).toFixed(1);
    return `${name.padEnd(24)} ${killed} of ${of.length} killed, ${score} %; ${count("survived")} survived, ${count("not reached")} not reached`;
  };
  const found = rooms.map(
    (room) => [room, verdicts.filter(({ mutant }) => mutant.file.startsWith(`${room}/`))] as const,
  );
  return [...found.filter(([, of]) => of.length > 0).map(([room, of]) => line(room, of)), line("all", verdicts)];
}

async function main(): Promise<number> {
  const { values, positionals: words, help } = parseOptions(SPEC, process.argv.slice(2), "npm run");
  if (help) {
    console.log(helpText(SPEC, "npm run"));
    return 0;
  }
  const { count, seed, within, judges: judging = [], lanes, json, list, only } = values;
  const root = projectRoot();
  const rooms = [...ROOMS, REPORT];
  const sources = mutateSources(root, rooms, { not: NOT, draws: (file) => file.startsWith(`${REPORT}/`) });
  const asked = sources.mutants.filter(
    ({ file, id }) =>
      (words.length === 0 || words.some((word) => file.includes(word))) && (only === undefined || id.includes(only)),
  );
  if (asked.length === 0)
    throw new SpectroscopeError(`no mutant is in ${[...words, only].filter(Boolean).join(" or ")}`, {
      code: "usage",
      hint: `mutants are made in ${rooms.join(", ")}`,
    });
  const chosen = only === undefined ? sampleMutants(asked, rooms, count, seed) : asked;
  console.log(`${asked.length} mutants, ${chosen.length} chosen by seed ${seed}`);
  if (list) {
    for (const mutant of chosen) console.log(shown(mutant));
    return 0;
  }
  const folder = join(root, "dist", "mutation");
  const tests = JUDGES.flatMap((judge) => [...testsIn(root, judge)]).filter(
    (test) => judging.length === 0 || judging.some((word) => test.includes(word)),
  );
  const files = new Set(chosen.map(({ file }) => file));
  const all = await bundleTests(root, join(folder, "watched"), sources, tests, "watched");
  // A test of the command line starts the program, in which all of them are.
  const able = tests.filter(
    (test) => test.startsWith("harness/cli/") || all.sources.get(test)?.some((source) => files.has(source)),
  );
  const reach = await reachOf(all, able, {
    ...{ memory: join(folder, "reach.json"), program: join(folder, "watched", "dist", "spectroscope.mjs"), lanes },
    limitMs: 1000 * within,
    leftOut: (test, why) => console.log(`${test} judges nothing: it ${why}`),
  });
  const judges = reach.map(({ test }) => test);
  const bundles = await bundleTests(root, join(folder, "switched"), sources, judges, "switched");
  const start = performance.now();
  let done = 0;
  const verdicts = await tryMutants(chosen, reach, bundles, lanes, ({ mutant, status }) => {
    done++;
    if (status === "survived" || status === "not reached") console.log(`${status}: ${shown(mutant)}`);
    if (done % 20 === 0)
      console.log(`${done} of ${chosen.length} after ${Math.round((performance.now() - start) / 1000)} s`);
  });
  for (const line of table(verdicts, rooms)) console.log(line);
  if (json) writeFileSync(json, `${JSON.stringify({ seed, verdicts }, undefined, 1)}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const { line, exitCode } = describeError(error);
  console.error(`npm run mutate: ${line}`);
  process.exitCode = exitCode;
}
