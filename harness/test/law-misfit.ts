/**
 * How badly a law fits a text: for the tests of laws. Contexts are put into groups by what the text shows before the target, or by the
 * law itself, and targets into cells; in each the tokens that came are held against those that the law expects. A group depends on
 * nothing but the prefix: deviations of a right law are then those of a martingale, and their variances are known.
 */
import { type Corpus, targets } from "../../models/grammars/corpus";
import type { Law } from "../../runtime/modes/law";

export interface Misfit {
  readonly contexts: number;
  /** Cells with a variance of at least `ENOUGH`, over all ways to group. */
  readonly cells: number;
  /** The largest deviation in standard deviations, and where it is. */
  readonly worst: { readonly z: number; readonly cell: string };
  /** At most the probability of a deviation as large in any cell (Bonferroni, the tail of a normal distribution). */
  readonly p: number;
  /** Mean of -log q of what came, nats. */
  readonly loss: number;
  /** What the law itself expects of it: its mean entropy, nats. */
  readonly entropy: number;
  /** Their difference in standard deviations. */
  readonly lossZ: number;
  /** Pearson's chi-square over contexts that have the very same law, and how far out that is as a normal deviation. */
  readonly pearson: { readonly statistic: number; readonly freedom: number; readonly z: number };
  /** The largest distance of a row's sum from 1. */
  readonly sumError: number;
  /** The least probability of a token that came. */
  readonly least: number;
}

/** All of it in a line. */
export function told({ contexts, cells, worst, p, loss, entropy, lossZ, pearson, sumError, least }: Misfit): string {
  return (
    `${contexts} contexts: loss ${loss.toFixed(4)}, entropy ${entropy.toFixed(4)} (z ${lossZ.toFixed(2)}); ${cells} cells, ` +
    `worst ${worst.z.toFixed(2)} (p ${p.toExponential(1)}) at ${worst.cell}; same law: chi2 ${pearson.statistic.toFixed(0)} of ` +
    `${pearson.freedom} (z ${pearson.z.toFixed(2)}); sums within ${sumError.toExponential(1)}, least ${least.toFixed(4)}`
  );
}

/** A side of a normal distribution beyond it has a probability of 1e-4. */
const Z = 3.72;

/** Whether nothing is so far from what the law expects that its p is below 1e-4. */
export const fits = ({ p, lossZ, pearson }: Misfit): boolean => p > 1e-4 && Math.abs(lossZ) < Z && pearson.z < Z;

/** A variance below it says too little for the tail of a normal distribution. */
const ENOUGH = 25;
/** Fewer of a token expected than these say too little for chi-square. */
const EXPECTED = 5;

/** Contexts that have one law. */
interface Alike {
  readonly law: ReadonlyMap<number, number>;
  /** How often each token came. */
  readonly seen: Map<number, number>;
  count: number;
}

/** Seen and expected counts by the name of a cell. */
class Cells {
  private readonly cells = new Map<string, { seen: number; expected: number; variance: number }>();

  /** Counts contexts in cells of targets, by the cell's number. */
  add(group: string, { law, seen, count }: Alike, cellOf: (y: number, q: number) => number): void {
    for (const [number, q] of merged(law, cellOf)) {
      const name = `${group} -> ${number}`;
      const cell = this.cells.get(name) ?? { seen: 0, expected: 0, variance: 0 };
      this.cells.set(name, cell);
      cell.expected += count * q;
      cell.variance += count * q * (1 - q);
      for (const [y, times] of seen) if (cellOf(y, law.get(y) ?? 0) === number) cell.seen += times;
    }
  }

  judge(): Pick<Misfit, "cells" | "worst" | "p"> {
    const judged = [...this.cells].filter(([, { variance }]) => variance >= ENOUGH);
    let worst = { z: 0, cell: "none" };
    for (const [name, { seen, expected, variance }] of judged) {
      const z = Math.abs(seen - expected) / Math.sqrt(variance);
      if (z > worst.z) worst = { z, cell: `${name}: ${seen} seen, ${expected.toFixed(1)} expected` };
    }
    // Mills: a normal distribution's tail beyond z is below its density over z; both tails.
    const tail = (2 * Math.exp(-(worst.z ** 2) / 2)) / Math.sqrt(2 * Math.PI) / worst.z;
    return { cells: judged.length, worst, p: Math.min(1, tail * judged.length) };
  }
}

function pearsonOf(groups: Iterable<Alike>): Misfit["pearson"] {
  let [statistic, freedom] = [0, 0];
  for (const { law, seen, count } of groups) {
    if (law.size < 2 || Math.min(...law.values()) * count < EXPECTED) continue;
    for (const [y, q] of law) statistic += ((seen.get(y) ?? 0) - count * q) ** 2 / (count * q);
    freedom += law.size - 1;
  }
  // Wilson and Hilferty: the cube root of chi-square over its degrees of freedom is nearly normal.
  const spread = 2 / (9 * freedom);
  return { statistic, freedom, z: (Math.cbrt(statistic / freedom) - (1 - spread)) / Math.sqrt(spread) };
}

/** Tokens that occur in the same roles are a class (adjectives, digits, ...): its first one's id, by id. */
function classesOf({ ids, roles }: Corpus, V: number): number[] {
  const rolesOf = Array.from({ length: V }, () => new Set<number>());
  ids.forEach((id, i) => {
    rolesOf[id]?.add(roles[i] as number);
  });
  const keys = rolesOf.map((set) => [...set].sort((a, b) => a - b).join());
  return keys.map((key) => keys.indexOf(key));
}

/** A law by classes of tokens. */
function merged(law: ReadonlyMap<number, number>, classOf: (y: number, q: number) => number): Map<number, number> {
  const masses = new Map<number, number>();
  for (const [y, q] of law) masses.set(classOf(y, q), (masses.get(classOf(y, q)) ?? 0) + q);
  return masses;
}

const keyOf = (law: ReadonlyMap<number, number>, precision: number) =>
  [...law].map(([y, q]) => `${y}:${Math.round(q * precision) / precision}`).join();

/** Bins of probability, four to a factor of two. */
const binOf = (_: number, q: number) => Math.round(-4 * Math.log2(q));

/** Contexts put together by a key. */
function gather(groups: Map<string, Alike>, key: string, { law, seen, count }: Alike): void {
  const group = groups.get(key) ?? { law, seen: new Map(), count: 0 };
  groups.set(key, group);
  group.count += count;
  for (const [y, times] of seen) group.seen.set(y, (group.seen.get(y) ?? 0) + times);
}

/** @param law of the corpus' own targets */
export async function misfit(corpus: Corpus, law: Law): Promise<Misfit> {
  const V = law.tokens;
  const T = corpus.context;
  const { ids } = targets(corpus);
  const total = { loss: 0, entropy: 0, variance: 0, sumError: 0, least: 1 };
  /** By the two tokens before the target, and the law. */
  const groups = new Map<string, Alike>();
  for (let row = 0; row < corpus.sequences; row++) {
    const laws = await law.rows(row * T, (row + 1) * T);
    for (let t = 0; t < T; t++) {
      const context = new Map<number, number>();
      let [sum, entropy, square] = [0, 0, 0];
      for (let y = 0; y < V; y++) {
        const q = laws[t * V + y] as number;
        if (q === 0) continue;
        context.set(y, q);
        sum += q;
        entropy -= q * Math.log(q);
        square += q * Math.log(q) ** 2;
      }
      const came = ids[row * T + t] as number;
      const q = context.get(came) ?? 0;
      total.loss -= Math.log(q);
      total.least = Math.min(total.least, q);
      total.sumError = Math.max(total.sumError, Math.abs(sum - 1));
      total.entropy += entropy;
      total.variance += square - entropy ** 2;
      // Of what is sure the above says all.
      if (context.size === 1) continue;
      const at = row * (T + 1) + t;
      const key = `${t > 0 ? corpus.ids[at - 1] : -1} ${corpus.ids[at]} ${keyOf(context, 1e9)}`;
      gather(groups, key, { law: context, seen: new Map([[came, 1]]), count: 1 });
    }
  }

  const classes = classesOf(corpus, V);
  const classOf = (y: number) => classes[y] as number;
  const cells = new Cells();
  const same = new Map<string, Alike>();
  for (const [key, group] of groups) {
    const [before, last, exact] = key.split(" ") as [string, string, string];
    cells.add(`after ${last}: token`, group, (y) => y);
    cells.add(`after ${classes[Number(before)]} ${classes[Number(last)]}: class`, group, classOf);
    cells.add(`where ${keyOf(merged(group.law, classOf), 1e4)}: class`, group, classOf);
    cells.add("bin", group, binOf);
    gather(same, exact, group);
  }
  const contexts = corpus.sequences * T;
  return {
    contexts,
    ...cells.judge(),
    loss: total.loss / contexts,
    entropy: total.entropy / contexts,
    lossZ: (total.loss - total.entropy) / Math.sqrt(total.variance),
    pearson: pearsonOf(same.values()),
    sumError: total.sumError,
    least: total.least,
  };
}
