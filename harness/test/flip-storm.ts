/** Flips bits in the files of a run, one at a time, and asks everything that reads the run: what changed must not be used. */
import * as assert from "uvu/assert";
import { SpectroscopeError } from "../../kernels/errors";
import { checkRun } from "../../runtime/measure/check";
import { need, type Store } from "../../runtime/store/store";
import { seededRandom } from "./random";
import { flipped } from "./stores";

/** What a command makes of a run, as text that two equal answers share. */
export type Reader = (store: Store) => Promise<string>;

/** How many flips, from which seed: `SPECTROSCOPE_FLIPS` and `SPECTROSCOPE_SEED`, where they are given. */
export function stormSize(usual: number): { readonly count: number; readonly seed: number } {
  const { SPECTROSCOPE_FLIPS: count, SPECTROSCOPE_SEED: seed } = process.env;
  return { count: Number(count ?? usual), seed: Number(seed ?? 1) };
}

export interface StormOutcome {
  /** Answers that were refused, naming the file, and that were the same. */
  readonly refused: number;
  readonly same: number;
  /** Files that were flipped. */
  readonly files: number;
}

/**
 * Flips `count` bits, each in another file until all had their turn. Every reader refuses by an error of ours that names the file, or
 * answers as before; `check` finds whatever a reader refuses. @throws AssertionError naming the file, the byte and the reader
 */
export async function flipStorm(
  store: Store,
  readers: Readonly<Record<string, Reader>>,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<StormOutcome> {
  const random = seededRandom(seed);
  const expected = new Map<string, string>();
  for (const [name, read] of Object.entries(readers)) expected.set(name, await read(store));
  const sound = await checkRun(store);
  assert.equal(sound.faults, [], "the run is sound before");
  const keys: string[] = [];
  for (const key of await store.list("")) if ((await store.size(key))! > 0) keys.push(key);
  // Another order for another seed.
  for (let i = keys.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [keys[i], keys[j]] = [keys[j], keys[i]];
  }
  let [refused, same] = [0, 0];
  for (let i = 0; i < count; i++) {
    const key = keys[i % keys.length];
    const whole = await need(store, key);
    const [at, bit] = [random.integer(whole.length), random.integer(8)];
    await store.set(key, flipped(at, 1 << bit)(whole));
    const where = `${key}, byte ${at}, bit ${bit}`;
    const { faults } = await checkRun(store);
    for (const fault of faults) {
      assert.ok(fault.file.includes(key), `${where}: check names ${fault.file}: ${fault.what}`);
      assert.ok(fault.remedy.length > 0, `${where}: check has no remedy`);
    }
    for (const [name, read] of Object.entries(readers)) {
      try {
        assert.ok((await read(store)) === expected.get(name), `${where}: ${name} answers otherwise`);
        same++;
      } catch (error) {
        if (!(error instanceof SpectroscopeError)) throw new Error(`${where}: ${name}: ${error}`, { cause: error });
        assert.ok(error.line.includes(key), `${where}: ${name} does not name the file: ${error.line}`);
        assert.ok(error.hint, `${where}: ${name} has no remedy: ${error.line}`);
        assert.ok(faults.length > 0, `${where}: check finds nothing, ${name} refuses: ${error.line}`);
        refused++;
      }
    }
    await store.set(key, whole);
  }
  return { refused, same, files: Math.min(count, keys.length) };
}
