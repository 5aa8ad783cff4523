/** The table that `verify` prints: a row a tensor, as soon as it is compared. */
import type { Row } from "./kernels";

const WIDTHS = [46, 74] as const;

/** Column heads. */
export function tableHead(): string {
  return columns("what", "tensor", "max error", "relative L2", "of tolerance", "");
}

/** One row. */
export function rowColumns(row: Row): string {
  const share = Number.isFinite(row.share) ? `${(100 * row.share).toFixed(0)} %` : "not exact";
  const errors = [row.maxError, row.relativeL2].map((error) => error.toExponential(1));
  return columns(`${row.subject} ${row.case}`, row.tensor, errors[0], errors[1], share, row.pass ? "pass" : "FAILED");
}

function columns(what: string, tensor: string, error: string, l2: string, share: string, verdict: string): string {
  const left = `${what.padEnd(WIDTHS[0])} ${tensor.padEnd(WIDTHS[1])}`;
  return `${left} ${error.padStart(9)}  ${l2.padStart(11)}  ${share.padStart(12)}  ${verdict}`.trimEnd();
}
