import { join } from "node:path";
import { type LoadedModel, loadModel } from "../../models/weights";
import { projectRoot } from "../../runtime/device/root";

/** A model by the name a person gives: `nano`, the embedded one, or a directory. Errors: those of `loadModel`. */
export async function openModel(name: string): Promise<LoadedModel> {
  return loadModel(name === "nano" ? join(projectRoot(), "models", "nano") : name);
}
