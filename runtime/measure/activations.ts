import type { Device } from "../plan/device";
import type { Matrix } from "../statistics/matrix";
import type { Corpus } from "./corpus";
import { hiddenStates } from "./hidden-states";
import type { MeasuredModel } from "./request";

/** Hidden states after the final norm, where the loss of each target is read off: [tokens, D]. A baseline of features. */
export async function finalActivations(
  device: Device,
  subject: MeasuredModel,
  text: Pick<Corpus, "ids" | "columns">,
): Promise<Matrix> {
  const { ids, columns } = text;
  const cols = subject.model.dims.hidden;
  const rows = (ids.length / columns) * (columns - 1);
  const data = new Float32Array(rows * cols);
  await hiddenStates(device, subject, text, [{ kind: "final" }], {
    onBlock: ({ targets, states }) => data.set(states[0].data, targets[0] * cols),
  });
  return { rows, cols, data };
}
