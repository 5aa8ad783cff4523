/** Holds a model to a golden of its losses, some logits, and sketch, norm and samples of every gradient. */
import { SpectroscopeError } from "../../kernels/errors";
import { nt } from "../../kernels/matmul/nt";
import { finalActivations } from "../../runtime/measure/activations";
import type { Device } from "../../runtime/plan/device";
import { type LossModel, modelLosses } from "../../runtime/transformer/losses";
import { runKernel } from "../test/run-kernel";
import type { Golden, OnRow } from "./golden";
import type { Row } from "./kernels";
import type { GoldenEntry } from "./manifest";
import { type Sketch, sketchTensor } from "./sketch";

/** Rows of one case: per-token losses, logits of the golden's positions, sketch and samples of every gradient. */
export async function checkpointRows(
  device: Device,
  golden: Golden,
  entry: GoldenEntry,
  subject: LossModel,
  onRow: OnRow,
): Promise<Row[]> {
  const rows: Row[] = [];
  const add = (row: Row) => {
    rows.push(row);
    onRow(row);
  };
  const { ids, columns } = golden.ids(`${entry.case}/ids`);
  const { embedding, unembedding } = subject.model;
  const sketches = new Map<string, Sketch>();
  const { losses } = await modelLosses(device, subject, ids, columns, {
    gradients: async (source) => {
      for (const name of source.shapes.keys()) {
        const rows = name === embedding || name === unembedding ? ids : undefined;
        sketches.set(name, await sketchTensor(source, name, rows));
      }
    },
  });
  add(golden.compare(entry, "losses", losses, golden.tensor(`${entry.case}/losses`).data));
  for (const row of await logitRows(device, golden, entry, subject, ids, columns)) add(row);
  const expected = golden.below(`${entry.case}/sketch/`);
  if (expected.size !== sketches.size) {
    throw new SpectroscopeError(`${golden.name}: ${expected.size} gradients, the model has ${sketches.size}`);
  }
  for (const [name, { data }] of expected) {
    const actual = sketches.get(name);
    if (!actual) throw new SpectroscopeError(`${golden.name}, ${entry.case}: the runtime gave no gradient of ${name}`);
    const [norm, samples] = ["norm", "samples"].map((kind) => golden.tensor(`${entry.case}/${kind}/${name}`).data);
    add(golden.compare(entry, `gradient of ${name}`, actual.sketch, data, "sketch"));
    add(golden.compare(entry, `gradient of ${name}, norm`, actual.norm, norm, "norm"));
    add(golden.compare(entry, `gradient of ${name}, entries`, actual.samples, samples, "samples"));
  }
  return rows;
}

interface LogitSettings {
  /** Row and position of each. */
  readonly logit_positions: readonly (readonly [number, number])[];
  /** The golden holds the logits 0, stride, 2 stride, ... of the vocabulary. */
  readonly logit_stride: number;
}

/** Logits are never made for all tokens: here, for a few positions and some of the vocabulary, by a matrix product alone. */
async function logitRows(
  device: Device,
  golden: Golden,
  entry: GoldenEntry,
  { model, weights }: LossModel,
  ids: Uint32Array,
  columns: number,
): Promise<Row[]> {
  const { logit_positions: positions, logit_stride: stride } = entry.settings as unknown as LogitSettings;
  const { hidden: D, vocab: V } = model.dims;
  const hidden = await finalActivations(device, { model, weights }, { ids, columns });
  const x = new Float32Array(positions.length * D);
  positions.forEach(([row, position], i) => {
    const at = (row * (columns - 1) + position) * D;
    x.set(Float32Array.from(hidden.data.subarray(at, at + D)), i * D);
  });
  const N = Math.ceil(V / stride);
  const w = new Float32Array(N * D);
  for (let n = 0; n < N; n++) w.set(await weights.read(model.unembedding, n * stride * D, (n * stride + 1) * D), n * D);
  const { y } = await runKernel(device, nt, {
    dims: { G: 1, M: positions.length, N, K: D, Nb: 1, Mr: 1, Nr: 1 },
    params: { use_bias: 0, use_residual: 0 },
    inputs: { x, w, bias: new Float32Array(1), residual: new Float32Array(1) },
    shared: ["w", "bias", "residual"],
  });
  return positions.map((_, i) => {
    const logits = y.subarray(i * N, (i + 1) * N);
    const expected = golden.tensor(`${entry.case}/logits/${i}`).data;
    return golden.compare(entry, `logits of position ${positions[i].join(", ")}`, logits, expected, "logits");
  });
}
