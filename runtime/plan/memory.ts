import type { Params } from "../../kernels/kernel";
import type { Plan, Slot, View } from "./plan";

/** Elements as the host holds them. */
export type HostArray = Float32Array | Uint32Array;

/** A plan bound to a memory: run it as often as wanted. */
export interface BoundPlan {
  readonly plan: Plan;
  /** Changes uniform parameters of every call with this label, for the runs submitted after this. */
  setParams(label: string, params: Params): void;
  /** Submits one run; does not wait. */
  submit(): void;
  /** Submits one run and waits for it. */
  run(): Promise<void>;
  /** Frees what the binding took; slots stay. */
  destroy(): void;
}

/** Memory of a run: a place for every kept slot, and buffers that local slots share by their lifetimes. */
export interface Memory {
  /** Bytes held now. */
  readonly bytes: number;
  /** Writes a kept view from its first element on. */
  write(view: View, data: HostArray): void;
  /** Copies kept, dense views to the host, after what was submitted before; in the order asked for. */
  read(views: readonly View[]): Promise<HostArray[]>;
  /** Places slots and makes a plan's calls ready. Errors: shapes, limits, kernels that do not compile. */
  bind(plan: Plan): Promise<BoundPlan>;
  /** Waits until everything submitted is done, so that no queue holds copies of host data; timers and signals are heard. */
  settle(): Promise<void>;
  /** Frees a kept slot. */
  release(slot: Slot): void;
  /** Frees what local slots share: plans of other sizes would add places of their own to it. */
  releaseShared(): void;
  /** Frees everything. */
  destroy(): void;
}
