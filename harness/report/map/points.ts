/** Points of a map as the page holds them: few bytes each, in base64. Knows nothing of where positions come from. */
import { hueOf, markOf } from "../palette";

/** What a map is drawn from. */
export interface MapPoints {
  /** `[n, 2]`: x and y, finite, y downwards. */
  readonly positions: Float64Array;
  /** `[n]`: group of each point, -1 for none. */
  readonly groupOf: ArrayLike<number>;
  readonly groups: number;
  /** `[n]`: a second grouping that may color the points, and its names. */
  readonly labelOf?: ArrayLike<number>;
  readonly labels?: readonly string[];
  /** `[2 E]`: pairs of points that a line joins. */
  readonly edges?: Uint32Array;
}

/** Hue in degrees and mark (0 to 2) of each group. */
export interface Looks {
  readonly hue: readonly number[];
  readonly mark: readonly number[];
}

/** `MapPoints` for a script: arrays little-endian in base64; what has no group is 0, groups count from 1. */
export interface EncodedMap {
  readonly n: number;
  /** Width over height of the extent. */
  readonly aspect: number;
  /** u16 pairs, 0 to 65,535 along the longer side. */
  readonly xy: string;
  /** u32 where there are more groups than u16 counts. */
  readonly group: string;
  readonly label?: string;
  readonly wide: boolean;
  readonly edges?: string;
  readonly groups: Looks;
  readonly labels?: Looks & { readonly names: readonly string[] };
}

const STEPS = 65_535;

const looks = (count: number): Looks => ({
  hue: Array.from({ length: count }, (_, i) => hueOf(i, count)),
  mark: Array.from({ length: count }, (_, i) => markOf(i)),
});

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** Whole numbers of 2 or 4 bytes. */
function numbers(values: ArrayLike<number>, wide: boolean, plus = 0): string {
  const size = wide ? 4 : 2;
  const bytes = new DataView(new ArrayBuffer(values.length * size));
  for (let i = 0; i < values.length; i++)
    if (wide) bytes.setUint32(4 * i, values[i] + plus, true);
    else bytes.setUint16(2 * i, values[i] + plus, true);
  return base64(new Uint8Array(bytes.buffer));
}

/** Positions as steps of one size along both axes. */
function quantized(positions: Float64Array): { steps: Uint16Array; aspect: number } {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < positions.length; i += 2) {
    left = Math.min(left, positions[i]);
    right = Math.max(right, positions[i]);
    top = Math.min(top, positions[i + 1]);
    bottom = Math.max(bottom, positions[i + 1]);
  }
  const [width, height] = [right - left, bottom - top];
  const side = Math.max(width, height) || 1;
  const steps = new Uint16Array(positions.length);
  for (let i = 0; i < positions.length; i += 2) {
    steps[i] = Math.round((STEPS * (positions[i] - left)) / side);
    steps[i + 1] = Math.round((STEPS * (positions[i + 1] - top)) / side);
  }
  return { steps, aspect: height > 0 && width > 0 ? width / height : width > 0 ? 4 : 1 };
}

export function encodeMap({ positions, groupOf, groups, labelOf, labels, edges }: MapPoints): EncodedMap {
  const { steps, aspect } = quantized(positions);
  const wide = Math.max(groups, labels?.length ?? 0) >= STEPS;
  return {
    ...{ n: positions.length / 2, aspect, wide, xy: numbers(steps, false), group: numbers(groupOf, wide, 1) },
    ...(labelOf && labels ? { label: numbers(labelOf, wide, 1) } : {}),
    ...(edges && edges.length > 0 ? { edges: numbers(edges, true) } : {}),
    groups: looks(groups),
    ...(labels ? { labels: { ...looks(labels.length), names: labels } } : {}),
  };
}
