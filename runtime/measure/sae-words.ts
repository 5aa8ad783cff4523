/** What was read for a comparison with features, in words. */
import type { MatchResult } from "../sae/match-result";
import type { Corpus } from "./corpus";
import type { SaeComparison } from "./sae-result";

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
