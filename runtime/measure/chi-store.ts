import type { Text } from "../../models/corpora";
import type { Run } from "../store/run";
import { readSusceptibilities, writeSusceptibilities } from "../store/susceptibilities";
import type { ChiMatrices } from "./features";

/** Where a run's chi lies. */
const chiStore = (run: Run) => run.store.below("susceptibilities.zarr");

/** Stores chi of all components with its errors and as every chain measures it, in devinterp's layout. */
export async function storeChi(
  run: Run,
  components: readonly string[],
  { chi, error, byChain }: ChiMatrices,
  probe: Text,
): Promise<void> {
  const text = { name: "probe", positions: probe.columns - 1, ids: probe.ids };
  const chains = new Float32Array(byChain.length * error.length);
  for (const [m, { data }] of byChain.entries()) chains.set(data, m * error.length);
  const table = { tokens: chi.rows, components, chi: Float32Array.from(chi.data), error, byChain: chains };
  await writeSusceptibilities(chiStore(run), text, table);
}

/** Reads them back. */
export async function readChi(run: Run): Promise<ChiMatrices & { readonly components: readonly string[] }> {
  const { tokens: rows, components, chi, error, byChain } = await readSusceptibilities(chiStore(run));
  const cols = components.length;
  const chain = (m: number) => byChain.subarray(m * rows * cols, (m + 1) * rows * cols);
  const chains = Array.from({ length: byChain.length / (rows * cols) }, (_, m) => ({ rows, cols, data: chain(m) }));
  return { components, chi: { rows, cols, data: chi }, error, byChain: chains };
}
