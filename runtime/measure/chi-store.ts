import { join } from "node:path";
import type { Text } from "../../models/corpora";
import type { Matrix } from "../cluster/matrix";
import type { RunDirectory } from "../store/run-directory";
import { openSusceptibilities, writeSusceptibilities } from "../store/susceptibilities";
import type { ChiMatrices } from "./features";

/** Where a run's chi lies. */
export function chiPath(directory: RunDirectory): string {
  return join(directory.path, "susceptibilities.zarr");
}

/** Stores chi of all components with its errors and as every chain measures it, in devinterp's layout. */
export async function storeChi(
  directory: RunDirectory,
  components: readonly string[],
  { chi, error, byChain }: ChiMatrices,
  probe: Text,
): Promise<void> {
  const { rows, cols } = chi;
  const column = (data: ArrayLike<number>, c: number) =>
    Float32Array.from({ length: rows }, (_, i) => data[i * cols + c]);
  const columns = components.map((restriction, c) => ({
    restriction,
    chi: column(chi.data, c),
    error: column(error, c),
    byChain: ofChains(byChain, c),
  }));
  const text = { name: "probe", positions: probe.columns - 1, ids: probe.ids };
  await writeSusceptibilities(chiPath(directory), [text], columns);
}

/** A column as every chain measures it, [chains, tokens]. */
function ofChains(chains: readonly Matrix[], c: number): Float32Array {
  const rows = chains[0]?.rows ?? 0;
  const out = new Float32Array(chains.length * rows);
  for (const [m, { cols, data }] of chains.entries()) {
    for (let i = 0; i < rows; i++) out[m * rows + i] = data[i * cols + c];
  }
  return out;
}

/** Reads them back. */
export async function readChi(
  directory: RunDirectory,
): Promise<ChiMatrices & { readonly components: readonly string[] }> {
  const store = await openSusceptibilities(chiPath(directory));
  const [rows, cols] = [store.tokens, store.restrictions.length];
  const chi = await store.chi();
  const error = (await store.errors()) ?? new Float32Array(chi.length).fill(Number.NaN);
  const chains = (await store.byChain()) ?? new Float32Array(0);
  const byChain = Array.from({ length: chains.length / (rows * cols) }, (_, m) => ({
    rows,
    cols,
    data: chains.slice(m * rows * cols, (m + 1) * rows * cols),
  }));
  return { components: store.restrictions, chi: { rows, cols, data: chi }, error, byChain };
}
