/** Cells of a table of text as numbers: what is a number, what is missing, what only looks like one. */

// Each digit has one place in these, so that long cells take no longer than their length.
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
/** A number with a comma where English has a point. */
const COMMA_NUMBER = /^[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?$/;
/** What could be a number of thousands as well. */
const COMMA_THOUSANDS = /^[+-]?[1-9]\d{0,2},\d{3}$/;
const GROUPED =
  /^[+-]?\d{1,3}((,\d{3})+(\.\d*)?|(\.\d{3})+,\d*|(,\d{3}){2,}|(\.\d{3}){2,}|([ '\u00a0\u202f]\d{3})+([.,]\d*)?)$/;
const INFINITE = /^[+-]?inf(inity)?$/i;
/** How pandas, R, spreadsheets and databases write that there is nothing. */
const MISSING = new Set(
  ["", "na", "nan", "+nan", "-nan", "n/a", "#n/a", "#na", "<na>", "null", "none", "nat", "?", "-", ".", "\\n"].map(
    (word) => word.toLowerCase(),
  ),
);
const TRUTH: Readonly<Record<string, number>> = { True: 1, TRUE: 1, true: 1, False: 0, FALSE: 0, false: 0 };

export type CellKind = "number" | "comma" | "missing" | "infinite" | "grouped" | "text";

/** What a trimmed cell is. */
export function cellKind(cell: string): CellKind {
  if (NUMBER.test(cell) || Object.hasOwn(TRUTH, cell)) return "number";
  if (MISSING.has(cell.toLowerCase())) return "missing";
  if (COMMA_NUMBER.test(cell)) return "comma";
  if (INFINITE.test(cell)) return "infinite";
  return GROUPED.test(cell) ? "grouped" : "text";
}

/** Whether a cell holds a number or says that none is there. */
export const isNumeric = (cell: string) => cellKind(cell) !== "text";

/** Whether a comma in a number could part thousands as well. */
export const mayBeThousands = (cell: string) => COMMA_THOUSANDS.test(cell);

/** The value of a cell of kind `number` or `comma`; NaN for any other. */
export function cellValue(cell: string): number {
  if (NUMBER.test(cell)) return Number(cell);
  const truth = Object.hasOwn(TRUTH, cell) ? TRUTH[cell] : undefined;
  if (truth !== undefined) return truth;
  return COMMA_NUMBER.test(cell) ? Number(cell.replace(",", ".")) : Number.NaN;
}
