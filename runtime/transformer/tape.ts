import { forward as embeddingForward } from "../../kernels/embedding/forward";
import type { Kernel } from "../../kernels/kernel";
import { type Arguments, type Call, call, reshape, type Slot, type Tensors, tensor, type View } from "../plan/plan";

/** Sequences and positions of a set of rows. */
export interface Rows {
  readonly sequences: number;
  readonly positions: number;
}

/** A tensor of the model while its plans are made. */
export interface Value {
  /** Grouped: [G, R, width]. Shared by all chains: [R, width]. Several planes of such in one slot: [elements]. */
  readonly view: View;
  readonly grouped: boolean;
  /** Whether a weight that moves lies before it. */
  readonly moves: boolean;
  /** What it is, for shared values: equal keys, equal contents. */
  readonly key: string;
  /** The gradient collected so far, in the view's shape. */
  gradient?: View;
}

/** A weight as an operation sees it. */
export interface Weight {
  /** Moving: [G, ...shape] in the chains' parameter blocks. Fixed: [...shape]. */
  readonly view: View;
  readonly key: string;
  /** Where its gradient goes, when it moves: [G, ...shape]. */
  readonly gradient?: View;
}

/** Shared values that outlive the plan that made them, by key: a cached prefix. */
export class PrefixCache {
  private readonly views = new Map<string, View>();
  private readonly touched = new Set<string>();
  private readonly ids = new Map<string, string>();

  /** @param reused whether other plans over the same rows will read it: if not, only what the body reads is kept */
  constructor(readonly reused = true) {}

  /** A short name for a long one: a value's key is made of its inputs' keys, and would grow with every layer. */
  intern(label: string, parts: readonly string[]): string {
    const whole = `${label}(${parts.join(", ")})`;
    let id = this.ids.get(whole);
    if (!id) {
      id = `${label} #${this.ids.size}`;
      this.ids.set(whole, id);
    }
    return id;
  }

  get(key: string): View | undefined {
    const view = this.views.get(key);
    if (view) this.touched.add(key);
    return view;
  }

  set(key: string, view: View): void {
    this.views.set(key, view);
    this.touched.add(key);
  }

  /** Forgets, and returns, what was neither read nor written since the last call. */
  trim(): View[] {
    const stale: View[] = [];
    for (const [key, view] of this.views) {
      if (this.touched.has(key)) continue;
      this.views.delete(key);
      stale.push(view);
    }
    this.touched.clear();
    return stale;
  }
}

/**
 * Records a model's operations into two plans. What depends only on fixed weights is the same for every chain and every
 * draw: it goes into the `prefix`, run once for a set of rows. What depends on weights that move goes into the `body`,
 * run for all chains at once. Every operation of the body leaves behind how to differentiate it; nothing before the first
 * moving weight gets a gradient, and no fixed weight does.
 */
export class Tape {
  readonly prefix: Call[];
  readonly body: Call[];
  private readonly undo: (() => void)[] = [];
  private readonly gathered = new Map<string, Value>();

  /**
   * @param groups G: chains.
   * @param shared rows of the prefix.
   * @param batch rows of each chain in the body; with `gather`, drawn from the prefix's rows, else the same.
   * @param gather [G, R] row numbers (u32).
   * @param calls where to record, after what is there.
   */
  constructor(
    readonly name: string,
    readonly groups: number,
    readonly shared: Rows,
    readonly batch: Rows,
    private readonly cache: PrefixCache,
    readonly gather?: View,
    calls: { readonly prefix: Call[]; readonly body: Call[] } = { prefix: [], body: [] },
  ) {
    this.prefix = calls.prefix;
    this.body = calls.body;
  }

  /** A tape of other chains over the same rows that records into the same plans. */
  branch(name: string, groups: number, gather?: View): Tape {
    return new Tape(name, groups, this.shared, this.batch, this.cache, gather, this);
  }

  /** Rows of a value's own space. */
  rowsOf(value: { grouped: boolean }): Rows {
    return value.grouped ? this.batch : this.shared;
  }

  /** Shape of a value of the prefix or the body. */
  private shapeOf(grouped: boolean, width: number): number[] {
    const { sequences, positions } = this.rowsOf({ grouped });
    const count = sequences * positions;
    return grouped ? [this.groups, count, width] : [count, width];
  }

  /** Space for values, and for what is none: means, gradients. */
  scratch(name: string, shape: readonly number[]): View {
    return tensor(`${this.name} ${name}`, shape, "local");
  }

  /** Adds a call to the body. */
  emit<B extends string, P extends string>(
    label: string,
    kernel: Kernel<B, P>,
    tensors: Tensors<B>,
    ...rest: Arguments<P>
  ): void {
    this.body.push(call(label, kernel, tensors, ...rest));
  }

  /**
   * Records one operation with one output.
   * `build` gets the inputs as they must be read (gathered where the operation is grouped) and says which call makes
   * the output. `width`: of its rows, or the shape of an output that is no rows. `keep`: the output is worth keeping for other
   * plans over the same rows. `into`: where it goes if it is grouped, [G, R, width].
   */
  record(
    label: string,
    width: number | ((grouped: boolean) => readonly number[]),
    inputs: readonly Value[],
    weights: readonly Weight[],
    build: (out: View, inputs: readonly Value[], grouped: boolean) => Call[],
    options: { keep?: boolean; into?: View; differentiate?: (out: Value, inputs: readonly Value[]) => void } = {},
  ): Value {
    const moving = weights.some((weight) => weight.gradient) || inputs.some((input) => input.moves);
    const grouped = moving || inputs.some((input) => input.grouped);
    const key = this.cache.intern(
      label,
      [...inputs, ...weights].map((part) => part.key),
    );
    const fresh = () => this.scratch(label, typeof width === "number" ? this.shapeOf(grouped, width) : width(grouped));
    if (!grouped) {
      const known = this.cache.get(key);
      if (known) return { view: known, grouped: false, moves: false, key };
      const view = fresh();
      const value = { view, grouped: false, moves: false, key };
      this.prefix.push(...build(view, inputs, false));
      if (options.keep && this.cache.reused) this.keepShared(value);
      return value;
    }
    const read = inputs.map((input) => this.cross(input));
    const view = options.into ?? fresh();
    const value: Value = { view, grouped: true, moves: moving, key };
    this.body.push(...build(view, read, true));
    if (moving && options.differentiate) this.undo.push(() => options.differentiate?.(value, read));
    return value;
  }

  /** A shared value as the body reads it: kept, and in a batch gathered row by row. */
  cross(value: Value): Value {
    if (value.grouped) return value;
    this.keepShared(value);
    if (!this.gather) return value;
    let found = this.gathered.get(value.key);
    if (!found) {
      const view = this.scratch(`gathered ${value.key}`, this.shapeOf(true, value.view.shape[1]));
      this.body.push(gather(value, this.gather, view));
      found = { view, grouped: true, moves: false, key: value.key };
      this.gathered.set(value.key, found);
    }
    return found;
  }

  /**
   * The call that copies a shared value to where the body needs it dense, one copy a chain: the rows of each chain's batch, or all.
   * @param y [G, R, width]
   * @param all the numbers of all shared rows, [R] u32
   */
  spread(value: Value, y: View, all: View): Call {
    this.keepShared(value);
    return gather(value, this.gather ?? all, y);
  }

  private keepShared(value: Value): void {
    (value.view.slot as { life: Slot["life"] }).life = "kept";
    this.cache.set(value.key, value.view);
  }

  /**
   * Adds to a value's gradient. `make` gets what was collected so far (or nothing) and the place for the new sum, and
   * returns the call that computes sum = own part + collected.
   */
  collect(value: Value, make: (collected: View | undefined, sum: View) => Call): void {
    if (!value.moves) return;
    const sum = this.scratch(`gradient ${value.key}`, value.view.shape);
    this.body.push(make(value.gradient, sum));
    value.gradient = sum;
  }

  /** Runs the operations backwards. */
  differentiate(): void {
    for (const step of this.undo.reverse()) step();
    this.undo.length = 0;
  }
}

/**
 * The calls of a prefix whose results are kept, or lead to some that are. The others make what another plan's prefix has kept
 * already: whoever records them does not know yet that nothing will read it.
 */
export function neededCalls(prefix: readonly Call[]): Call[] {
  const read = new Set<Slot>();
  const needed: Call[] = [];
  for (const one of [...prefix].reverse()) {
    const bindings = Object.entries(one.kernel.bindings);
    const writes = bindings.filter(([, { access }]) => access !== "read").map(([name]) => one.tensors[name].slot);
    if (!writes.some((slot) => slot.life === "kept" || read.has(slot))) continue;
    needed.push(one);
    for (const [name, { access }] of bindings) if (access !== "write") read.add(one.tensors[name].slot);
  }
  return needed.reverse();
}

/** Rows of a shared value by their numbers, into y [G, R, width]. */
function gather({ view }: Value, ids: View, y: View): Call {
  const tensors = { table: view, ids, add: withGroups(view, false), y };
  return call("gather", embeddingForward, tensors, { first: 0, use_add: 0 });
}

/** A value with an explicit group axis: [G, R, width], or [1, R, width] when shared. */
export function withGroups(view: View, grouped: boolean): View {
  return grouped ? view : reshape(view, [1, ...view.shape]);
}
