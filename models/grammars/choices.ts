/**
 * Every way in which a grammar can write an item, as a tree of the choices that it draws. Nothing of a grammar is told twice: it is
 * run from the start of an item with its first choices given, up to the first that is not, as often as there are such beginnings.
 *
 * Probabilities are those that `Stream` stands for: 1 / n of each of n integers, p of a chance, any order of a sample as likely as
 * any other. Its own are multiples of 2^-32 and differ from them by less than that.
 */
import type { Grammar } from "./grammar";
import { Stream } from "./random";

/** What an item has written once some choices are made, and the choice that comes next. */
export interface Branch {
  /** Ids written after the last choice that was made and before the next. */
  readonly tokens: readonly number[];
  /** How likely each outcome of the next choice is; empty at the end of an item. */
  readonly odds: readonly number[];
  /** What follows an outcome, by its index in `odds`; found anew whenever it is asked for. */
  follow(outcome: number): Branch;
}

/** Ends a run at a choice that is not given. */
const STOP = new Error("a choice is not given");
/** Odds of so many outcomes that are as likely as each other, by how many: one array for all branches. */
const EVEN: (readonly number[])[] = [];
const even = (n: number): readonly number[] => {
  EVEN[n] ??= Array.from({ length: n }, () => 1 / n);
  return EVEN[n];
};

/** An element of a sample that nobody has looked at yet. */
const UNDRAWN = Symbol("undrawn");

/** Choices made, the last one first: branches share those before. */
interface Path {
  readonly before: Path | undefined;
  readonly outcome: number;
}

function choicesOf(path: Path | undefined): number[] {
  const choices: number[] = [];
  for (let at = path; at; at = at.before) choices.push(at.outcome);
  return choices.reverse();
}

/** Random numbers of which the first are given. */
class GivenChoices extends Stream {
  /** Choices met. */
  met = 0;
  odds: readonly number[] = [];

  constructor(private readonly given: readonly number[]) {
    super(0, 0);
  }

  /** Whether all given choices were met. */
  get spent(): boolean {
    return this.met === this.given.length;
  }

  /** @param odds asked for where the choice is not given */
  private choose(odds: () => readonly number[]): number {
    if (!this.spent) return this.given[this.met++] as number;
    this.odds = odds();
    throw STOP;
  }

  override below(n: number): number {
    if (!(n >= 1)) throw new RangeError(`a choice among ${n}`);
    return n === 1 ? 0 : this.choose(() => even(n));
  }

  override chance(probability: number): boolean {
    if (probability <= 0 || probability >= 1) return probability >= 1;
    return this.choose(() => [1 - probability, probability]) === 1;
  }

  /** An element is drawn when it is first read, in whatever order that is: the law of a sample does not depend on it. */
  override sample<T>(items: readonly T[], count: number): T[] {
    const left = [...items];
    const drawn = Array.from({ length: Math.min(count, left.length) }, (): T | typeof UNDRAWN => UNDRAWN);
    return new Proxy(drawn, {
      get: (target, key) => {
        const element = Reflect.get(target, key);
        if (element !== UNDRAWN) return element;
        const [chosen] = left.splice(this.below(left.length), 1);
        Reflect.set(target, key, chosen);
        return chosen;
      },
    }) as T[];
  }
}

/**
 * The tree of a grammar's items, by its root.
 * @throws RangeError of an item that ends without a token, or with one that `tokenId` does not know
 */
export function itemTree(grammar: Grammar, tokenId: (token: string) => number): Branch {
  const branch = (path: Path | undefined): Branch => {
    const random = new GivenChoices(choicesOf(path));
    const tokens: number[] = [];
    let written = 0;
    const write = (token: string) => {
      written++;
      if (random.spent) tokens.push(tokenId(token));
    };
    try {
      grammar.item(write, random);
      if (written === 0) throw new RangeError(`an item of ${grammar.mode} ends without a token`);
    } catch (error) {
      if (error !== STOP) throw error;
    }
    return { tokens, odds: random.odds, follow: (outcome) => branch({ before: path, outcome }) };
  };
  return branch(undefined);
}
