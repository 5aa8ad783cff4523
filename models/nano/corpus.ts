/** The text that nano was trained on, by seed, and what is measured of it. */
import { corpusSource } from "../grammars/corpus";
import { grammars } from "./grammars";
import { START, vocabulary } from "./vocabulary";

export { targets } from "../grammars/corpus";
export { vocabulary };

export const corpus = corpusSource({ name: "nano", vocabulary, start: START, grammars });
export const { modeNames, roleNames, generate, fingerprint } = corpus;
