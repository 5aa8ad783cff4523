/** A quick run as the library is handed it, nano's unless it is said, and what of a run two equal ones share. */
import { openModel } from "../../models/hub/open";
import type { Subject } from "../../runtime/measure/request";
import type { Store } from "../../runtime/store/store";
import { settledConfig } from "../cli/run-config";
import { isResult, storeBytes } from "./folder-bytes";

/** The standard components and few draws. */
const SMALL = ["weight_restrictions=standard", "neuron_groups=0", "sampler.num_draws=10"];

export async function quickSubject(...sets: string[]): Promise<Subject> {
  const config = settledConfig({}, "test", [...SMALL, ...sets]);
  const model = await openModel(config.model);
  return { config, model, corpora: model.preset!.corpora(config, model.model.dims.positions) };
}

/** What a run leaves that does not tell its hour, by key. */
export const bytesOf = (store: Store) => storeBytes(store, isResult);

export const isChiOrCluster = (key: string) => /^(susceptibilities\.zarr\/|clusters\.jsonl$|labels\.npy$)/.test(key);
