/** What is known of nano beside its weights: how far to let its components out, its text, its tokens' names and their truth. */
import type { Corpora, Corpus, Labelling } from "../../runtime/measure/corpus";
import { numberByAppearance } from "../../runtime/statistics/numbering";
import { generate, modeNames, roleNames, targets } from "./corpus";
import { componentScale } from "./sampling";
import { vocabulary } from "./vocabulary";

/** What the embedded model is called. */
export const NANO = "nano";

/** A run of about a minute on two cores: fewer draws and components, as settings of a run's config. */
export const QUICK: readonly string[] = ["neuron_groups=0", "sampler.num_draws=10"];

/** Which text is made of the preset's own corpus. */
export interface PresetText {
  readonly probe_seed: number;
  readonly probe_sequences: number;
  readonly pool_seed: number;
  readonly pool_sequences: number;
}

/** What a model brings along so that a run of it needs no settings and no files. */
export interface Preset {
  /** Factor of the step size by weight restriction; 1 for one that is not here. */
  readonly componentScale: Readonly<Record<string, number>>;
  /** Whether a run keeps every token's loss at every draw unless it is told: a few MiB here, terabytes of a large model. */
  readonly keepTraces: boolean;
  /** The text of an id; `#id` where there is none. */
  nameOf(id: number): string;
  /**
   * Its own text, with the truth about every target of the probe.
   * @param positions losses of a row; it holds one id more
   * @throws SpectroscopeError when a number of the request is not an integer in range
   */
  corpora(request: PresetText, positions: number): Corpora;
}

const nameOf = (id: number) => vocabulary[id] ?? `#${id}`;

/** Labels numbered in the order of their first targets: of those that the text has, none is left out and no other is there. */
function byAppearance(values: ArrayLike<number>, names: readonly string[]): Labelling {
  const { numbers, found } = numberByAppearance(values);
  return { numbers, names: found.map((value) => names[value]) };
}

/** nano's. */
export const preset: Preset = {
  componentScale,
  keepTraces: true,
  nameOf,
  corpora(request, positions) {
    const probe = generate({ seed: request.probe_seed, sequences: request.probe_sequences, context: positions });
    const pool = generate({ seed: request.pool_seed, sequences: request.pool_sequences, context: positions });
    const corpus = ({ ids, sequences }: typeof probe): Corpus => ({
      ids,
      rows: sequences,
      columns: positions + 1,
      nameOf,
    });
    const { roles, modes } = targets(probe);
    const labels = { roles: byAppearance(roles, roleNames), modes: byAppearance(modes, modeNames) };
    return { probe: { ...corpus(probe), labels }, pool: corpus(pool) };
  },
};

/** What is known of a model that is called so, before it is opened: a run's config is read first. */
export function presetOf(model: string): Preset | undefined {
  return model === NANO ? preset : undefined;
}
