/** A pickle that holds tensors by name, and nothing else. */
import { SpectroscopeError } from "../../kernels/errors";
import { quoted } from "../../kernels/quoted";
import { parsePickle } from "./pickle";
import { PickledDict, PickledTensor } from "./pickle-values";

/** A state dict: tensors by name. @throws SpectroscopeError for anything else */
export function parseStateDict(bytes: Uint8Array, file: string): Map<string, PickledTensor> {
  const value = parsePickle(bytes, file);
  const fail = (what: string): never => {
    throw new SpectroscopeError(`${file}: ${what}`, {
      code: "bad-input",
      hint: "only a state dict of tensors is read: torch.save(model.state_dict(), FILE)",
    });
  };
  if (!(value instanceof PickledDict)) return fail("holds no dict of tensors");
  const tensors = new Map<string, PickledTensor>();
  for (const [name, tensor] of value.entries) {
    if (typeof name !== "string") return fail(`the key ${name} is no name of a tensor`);
    if (!(tensor instanceof PickledTensor)) return fail(`${quoted(name)} is no tensor`);
    tensors.set(name, tensor);
  }
  return tensors;
}
