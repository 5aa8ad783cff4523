/** What is known of iota beside its weights. */
import { grammarPreset } from "../grammars/preset";
import { corpus } from "./corpus";
import scales from "./scales.json";

export const preset = grammarPreset(corpus, scales.component_scale);
