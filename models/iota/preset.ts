/** What is known of iota beside its weights. */
import { grammarPreset } from "../grammars/preset";
import { corpus } from "./corpus";
import { componentScale } from "./sampling";

export const preset = grammarPreset(corpus, componentScale);
