/** Holds the model's runtime against the goldens: losses, gradients, SGLD trajectories, susceptibilities. */
import { join } from "node:path";
import { openFolder } from "../../models/hub/open";
import type { SamplerSettings } from "../../runtime/config/sampler";
import { projectRoot } from "../../runtime/node/root";
import type { Device } from "../../runtime/plan/device";
import type { ChainSpec } from "../../runtime/sampler/chain-plans";
import { Chains } from "../../runtime/sampler/chains";
import { Laboratory } from "../../runtime/sampler/laboratory";
import type { Sums } from "../../runtime/sampler/sums";
import { susceptibility } from "../../runtime/susceptibility/estimate";
import type { LossModel } from "../../runtime/transformer/losses";
import { parseRestriction } from "../../runtime/transformer/restriction";
import { Golden, lossRows, type OnRow } from "./golden";
import type { Row } from "./kernels";
import type { GoldenEntry, Manifest } from "./manifest";
import { runSettings, trajectoryRows } from "./trajectories";

/** The nano goldens, each a part that can be verified by itself. */
export const nanoParts = {
  losses: verifyLosses,
  odd: verifyOddModels,
  sgld: verifyTrajectories,
  pieces: verifyPieces,
  chi: verifySusceptibilities,
} as const;

/** Every nano golden. @throws SpectroscopeError when a golden file is missing or was changed */
export async function verifyNano(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const rows: Row[] = [];
  for (const part of Object.values(nanoParts)) {
    rows.push(...(await part(device, manifest, onRow)));
  }
  return rows;
}

function nano(): Promise<LossModel> {
  return openFolder(join(projectRoot(), "models", "nano"));
}

/** Per-token losses of nano and the gradient of their mean by parameter. */
export async function verifyLosses(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const golden = await Golden.open(manifest, "nano/losses");
  const model = await nano();
  const rows: Row[] = [];
  for (const entry of golden.entries) rows.push(...(await lossRows(device, golden, entry, model, onRow)));
  return rows;
}

/** The same for small random models of other kinds (sequential residual, tied, no biases), whose weights are in the golden. */
export async function verifyOddModels(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const golden = await Golden.open(manifest, "nano/odd");
  const rows: Row[] = [];
  for (const entry of golden.entries) rows.push(...(await lossRows(device, golden, entry, golden.model(entry), onRow)));
  return rows;
}

/** Weights after 200 updates by SGLD and by RMSprop-SGLD with the project's noise and batches. */
export async function verifyTrajectories(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  return trajectoryRows(device, await Golden.open(manifest, "nano/sgld"), await nano(), onRow);
}

/** The same by SGLD where single pieces of heads move. */
export async function verifyPieces(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  return trajectoryRows(device, await Golden.open(manifest, "nano/pieces"), await nano(), onRow);
}

/** Draws of every component: sums as the device holds them, and the traces they came from, [chains, draws, tokens]. */
async function sampleComponent(chains: Chains, settings: SamplerSettings, tokens: number) {
  const { num_chains: M, num_draws: S } = settings;
  const traces = new Float64Array(M * S * tokens);
  const phi = new Float64Array(M * S);
  const phiByDraw: number[] = [];
  for (let s = 0; s < S; s++) {
    const draw = await chains.draw();
    for (let m = 0; m < M; m++) {
      phi[m * S + s] = draw.phi[m];
      traces.set(draw.rises.subarray(m * tokens, (m + 1) * tokens), (m * S + s) * tokens);
    }
    phiByDraw.push(...draw.phi);
  }
  const sums: Sums = { ...(await chains.sums()), phi: phiByDraw };
  return { traces, phi, sums };
}

/** Susceptibilities of a few components by both estimators, and the loss differences they are made of, case by case. */
export async function verifySusceptibilities(
  device: Device,
  manifest: Manifest,
  onRow: OnRow = () => {},
): Promise<Row[]> {
  const golden = await Golden.open(manifest, "nano/chi");
  const model = await nano();
  const rows: Row[] = [];
  const lab = new Laboratory(device, model.model, model.weights);
  try {
    const [poolIds, probeIds] = [golden.ids("pool/ids"), golden.ids("probe/ids")];
    const pool = lab.addText("pool", poolIds.ids, poolIds.columns);
    const probe = lab.addText("probe", probeIds.ids, probeIds.columns);
    for (const entry of golden.entries) {
      await susceptibilityRows(golden, entry, lab, { pool, probe }, (row) => {
        rows.push(row);
        onRow(row);
      });
    }
  } finally {
    lab.close();
  }
  return rows;
}

/** One case: every component's chains, and chi by both estimators. */
async function susceptibilityRows(
  golden: Golden,
  entry: GoldenEntry,
  lab: Laboratory,
  texts: Pick<ChainSpec, "pool" | "probe">,
  onRow: OnRow,
): Promise<void> {
  const { sampler, settings } = runSettings(entry);
  const components = settings.components as string[];
  const N = texts.probe.targets.length;
  const part = (name: string, index: number) => {
    const { data } = golden.tensor(`${entry.case}/${name}`);
    const size = data.length / components.length;
    return data.subarray(index * size, (index + 1) * size);
  };
  const column = (name: string, index: number) => {
    const { data } = golden.tensor(`${entry.case}/${name}`);
    return Float64Array.from({ length: N }, (_, i) => data[i * components.length + index]);
  };
  let full: Sums | undefined;
  for (const [index, component] of components.entries()) {
    const restriction = parseRestriction(component, lab.model);
    const chains = await Chains.open(lab, { restriction, settings: sampler, ...texts });
    try {
      const { traces, phi, sums } = await sampleComponent(chains, sampler, N);
      // The golden lists `full` first, because two_chain needs it.
      full ??= sums;
      onRow(golden.compare(entry, `phi of ${component}`, phi, part("phi", index), "phi"));
      onRow(golden.compare(entry, `traces of ${component}`, traces, part("traces", index), "traces"));
      for (const [estimator, other] of [["single_chain", undefined] as const, ["two_chain", full] as const]) {
        const { chi } = susceptibility(sums, other);
        onRow(golden.compare(entry, `${estimator} chi of ${component}`, chi, column(estimator, index), estimator));
      }
    } finally {
      chains.close();
    }
  }
}
