/**
 * What a kernel is. A descriptor is the only place that says it: from it follow the bind group layout, the uniform
 * block, shape checks, variant choice, tests, benches and the docs table.
 */

/** Scalar type of a binding's elements. */
export type ElementType = "f32" | "u32";

/**
 * One storage binding.
 *
 * `dims` are letters, outermost first, row-major and dense. A letter may be a product of letters ("T*D") or a literal ("3").
 * A first dim "G" is a dense group axis. A first dim "G?" is a *strided* group axis: the tensor either has a group axis
 * whose stride may be larger than its dense size (a slice of every chain's parameter block), or it has none and is shared
 * by all groups. The kernel then gets the uniform `stride_<binding>`: elements from one group to the next, 0 when shared.
 */
export interface Binding {
  /** `read`: input. `write`: output, old contents never matter. `update`: output that is read first. */
  readonly access: "read" | "write" | "update";
  readonly type: ElementType;
  readonly dims: readonly string[];
}

/** Sizes by letter. */
export type Dims = Readonly<Record<string, number>>;
/** Uniform parameters that are not sizes. */
export type Params = Readonly<Record<string, number>>;

/** A piece of WGSL that several kernels share; `file` is its path under `kernels/` for error text. */
export interface Chunk {
  readonly file: string;
  readonly source: string;
}

/** A shape of subgroup matrices, M x K times K x N: what Dawn's `chromium-experimental-subgroup-matrix` calls a config. */
export interface MatrixConfig {
  readonly componentType: "f16" | "f32";
  readonly resultComponentType: "f16" | "f32";
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** One implementation of a kernel. */
export interface Variant extends Chunk {
  /** Shared functions, placed before `source`. */
  readonly chunks?: readonly Chunk[];
  /** Values of the `override`s. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Invocations in a workgroup: must equal the WGSL's `@workgroup_size` after overrides. */
  readonly workgroup: readonly [number, number, number];
  /** Workgroups of one dispatch. */
  readonly grid: (dims: Dims, params: Params) => readonly [number, number, number];
  /** Features the adapter must have. */
  readonly features?: readonly string[];
  /** Bytes of workgroup memory, when any. */
  readonly workgroupBytes?: number;
  /** Sizes this variant can take; absent: all. */
  readonly accepts?: (dims: Dims, params: Params) => boolean;
  /** Where it is the better choice: software adapters, GPUs, or the baseline for both; `asked`: only by name or measurement. */
  readonly suits: "any" | "software" | "gpu" | "asked";
  /** The subgroup matrices it is written for; the adapter must have them. */
  readonly matrix?: MatrixConfig;
  /** Operands are rounded to this. Such a variant is never chosen unless lower precision is asked for. */
  readonly precision?: "f16";
  /** In the place of the kernel's, for a variant that rounds more. */
  readonly tolerance?: Tolerance;
}

/**
 * How a kernel runs in WebAssembly: a function of its folder's `assembly`, called as `layernorm_forward(block, from, to, scratch)`.
 * The block is the 32-bit addresses of the bindings in their order, then the uniform block as the WGSL has it. An item sums in
 * an order that depends on the item alone, so that results are the same for any number of threads and any grain.
 */
export interface HostCode {
  /** Independent pieces of work of a call: what `from` and `to` count. */
  readonly items: (dims: Dims, params: Params) => number;
  /** Items that a thread takes at a time; absent: a share of the whole. */
  readonly grain?: (dims: Dims, params: Params) => number;
  /** Bytes of working memory of a thread; absent: none. */
  readonly scratch?: (dims: Dims, params: Params) => number;
}

/** Share of tolerance = max over elements of |error| / (absolute + relative * max|expected| of the tensor). */
export interface Tolerance {
  readonly absolute: number;
  readonly relative: number;
  /** Why these numbers, in a sentence. */
  readonly reason: string;
}

/** Inputs and expected outputs by binding; f32 bindings are given as f64 so that the reference computes in f64. */
export type Arrays = Record<string, Float64Array | Uint32Array>;

/** A test and bench case. */
export interface Case {
  readonly name: string;
  readonly dims: Dims;
  readonly params?: Params;
  /** Used by the bench (otherwise only by tests). */
  readonly bench?: boolean;
  /** Bindings given without a group axis (shared by all groups). */
  readonly shared?: readonly string[];
}

/** Uniform random numbers in [0, 1) and standard normals, for generating inputs. */
export interface Random {
  uniform(): number;
  normal(): number;
  /** Integer in [0, n). */
  integer(n: number): number;
}

/** A kernel: see the fields. */
export interface Kernel<B extends string = string, P extends string = string> {
  /** `folder/file`, for instance "layernorm/backward". */
  readonly name: string;
  /** The letters, in the order in which they appear in the uniform block. */
  readonly dims: readonly string[];
  /** In binding order: the i-th is `@group(0) @binding(i)`; the uniform block is the next number after the last. */
  readonly bindings: Readonly<Record<B, Binding>>;
  /** Further uniform parameters, after the letters and the `stride_*`s, in this order. */
  readonly params: Readonly<Record<P, ElementType>>;
  /** By name, best-documented first; every kernel has `plain`. */
  readonly variants: Readonly<Record<string, Variant>>;
  /** Its WebAssembly; absent where only a GPU runs it. */
  readonly wasm?: HostCode;
  /** Minimum necessary work of a call. */
  readonly work: (dims: Dims, params: Params) => { readonly flops: number; readonly bytes: number };
  readonly tolerance: Tolerance;
  readonly cases: readonly Case[];
  /** The definition, f64 plain loops. Gets every `read` and `update` binding; returns every `write` and `update` one. */
  readonly reference: (inputs: Arrays, dims: Dims, params: Params, shared: ReadonlySet<string>) => Arrays;
  /** Inputs for a case where standard normals will not do (ids, positive values); a missing binding gets normals. */
  readonly generate?: (dims: Dims, params: Params, random: Random) => Arrays;
}

/** Declares a kernel; only checks that the literal types are kept. */
export function kernel<const B extends string, const P extends string>(k: Kernel<B, P>): Kernel<B, P> {
  return k;
}

/** The WebAssembly function of a kernel: that of "layernorm/forward" is `layernorm_forward`. */
export function exportName({ name }: { readonly name: string }): string {
  return name.replace("/", "_");
}

/** A dims entry as a number: "D", "G?", "T*D", "3". */
export function sizeOf(expression: string, dims: Dims): number {
  let product = 1;
  for (const factor of expression.replace("?", "").split("*")) {
    const literal = Number(factor);
    const value = Number.isNaN(literal) ? dims[factor] : literal;
    if (value === undefined) throw new RangeError(`unknown dim ${factor} in ${expression}`);
    product *= value;
  }
  return product;
}

/** Whether a binding's first axis is a strided group axis. */
export function isStrided(binding: Binding): boolean {
  return binding.dims[0]?.endsWith("?") ?? false;
}

/** Shape of a binding for given sizes; `shared` drops a strided group axis. */
export function shapeOf(binding: Binding, dims: Dims, shared = false): number[] {
  const entries = shared && isStrided(binding) ? binding.dims.slice(1) : binding.dims;
  return entries.map((d) => sizeOf(d, dims));
}

/** The fields of a kernel's uniform block, in order, all four bytes wide. */
export function uniformFields(k: Kernel): { name: string; type: ElementType }[] {
  const fields: { name: string; type: ElementType }[] = k.dims.map((name) => ({ name, type: "u32" }));
  for (const [name, binding] of Object.entries(k.bindings)) {
    if (isStrided(binding)) fields.push({ name: `stride_${name}`, type: "u32" });
  }
  for (const [name, type] of Object.entries(k.params)) fields.push({ name, type: type as ElementType });
  return fields;
}

/** Workgroups for `count` items, `per` a workgroup, folded over x and y so that no axis passes 65,535. */
export function linearGrid(count: number, per: number, z = 1): [number, number, number] {
  const groups = Math.max(1, Math.ceil(count / per));
  const y = Math.ceil(groups / 65535);
  return [Math.ceil(groups / y), y, z];
}
