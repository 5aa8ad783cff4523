/** What a bench writes: one JSON object a line, a header first. */
import { readFileSync } from "node:fs";
import { SpectroscopeError } from "../../kernels/errors";
import type { HostRow } from "./host";
import type { KernelRow } from "./kernels";
import type { PeerHeader, PeerRow } from "./peers/compare";
import type { Roof } from "./roof";
import type { FitRow, ScalingRow } from "./scaling";
import type { StandardRow, StepRow } from "./steps";

/** Where and when it was measured. */
export interface HeaderRow {
  readonly row: "header";
  /** ISO 8601. */
  readonly date: string;
  readonly adapter: string;
  readonly software: boolean;
  /** Where a software driver came from. */
  readonly driver?: string;
  readonly features: readonly string[];
  /** Of WebGPU adapters, before the first row. */
  readonly roof?: Roof;
  /** Logical processors, and the load average of the last minute at the start (not on Windows). */
  readonly cpus: number;
  readonly load: number;
  readonly node: string;
}

/** The last row: what the machine was like then. */
export interface EndRow {
  readonly row: "end";
  readonly date: string;
  readonly roof?: Roof;
  readonly load: number;
}

/** The roof of an adapter is the best of what was measured, for others only slow it down. */
export function roofOf(rows: readonly BenchRow[]): Roof | undefined {
  const roofs = rows.flatMap((row) => ((row.row === "header" || row.row === "end") && row.roof) || []);
  if (roofs.length === 0) return undefined;
  const best = (key: keyof Roof) => Math.max(...roofs.map((roof) => roof[key]));
  return { gflops: best("gflops"), gbps: best("gbps") };
}

export type BenchRow =
  | HeaderRow
  | EndRow
  | KernelRow
  | HostRow
  | StepRow
  | StandardRow
  | ScalingRow
  | FitRow
  | PeerHeader
  | PeerRow;

/** A row with a time, by a name that is the same in every run; undefined for rows without one. */
export function timedRow(row: BenchRow): { key: string; median: number; low: number; high: number } | undefined {
  if (row.row === "kernel") return { key: `${row.kernel} ${row.case} #${row.variant}`, ...row };
  if (row.row === "host") return { key: row.name, ...row };
  if (row.row === "scaling") return { key: `draw, ${row.axis} ${row.value}`, ...row };
  if (row.row === "step") {
    const { chains, batch, probe, positions } = row;
    return { key: `${row.model} ${row.component} ${row.step} (${chains}, ${batch}, ${probe}, ${positions})`, ...row };
  }
  if (row.row === "peer" && row.status === "timed") return { key: `${row.operation}: ${row.implementation}`, ...row };
  return undefined;
}

/** Reads what `bench --json` wrote. Errors: name the file and the line that is not a bench's. */
export function readBench(file: string): BenchRow[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    throw new SpectroscopeError(`${file}: ${(cause as Error).message}`, {
      code: "bad-input",
      hint: "write one with `spectroscope bench --json > FILE`",
      cause,
    });
  }
  const rows = text
    .split("\n")
    .map((line, i) => ({ line, number: i + 1 }))
    .filter(({ line }) => line.trim());
  return rows.map(({ line, number }, i) => {
    const wrong = (why: string) =>
      new SpectroscopeError(`${file}, line ${number}: ${why}`, {
        code: "bad-input",
        hint: "write one with `spectroscope bench --json > FILE`",
      });
    let row: BenchRow;
    try {
      row = JSON.parse(line);
    } catch {
      throw wrong("not JSON");
    }
    if (typeof row?.row !== "string") throw wrong("not a row of a bench");
    if ((i === 0) !== (row.row === "header")) throw wrong(i === 0 ? "not a bench's header" : "a second header");
    return row;
  });
}
