import type { Matrix } from "../../runtime/cluster/matrix";
import type { Device } from "../../runtime/device/device";
import { BoundPlan } from "../../runtime/dispatch/executor";
import { tensor } from "../../runtime/dispatch/plan";
import { readTensors } from "../../runtime/dispatch/readback";
import { layoutBlock, type Weights } from "../../runtime/neox/block";
import type { NeoxConfig } from "../../runtime/neox/config";
import { planModel } from "../../runtime/neox/model";
import { Laboratory } from "../../runtime/sampler/laboratory";
import type { Text } from "./text";

/** Hidden states after the final LayerNorm, where the loss of each target is read off: [tokens, D]. A baseline of features. */
export async function finalActivations(
  device: Device,
  model: { config: NeoxConfig; weights: Weights },
  text: Text,
): Promise<Matrix> {
  const lab = new Laboratory(device, model.config, model.weights);
  try {
    const { rows, tokens, cache } = lab.addText("text", text.ids, text.columns);
    const restriction = { name: "none", slices: [] };
    const nothing = tensor("none", [1, 0], "kept");
    const plan = planModel({
      name: "activations",
      config: model.config,
      fixed: lab.fixed,
      restriction,
      block: layoutBlock(restriction, model.config),
      chains: { weights: nothing, gradients: nothing },
      groups: 1,
      rows,
      tokens,
      cache,
    });
    lab.fixed.flush(lab.memory);
    const bound = await BoundPlan.bind(plan.prefix, lab.memory);
    await bound.run();
    bound.destroy();
    const [data] = await readTensors(device, [lab.memory.tensor(plan.hidden)]);
    return { rows: rows.sequences * rows.positions, cols: model.config.hiddenSize, data: data as Float32Array };
  } finally {
    lab.close();
  }
}
