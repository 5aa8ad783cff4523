/** Holds activations at hook points to transformers'. */
import { join } from "node:path";
import { openFolder } from "../../models/hub/open";
import { parseHookPoint } from "../../models/sae/hook-names";
import { hiddenStates, type ReadAt } from "../../runtime/measure/hidden-states";
import { projectRoot } from "../../runtime/node/root";
import type { Device } from "../../runtime/plan/device";
import { type HookPoint, hookName, LAYER_POINTS } from "../../runtime/transformer/hook-points";
import type { LossModel } from "../../runtime/transformer/losses";
import { Golden, type OnRow } from "./golden";
import type { Row } from "./kernels";
import type { GoldenEntry, Manifest } from "./manifest";
import { randomDirectory } from "./random";

/** Every point of every model, read before and at the targets, in blocks of a row. */
export async function verifyHidden(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const golden = await Golden.open(manifest, "hidden/states");
  const rows: Row[] = [];
  for (const entry of golden.entries) {
    const subject = await modelOf(manifest, entry);
    const { layers } = subject.model.dims;
    const ofLayers = Array.from({ length: layers }, (_, layer) => LAYER_POINTS.map((kind) => ({ kind, layer })));
    const points: HookPoint[] = [{ kind: "embed" }, ...ofLayers.flat(), { kind: "final" }];
    for (const at of ["before", "own"] as const) {
      for (const [i, states] of (await read(device, golden, entry, subject, points, at)).entries()) {
        const name = hookName(points[i]);
        const expected = expectedStates(golden, entry, points[i], at);
        rows.push(golden.compare(entry, `${name}, ${at}`, states, expected, "states"));
        onRow(rows[rows.length - 1]);
      }
    }
  }
  return rows;
}

async function modelOf(manifest: Manifest, { settings }: GoldenEntry): Promise<LossModel> {
  const { odd, random } = settings as { odd?: string; random?: string };
  if (odd !== undefined) {
    const other = await Golden.open(manifest, "nano/odd");
    return other.model(other.entries.find((entry) => entry.case === odd)!);
  }
  if (random === undefined) return openFolder(join(projectRoot(), "models", "nano"));
  const other = await Golden.open(manifest, `random/${random}`);
  return openFolder(await randomDirectory(manifest, other.entries[0]));
}

/** By point, [targets, D]. */
async function read(
  device: Device,
  golden: Golden,
  entry: GoldenEntry,
  subject: LossModel,
  points: readonly HookPoint[],
  at: ReadAt,
): Promise<number[][]> {
  const found = points.map((): number[] => []);
  // Asked for by name, as a dictionary of features does it.
  const named = points.map((point) => parseHookPoint(hookName(point), subject.model));
  await hiddenStates(device, subject, golden.ids(`${entry.case}/ids`), named, {
    ...{ at, blockTokens: 1 },
    onBlock: ({ states }) => {
      for (const [i, { data }] of states.entries()) for (const value of data) found[i].push(value);
    },
  });
  return found;
}

/** What a layer reads is what came before it; of each row the last position is no target's before, the first no target's own. */
function expectedStates(golden: Golden, entry: GoldenEntry, point: HookPoint, at: ReadAt): Float64Array {
  const before = "layer" in point && point.layer > 0 ? `l${point.layer - 1} resid_post` : "embed";
  const name = point.kind === "resid_pre" ? before : hookName(point);
  const { data, shape } = golden.tensor(`${entry.case}/${name}`);
  const [rows, columns, width] = shape;
  const out = new Float64Array(rows * (columns - 1) * width);
  for (let row = 0; row < rows; row++) {
    const from = (row * columns + (at === "own" ? 1 : 0)) * width;
    const own = Array.from(data.slice(from, from + (columns - 1) * width), Number);
    out.set(own, row * (columns - 1) * width);
  }
  return out;
}
