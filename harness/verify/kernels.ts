/** Runs kernels on the inputs of the goldens and compares with what PyTorch computed in f64. */
import { SpectroscopeError } from "../../kernels/errors";
import { type Arrays, type Kernel, type Params, shapeOf, type Tolerance } from "../../kernels/kernel";
import type { SafetensorsTensor } from "../../models/formats/safetensors";
import type { Device } from "../../runtime/plan/device";
import { isWebGpu } from "../../runtime/webgpu/device";
import { refusal } from "../../runtime/webgpu/variants";
import { type Comparison, compare } from "../test/compare";
import { runKernel, variantNames } from "../test/run-kernel";
import { type GoldenEntry, type GoldenFile, type Manifest, readGolden, type ToleranceL2 } from "./manifest";

/** One output compared. */
export interface Row {
  /** What ran: `rotary/rotate#plain`, or `nano/losses`. */
  readonly subject: string;
  readonly case: string;
  readonly tensor: string;
  readonly maxError: number;
  readonly relativeL2: number;
  /** Error over what is allowed: above 1 fails. */
  readonly share: number;
  readonly pass: boolean;
}

/** Golden inputs and expected outputs of one case, by binding. */
export interface GoldenCase {
  readonly entry: GoldenEntry;
  readonly inputs: Arrays;
  readonly expected: Arrays;
}

/** A row's line: `rotary/rotate#plain ragged out: max error 1.2e-7, 24 % of tolerance`. */
export function rowLine(row: Row): string {
  const error = `max error ${row.maxError.toExponential(1)}, relative L2 ${row.relativeL2.toExponential(1)}`;
  const share = Number.isFinite(row.share) ? `${(100 * row.share).toFixed(0)} % of tolerance` : "must be exact";
  return `${row.subject} ${row.case} ${row.tensor}: ${error}, ${share}${row.pass ? "" : ": FAILED"}`;
}

/** Share of either kind of tolerance. */
export function shareOf(comparison: Comparison, tolerance: Tolerance | ToleranceL2): number {
  if (!("relative_l2" in tolerance)) return comparison.share;
  return comparison.maxError === 0 ? 0 : comparison.relativeL2 / tolerance.relative_l2;
}

/** Compares one tensor. */
export function row(
  names: Pick<Row, "subject" | "case" | "tensor">,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance | ToleranceL2,
): Row {
  const elementwise = "relative_l2" in tolerance ? { absolute: 0, relative: 1, reason: "" } : tolerance;
  const comparison = compare(actual, expected, elementwise);
  const share = shareOf(comparison, tolerance);
  const { maxError, relativeL2 } = comparison;
  // The comparison's NaN shares (0 allowed, no error) do not reach here: no error gives share 0.
  return { ...names, maxError, relativeL2, share, pass: share <= 1 };
}

/** Parameters as the uniform block holds them: floats rounded to f32. */
export function roundedParams(kernel: Kernel, params: Params): Params {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, kernel.params[name] === "f32" ? Math.fround(value) : value]),
  );
}

function toArray(tensor: SafetensorsTensor): Float64Array | Uint32Array {
  return tensor.dtype === "U32" ? (tensor.data as Uint32Array) : Float64Array.from(tensor.data);
}

/** Cases of a kernel's golden file. @throws SpectroscopeError when file and descriptor disagree on a binding */
export async function goldenCases(manifest: Manifest, file: GoldenFile, kernel: Kernel): Promise<GoldenCase[]> {
  const tensors = await readGolden(manifest, file);
  return file.entries.map((entry) => {
    const get = (binding: string, suffix = ""): Float64Array | Uint32Array => {
      const name = `${entry.case}/${binding}${suffix}`;
      const fail = (what: string): never => {
        throw new SpectroscopeError(`golden ${file.file}, tensor ${JSON.stringify(name)}: ${what}`, {
          code: "bad-input",
          hint: `kernel ${kernel.name} and goldens/reference must agree on bindings`,
        });
      };
      const tensor = tensors.get(name);
      if (!tensor) return fail("missing");
      const shape = shapeOf(kernel.bindings[binding], entry.dims, entry.shared.includes(binding));
      const size = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);
      // Shapes are compared by size: PyTorch keeps axes that a descriptor flattens.
      if (size(tensor.shape) !== size(shape)) return fail(`[${tensor.shape}], the descriptor says [${shape}]`);
      return toArray(tensor);
    };
    const inputs: Arrays = {};
    const expected: Arrays = {};
    for (const [name, { access }] of Object.entries(kernel.bindings)) {
      if (access !== "write") inputs[name] = get(name);
      if (access !== "read") expected[name] = get(name, access === "update" ? ".after" : "");
      if (access !== "read" && !entry.tolerances[name]) {
        throw new SpectroscopeError(`goldens/manifest.json: ${kernel.name}, ${entry.case}: no tolerance for ${name}`);
      }
    }
    return { entry, inputs, expected };
  });
}

/** Runs a golden case with a variant, or says why this adapter cannot. */
export async function verifyCase(
  device: Device,
  kernel: Kernel,
  golden: GoldenCase,
  variant: string,
): Promise<Row[] | string> {
  const { entry } = golden;
  const why = isWebGpu(device) && refusal(kernel.variants[variant], device.facts, entry.dims, entry.params);
  if (why) return why;
  const inputs = Object.fromEntries(
    Object.entries(golden.inputs).map(([name, a]) => [name, a instanceof Uint32Array ? a : Float32Array.from(a)]),
  );
  const { dims, params, shared } = entry;
  const actual = await runKernel(device, kernel, { dims, params, shared, inputs, variant });
  return Object.entries(golden.expected).map(([tensor, expected]) =>
    row(
      { subject: `${kernel.name}#${variant}`, case: entry.case, tensor },
      actual[tensor],
      expected,
      kernel.variants[variant]?.tolerance ?? entry.tolerances[tensor],
    ),
  );
}

/** Golden file of a kernel: `kernels/<folder>.<file>.safetensors`. */
export function goldenFileOf(manifest: Manifest, kernel: Kernel): GoldenFile | undefined {
  const name = `kernels/${kernel.name.replaceAll("/", ".")}.safetensors`;
  return manifest.files.find((file) => file.file === name);
}

/** Every golden case of the given kernels with every variant that the adapter can run. */
export async function verifyKernels(
  device: Device,
  manifest: Manifest,
  kernels: Iterable<Kernel>,
  onRow: (row: Row) => void = () => {},
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const kernel of kernels) {
    const file = goldenFileOf(manifest, kernel);
    if (!file)
      throw new SpectroscopeError(`goldens: none for kernel ${kernel.name}`, { hint: "add it in goldens/reference" });
    for (const golden of await goldenCases(manifest, file, kernel)) {
      for (const variant of variantNames(device, kernel)) {
        const result = await verifyCase(device, kernel, golden, variant);
        if (typeof result === "string") continue;
        for (const one of result) {
          rows.push(one);
          onRow(one);
        }
      }
    }
  }
  return rows;
}
