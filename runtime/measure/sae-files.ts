/** `sae.json` and `sae.csv` of a run: every comparison with an autoencoder that was made. */
import { SpectroscopeError } from "../../kernels/errors";
import type { Run } from "../store/run";
import { readResultJson } from "../store/run-reader";
import { parseComparisons } from "./sae-form";
import { type KeptComparison, keyOf, READ_POSITIONS, SAE_FORMAT, SAE_VERSION, type SaeComparison } from "./sae-result";
import { matchTable } from "./sae-table";

const SAE = "sae";
/** What comparisons leave, both or none. */
export const SAE_FILES = [`${SAE}.json`, `${SAE}.csv`] as const;

/** What makes comparisons again. */
export const saeRemedy = (run: Run) => `run \`npx spectroscope sae ${run.name} --sae DIR\` to have it made again`;

async function stored(run: Run): Promise<readonly SaeComparison[]> {
  const [name] = SAE_FILES;
  if (run.resultHash(name) === undefined && !(await run.has(name))) return [];
  return parseComparisons(await readResultJson(run, SAE, saeRemedy(run)));
}

/** By their names, and of one place those at the token first. */
function byKey(a: SaeComparison, b: SaeComparison): number {
  const place = ({ sae, model, hook }: SaeComparison) => JSON.stringify([sae.name, model, hook]);
  if (place(a) !== place(b)) return place(a) < place(b) ? -1 : 1;
  return READ_POSITIONS.indexOf(a.at) - READ_POSITIONS.indexOf(b.at);
}

/** Every comparison of a run; none where none was made. @throws SpectroscopeError for files that are half-written or altered */
export async function readComparisons(run: Run): Promise<readonly KeptComparison[]> {
  const now = run.resultHash("labels.npy");
  return (await stored(run)).map((one) => ({ ...one, current: one.labels === now }));
}

/**
 * Stores a comparison beside those of other features, over one of the same. What cannot be read of earlier ones is lost.
 * @returns what was wrong with earlier ones, if something was
 */
export async function writeComparison(run: Run, comparison: SaeComparison): Promise<string | undefined> {
  return run.store.exclusive(async () => {
    let lost: string | undefined;
    const before = await stored(run).catch((error) => {
      if (!(error instanceof SpectroscopeError) || error.code !== "bad-input") throw error;
      lost = error.message;
      return [];
    });
    const others = before.filter((one) => keyOf(one) !== keyOf(comparison));
    const comparisons = [...others, comparison].sort(byKey);
    await run.replaceResults(SAE_FILES, async () => {
      await run.writeFile(SAE_FILES[1], matchTable(comparisons));
      await run.writeJson(SAE, { format: SAE_FORMAT, version: SAE_VERSION, comparisons });
    });
    return lost;
  });
}
