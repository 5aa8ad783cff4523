/** An embedded model out of its two files: those of the project's folder, or what a page brings along. */
import { SpectroscopeError } from "../kernels/errors";
import { quoted } from "../kernels/quoted";
import { CONFIG, type ModelFiles, SINGLE } from "./formats/files";
import type { Preset } from "./grammars/preset";
import { EMBEDDED, presetOf } from "./presets";
import { type LoadedModel, loadModel } from "./weights";

/** Keys that the store of `openEmbedded` must have. */
export const EMBEDDED_FILES = [CONFIG, SINGLE] as const;

/** A model with what is known of the one that is called so. @throws SpectroscopeError for another name, and those of `loadModel` */
export async function openEmbedded(
  name: string,
  files: ModelFiles,
): Promise<LoadedModel & { readonly preset: Preset }> {
  const preset = presetOf(name);
  if (!preset) {
    const hint = `the embedded models are ${EMBEDDED.join(" and ")}`;
    throw new SpectroscopeError(`no embedded model ${quoted(name)}`, { code: "bad-input", hint });
  }
  return { ...(await loadModel(files)), preset };
}
