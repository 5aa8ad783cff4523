/** The autoencoder and the model that a person named for a run, held against the run's text. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type NamedModel, openModel } from "../../../models/hub/open";
import { openSaeAt, SAE_FORMS } from "../../../models/hub/sae";
import { presetOf } from "../../../models/presets";
import type { LoadedSae } from "../../../models/sae/autoencoder";
import { parseHookPoint } from "../../../models/sae/hook-names";
import { readTokenNames } from "../../../models/text/names";
import { checkSameTokens } from "../../../models/text/same-tokens";
import { usage } from "../../../runtime/config/schema";
import type { Corpus } from "../../../runtime/measure/corpus";
import type { MeasuredModel } from "../../../runtime/measure/request";
import type { PlacedSae } from "../../../runtime/measure/sae";
import { projectRoot } from "../../../runtime/node/root";
import type { Model } from "../../../runtime/transformer/family";
import type { HookPoint } from "../../../runtime/transformer/hook-points";
import { type Progress, showFetching } from "../progress";

/** What `--sae`, `--sae-model` and `--hook` say. */
export interface SaeNames {
  readonly sae?: string;
  readonly model?: string;
  readonly hook?: string;
}

/** What a comparison is handed. */
export interface OpenedSae {
  readonly model: MeasuredModel & { readonly name: string };
  readonly sae: PlacedSae;
}

/** An autoencoder that an embedded model brings along: its folder. */
export function embeddedSae(model: string): string | undefined {
  const folder = join(projectRoot(), "models", model, "sae");
  return presetOf(model) && existsSync(join(folder, "cfg.json")) ? folder : undefined;
}

/** How one that an embedded model brings along is called: no path of this machine. */
const embeddedName = (model: string) => `${model}/sae`;

function pointOf(given: string | undefined, name: string, { place }: LoadedSae, model: Pick<Model, "dims">): HookPoint {
  if (given !== undefined) return parseHookPoint(given, model);
  if (place.point) return place.point;
  if (place.hook !== undefined) return parseHookPoint(place.hook, model);
  throw usage(`${name}: its files do not say where it reads its model`, 'say it: --hook "l3 resid_post"');
}

/** A name without its owner, for a likeness that is worth a word. */
const bare = (name: string) => name.split(/[\\/]/).filter(Boolean).at(-1)?.split("@")[0].toLowerCase();

/**
 * @param run the run's model by its name, and its text
 * @throws SpectroscopeError for what is not there or no autoencoder, for no or another place, and for a model of other tokens
 */
export async function openSaeFor(
  names: SaeNames,
  run: { readonly name: string; readonly model: NamedModel | MeasuredModel; readonly probe: Corpus },
  progress: Progress,
  signal?: AbortSignal,
): Promise<OpenedSae> {
  const on = showFetching(progress);
  const brought = embeddedSae(run.name);
  const where = names.sae ?? brought;
  if (where === undefined) throw usage("--sae is missing", `name an autoencoder: ${SAE_FORMS}`);
  const loaded = await openSaeAt(where, { on, ...(signal ? { signal } : {}) });
  const name = names.sae ?? embeddedName(run.name);
  const notes = [...loaded.notes.map(sentence)];
  const other = names.model !== undefined && names.model !== run.name;
  const model = other ? await openModel(names.model!, { on, signal }) : run.model;
  const modelName = names.model ?? run.name;
  if (other) notes.push(await sameTokens(run, { ...(model as NamedModel), name: modelName }));
  const { place, encoder, format, architecture, origin } = loaded;
  if (place.model !== undefined && bare(place.model) !== bare(modelName))
    notes.push(
      `Its files say that it was trained on ${place.model}; it was read with ${modelName}. If these are not one model, nothing of this means anything.`,
    );
  if (origin) notes.push(`It is of commit ${origin.commit} of ${origin.repo}.`);
  const { prependBos, contextSize } = place;
  return {
    model: { ...model, name: modelName },
    sae: {
      facts: { name, format, architecture },
      ...{ encoder, notes, point: pointOf(names.hook, name, loaded, model.model) },
      ...(prependBos === undefined ? {} : { prependBos }),
      ...(contextSize === undefined ? {} : { contextSize }),
    },
  };
}

/** What the reader says, as a sentence. */
const sentence = (text: string) => `${text[0].toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** Refuses a model of other tokens, and tells how far that was checked. */
async function sameTokens(
  run: { readonly name: string; readonly probe: Corpus },
  { name, source, preset }: NamedModel & { readonly name: string },
): Promise<string> {
  const nameOf = preset?.nameOf ?? (await readTokenNames(source.store));
  const { ids } = run.probe;
  const compared = nameOf ? checkSameTokens(ids, { name: run.name, nameOf: run.probe.nameOf }, { name, nameOf }) : 0;
  const pair = `${run.name} and ${name}`;
  if (compared === 0)
    return `Whether ${pair} mean the same tokens by the same ids was not checked: not both list their vocabulary.`;
  const all = new Set(ids).size;
  return `${pair} mean the same tokens by ${compared === all ? "all" : `${compared} of the`} ${all} ids of the text.`;
}
