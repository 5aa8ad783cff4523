/** What is known of nano beside its weights. */
import { grammarPreset } from "../grammars/preset";
import { corpus } from "./corpus";
import scales from "./scales.json";

/** What the model of the default run is called. */
export const NANO = "nano";

export const preset = grammarPreset(corpus, scales.component_scale);
