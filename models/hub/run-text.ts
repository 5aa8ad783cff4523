/** The old way from a config to texts, for runtime/measure until it takes `Corpora`. To be removed then. */
import type { RunConfig } from "../../runtime/measure/config";
import { checkEqualColumns, fixedBatch, type Labelling } from "../../runtime/measure/corpus";
import { readBytes } from "../../runtime/node/files";
import type { Model } from "../../runtime/transformer/family";
import { openCorpora, type RunText } from "../corpora";
import type { ModelFiles } from "../formats/files";
import { presetOf } from "../nano/preset";
import { vocabulary } from "../nano/vocabulary";

/** A directory that holds no tokenizer: the old reports show numbers. */
const NOTHING: ModelFiles = {
  name: "nothing",
  get: async () => undefined,
  size: async () => undefined,
  names: async () => [],
  nameOf: (key) => key,
};

const texts = ({ numbers, names }: Labelling) => Array.from(numbers, (number) => names[number]);

/** The text of a run: nano's corpus with its labels, or files of ids. */
export async function runText(config: RunConfig, model: Model): Promise<RunText> {
  const preset = presetOf(config.model);
  const own = { model, source: { store: NOTHING }, preset };
  const corpora = await openCorpora(config, own, { read: readBytes });
  const { probe, pool } = corpora;
  const fixed = config.sampling_task === "pool";
  if (fixed) checkEqualColumns(corpora);
  const { labels } = probe;
  return {
    pool: { ids: pool.ids, columns: pool.columns },
    probe: { ids: probe.ids, columns: probe.columns },
    ...(labels ? { labels: { modes: texts(labels.modes), roles: texts(labels.roles) } } : {}),
    ...(preset ? { vocabulary } : {}),
    ...(fixed ? { task: fixedBatch(pool, config.sampling_sequences) } : {}),
  };
}
