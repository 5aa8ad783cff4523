import type { Dims, Kernel, Params } from "../../kernels/kernel";

/**
 * A plan is a list of kernel calls over slots. Nothing in it says GPU: an executor decides where slots live and how calls
 * run. Shapes are known when it is made.
 */

/** A place for data. */
export interface Slot {
  readonly name: string;
  readonly type: "f32" | "u32";
  /** Elements. */
  readonly size: number;
  /**
   * `local`: lives from the call that writes it to the last that reads it, inside one run of the plan.
   * `kept`: lives as long as the memory it was put in; weights, inputs, states and results.
   */
  readonly life: "local" | "kept";
}

/** A shaped part of a slot. */
export interface View {
  readonly slot: Slot;
  readonly shape: readonly number[];
  /** First element; a multiple of 64, because bindings start at multiples of 256 bytes. */
  readonly offset: number;
  /** Elements from one group to the next, where the group axis is not dense. */
  readonly groupStride?: number;
}

/** One kernel call. */
export interface Call {
  readonly label: string;
  readonly kernel: Kernel;
  readonly tensors: Readonly<Record<string, View>>;
  readonly dims?: Dims;
  readonly params?: Params;
}

export interface Plan {
  readonly name: string;
  readonly calls: readonly Call[];
}

/** Every binding of a kernel, by name. */
export type Tensors<B extends string> = Readonly<Record<NoInfer<B>, View>>;

/** Every parameter of a kernel, by name, and the sizes that its tensors do not say. */
export type Arguments<P extends string> = [P] extends [never]
  ? [params?: undefined, dims?: Dims]
  : [params: Readonly<Record<P, number>>, dims?: Dims];

/** A call record; a binding or a parameter that is missing, or is not the kernel's, does not compile. */
export function call<B extends string, P extends string>(
  label: string,
  kernel: Kernel<B, P>,
  tensors: Tensors<B>,
  ...[params, dims]: Arguments<P>
): Call {
  return { label, kernel, tensors, ...(params ? { params } : {}), ...(dims ? { dims } : {}) };
}

/** Makes a slot and a view of the whole of it. */
export function tensor(name: string, shape: readonly number[], life: Slot["life"], type: Slot["type"] = "f32"): View {
  const size = shape.reduce((a, b) => a * b, 1);
  return { slot: { name, type, size, life }, shape, offset: 0 };
}

/** The same elements under another shape of the same size. */
export function reshape(view: View, shape: readonly number[]): View {
  const count = (s: readonly number[]) => s.reduce((a, b) => a * b, 1);
  if (count(shape) !== count(view.shape)) {
    throw new RangeError(`${view.slot.name}: [${view.shape.join(", ")}] cannot be seen as [${shape.join(", ")}]`);
  }
  return { ...view, shape };
}
