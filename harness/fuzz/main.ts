/** `npm run fuzz`: every parser, seeded inputs, two processes, and a summary; what breaks the contract is written down. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describeError, SpectroscopeError } from "../../kernels/errors";
import { projectRoot } from "../../runtime/node/root";
import { type CommandSpec, helpText, parseOptions } from "../cli/options";
import { runCrew } from "./crew";
import { Peer } from "./peer";
import { TARGETS } from "./targets";
import { type Batch, type Find, faultKey, serve, type Tally } from "./worker";

const SPEC = {
  name: "fuzz",
  summary: "Read made-up and damaged inputs by every parser; report what breaks their contract.",
  options: {
    minutes: {
      type: "number",
      min: 0,
      exclusiveMin: true,
      help: "how long; 1 where no count is given",
    },
    count: { type: "integer", min: 1, help: "inputs in all, however long it takes" },
    seed: { type: "integer", default: 1, min: 0, help: "of all inputs: the same seed and count read the same" },
    only: { type: "string", placeholder: "TARGET,...", help: `some of ${TARGETS.map(({ name }) => name).join(", ")}` },
    out: { type: "string", placeholder: "DIR", help: "where finds are written; .cache/fuzz by default" },
    python: {
      type: "string",
      placeholder: "PATH",
      help: "a Python that reads accepted inputs too; SPECTROSCOPE_PYTHON by default",
    },
    sample: {
      type: "integer",
      default: 8,
      min: 0,
      help: "accepted inputs of a batch of some hundred that Python reads",
    },
    workers: { type: "integer", default: 2, min: 1, max: 64, help: "processes that read" },
  },
  examples: ["fuzz -- --minutes 10", "fuzz -- --count 1000000", "fuzz -- --only npy,zip --seed 7"],
} as const satisfies CommandSpec;

/** Inputs of a batch for a target of weight 1. */
const BATCH = 200;

/** Batches in turn, each target as often as it weighs, until the time or the inputs are used up. */
function* batches(
  { seed, count, sample }: { readonly seed: number; readonly count?: number; readonly sample: number },
  chosen: typeof TARGETS,
  end: number,
): Generator<Batch> {
  const done = new Map<string, number>();
  let given = 0;
  // Few inputs are shared out among all targets.
  const whole = chosen.reduce((sum, { weight }) => sum + weight, 0);
  const share = Math.min(BATCH, (count ?? Number.POSITIVE_INFINITY) / whole);
  while (performance.now() < end) {
    for (const { name, weight, peer } of chosen) {
      const size = Math.min(Math.ceil(share * weight), (count ?? Number.POSITIVE_INFINITY) - given);
      if (size <= 0) return;
      const from = done.get(name) ?? 0;
      done.set(name, from + size);
      given += size;
      yield { target: name, seed, from, to: from + size, sample: peer ? sample : 0, careful: false };
    }
  }
}

class Summary {
  readonly tallies = new Map<string, Tally>();
  readonly finds = new Map<string, Find>();
  /** How often each was met. */
  readonly faults = new Map<string, number>();

  take({ target }: Batch, tally: Tally): void {
    const before = this.tallies.get(target);
    const refusals = { ...before?.refusals };
    for (const [reason, count] of Object.entries(tally.refusals)) refusals[reason] = (refusals[reason] ?? 0) + count;
    const sum = (key: "inputs" | "sound" | "accepted" | "seconds") => (before?.[key] ?? 0) + tally[key];
    const most = (key: "slowest" | "largest") => Math.max(before?.[key] ?? 0, tally[key]);
    this.tallies.set(target, {
      ...{ inputs: sum("inputs"), sound: sum("sound"), accepted: sum("accepted"), seconds: sum("seconds") },
      ...{ slowest: most("slowest"), largest: most("largest"), finds: [], faults: {}, samples: [], refusals },
    });
    for (const [key, count] of Object.entries(tally.faults)) this.faults.set(key, (this.faults.get(key) ?? 0) + count);
    for (const find of tally.finds) this.keep(find);
  }

  /** What another reader reads otherwise. */
  add(find: Find): void {
    const key = faultKey(find.target, find.fault);
    this.faults.set(key, (this.faults.get(key) ?? 0) + 1);
    this.keep(find);
  }

  /** Of finds that are likely one the smallest is kept. */
  private keep(find: Find): void {
    const key = faultKey(find.target, find.fault);
    const size = ({ input }: Find) => Object.values(input).join("").length;
    const kept = this.finds.get(key);
    if (!kept || size(find) < size(kept)) this.finds.set(key, find);
  }

  get inputs(): number {
    return [...this.tallies.values()].reduce((sum, { inputs }) => sum + inputs, 0);
  }

  table(): string {
    const rows = [...this.tallies].map(([target, { inputs, sound, accepted, seconds, slowest, largest, refusals }]) => [
      ...[target, inputs, sound, accepted, Object.keys(refusals).length, (inputs / seconds).toFixed(0)],
      ...[(1000 * slowest).toFixed(0), largest.toFixed(0)],
    ]);
    const head = ["target", "inputs", "sound", "accepted", "reasons", "a second", "slowest ms", "most MiB"];
    return [head, ...rows]
      .map(([first, ...rest]) => `${String(first).padEnd(16)}${rest.map((cell) => String(cell).padStart(11)).join("")}`)
      .join("\n");
  }
}

/** Writes finds as folders: the files as they are, and what is known of them. */
async function writeFinds(out: string, { finds, faults }: Summary): Promise<void> {
  let number = 0;
  for (const [key, find] of finds) {
    const count = faults.get(key);
    const folder = join(out, `${find.target}-${find.seed}-${find.index}-${number++}`);
    await mkdir(folder, { recursive: true });
    const { input, ...facts } = find;
    const files = Object.keys(input).map((name, i) => ({ name, file: `${i}.bin` }));
    for (const { name, file } of files) await writeFile(join(folder, file), Buffer.from(input[name], "base64"));
    await writeFile(join(folder, "find.json"), `${JSON.stringify({ ...facts, count, files }, undefined, 2)}\n`);
    console.log(
      `${find.target}, ${find.fault.kind}, ${count} times, in ${folder}\n  ${find.fault.detail.split("\n").slice(0, 4).join("\n  ")}`,
    );
  }
}

async function main(): Promise<number> {
  const { values, help } = parseOptions(SPEC, process.argv.slice(2), "npm");
  if (help) {
    console.log(helpText(SPEC, "npm"));
    return 0;
  }
  const names = values.only?.split(",");
  const unknown = names?.find((name) => !TARGETS.some((target) => target.name === name));
  if (unknown !== undefined)
    throw new SpectroscopeError(`no target ${unknown}`, {
      code: "usage",
      hint: `there are ${TARGETS.map(({ name }) => name).join(", ")}`,
    });
  const chosen = TARGETS.filter(({ name }) => names?.includes(name) ?? true);
  const { seed, count, workers, minutes = count === undefined ? 1 : Number.POSITIVE_INFINITY } = values;
  const python = values.python ?? process.env.SPECTROSCOPE_PYTHON;
  const peer = python ? await Peer.start(python, seed) : undefined;
  if (peer) console.log(`read again by ${[...new Set(Object.values(peer.kinds))].join(", ")}`);
  const summary = new Summary();
  const start = performance.now();
  const source = batches(values, chosen, start + 60_000 * minutes);
  await runCrew(
    fileURLToPath(import.meta.url),
    workers,
    () => source.next().value ?? undefined,
    async (batch, tally) => {
      summary.take(batch, tally);
      await peer?.compare(tally.samples);
    },
  );
  peer?.stop();
  for (const find of peer?.differing ?? []) summary.add(find);
  console.log(summary.table());
  if (peer) {
    const refused = [...peer.refused].sort(([, a], [, b]) => b.count - a.count);
    console.log(
      `Python agrees with ${peer.agreed}, differs in ${peer.differing.length}, refuses ${refused.reduce((sum, [, { count: own }]) => sum + own, 0)}:`,
    );
    for (const [reason, { count: own, example }] of refused) console.log(`  ${own} ${reason} (input ${example.index})`);
  }
  await writeFinds(values.out ?? join(projectRoot(), ".cache", "fuzz"), summary);
  const minutesTaken = ((performance.now() - start) / 60_000).toFixed(1);
  console.log(`${summary.inputs} inputs, seed ${seed}, ${summary.finds.size} finds, ${minutesTaken} minutes`);
  return summary.finds.size > 0 ? 1 : 0;
}

if (process.argv.includes("--worker")) serve();
else
  try {
    process.exitCode = await main();
  } catch (error) {
    const { line, exitCode } = describeError(error);
    console.error(`npm run fuzz: ${line}`);
    process.exitCode = exitCode;
  }
