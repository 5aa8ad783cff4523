/** What is known of nano beside its weights. */
import { grammarPreset } from "../grammars/preset";
import { corpus } from "./corpus";
import scales from "./scales.json";

/** What the model of the default run is called. */
export const NANO = "nano";

/** A run of some twenty seconds on two cores: fewer draws, components and rows, as settings of a run's config. */
export const QUICK: readonly string[] = ["weight_restrictions=standard", "neuron_groups=0", "sampler.num_draws=10"];

export const preset = grammarPreset(corpus, scales.component_scale);
