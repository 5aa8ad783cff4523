/** What the pipeline is handed. Whoever calls it opens model, texts, device and store, once, and closes the device. */
import type { Device } from "../plan/device";
import type { Store } from "../store/store";
import type { Model } from "../transformer/family";
import type { Weights } from "../transformer/weights";
import type { RunConfig } from "./config";
import type { Corpora } from "./corpus";
import type { Attention } from "./events";
import type { Shard } from "./units";

/** A model, its weights, and where they were fetched from. */
export interface MeasuredModel {
  readonly model: Model;
  readonly weights: Weights;
  /** For the manifest. */
  readonly origin?: { readonly repo: string; readonly revision?: string; readonly commit: string };
}

/** What is measured, and how. */
export interface Subject {
  readonly config: RunConfig;
  readonly model: MeasuredModel;
  readonly corpora: Corpora;
}

/** A measurement. */
export interface MeasureRequest extends Subject, Attention {
  readonly device: Device;
  /** Where the run lies, or will: empty, or a run of the same config. */
  readonly store: Store;
  /** Sample this part only. */
  readonly shard?: Shard;
  /** Threads of clustering; by default all cores. They change no result. */
  readonly threads?: number;
}
