/** Which mutants are tried, against which tests, and what became of them. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { makeRandom } from "../../runtime/cluster/random";
import type { Bundles } from "./bundles";
import type { Mutant } from "./mutants";
import { type Outcome, runTest } from "./run-test";

/** What one test file comes to, and how long it takes. */
export interface Reach {
  readonly test: string;
  readonly ms: number;
  readonly sites: ReadonlySet<number>;
}

export interface Verdict {
  readonly mutant: Mutant;
  readonly status: "killed" | "late" | "survived" | "not reached";
  /** Test file and case that killed it. */
  readonly by?: string;
}

/** So many of the mutants by a seed, evenly over the rooms; a room with too few leaves its rest to the others. */
export function sampleMutants(
  mutants: readonly Mutant[],
  rooms: readonly string[],
  count: number,
  seed: number,
): Mutant[] {
  const { uniform } = makeRandom(seed);
  const decks = rooms.map((room) => {
    const deck = mutants.filter(({ file }) => file.startsWith(`${room}/`));
    for (let i = deck.length - 1; i > 0; i--) {
      const j = Math.floor(uniform() * (i + 1));
      [deck[i], deck[j]] = [deck[j], deck[i]];
    }
    return deck;
  });
  const chosen: Mutant[] = [];
  for (let turn = 0; chosen.length < count && decks.some((deck) => turn < deck.length); turn++) {
    for (const deck of decks) if (turn < deck.length && chosen.length < count) chosen.push(deck[turn]);
  }
  return chosen;
}

/** Does work in lanes side by side, in order. */
async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

type Kept = Record<string, { hash: string; ms: number; sites: number[]; ended: Outcome["ended"] }>;

/**
 * Runs every test once and notes the sites that it comes to. What is known of the same bundle is kept in `memory`. Tests that
 * fail by themselves, or take too long, are told to `leftOut` and judge no mutant.
 */
export async function reachOf(
  bundles: Bundles,
  tests: readonly string[],
  options: {
    memory: string;
    program: string;
    limitMs: number;
    lanes: number;
    leftOut: (test: string, why: string) => void;
  },
): Promise<Reach[]> {
  const { memory, program, limitMs, lanes, leftOut } = options;
  const kept: Kept = existsSync(memory) ? JSON.parse(readFileSync(memory, "utf8")) : {};
  const found: Reach[] = [];
  const hashOf = (file: string) =>
    existsSync(file) ? createHash("sha256").update(readFileSync(file)).digest("hex") : "";
  const programHash = hashOf(program);
  await inLanes(tests, lanes, async (test) => {
    const hash = `${hashOf(bundles.of(test))}${test.startsWith("harness/cli/") ? programHash : ""}`;
    const known = kept[test];
    if (known?.hash !== hash || (known.ended === "late" && known.ms < limitMs)) {
      const { ended, ms, sites } = await runTest(bundles.of(test), { watch: true, limitMs });
      kept[test] = { hash, ended, ms, sites: [...sites] };
      writeFileSync(memory, JSON.stringify(kept));
    }
    const { ended, ms, sites } = kept[test];
    if (ended === "passed" && ms <= limitMs) found.push({ test, ms, sites: new Set(sites) });
    else leftOut(test, ended === "failed" ? "fails without a mutant" : `takes more than ${limitMs / 1000} s`);
  });
  return found;
}

/** Tests that come to a mutant: of its file first, then of its folder, then the quickest. */
export function judgesOf({ file, site }: Mutant, reach: readonly Reach[]): Reach[] {
  const distance = ({ test }: Reach) => {
    if (test === file.replace(/\.ts$/, ".test.ts")) return 0;
    return dirname(test) === dirname(file) ? 1 : 2;
  };
  return reach.filter(({ sites }) => sites.has(site)).sort((a, b) => distance(a) - distance(b) || a.ms - b.ms);
}

/** Tries mutants; `told` hears of each. A test under a mutant may take four times as long and 10 s. */
export async function tryMutants(
  mutants: readonly Mutant[],
  reach: readonly Reach[],
  bundles: Bundles,
  lanes: number,
  told: (verdict: Verdict) => void,
): Promise<Verdict[]> {
  const verdicts = new Map<Mutant, Verdict>();
  await inLanes(mutants, lanes, async (mutant) => {
    const judges = judgesOf(mutant, reach);
    let verdict: Verdict = { mutant, status: judges.length > 0 ? "survived" : "not reached" };
    for (const { test, ms } of judges) {
      const { ended, by } = await runTest(bundles.of(test), { mutant: mutant.number, limitMs: 4 * ms + 10_000 });
      if (ended === "passed") continue;
      verdict = { mutant, status: ended === "late" ? "late" : "killed", by: by ? `${test}#${by}` : test };
      break;
    }
    verdicts.set(mutant, verdict);
    told(verdict);
  });
  return mutants.map((mutant) => verdicts.get(mutant)!);
}
