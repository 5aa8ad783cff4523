/** Holds models of Pythia's shapes, whose weights come out of a counter, to the goldens. */
import { parseNeoxConfig } from "../../models/config";
import { syntheticWeights } from "../../models/synthetic";
import type { Device } from "../../runtime/plan/device";
import type { LossModel } from "../../runtime/transformer/losses";
import { checkpointRows } from "./checkpoint";
import { Golden, type OnRow } from "./golden";
import type { Row } from "./kernels";
import type { GoldenEntry, Manifest } from "./manifest";
import { trajectoryRows } from "./trajectories";

function synthetic(golden: Golden, entry: GoldenEntry): LossModel {
  const config = parseNeoxConfig(entry.settings?.config, `golden ${golden.name}, ${entry.case}`);
  return { config, weights: syntheticWeights(config) };
}

async function verifyShape(device: Device, manifest: Manifest, name: string, onRow: OnRow): Promise<Row[]> {
  const golden = await Golden.open(manifest, name);
  const [entry] = golden.entries;
  return checkpointRows(device, golden, entry, synthetic(golden, entry), onRow);
}

/** Pythia-14M's shape on 2 x 256 tokens: losses, logits, gradients. */
export function verify14m(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  return verifyShape(device, manifest, "pythia/14m", onRow);
}

/** A small model on one row of 2,048 positions. */
export function verifyLong(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  return verifyShape(device, manifest, "pythia/long", onRow);
}

/** Eight SGLD updates of a head and of a group of neurons of that model. */
export async function verifyPythiaSgld(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const golden = await Golden.open(manifest, "pythia/sgld");
  const pool = golden.entries.find((entry) => entry.case === "pool")!;
  return trajectoryRows(device, golden, synthetic(golden, pool), onRow);
}

/** One layer of Pythia-1.4B's width with the true vocabulary, 16 tokens: takes 3 GiB of memory. */
export function verifyWide(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  return verifyShape(device, manifest, "pythia/wide", onRow);
}

/** What `verify` and the tests run; `wide` only when asked for. */
export const pythiaParts = { "14m": verify14m, long: verifyLong, sgld: verifyPythiaSgld } as const;
