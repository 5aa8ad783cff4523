/** The models that the project brings along, by name: their corpora and what is known of them. */
import type { CorpusSource } from "./grammars/corpus";
import type { Preset } from "./grammars/preset";
import { corpus as iotaCorpus } from "./iota/corpus";
import { preset as iota } from "./iota/preset";
import { corpus as nanoCorpus } from "./nano/corpus";
import { NANO, preset as nano } from "./nano/preset";

/** By what a model is called; its folder in `models` has the same name. */
const models: ReadonlyMap<string, { readonly preset: Preset; readonly corpus: CorpusSource }> = new Map([
  [NANO, { preset: nano, corpus: nanoCorpus }],
  ["iota", { preset: iota, corpus: iotaCorpus }],
]);

/** The names of the embedded models. */
export const EMBEDDED: readonly string[] = [...models.keys()];

/** What is known of a model that is called so, before it is opened: a run's config is read first. */
export function presetOf(model: string): Preset | undefined {
  return models.get(model)?.preset;
}

/** What a model that is called so was trained on. */
export function corpusOf(model: string): CorpusSource | undefined {
  return models.get(model)?.corpus;
}
