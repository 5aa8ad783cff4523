/** A quick run as the library is handed it, nano's unless it is said, and what of a run two equal ones share. */
import { openModel } from "../../models/hub/open";
import { QUICK } from "../../models/nano/preset";
import type { Subject } from "../../runtime/measure/request";
import type { Store } from "../../runtime/store/store";
import { settledConfig } from "../cli/run-config";
import { isResult, storeBytes } from "./folder-bytes";

/** Settings over those of the quick run; of an embedded model. */
export async function quickSubject(...sets: string[]): Promise<Subject> {
  const config = settledConfig({}, "test", [...QUICK, ...sets]);
  const model = await openModel(config.model);
  return { config, model, corpora: model.preset!.corpora(config, model.model.dims.positions) };
}

/** What a run leaves that does not tell its hour, by key. */
export const bytesOf = (store: Store) => storeBytes(store, isResult);

export const isChiOrCluster = (key: string) => /^(susceptibilities\.zarr\/|clusters\.jsonl$|labels\.npy$)/.test(key);
