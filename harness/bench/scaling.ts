/** How the time of a draw grows with what it is made of, on small synthetic models. */
import type { Device } from "../../runtime/node/open-device";
import { Lockstep } from "../../runtime/sampler/lockstep";
import { parseRestriction } from "../../runtime/transformer/restriction";
import { type Line, straightLine } from "./fit";
import { benchSettings, openBenchModel, smallModel } from "./models";
import { type Spread, sampleTurns } from "./spread";

/** What is varied; everything else stays as in `BASE`. */
export const AXES = {
  chains: [1, 2, 4, 8],
  /** Of a chain at a draw: half in its minibatch, half in the probe. */
  tokens: [128, 256, 512, 1024],
  /** Heads of one layer, which run side by side. */
  components: [1, 2, 3, 4],
  layers: [2, 4, 8, 16],
  vocabulary: [1024, 2048, 4096, 8192],
} as const;
export type Axis = keyof typeof AXES;

const BASE = { chains: 2, tokens: 256, components: 1, layers: 4, vocabulary: 1024 };
const POSITIONS = 64;

/** The time of a draw at one place of an axis. */
export interface ScalingRow extends Spread {
  readonly row: "scaling";
  readonly axis: Axis;
  readonly value: number;
}

/** The straight line through an axis's medians. */
export interface FitRow extends Line {
  readonly row: "fit";
  readonly axis: Axis;
  /**
   * Of chains and components: the time of the most of them over that of one, times their number. Below 1 where together is
   * cheaper than one after another.
   */
  readonly ofSeparate?: number;
}

/** Times draws along every axis; the points of an axis take turns, so that a slow minute falls on all of them. */
export async function benchScaling(
  device: Device,
  budgetMs: number,
  onRow: (row: ScalingRow | FitRow) => void = () => {},
  axes: readonly Axis[] = Object.keys(AXES) as Axis[],
): Promise<(ScalingRow | FitRow)[]> {
  const rows: (ScalingRow | FitRow)[] = [];
  for (const axis of axes) {
    const points = await timeAxis(device, axis, budgetMs);
    const first = points[0];
    const last = points[points.length - 1];
    const line = straightLine(points.map(({ value, median }) => [value, median]));
    const counted = axis === "chains" || axis === "components";
    const ofSeparate = last.median / ((last.value / first.value) * first.median);
    for (const row of [...points, { row: "fit", axis, ...line, ...(counted ? { ofSeparate } : {}) } as const]) {
      rows.push(row);
      onRow(row);
    }
  }
  return rows;
}

async function timeAxis(device: Device, axis: Axis, budgetMs: number): Promise<ScalingRow[]> {
  const drawers: { draw: () => Promise<void>; close: () => void }[] = [];
  try {
    for (const value of AXES[axis]) drawers.push(await openDrawer(device, { ...BASE, [axis]: value }));
    const spreads = await sampleTurns(
      drawers.map(({ draw }) => draw),
      budgetMs,
    );
    return AXES[axis].map((value, i) => ({ row: "scaling", axis, value, ...spreads[i] }));
  } finally {
    for (const { close } of drawers) close();
  }
}

/** Heads of a model's first layer, after which everything moves: a draw is an update, a probe pass and a readback. */
async function openDrawer(device: Device, { chains, tokens, components, layers, vocabulary }: typeof BASE) {
  const model = smallModel({ num_hidden_layers: layers, vocab_size: vocabulary });
  const sequences = tokens / POSITIONS / 2;
  const shape = { batch: sequences, probe: sequences, positions: POSITIONS };
  const { lab, pool, probe } = openBenchModel(device, model, shape);
  const settings = benchSettings({ num_chains: chains, batch_size: sequences });
  const specs = Array.from({ length: components }, (_, head) => {
    return { restriction: parseRestriction(`l0h${head}`, model), settings, pool, probe };
  });
  const lockstep = await Lockstep.open(lab, specs);
  return {
    draw: async () => {
      await lockstep.draw({ traces: false });
    },
    close: () => {
      lockstep.close();
      lab.close();
    },
  };
}
