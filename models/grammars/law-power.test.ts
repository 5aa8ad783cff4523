/** Laws of slightly other grammars do not fit the text, where the right one does: what the tests of the law can see. */
import * as assert from "uvu/assert";
import { fits, misfit, told } from "../../harness/test/law-misfit";
import { suite } from "../../harness/test/suite";
import { corpusOf } from "../presets";
import { corpusSource, type Language } from "./corpus";
import type { Grammar } from "./grammar";
import { prefixLaw } from "./law";
import { Stream } from "./random";

const test = suite("models/grammars/law-power");

/** What a generator draws, each kind of draw made otherwise where that is said. */
class Bent extends Stream {
  constructor(
    private readonly from: Stream,
    private readonly bend: Bend,
  ) {
    super(0, 0);
  }

  override below(n: number): number {
    return this.from.below(n);
  }

  override between(low: number, high: number): number {
    return this.bend.between?.(low, high, this.from) ?? this.from.between(low, high);
  }

  override chance(probability: number): boolean {
    return this.from.chance(this.bend.chance?.(probability) ?? probability);
  }

  override sample<T>(items: readonly T[], count: number): T[] {
    return this.from.sample(items, count);
  }
}

interface Bend {
  readonly chance?: (probability: number) => number;
  readonly between?: (low: number, high: number, random: Stream) => number | undefined;
}

/** Mode, what is another, and how its draws differ. */
const BENDS: readonly (readonly [mode: string, what: string, bend: Bend])[] = [
  ["english", "adjectives 0.35 to 0.30", { chance: (p) => (p === 0.35 ? 0.3 : p) }],
  ["code", "second parameters and sums 0.6 to 0.5", { chance: (p) => (p === 0.6 ? 0.5 : p) }],
  ["arithmetic", "differences 0.4 to 0.45", { chance: (p) => (p === 0.4 ? 0.45 : p) }],
  ["maths", "Greek 0.3 to 0.25", { chance: (p) => (p === 0.3 ? 0.25 : p) }],
  ["biography", "deaths told 0.6 to 0.45", { chance: (p) => (p === 0.6 ? 0.45 : p) }],
  [
    "biography",
    "a third of lives shorter",
    { between: (low, _, random) => (low === 20 && random.chance(1 / 3) ? random.between(20, 40) : undefined) },
  ],
  ["repeat", "a third of patterns of three", { between: (low, _, random) => (random.chance(1 / 9) ? low : undefined) }],
  ["list", "more lists of three lines", { between: (low, _, random) => (random.chance(0.1) ? low : undefined) }],
  ["progression", "more of five terms", { between: (low, _, random) => (random.chance(0.1) ? low : undefined) }],
];

for (const [mode, what, bend] of BENDS) {
  test(`nano: a law with ${what} (${mode}) does not fit, the right one does`, async (t) => {
    const nano = corpusOf("nano")!;
    const right = nano.grammars.find((one) => one.mode === mode) as Grammar;
    const wrong: Grammar = { ...right, item: (write, random) => right.item(write, new Bent(random, bend)) };
    const only = (grammar: Grammar): Language => ({ ...nano, grammars: [grammar] });
    const corpus = corpusSource(only(right)).generate({ seed: 23, sequences: 320, context: 64 });
    const own = await misfit(corpus, prefixLaw(only(right), corpus.ids, 65));
    const other = await misfit(corpus, prefixLaw(only(wrong), corpus.ids, 65));
    t.note(`right: ${told(own)}`);
    t.note(`other: ${told(other)}`);
    assert.ok(fits(own));
    assert.not(fits(other));
    assert.ok(own.loss < other.loss);
  });
}

test.run();
