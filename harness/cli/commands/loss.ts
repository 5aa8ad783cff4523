import { SpectroscopeError } from "../../../kernels/errors";
import { writeSafetensors } from "../../../models/safetensors-file";
import { readTokens } from "../../../models/tokens";
import { openDevice } from "../../../runtime/device/device";
import { modelLosses } from "../../../runtime/neox/losses";
import type { TensorSource } from "../../../runtime/neox/weights";
import { checkWritable } from "../../../runtime/store/files";
import { writeNpy } from "../../../runtime/store/npy-file";
import { ADAPTER, command, JSON_FLAG, output } from "../command";
import { dryRun, type LossRequest, lossLimits } from "../loss-memory";
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
      "dry-run": { type: "boolean", default: false, help: "only tell buffers, limits needed and memory" },
      "max-binding-mib": {
        type: "integer",
        min: 1,
        help: "cut vocabulary matrices into parts of at most this size (default: the adapter's limit on a binding)",
      },
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
    const most = values["max-binding-mib"];
    const request: LossRequest = {
      rows,
      columns,
      gradients: values.grads !== undefined,
      ...(most === undefined ? {} : { bindingBytes: most * 2 ** 20 }),
    };
    for (const path of [values.out, values.grads]) if (path !== undefined) await checkWritable(path);
    if (values["dry-run"]) return dryRun(model, request, values);
    let bindingBytes: number | undefined;
    const device = await openDevice({
      adapter: values.adapter,
      limits: (facts) => {
        const need = lossLimits(model, request, facts.limits);
        bindingBytes = need.bindingBytes;
        return need.limits;
      },
    });
    try {
      if (device.banner) progress.say(device.banner);
      const since = performance.now();
      const writeGradients = async (gradients: TensorSource, losses: Float32Array) => {
        checkFinite(losses, columns);
        await writeSafetensors(values.grads!, finite(gradients));
      };
      const { losses } = await modelLosses(device, model, ids, columns, {
        ...(request.gradients ? { gradients: writeGradients } : {}),
        bindingBytes,
        progress: (done, total) => progress.update("losses", done, total, since),
      });
      checkFinite(losses, columns);
      const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
      if (values.out) await writeNpy(values.out, { shape: [rows, columns - 1], data: losses });
      const seconds = (performance.now() - since) / 1000;
      if (values.json) {
        const facts = { adapter: device.facts.name, rows, tokens: losses.length, mean_loss: mean, seconds };
        output(JSON.stringify({ ...facts, out: values.out ?? null, grads: values.grads ?? null }));
      } else {
        output(
          `mean loss ${mean.toFixed(6)} nats over ${losses.length} tokens of ${rows} rows (${seconds.toFixed(1)} s)`,
        );
      }
      return 0;
    } finally {
      device.close();
    }
  },
);

const SUSPECT = "nothing was written; check the weights, and this adapter with `npx spectroscope verify`";

/** @throws SpectroscopeError naming the first loss that is not finite */
function checkFinite(losses: Float32Array, columns: number): void {
  const bad = losses.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  const [row, column] = [Math.floor(bad / (columns - 1)), bad % (columns - 1)];
  throw new SpectroscopeError(`loss of row ${row}, token ${column + 1} is ${losses[bad]}`, {
    code: "non-finite",
    hint: SUSPECT,
  });
}

/** The same tensors; reading one that holds NaN or infinity is an error. */
function finite({ shapes, read }: TensorSource): TensorSource {
  return {
    shapes,
    async read(name, from, to) {
      const data = await read(name, from, to);
      const bad = data.findIndex((value) => !Number.isFinite(value));
      if (bad < 0) return data;
      throw new SpectroscopeError(`the gradient of ${name} holds ${data[bad]} at element ${from + bad}`, {
        code: "non-finite",
        hint: SUSPECT,
      });
    },
  };
}
