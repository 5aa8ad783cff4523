/**
 * The cache of `spectroscope tune`: one file an adapter under the user's cache folder. It holds for the adapter, Dawn's version
 * and the text of the kernels it was measured with; anything else is told of in a line and left alone.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import type { Kernel } from "../../kernels/kernel";
import type { AdapterFacts } from "../plan/device";
import type { TuningTable } from "../webgpu/tuning";
import { writeAtomic } from "./files";
import { homeFolder } from "./home";
import { projectRoot } from "./root";

const FORMAT = "spectroscope-tuning";
const VERSION = 1;

/** What a tuning was measured with. */
export interface Measured {
  /** Name, driver and kind of the adapter: its file's name is a hash of them. */
  readonly adapter: Readonly<Record<"name" | "vendor" | "architecture" | "description", string>>;
  /** Version of Dawn's Node binding. */
  readonly dawn: string;
  /** Hash of the text of all kernels. */
  readonly kernels: string;
}

/** One variant of one bench case. */
export interface Time {
  readonly kernel: string;
  readonly case: string;
  /** Size class of the case. */
  readonly class: number;
  readonly variant: string;
  /** Whether it is what suits the adapter. */
  readonly usual: boolean;
  /** Median milliseconds of a call. */
  readonly ms: number;
}

const hash = (text: string) => createHash("sha256").update(text).digest("hex");

/** Adapter, Dawn and kernels of this process. */
export function measuredWith(facts: AdapterFacts, kernels: readonly Kernel[]): Measured {
  const { name, vendor, architecture, description } = facts;
  const require = createRequire(join(projectRoot(), "package.json"));
  const dawn = JSON.parse(readFileSync(require.resolve("webgpu/package.json"), "utf8")).version as string;
  const text = kernels.map((kernel) =>
    Object.entries(kernel.variants).map(([variant, { source, chunks = [], constants = {}, workgroup }]) => [
      [kernel.name, variant, workgroup, constants],
      [...chunks.map((chunk) => chunk.source), source],
    ]),
  );
  return {
    adapter: { name, vendor, architecture, description },
    dawn,
    kernels: hash(JSON.stringify(text)).slice(0, 16),
  };
}

/** Where tunings are kept; nothing for a user without a home, who has none. */
export function tuningFolder(variables: NodeJS.ProcessEnv = process.env): string | undefined {
  const home = variables.HOME || homeFolder();
  const cache = variables.XDG_CACHE_HOME || (home && join(home, ".cache"));
  return cache && join(cache, "spectroscope");
}

/** Where an adapter's tuning is kept. @throws SpectroscopeError for a user without a home */
export function tuningPath({ adapter }: Measured, variables: NodeJS.ProcessEnv = process.env): string {
  const folder = tuningFolder(variables);
  if (folder === undefined) {
    throw new SpectroscopeError("there is no home to keep a tuning in", { hint: "set XDG_CACHE_HOME to a folder" });
  }
  return join(folder, `tuning-${hash(JSON.stringify(adapter)).slice(0, 12)}.json`);
}

/** A table of choices; its id is a hash of them. */
export function tableOf(choices: TuningTable["choices"], lowerPrecision: boolean): TuningTable {
  return { id: hash(JSON.stringify(choices)).slice(0, 12), choices, lowerPrecision };
}

/** Writes a tuning, whole or not at all. @throws SpectroscopeError naming the path */
export async function writeTuning(
  path: string,
  measured: Measured,
  table: TuningTable,
  times: readonly Time[],
): Promise<void> {
  const date = new Date().toISOString();
  const { choices, lowerPrecision } = table;
  const file = { format: FORMAT, version: VERSION, ...measured, date, lowerPrecision, choices, times };
  await writeAtomic(path, `${JSON.stringify(file, undefined, 1)}\n`);
}

/** Choices as JSON has them, or undefined where they are something else. */
function checkedChoices(json: unknown): TuningTable["choices"] | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const isOrder = (value: unknown) => Array.isArray(value) && value.every((name) => typeof name === "string");
  const isClasses = (value: unknown) =>
    isObject(value) && Object.entries(value).every(([key, order]) => /^\d+$/.test(key) && isOrder(order));
  return isObject(json) && Object.values(json).every(isClasses) ? (json as TuningTable["choices"]) : undefined;
}

/**
 * Reads the tuning of an adapter. A file that is broken, or was measured with something else, is left out with a line that says
 * so; that there is none is not worth a line.
 */
export async function readTuning(
  path: string,
  measured: Measured,
  say: (line: string) => void,
): Promise<TuningTable | undefined> {
  const ignore = (why: string) => {
    say(`tuning ${path} is not used: ${why}; \`spectroscope tune\` makes it anew`);
    return undefined;
  };
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : ignore(message);
  }
  let file: Record<string, unknown>;
  try {
    file = JSON.parse(text);
  } catch {
    return ignore("it is not JSON");
  }
  if (file?.format !== FORMAT || file.version !== VERSION) return ignore(`it is no tuning of version ${VERSION}`);
  if (JSON.stringify(file.adapter) !== JSON.stringify(measured.adapter)) return ignore("it is of another adapter");
  if (file.dawn !== measured.dawn) return ignore(`it was measured with Dawn ${file.dawn}, this is ${measured.dawn}`);
  if (file.kernels !== measured.kernels) return ignore("the kernels have changed since");
  const choices = checkedChoices(file.choices);
  if (!choices || typeof file.lowerPrecision !== "boolean") return ignore("its choices are broken");
  return tableOf(choices, file.lowerPrecision);
}
