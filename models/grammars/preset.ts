/** What is known of an embedded model beside its weights: how far to let its components out, its text, its tokens' names and truth. */
import type { Corpora, Corpus, Labelling } from "../../runtime/measure/corpus";
import type { Law } from "../../runtime/modes/law";
import { numberByAppearance } from "../../runtime/statistics/numbering";
import { type CorpusSource, targets } from "./corpus";
import { prefixLaw } from "./law";

/** Which text is made of the preset's own corpus. */
export interface PresetText {
  readonly probe_seed: number;
  readonly probe_sequences: number;
  readonly pool_seed: number;
  readonly pool_sequences: number;
}

/** What a model brings along so that a run of it needs no settings and no files. */
export interface Preset {
  /**
   * How far each component is let out: its scale multiplies the step size and divides the localization. By weight restriction; 1 for
   * one that is not here. A `scales.json` is what `run --calibrate --rise 0.2 --set weight_restrictions=standard,fine` prints.
   */
  readonly componentScale: Readonly<Record<string, number>>;
  /** Its components. */
  readonly weightRestrictions: readonly string[];
  /** A run of some twenty seconds on two cores, as settings of a config. */
  readonly quick: readonly string[];
  /** Whether a run keeps every token's loss at every draw unless it is told: a few MiB here, terabytes of a large model. */
  readonly keepTraces: boolean;
  /** Likewise whether a run keeps what chi on all pairs follows from. */
  readonly keepModes: boolean;
  /** The text of an id; `#id` where there is none. */
  nameOf(id: number): string;
  /**
   * Its own text, with the truth about every target of the probe.
   * @param positions losses of a row; it holds one id more
   * @throws SpectroscopeError when a number of the request is not an integer in range
   */
  corpora(request: PresetText, positions: number): Corpora;
  /**
   * How likely each token is after each prefix of its own text, exactly.
   * @param corpus text of its own, such as `corpora(...).probe`
   * @throws SpectroscopeError as `prefixLaw` does
   */
  law(corpus: Pick<Corpus, "ids" | "columns">): Law;
}

/** Labels numbered in the order of their first targets: of those that the text has, none is left out and no other is there. */
function byAppearance(values: ArrayLike<number>, names: readonly string[]): Labelling {
  const { numbers, found } = numberByAppearance(values);
  return { numbers, names: found.map((value) => names[value]) };
}

/**
 * Pieces of the last layer, whose draws are cheap: nothing before it is computed again. Few draws, no features of traces, no
 * modes, and no clusters of single chains.
 */
const QUICK = [
  `weight_restrictions=${[
    ...Array.from({ length: 8 }, (_, head) => ["q", "k", "v", "o"].map((piece) => `l1h${head}.${piece}`)).flat(),
    ...Array.from({ length: 8 }, (_, slice) => `l1 mlp[${16 * slice}:${16 * (slice + 1)}]`),
    "unembed",
  ]}`,
  ...["sampler.num_draws=5", "keep_traces=false", "keep_modes=false", "cluster.comparison=0"],
];

/** The preset of a model that was trained on text of grammars. */
export function grammarPreset(source: CorpusSource, componentScale: Preset["componentScale"]): Preset {
  const nameOf = (id: number) => source.vocabulary[id] ?? `#${id}`;
  return {
    componentScale,
    weightRestrictions: ["fine"],
    quick: QUICK,
    keepTraces: true,
    keepModes: true,
    nameOf,
    corpora(request, positions) {
      const probe = source.generate({
        seed: request.probe_seed,
        sequences: request.probe_sequences,
        context: positions,
      });
      const pool = source.generate({ seed: request.pool_seed, sequences: request.pool_sequences, context: positions });
      const corpus = ({ ids, sequences }: typeof probe): Corpus => ({
        ids,
        rows: sequences,
        columns: positions + 1,
        nameOf,
      });
      const { roles, modes } = targets(probe);
      const labels = {
        roles: byAppearance(roles, source.roleNames),
        modes: byAppearance(modes, source.modeNames),
      };
      return { probe: { ...corpus(probe), labels }, pool: corpus(pool) };
    },
    law: ({ ids, columns }) => prefixLaw(source, ids, columns),
  };
}
