/** A golden file of a model, and the comparison of per-token losses and gradients with one. */
import { SpectroscopeError } from "../../kernels/errors";
import { parseModel } from "../../models/families/registry";
import type { SafetensorsTensor } from "../../models/formats/safetensors";
import type { Device } from "../../runtime/plan/device";
import { type LossModel, modelLosses } from "../../runtime/transformer/losses";
import { memoryTensors } from "../../runtime/transformer/weights";
import { type Row, row } from "./kernels";
import { type GoldenEntry, type Manifest, readGolden, type Tensors } from "./manifest";

export type OnRow = (row: Row) => void;

/** A golden file with its tensors. */
export class Golden {
  constructor(
    readonly name: string,
    readonly entries: readonly GoldenEntry[],
    private readonly tensors: Tensors,
  ) {}

  /** @param name the file's path without `.safetensors`: `nano/losses` */
  static async open(manifest: Manifest, name: string): Promise<Golden> {
    const file = manifest.files.find((candidate) => candidate.file === `${name}.safetensors`);
    if (!file) {
      const hint = `make it with goldens/reference/make.py --only ${name.split("/")[0]}`;
      throw new SpectroscopeError(`goldens: no ${name}.safetensors`, { code: "bad-input", hint });
    }
    return new Golden(name, file.entries, await readGolden(manifest, file));
  }

  tensor(name: string): SafetensorsTensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new SpectroscopeError(`golden ${this.name}: no tensor ${JSON.stringify(name)}`);
    return tensor;
  }

  /** Rows of T + 1 ids, and their columns. */
  ids(name: string): { ids: Uint32Array; columns: number } {
    const { data, shape } = this.tensor(name);
    return { ids: Uint32Array.from(data), columns: shape[1] };
  }

  /** Tensors of a case below a prefix, by what follows it. */
  below(prefix: string): Map<string, SafetensorsTensor> {
    const found = [...this.tensors].filter(([name]) => name.startsWith(prefix));
    return new Map(found.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
  }

  /** The model of a case whose config and weights the golden holds. */
  model(entry: GoldenEntry): LossModel {
    const model = parseModel(entry.settings?.config, `golden ${this.name}, ${entry.case}`);
    const weights = [...this.below(`${entry.case}/weight/`)].map(([name, { shape, data }]) => {
      return [name, { shape, data: Float32Array.from(data) }] as const;
    });
    return { model, weights: memoryTensors(new Map(weights)) };
  }

  compare(
    entry: GoldenEntry,
    tensor: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    kind = tensor,
  ): Row {
    const tolerance = entry.tolerances[kind];
    if (!tolerance)
      throw new SpectroscopeError(`goldens/manifest.json: ${this.name}, ${entry.case}: no tolerance for ${kind}`);
    return row({ subject: this.name, case: entry.case, tensor }, actual, expected, tolerance);
  }
}

/** Per-token losses of a case's ids and the gradient of their mean by parameter. */
export async function lossRows(
  device: Device,
  golden: Golden,
  entry: GoldenEntry,
  model: LossModel,
  onRow: OnRow,
): Promise<Row[]> {
  const { ids, columns } = golden.ids(`${entry.case}/ids`);
  const { losses, gradients } = await modelLosses(device, model, ids, columns, { gradients: true });
  const rows = [golden.compare(entry, "losses", losses, golden.tensor(`${entry.case}/losses`).data)];
  for (const [name, expected] of golden.below(`${entry.case}/gradient/`)) {
    const actual = gradients?.get(name);
    if (!actual) throw new SpectroscopeError(`${golden.name}, ${entry.case}: the runtime gave no gradient of ${name}`);
    rows.push(golden.compare(entry, `gradient of ${name}`, actual.data, expected.data, "gradient"));
  }
  rows.forEach(onRow);
  return rows;
}
