/** From a config to the model and the texts that it names, opened once. */
import { openCorpora } from "../../models/corpora";
import { openModel } from "../../models/open";
import type { RunConfig } from "../../runtime/measure/config";
import type { Attention } from "../../runtime/measure/events";
import type { Subject } from "../../runtime/measure/request";

/** @throws SpectroscopeError for a model or a text that cannot be had or read */
export async function openSubject(config: RunConfig, { on, signal }: Attention): Promise<Subject> {
  const model = await openModel(config.model, { on, signal });
  return { config, model, corpora: await openCorpora(config, model) };
}
