/** Tables of a bench. */
import { roofShare } from "./kernels";
import { digits, type Table } from "./layout";
import { type BenchRow, type HeaderRow, roofOf } from "./lines";
import type { PeerRow } from "./peers/compare";
import { peerTable } from "./peers/table";
import type { VerdictRow } from "./verdict";

const percent = (share: number | undefined) => (share === undefined ? "-" : `${(100 * share).toFixed(0)} %`);
const spread = ({ low, high }: { low: number; high: number }) => `${digits(low)} to ${digits(high)}`;
const of = <K extends BenchRow["row"]>(rows: readonly BenchRow[], kind: K) =>
  rows.filter((row): row is Extract<BenchRow, { row: K }> => row.row === kind);

/** Where and when, in a sentence: stands above every table. */
export function headline(rows: readonly BenchRow[]): string {
  const [{ adapter, software, driver, date, cpus, load, node }] = rows as [HeaderRow];
  const kind = software ? " (computes on the processor: no measure of a GPU's speed)" : "";
  const [end] = of(rows, "end");
  const loads = end ? `load ${load.toFixed(1)} before and ${end.load.toFixed(1)} after` : `load ${load.toFixed(1)}`;
  const roof = roofOf(rows);
  const roofs = roof
    ? `measured roof ${digits(roof.gflops)} GFLOP/s and ${digits(roof.gbps)} GB/s, ridge at ${digits(roof.gflops / roof.gbps)} FLOP a byte`
    : "no roof measured";
  const where = `${adapter}${kind}${driver ? `, driver from ${driver}` : ""}`;
  const minute = date.slice(0, 16).replace("T", " ");
  return `${where}; ${minute} UTC; ${cpus} logical processors, ${loads}; Node ${node}; ${roofs}.`;
}

/** Every table that a bench's rows fill. */
export function tables(rows: readonly BenchRow[]): Table[] {
  return [
    kernelTable(rows),
    hostTable(rows),
    ...stepTables(rows),
    scalingTable(rows),
    peerTable(of(rows, "peer") as PeerRow[], of(rows, "peers")[0]),
  ].filter((table) => table.rows.length > 0);
}

function kernelTable(rows: readonly BenchRow[]): Table {
  const roof = roofOf(rows);
  return {
    title: "Kernels",
    columns: ["kernel", "case", "variant", "ms", "middle half", "wall ms", "GFLOP/s", "GB/s", "of roof", "compile ms"],
    rows: of(rows, "kernel").map((row) => [
      row.kernel,
      row.case,
      `${row.variant}${row.chosen ? " *" : ""}`,
      digits(row.median),
      spread(row),
      digits(row.wall),
      digits(row.gflops),
      digits(row.gbps),
      percent(roof && roofShare(row, roof)),
      digits(row.compileMs),
    ]),
    notes: ["* the variant that is chosen on this adapter; rates are of the minimum necessary work"],
  };
}

function hostTable(rows: readonly BenchRow[]): Table {
  return {
    title: "On the host",
    columns: ["job", "ms", "middle half"],
    rows: of(rows, "host").map((row) => [row.name, digits(row.median), spread(row)]),
  };
}

function stepTables(rows: readonly BenchRow[]): Table[] {
  const steps = of(rows, "step");
  return [...new Set(steps.map(({ model }) => model))].map((model) => {
    const own = steps.filter((row) => row.model === model);
    const [{ chains, batch, probe, positions }] = own;
    return {
      title: `Steps of ${model}: ${chains} chains, minibatches of ${batch} x ${positions} tokens, a probe of ${probe} x ${positions}`,
      columns: [
        "component",
        "step",
        "ms",
        "middle half",
        "ms a chain",
        "MFLOP a chain",
        "GFLOP/s",
        "FLOPs of whole",
        "time of whole",
      ],
      rows: own.map((row) => [
        row.component,
        row.step,
        digits(row.median),
        spread(row),
        digits(row.msPerChain),
        digits(row.flops / chains / 1e6),
        digits(row.gflops),
        digits(row.flopShare),
        digits(row.wallShare),
      ]),
      notes: of(rows, "standard")
        .filter((row) => row.model === model)
        .map(
          (row) =>
            `a draw of the standard set (mean of ${row.components} components) takes ${digits(row.flopShare)} of the FLOPs of a whole-model draw, ` +
            `${digits(row.ofForwardBackward)} of those of a whole-model forward and backward pass on the same tokens; ` +
            `the timed kinds, each weighted by how many it stands for: ${digits(row.flopShareTimed)} of the FLOPs, ${digits(row.wallShare)} of the time`,
        ),
    };
  });
}

function scalingTable(rows: readonly BenchRow[]): Table {
  const points = of(rows, "scaling");
  return {
    title: "How the time of a draw grows",
    columns: ["with", "ms at", "line, ms", "R2", "of separate"],
    rows: of(rows, "fit").map(({ axis, intercept, slope, r2, ofSeparate }) => [
      axis,
      points
        .filter((row) => row.axis === axis)
        .map(({ value, median }) => `${value}: ${digits(median)}`)
        .join(", "),
      `${digits(intercept)} + ${digits(slope)} x`,
      r2.toFixed(4),
      ofSeparate === undefined ? "-" : digits(ofSeparate),
    ]),
    notes: ["of separate: the time of the most chains or components over that of so many, each by itself"],
  };
}

/** Verdicts on an earlier bench, and how many of each kind. */
export function verdictTable(rows: readonly VerdictRow[], file: string, notes: readonly string[]): Table {
  const count = (judgement: string) => rows.filter((row) => row.judgement === judgement).length;
  const summary = ["faster", "same", "slower", "unclear"].map((name) => `${count(name)} ${name}`).join(", ");
  return {
    title: `Against ${file}`,
    columns: ["row", "then ms", "now ms", "now / then", ""],
    rows: rows.map(({ key, before, now, ratio, judgement }) => [
      key,
      digits(before),
      digits(now),
      digits(ratio),
      judgement,
    ]),
    notes: [`${summary}; unclear: medians differ and the middle halves of the samples overlap`, ...notes],
  };
}
