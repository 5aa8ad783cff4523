/** What was read for a comparison with features, in words. */
import type { MatchResult } from "../sae/match-result";
import type { Corpus } from "./corpus";
import { randomRange, type SaeComparison } from "./sae-result";

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

const READ = {
  token:
    "Features are read at the token itself: what came before and the token are both known there, as both are to a cluster.",
  prediction:
    "Features are read one position before each token, where it is predicted: they know what came before, not the token.",
} as const;

/** Sentences on place, positions and tokens left out. */
export function notesOf(
  { at, active, leftOut, l0 }: Pick<SaeComparison, "at" | "active" | "leftOut" | "l0">,
  { prependBos, contextSize }: { readonly prependBos?: boolean; readonly contextSize?: number },
  { ids, columns }: Corpus,
  { tokens }: MatchResult,
): string[] {
  const notes: string[] = [
    `${READ[at]} On ${counted(tokens, "token")} ${l0.toFixed(1)} features fire in the mean${active > 0 ? `, where a code above ${active} counts` : ""}.`,
  ];
  if (leftOut.noActivation > 0)
    notes.push(
      `${counted(leftOut.noActivation, "token")} at the end of rows ${leftOut.noActivation === 1 ? "is" : "are"} left out: rows have ${columns} ids, and the model reads ${columns - 1}.`,
    );
  if (leftOut.rowStart > 0)
    notes.push(
      `${counted(leftOut.rowStart, "token")} predicted at the first position of a row ${leftOut.rowStart === 1 ? "is" : "are"} left out: the autoencoder was trained on rows with a token of begin there.`,
    );
  const first = ids[0];
  const alike = ids.every((id, i) => i % columns !== 0 || id === first);
  if (prependBos && !alike)
    notes.push(
      "It was trained on rows that begin with a token of begin, and the rows of this text begin with different tokens: what fires here may not be what fired in training.",
    );
  if (contextSize !== undefined && columns > contextSize + 1)
    notes.push(
      `Rows have ${columns} ids, in its training ${contextSize}: at later positions its features are not what they were trained for.`,
    );
  return notes;
}

const range = ([low, high]: readonly [number, number]) => (low === high ? String(low) : `${low} to ${high}`);

/** What random directions reach beside the features; empty without clusters or draws. */
export function randomNotes({ match, random }: Pick<SaeComparison, "match" | "random">): string[] {
  const total = match.clusters.length;
  if (random.length === 0 || total === 0) return [];
  const rows = match.headline.map(({ minF1, above95 }) => {
    const reached = range(randomRange({ random }, minF1)!);
    return minF1 === 0
      ? `${reached} of ${total} (the features ${above95})`
      : `${reached} with F1 ${minF1} or more (${above95})`;
  });
  const draws = random.length === 1 ? "" : ` (${random.length} draws)`;
  return [
    `As many random directions${draws}, of which as many fire on a token, match by the same rule ${rows.join(", ")}: that much any ` +
      "projection of these activations knows. What was learned by the autoencoder is only what is above it.",
  ];
}
