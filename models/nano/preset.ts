/** What is known of nano beside its weights. */
import { grammarPreset } from "../grammars/preset";
import { corpus } from "./corpus";
import { componentScale } from "./sampling";

/** What the model of the default run is called. */
export const NANO = "nano";

/** A run of about a minute on two cores: fewer draws and components, as settings of a run's config. */
export const QUICK: readonly string[] = ["neuron_groups=0", "sampler.num_draws=10"];

export const preset = grammarPreset(corpus, componentScale);
