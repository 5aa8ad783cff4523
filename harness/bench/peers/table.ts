/** Operations by implementations, with the ratio to the fastest WebGPU peer. */
import { digits, type Table } from "../layout";
import type { PeerHeader, PeerRow } from "./compare";

/** Whose rows are held against the others'. */
export const OURS = "spectroscope";

/** How many times as long the fastest WebGPU peer takes as we do; undefined where one of the two has no time. */
export function ratioToPeers(rows: readonly PeerRow[]): { ratio: number; peer: string } | undefined {
  const timed = rows.filter((row) => row.status === "timed");
  const own = timed.find(({ implementation }) => implementation === OURS);
  const peers = timed.filter(({ where, implementation }) => where === "webgpu" && implementation !== OURS);
  if (!own || peers.length === 0) return undefined;
  const fastest = peers.reduce((best, row) => (row.median < best.median ? row : best));
  return { ratio: fastest.median / own.median, peer: fastest.implementation };
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

function cell(row: PeerRow | undefined): string {
  switch (row?.status) {
    case "timed":
      return digits(row.median);
    case "wrong":
      return `wrong values (${row.tensor} by ${row.error.toPrecision(1)})`;
    case "failed":
      return "failed";
    default:
      return "-";
  }
}

export function peerTable(rows: readonly PeerRow[], header: PeerHeader | undefined): Table {
  const implementations = header?.implementations ?? [];
  const operations = [...new Set(rows.map(({ operation }) => operation))];
  const of = (operation: string) => rows.filter((row) => row.operation === operation);
  const ratios = operations.flatMap((operation) => ratioToPeers(of(operation))?.ratio ?? []);
  const failures = rows.filter((row) => row.status === "failed");
  return {
    title: "Other libraries, milliseconds until the device is done",
    columns: ["operation", ...implementations.map(({ name }) => name), "fastest WebGPU peer / ours"],
    rows: operations.map((operation) => {
      const own = of(operation);
      const best = ratioToPeers(own);
      const cells = implementations.map(({ name }) => cell(own.find((row) => row.implementation === name)));
      return [operation, ...cells, best ? `${digits(best.ratio)} (${best.peer})` : "-"];
    }),
    notes: [
      ...(ratios.length > 0
        ? [
            `geometric mean of ${ratios.length} ratios: ${digits(geometricMean(ratios))}, the lowest ${digits(Math.min(...ratios))}`,
          ]
        : []),
      ...(header
        ? [implementations.map(({ name, version, where }) => `${name}: ${version}, ${where}`).join("; ")]
        : []),
      ...failures.map(({ implementation, operation, reason }) => `${implementation} failed at ${operation}: ${reason}`),
    ],
  };
}
