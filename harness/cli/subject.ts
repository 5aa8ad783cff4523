/** From a config to the model and the texts that it names, opened once. */
import { openCorpora } from "../../models/corpora";
import { TOKENIZER } from "../../models/formats/files";
import { openModel } from "../../models/hub/open";
import type { RunConfig } from "../../runtime/measure/config";
import type { Subject } from "../../runtime/measure/request";
import { readBytes } from "../../runtime/node/files";
import { type Progress, showFetching } from "./progress";

/** @throws SpectroscopeError for a model or a text that cannot be had or read */
export async function openSubject(config: RunConfig, progress: Progress, signal?: AbortSignal): Promise<Subject> {
  const files = config.probe_text === undefined ? [] : [TOKENIZER];
  const model = await openModel(config.model, { files, on: showFetching(progress), signal });
  const corpora = await openCorpora(config, model, { read: readBytes, say: (line) => progress.say(line) });
  return { config, model, corpora };
}
