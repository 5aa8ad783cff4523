/**
 * Colors of clusters: a hue and, once the hues are used up, a mark. Lightness and chroma belong to the theme, so the same
 * cluster keeps its hue in light, dark and print.
 */

/** Hues that can be told apart at the calm chroma of a text background. */
const HUES = 20;
/** No line, a line, dots: so HUES * MARKS clusters look different. */
const MARKS = 3;

/** Clusters that have a look of their own; later ones repeat. */
export const DISTINCT = HUES * MARKS;

/** Hue in degrees of the cluster at a position among `clusters`; neighbors in the list are far apart in hue. */
export function hueOf(position: number, clusters: number): number {
  const hues = Math.max(1, Math.min(HUES, clusters));
  // A step near the golden section that shares no factor with the number of hues visits every hue once.
  let stride = Math.max(1, Math.round(hues * 0.382));
  while (gcd(stride, hues) !== 1) stride++;
  return Math.round((360 / hues) * ((position * stride) % hues) + 20) % 360;
}

/** Which of the marks the cluster at a position has, 0 for none. */
export function markOf(position: number): number {
  return Math.floor(position / HUES) % MARKS;
}

/** Class names of the cluster at a position; -1 is no cluster. */
export function lookOf(position: number): string {
  if (position < 0) return "";
  const mark = markOf(position);
  return mark === 0 ? `k k${position}` : `k k${position} m${mark}`;
}

/** The rules that give every cluster its hue. */
export function hueRules(clusters: number): string {
  const sorted = [...new Set(Array.from({ length: clusters }, (_, position) => hueOf(position, clusters)))].sort(
    (a, b) => a - b,
  );
  let rules = "";
  for (let position = 0; position < clusters; position++) {
    const hue = hueOf(position, clusters);
    // Every second hue of the circle is deeper: neighbors then differ in two ways.
    const deep = sorted.indexOf(hue) % 2 === 1 && clusters > 8 ? 0.06 : 0;
    rules += `.k${position}{--hue:${hue};--deep:${deep}}`;
  }
  return rules;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
