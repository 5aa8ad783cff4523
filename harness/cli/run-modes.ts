/** The modes of a run at the command line: which laws there are to ask. */
import { presetOf } from "../../models/presets";
import { usage } from "../../runtime/config/schema";
import type { LawName, ModeFindings } from "../../runtime/measure/mode-findings";
import { findModes, type ModesRequest, type NamedLaw } from "../../runtime/measure/modes";
import type { MeasureRequest } from "../../runtime/measure/request";
import { writeModes } from "../../runtime/measure/run-files";
import { componentsOf } from "../../runtime/measure/units";
import type { Run } from "../../runtime/store/run";

/** What `modes` looks for where nothing else is asked. */
export const MODE_DEFAULTS = { count: 128, mapSize: 12, clustered: 16, order: 2 } as const;

/** The law of a model's own corpus, where it is known. */
function grammarLaw({ config, corpora }: Pick<MeasureRequest, "config" | "corpora">): NamedLaw | undefined {
  const { probe_tokens, probe_text } = config;
  const preset = presetOf(config.model);
  if (!preset || probe_tokens !== undefined || probe_text !== undefined) return undefined;
  const source = "the grammars that wrote the text, given all that stands before a token: exact";
  return { name: "grammar", source, law: preset.law(corpora.probe) };
}

/** Laws by name; without names the grammar's where it is known, and the model's own. @throws SpectroscopeError (usage) */
export function lawsOf(
  names: readonly LawName[] | undefined,
  request: Pick<MeasureRequest, "config" | "corpora">,
): ModesRequest["laws"] {
  const grammar = names === undefined || names.includes("grammar") ? grammarLaw(request) : undefined;
  if (names === undefined) return [...(grammar ? [grammar] : []), "model"];
  return names.map((name) => {
    if (name !== "grammar") return name;
    if (grammar) return grammar;
    throw usage("--law grammar: no grammar of this text is known", "ask for model or counts");
  });
}

/** Finds the modes of an analyzed run and stores them. */
export async function modesOfRun(
  run: Run,
  request: Omit<MeasureRequest, "store" | "shard">,
  options: Partial<Omit<ModesRequest, keyof MeasureRequest | "run" | "components">> = {},
): Promise<ModeFindings> {
  const { laws = lawsOf(undefined, request), ...rest } = options;
  const components = componentsOf(request.config, request.model.model);
  const findings = await findModes({ ...request, ...MODE_DEFAULTS, ...rest, run, components, laws });
  await run.store.exclusive(() => writeModes(run, findings));
  return findings;
}
