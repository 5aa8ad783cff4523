import type { Device } from "../plan/device";
import { Laboratory } from "../sampler/laboratory";
import type { Matrix } from "../statistics/matrix";
import { planModel } from "../transformer/model";
import { FIXED_WEIGHTS } from "../transformer/moving";
import type { Corpus } from "./corpus";
import type { MeasuredModel } from "./request";

/** Hidden states after the final LayerNorm, where the loss of each target is read off: [tokens, D]. A baseline of features. */
export async function finalActivations(
  device: Device,
  { model, weights }: MeasuredModel,
  text: Pick<Corpus, "ids" | "columns">,
): Promise<Matrix> {
  const lab = new Laboratory(device, model, weights);
  try {
    const { rows, tokens, cache } = lab.addText("text", text.ids, text.columns);
    const plan = planModel({
      name: "activations",
      model,
      fixed: lab.fixed,
      restriction: { name: "none", slices: [] },
      moving: FIXED_WEIGHTS,
      groups: 1,
      rows,
      tokens,
      cache,
    });
    await lab.fixed.flush(lab.memory);
    const bound = await lab.memory.bind(plan.prefix);
    await bound.run();
    bound.destroy();
    const [data] = await lab.memory.read([plan.hidden]);
    return { rows: rows.sequences * rows.positions, cols: model.dims.hidden, data: data as Float32Array };
  } finally {
    lab.close();
  }
}
