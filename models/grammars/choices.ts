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
  /** What follows an outcome, by its index in `odds`. */
  follow(outcome: number): Branch;
}

/** Ends a run at a choice that is not given. */
const STOP = new Error("a choice is not given");
/** An element of a sample that nobody has looked at yet. */
const UNDRAWN = Symbol("undrawn");

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
    return n === 1 ? 0 : this.choose(() => Array.from({ length: n }, () => 1 / n));
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
 * The tree of a grammar's items, grown where it is walked.
 * @throws RangeError of an item that ends without a token, or with one that `tokenId` does not know
 */
export function itemTree(grammar: Grammar, tokenId: (token: string) => number): Branch {
  const branch = (path: readonly number[]): Branch => {
    const random = new GivenChoices(path);
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
    const children: Branch[] = [];
    return {
      tokens,
      odds: random.odds,
      follow: (outcome) => {
        children[outcome] ??= branch([...path, outcome]);
        return children[outcome];
      },
    };
  };
  return branch([]);
}
