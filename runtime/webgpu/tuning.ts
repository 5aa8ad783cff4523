/**
 * Which variant to take where it is not left to what a variant says it suits: names given by a person, and a table of what was
 * measured on an adapter. Another variant sums in another order, so a run with a tuning has other bits: its manifest holds
 * the device's `variants`.
 */
import { SpectroscopeError } from "../../kernels/errors";
import type { Dims, Kernel, Params } from "../../kernels/kernel";
import { suggest } from "../../kernels/suggest";

/** Takes a variant wherever it is able; `kernel` is a name in which `*` stands for anything. */
export interface VariantOverride {
  readonly kernel: string;
  readonly variant: string;
}

/** What was measured on one adapter. */
export interface TuningTable {
  /** Changes with the choices: a hash of them. */
  readonly id: string;
  /** By kernel, then by size class: variants, best first. */
  readonly choices: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Whether variants of lower precision may be taken. */
  readonly lowerPrecision: boolean;
}

export interface Tuning {
  /** The last one that fits a kernel holds. */
  readonly overrides?: readonly VariantOverride[];
  readonly table?: TuningTable;
}

/**
 * Calls of about the same work: log2 of the FLOPs of one group, rounded; of its bytes where it has no FLOPs. Of one group, because a
 * chain must get the same variant, and so the same bits, whatever runs beside it.
 */
export function sizeClass(kernel: Kernel, dims: Dims, params: Params): number {
  const { flops, bytes } = kernel.work({ ...dims, G: 1 }, params);
  return Math.round(Math.log2(Math.max(1, flops || bytes)));
}

/** Variants by measurement for a call, best first: those of the nearest size class that was measured, the smaller of two. */
export function measuredOrder(table: TuningTable, kernel: Kernel, dims: Dims, params: Params): readonly string[] {
  const classes = Object.hasOwn(table.choices, kernel.name) ? table.choices[kernel.name] : {};
  const wanted = sizeClass(kernel, dims, params);
  const [nearest] = Object.keys(classes)
    .map(Number)
    .sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted) || a - b);
  return nearest === undefined ? [] : classes[nearest];
}

const escapeText = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&");

const matches = (pattern: string, name: string) =>
  new RegExp(`^${pattern.split("*").map(escapeText).join(".*")}$`).test(name);

/** The variant that a person wants for a kernel, if any. */
export function overrideOf(overrides: readonly VariantOverride[], kernel: Kernel): string | undefined {
  const fits = ({ kernel: pattern, variant }: VariantOverride) =>
    matches(pattern, kernel.name) && Object.hasOwn(kernel.variants, variant);
  return overrides.findLast(fits)?.variant;
}

/**
 * Reads "matmul/nt=plain4,loss/*=tiled". With a `*` the variant is taken where a kernel has it.
 * @param source what the text is called in errors
 * @throws SpectroscopeError (usage, exit 2): a kernel or variant that does not exist, with the nearest name
 */
export function parseOverrides(
  text: string,
  kernels: readonly Kernel[],
  source = "SPECTROSCOPE_VARIANTS",
): VariantOverride[] {
  const wrong = (what: string, hint: string) => new SpectroscopeError(`${source}: ${what}`, { code: "usage", hint });
  const words = text.split(",").map((word) => word.trim());
  return words.filter(Boolean).map((word) => {
    const [pattern, variant, ...rest] = word.split("=").map((part) => part.trim());
    if (!pattern || !variant || rest.length > 0) {
      throw wrong(`${JSON.stringify(word)} is not KERNEL=VARIANT`, 'write for example "matmul/nt=plain4,loss/*=tiled"');
    }
    const meant = kernels.filter(({ name }) => matches(pattern, name));
    if (meant.length === 0) {
      const names = kernels.map(({ name }) => name);
      throw wrong(`no kernel is called ${JSON.stringify(pattern)}`, suggest(pattern, names));
    }
    const variants = new Set(meant.flatMap((kernel) => Object.keys(kernel.variants)));
    if (!variants.has(variant)) {
      throw wrong(`${pattern} has no variant ${JSON.stringify(variant)}`, suggest(variant, variants));
    }
    return { kernel: pattern, variant };
  });
}

/** One line that says what a tuning changes; undefined when variants follow from the adapter alone. */
export function tuningFingerprint({ overrides = [], table }: Tuning = {}): string | undefined {
  const parts = overrides.map(({ kernel, variant }) => `${kernel}=${variant}`);
  if (table) parts.push(`table ${table.id}${table.lowerPrecision ? " with lower precision" : ""}`);
  return parts.length > 0 ? parts.join(", ") : undefined;
}
