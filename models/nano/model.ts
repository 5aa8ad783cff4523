/** The embedded model out of its two files: those of the project's folder, or what a page brings along. */
import { CONFIG, type ModelFiles, SINGLE } from "../formats/files";
import { type LoadedModel, loadModel } from "../weights";
import { type Preset, preset } from "./preset";

/** Keys that the store of `openNano` must have. */
export const NANO_FILES = [CONFIG, SINGLE] as const;

/** nano with what is known of it. @throws SpectroscopeError those of `loadModel` */
export async function openNano(files: ModelFiles): Promise<LoadedModel & { readonly preset: Preset }> {
  return { ...(await loadModel(files)), preset };
}
