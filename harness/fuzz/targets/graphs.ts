/** Forms of graphs other than edge lists. */
import { type GmlGraph, parseGml } from "../../../runtime/formats/gml";
import { graphFormat } from "../../../runtime/formats/graph-format";
import { parseMatrixMarket } from "../../../runtime/formats/matrix-market";
import { parseMetis } from "../../../runtime/formats/metis";
import type { SparseMatrix } from "../../../runtime/formats/npz";
import type { Random } from "../random";
import { bytesOf, target } from "../target";
import { digest } from "./npy";

type Entry = readonly [row: number, column: number, value: number];

/** Rows of entries, in each row in the order given. */
function sparse(n: number, entries: readonly Entry[]): SparseMatrix {
  const offsets = new Uint32Array(n + 1);
  const rows = Array.from({ length: n }, (_, v) => entries.filter(([row]) => row === v));
  rows.forEach((row, v) => {
    offsets[v + 1] = offsets[v] + row.length;
  });
  const all = rows.flat();
  return {
    ...{ n, offsets, columns: Uint32Array.from(all, ([, column]) => column) },
    values: Float64Array.from(all, ([, , value]) => value),
  };
}

/** Each of some pairs once, with a weight. */
function pairs(random: Random, n: number): Entry[] {
  const all: Entry[] = [];
  for (let a = 0; a < n; a++)
    for (let b = 0; b < a; b++) if (random.chance(0.4)) all.push([a, b, Math.abs(random.double()) || 1]);
  return random.shuffled(all);
}

const mirrored = (entries: readonly Entry[]) =>
  entries.flatMap(([a, b, value]): Entry[] =>
    a === b
      ? [[a, b, value]]
      : [
          [a, b, value],
          [b, a, value],
        ],
  );

const sparseFlaw = ({ n, offsets, columns, values }: SparseMatrix) =>
  columns.some((column) => column >= n) || offsets[n] !== columns.length || values.length !== columns.length
    ? "rows do not fit"
    : undefined;

/** Entries by row and column, of a matrix that has none twice. */
function sparseFacts({ n, offsets, columns, values }: SparseMatrix): { n: number; entries: string } {
  const rows = Array.from({ length: n }, (_, v) =>
    Array.from(columns.subarray(offsets[v], offsets[v + 1]), (column, i) => [v, column, values[offsets[v] + i]]).sort(
      (a, b) => a[1] - b[1],
    ),
  );
  return { n, entries: digest(new Uint8Array(Float64Array.from(rows.flat(2)).buffer)) };
}

export const matrixMarket = target<SparseMatrix>({
  name: "matrix-market",
  weight: 2,
  make(random) {
    const n = random.from(1, 8);
    const [symmetric, pattern] = [random.chance(0.5), random.chance(0.3)];
    const given = pairs(random, n).map(([a, b, value]): Entry => [a, b, pattern ? 1 : value]);
    const lines = given.map(([a, b, value]) => `${a + 1} ${b + 1}${pattern ? "" : ` ${value}`}`);
    const head = `%%MatrixMarket matrix coordinate ${pattern ? "pattern" : "real"} ${symmetric ? "symmetric" : "general"}`;
    const text = [head, "%", `${n} ${n} ${given.length}`, ...lines].join(random.pick(["\n", "\r\n"]));
    return { input: { "x.mtx": bytesOf(`${text}\n`) }, expected: sparse(n, symmetric ? mirrored(given) : given) };
  },
  read: (input) => parseMatrixMarket(input["x.mtx"], "x.mtx"),
  flaw: sparseFlaw,
  peer: { kind: "mtx", facts: sparseFacts },
});

export const metis = target<SparseMatrix>({
  name: "metis",
  weight: 2,
  make(random) {
    const n = random.from(2, 8);
    const weighted = random.chance(0.5);
    const edges = [[1, 0, 2] as const, ...pairs(random, n).filter(([a, b]) => a !== 1 || b !== 0)];
    const both = mirrored(edges.map(([a, b, value]): Entry => [a, b, weighted ? value : 1]));
    const matrix = sparse(n, both);
    const lines = Array.from({ length: n }, (_, v) =>
      both
        .filter(([row]) => row === v)
        .map(([, column, value]) => (weighted ? `${column + 1} ${value}` : `${column + 1}`))
        .join(" "),
    );
    const comment = random.chance(0.3) ? ["% note"] : [];
    const text = [...comment, `${n} ${edges.length}${weighted ? " 001" : ""}`, ...lines].join(
      random.pick(["\n", "\r\n"]),
    );
    return { input: { "x.graph": bytesOf(`${text}\n`) }, expected: matrix };
  },
  read(input) {
    graphFormat(input["x.graph"], "x.graph");
    return parseMetis(input["x.graph"], "x.graph").matrix;
  },
  flaw: sparseFlaw,
});

export const gml = target<GmlGraph>({
  name: "gml",
  weight: 2,
  make(random) {
    const n = random.from(2, 8);
    const ids = random.shuffled(random.list(3 * n, (i) => i)).slice(0, n);
    const [named, weighted] = [random.chance(0.5), random.chance(0.5)];
    const edges = [[1, 0, 2] as const, ...pairs(random, n).filter(([a, b]) => a !== 1 || b !== 0)];
    const gap = () => random.pick([" ", "\n  ", "\t"]);
    const node = (id: number, v: number) =>
      `node${gap()}[${gap()}id ${id}${named ? `${gap()}label "n&amp;${v}"` : ""}${gap()}]`;
    const edge = ([a, b, value]: Entry) =>
      `edge [ source ${ids[a]}${gap()}target ${ids[b]}${weighted ? `${gap()}weight ${value}` : ""} ]`;
    const text = `graph [\n${[...ids.map(node), ...edges.map(edge)].join("\n")}\n]\n`;
    return {
      input: { "x.gml": bytesOf(text) },
      expected: {
        ...{ n, ends: Uint32Array.from(edges.flatMap((one) => one.slice(0, 2))) },
        ...(weighted ? { weights: Float64Array.from(edges, ([, , value]) => value) } : {}),
        ...(named ? { names: ids.map((_, v) => `n&${v}`) } : {}),
        ...(ids.every((id, v) => id === v) ? {} : { ids: Float64Array.from(ids) }),
        ...{ selfLoops: 0, zeroWeights: 0, unread: [], directed: false },
      },
    };
  },
  read: (input) => parseGml(input["x.gml"], "x.gml"),
  flaw: ({ n, ends }) => (ends.some((end) => end >= n) ? `an end beyond ${n} nodes` : undefined),
});
