import { SpectroscopeError } from "../../../kernels/errors";
import { TOKENIZER } from "../../../models/formats/files";
import { MODEL_FORMS, openModel } from "../../../models/hub/open";
import { writeSafetensors } from "../../../models/hub/safetensors-file";
import { writeNpy } from "../../../runtime/node/npy-file";
import { openTuned } from "../../../runtime/node/open-tuned";
import type { AdapterFacts } from "../../../runtime/plan/device";
import { modelLosses } from "../../../runtime/transformer/losses";
import type { TensorSource } from "../../../runtime/transformer/weights";
import { ADAPTER, command, JSON_FLAG, OFFLINE, output } from "../command";
import { checkOutputs, checkTextOptions, readBlock } from "../loss/files";
import { dryRun, type LossRequest, lossLimits } from "../loss/memory";
import { Progress, showFetching } from "../progress";

/** Per-token losses of a model, and the gradient of their mean by Hugging Face name. */
export const loss = command(
  {
    name: "loss",
    summary: "Per-token losses of a GPT-NeoX model on a text or on ready token ids, and the gradient of their mean.",
    options: {
      model: { type: "string", placeholder: "MODEL", help: MODEL_FORMS },
      text: { type: "string", placeholder: "FILE", help: "text to tokenize: .txt, or .jsonl with a document a line" },
      "row-length": {
        type: "integer",
        min: 2,
        help: "of a text: ids in a row, T (default: as many as the model takes)",
      },
      rows: { type: "integer", min: 1, help: "of a text: stop after so many rows (default: all of it)" },
      bos: { type: "boolean", default: false, help: "of a text: begin every row with the begin-of-text id" },
      tokens: { type: "string", placeholder: "FILE", help: "instead: B rows of T ids, as JSON, .npy or .safetensors" },
      ids: { type: "string", placeholder: "FILE", help: "write the ids that were read as .npy: i32 [B, T]" },
      out: { type: "string", placeholder: "FILE", help: "write losses as .npy: f32 [B, T-1], nats" },
      grads: { type: "string", placeholder: "FILE", help: "write the mean loss's gradient as safetensors" },
      "dry-run": { type: "boolean", default: false, help: "only tell buffers, limits needed and memory" },
      "max-binding-mib": {
        type: "integer",
        min: 1,
        help: "cut vocabulary matrices into parts of at most this size (default: the adapter's limit on a binding)",
      },
      adapter: ADAPTER,
      offline: OFFLINE,
      json: JSON_FLAG,
    },
    required: ["model"],
    examples: [
      "loss --model EleutherAI/pythia-14m --text book.txt --out losses.npy",
      "loss --model nano --tokens ids.json --out losses.npy --grads grads.safetensors",
    ],
  },
  async ({ values }) => {
    const progress = new Progress(values.json);
    checkTextOptions(values);
    const files = values.text === undefined ? [] : [TOKENIZER];
    const model = await openModel(values.model!, { offline: values.offline, on: showFetching(progress), files });
    const block = await readBlock(values, model, progress);
    const { ids, rows, columns } = block;
    const most = values["max-binding-mib"];
    const request: LossRequest = {
      rows,
      columns,
      gradients: values.grads !== undefined,
      ...(most === undefined ? {} : { bindingBytes: most * 2 ** 20 }),
    };
    await checkOutputs(values, model);
    if (values["dry-run"]) return dryRun(model, request, values);
    let bindingBytes: number | undefined;
    const limits = (facts: AdapterFacts) => {
      const need = lossLimits(model, request, facts.limits, facts.software);
      bindingBytes = need.bindingBytes;
      return need.limits;
    };
    const device = await openTuned({ adapter: values.adapter, limits }, (line) => progress.say(line));
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
      if (values.ids) await writeNpy(values.ids, { shape: [rows, columns], data: Int32Array.from(ids) });
      if (values.out) await writeNpy(values.out, { shape: [rows, columns - 1], data: losses });
      const seconds = (performance.now() - since) / 1000;
      if (values.json) {
        const facts = { adapter: device.facts.name, rows, tokens: losses.length, mean_loss: mean, seconds };
        const files = { ids: values.ids ?? null, out: values.out ?? null, grads: values.grads ?? null };
        output(JSON.stringify({ model: model.directory, ...model.origin, ...facts, ...block.text, ...files }));
      } else {
        const { repo, revision, commit } = model.origin ?? {};
        if (repo) progress.say(`${repo}${revision ? `@${revision}` : ""}, commit ${commit?.slice(0, 10)}`);
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
