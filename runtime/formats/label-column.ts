/** Columns of a table that may be labels and not measurements. */
import type { Matrix } from "../statistics/matrix";
import { shown } from "./text";

/** Names that columns of labels have, as scikit-learn's `target`. */
const LABEL = /^(labels?|class(es)?|target|truth|ground_?truth|y|y_true|species|category|cluster(_?id)?|community)$/i;

/** Distinct values from which on a column counts or measures. */
const MOST_LABELS = 100;

/** A line for each column that is named as labels are and holds few whole numbers: it is clustered like any other. */
export function labelColumnWords({ rows, cols, data }: Matrix, names?: readonly string[]): string[] {
  const words: string[] = [];
  names?.forEach((name, c) => {
    if (cols < 2 || !LABEL.test(name)) return;
    const values = new Set<number>();
    for (let row = 0; row < rows && values.size <= MOST_LABELS; row++) values.add(data[row * cols + c]);
    if (values.size > Math.min(MOST_LABELS, rows / 2) || ![...values].every(Number.isInteger)) return;
    words.push(
      `column "${shown(name)}" may be labels (${values.size} whole numbers) and is clustered like the others; if it is, leave it out and give it as --labels`,
    );
  });
  return words;
}
