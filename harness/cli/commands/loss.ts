import { SpectroscopeError } from "../../../kernels/errors";
import { writeSafetensors } from "../../../models/safetensors-file";
import { readTokens } from "../../../models/tokens";
import { openDevice } from "../../../runtime/device/device";
import { modelLosses } from "../../../runtime/neox/losses";
import { writeNpy } from "../../../runtime/store/npy-file";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { openModel } from "../model";
import { Progress } from "../progress";

/** Per-token losses of a model, and the gradient of their mean by Hugging Face name. */
export const loss = command(
  {
    name: "loss",
    summary: "Per-token losses of a GPT-NeoX model on ready token ids, and the gradient of their mean.",
    options: {
      model: { type: "string", placeholder: "DIR", help: "nano, or a directory with config.json and safetensors" },
      tokens: { type: "string", placeholder: "FILE", help: "JSON list of B rows of T ids, or .npy" },
      out: { type: "string", placeholder: "FILE", help: "write losses as .npy: f32 [B, T-1], nats" },
      grads: { type: "string", placeholder: "FILE", help: "write the mean loss's gradient as safetensors" },
      adapter: ADAPTER,
      json: JSON_FLAG,
    },
    required: ["model", "tokens"],
    examples: ["loss --model nano --tokens ids.json --out losses.npy --grads grads.safetensors"],
  },
  async ({ values }) => {
    const progress = new Progress(values.json);
    const model = await openModel(values.model!);
    const { ids, rows, columns } = await readTokens(values.tokens!, model.config);
    const device = await openDevice({ adapter: values.adapter });
    try {
      if (device.banner) progress.say(device.banner);
      const since = performance.now();
      const result = await modelLosses(device, model, ids, columns, {
        gradients: values.grads !== undefined,
        progress: (done, total) => progress.update("losses", done, total, since),
      });
      const bad = result.losses.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        const [row, column] = [Math.floor(bad / (columns - 1)), bad % (columns - 1)];
        throw new SpectroscopeError(`loss of row ${row}, token ${column + 1} is ${result.losses[bad]}`, {
          code: "non-finite",
          hint: "nothing was written; check the weights with `npx spectroscope verify` and the model's directory",
        });
      }
      const mean = result.losses.reduce((sum, value) => sum + value, 0) / result.losses.length;
      if (values.out) await writeNpy(values.out, { shape: [rows, columns - 1], data: result.losses });
      if (values.grads && result.gradients) await writeSafetensors(values.grads, result.gradients);
      const seconds = (performance.now() - since) / 1000;
      if (values.json) {
        const facts = { adapter: device.facts.name, rows, tokens: result.losses.length, mean_loss: mean, seconds };
        output(JSON.stringify({ ...facts, out: values.out ?? null, grads: values.grads ?? null }));
      } else {
        output(
          `mean loss ${mean.toFixed(6)} nats over ${result.losses.length} tokens of ${rows} rows (${seconds.toFixed(1)} s)`,
        );
      }
      return 0;
    } finally {
      device.close();
    }
  },
);
