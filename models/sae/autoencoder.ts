/** What the readers of the formats give. */
import { unquoted } from "../../kernels/quoted";
import type { Encoder } from "../../runtime/sae/encoder";
import { type HookPoint, LAYER_POINTS } from "../../runtime/transformer/hook-points";

/** Where an autoencoder was trained, as its files tell it. */
export interface SaePlace {
  /** Its name as the file has it, often without the owner. */
  readonly model?: string;
  readonly revision?: string;
  /** Name of the place as the file or the folder has it. */
  readonly hook?: string;
  /** The same place; absent where it is none that is known, which `notes` says. */
  readonly point?: HookPoint;
  /** Whether rows began with a token of begin in training. */
  readonly prependBos?: boolean;
  /** Tokens of a row in training. */
  readonly contextSize?: number;
}

export interface LoadedSae {
  readonly format: "SAELens" | "sparsify" | "mlsae" | "dictionary_learning";
  /** As its package calls it. */
  readonly architecture: string;
  readonly encoder: Encoder;
  readonly place: SaePlace;
  /** What was folded, widened or is not known, in sentences for a report. */
  readonly notes: readonly string[];
  /** Names of the files that were read. */
  readonly files: readonly string[];
}

/** A note on weights of other types than f32. */
export function widened(types: readonly string[]): string[] {
  const other = types.filter((type) => ["F16", "BF16", "F64"].includes(type));
  return other.length > 0 ? [`weights are stored as ${other.join(" and ")} and computed with as F32`] : [];
}

/** The place with its hook's point, and a note where that is not known. */
export function placed(place: Omit<SaePlace, "point">, point: HookPoint | undefined): [SaePlace, string[]] {
  const kept = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== undefined)) as SaePlace;
  if (point) return [{ ...kept, point }, []];
  const what =
    place.hook === undefined
      ? "its files do not say where it reads its model"
      : `the place ${unquoted(place.hook)} is not one of embed, final and, of a layer, ${LAYER_POINTS.join(", ")}`;
  return [kept, [what]];
}
