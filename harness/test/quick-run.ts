/** nano's quick run as the library is handed it, and what of a run two equal ones share. */
import { preset, QUICK } from "../../models/nano/preset";
import type { Subject } from "../../runtime/measure/request";
import type { Store } from "../../runtime/store/store";
import { settledConfig } from "../cli/run-config";
import { isResult, storeBytes } from "./folder-bytes";
import { nanoFolder } from "./nano";

export async function quickSubject(...sets: string[]): Promise<Subject> {
  const config = settledConfig({}, "test", [...QUICK, ...sets]);
  const model = await nanoFolder();
  return { config, model, corpora: preset.corpora(config, model.model.dims.positions) };
}

/** What a run leaves that does not tell its hour, by key. */
export const bytesOf = (store: Store) => storeBytes(store, isResult);

export const isChiOrCluster = (key: string) => /^(susceptibilities\.zarr\/|clusters\.jsonl$|labels\.npy$)/.test(key);
