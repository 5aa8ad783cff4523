/** Nearest known word, for errors about an unknown option, key or name. */
import { quoted, unquoted } from "./quoted";

/** Letters of the longest word that is compared: nobody mistypes a longer one, and the time grows with their square. */
const LONGEST = 100;

/** Edits (insert, delete, replace, swap of neighbors) that turn `a` into `b`; the optimal string alignment distance. */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(replace, above[j] + 1, row[j - 1] + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    before = above;
    above = row;
  }
  return above[b.length];
}

// Spelling that people confuse is not a difference: case, and dash against underscore or space.
const fold = (word: string) => word.toLowerCase().replace(/[-_ .]/g, "");

/**
 * The candidate nearest to `word`, or undefined when none is near: more than a third of the letters (at least two edits)
 * would have to change, and neither contains the other. Ties go to the first candidate. Words of more than 100 letters have none.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > LONGEST) return undefined;
  const folded = fold(word);
  let best: string | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.length > LONGEST) continue;
    const other = fold(candidate);
    const [shorter, longer] = [folded.length, other.length].sort((a, b) => a - b);
    const limit = Math.max(2, Math.floor(longer / 3));
    const contained = shorter >= 3 && (other.includes(folded) || folded.includes(other));
    // Each letter that one has more is an edit.
    if (!contained && longer - shorter > limit) continue;
    let score = editDistance(folded, other);
    if (contained) score = Math.min(score, limit);
    // The second condition: two edits turn any two-letter word into any other.
    else if (score > limit || score >= longer) continue;
    if (score < bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** The hint that offers words: `did you mean "a" or "b"?` */
export const didYouMean = (words: readonly string[]) =>
  `did you mean ${words.map((word) => quoted(word)).join(" or ")}?`;

/** A hint for an unknown word: `did you mean "x"?`, or the known words when none is near (the first twelve of them). */
export function suggest(word: string, candidates: Iterable<string>): string {
  const known = [...candidates];
  const best = nearest(word, known);
  if (best !== undefined) return didYouMean([best]);
  if (known.length === 0) return "none are known here";
  const shown = known
    .slice(0, 12)
    .map((name) => unquoted(name, 40))
    .join(", ");
  return `known: ${shown}${known.length > 12 ? `, and ${known.length - 12} more` : ""}`;
}
