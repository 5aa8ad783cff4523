/** Pictures of a bench: the roofline of an adapter, and how a draw scales. SVG text, light background. */
import { roofShare } from "./kernels";
import { type BenchRow, type HeaderRow, roofOf } from "./lines";
import { type Axis, type Mark, panel, svg } from "./svg";

/** Colors of kernels by folder; the rest is gray. Told apart by people who see few colors too. */
const FAMILIES: Readonly<Record<string, string>> = {
  matmul: "#1f6fbf",
  attention: "#c2570c",
  loss: "#0e8a63",
  layernorm: "#8b3fb5",
  sgld: "#8a6d00",
};
const OTHER = "#7a828c";
const INK = "#24292f";

type Kind<K extends BenchRow["row"]> = Extract<BenchRow, { row: K }>;
const of = <K extends BenchRow["row"]>(rows: readonly BenchRow[], kind: K) =>
  rows.filter((row): row is Kind<K> => row.row === kind);

/** Powers of ten and the ends of a range that holds all values. */
function logAxis(values: readonly number[], label: string): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return { domain: [10 ** low, 10 ** high], ticks, label, log: true };
}

/**
 * Chosen variants as points under the measured roofs, both axes logarithmic: FLOPs a byte of minimum necessary work, and GFLOP/s
 * reached. Undefined where there is no roof, or no kernel with FLOPs.
 */
export function roofline(rows: readonly BenchRow[]): string | undefined {
  const [header] = of(rows, "header");
  const roof = roofOf(rows);
  const kernels = of(rows, "kernel").filter(({ chosen, flops, bytes }) => chosen && flops > 0 && bytes > 0);
  if (!header || !roof || kernels.length === 0) return undefined;
  const points = kernels.map((row) => ({ ...row, intensity: row.flops / row.bytes }));
  const ridge = roof.gflops / roof.gbps;
  const x = logAxis([...points.map(({ intensity }) => intensity), ridge], "FLOP per byte of necessary traffic");
  const y = logAxis([...points.map(({ gflops }) => gflops), roof.gflops], "GFLOP/s");
  const marks: Mark[] = [
    {
      kind: "line",
      color: INK,
      at: [
        [x.domain[0], x.domain[0] * roof.gbps],
        [ridge, roof.gflops],
        [x.domain[1], roof.gflops],
      ],
    },
    ...points.map((point): Mark => {
      const { kernel, case: name, variant, intensity, gflops } = point;
      const title = `${kernel}, ${name}, ${variant}: ${gflops.toPrecision(3)} GFLOP/s, ${(100 * roofShare(point, roof)).toFixed(0)} % of the roof`;
      return { kind: "points", color: colorOf(kernel), at: [[intensity, gflops]], title };
    }),
  ];
  const families = [...new Set(points.map(({ kernel }) => colorOf(kernel)))];
  const legend = families.map((color) => ({
    color,
    text: Object.keys(FAMILIES).find((name) => FAMILIES[name] === color) ?? "other kernels",
  }));
  const roofs = `line: measured roofs, ${roof.gflops.toPrecision(3)} GFLOP/s and ${roof.gbps.toPrecision(3)} GB/s`;
  const place = { left: 64, top: 66, width: 640, height: 400 };
  return svg({ width: 730, height: 530, title: `Kernels on ${describe(header)}`, subtitle: roofs, legend }, [
    panel({ ...place, x, y, marks }),
  ]);
}

const colorOf = (kernel: string) => FAMILIES[kernel.split("/")[0]] ?? OTHER;

function describe({ adapter, software, date }: HeaderRow): string {
  return `${adapter}${software ? " (software adapter)" : ""}, ${date.slice(0, 10)}`;
}

const TITLES = {
  chains: "chains",
  tokens: "tokens of a chain",
  components: "components",
  layers: "layers",
  vocabulary: "vocabulary",
};

/** A panel for every axis that was varied: medians, their middle halves and the fitted line. Undefined without such rows. */
export function scaling(rows: readonly BenchRow[]): string | undefined {
  const [header] = of(rows, "header");
  const fits = of(rows, "fit");
  if (!header || fits.length === 0) return undefined;
  const panels = fits.map(({ axis, intercept, slope, r2 }, i) => {
    const points = of(rows, "scaling").filter((row) => row.axis === axis);
    const most = points[points.length - 1].value;
    const x: Axis = { domain: [0, most * 1.08], ticks: [0, ...points.map(({ value }) => value)], label: TITLES[axis] };
    const y = linearAxis(Math.max(...points.map(({ high }) => high)), i % 3 === 0 ? "ms a draw" : "");
    // A line that would begin below the axis begins on it.
    const start = intercept < 0 && slope > 0 ? -intercept / slope : 0;
    const line: [number, number][] = [
      [start, Math.max(0, intercept)],
      [most, intercept + slope * most],
    ];
    const marks: Mark[] = [
      { kind: "line", color: OTHER, at: line },
      ...points.map(
        ({ value, low, high }): Mark => ({
          kind: "line",
          color: FAMILIES.matmul,
          at: [
            [value, low],
            [value, high],
          ],
        }),
      ),
      { kind: "points", color: FAMILIES.matmul, at: points.map(({ value, median }) => [value, median]) },
    ];
    const place = { left: 64 + 240 * (i % 3), top: 84 + 230 * Math.floor(i / 3), width: 180, height: 140 };
    return panel({ ...place, x, y, marks, title: `R2 = ${r2.toFixed(4)}` });
  });
  const height = 84 + 230 * Math.ceil(fits.length / 3);
  const title = `Time of a draw on ${describe(header)}`;
  const subtitle = "points: medians with the middle half of the samples; line: least squares";
  return svg({ width: 760, height, title, subtitle, legend: [] }, panels);
}

/** From 0 to a round number at or above `most`, in four steps or five. */
function linearAxis(most: number, label: string): Axis {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((size) => size * 5 >= most) ?? 10 * power;
  const count = Math.ceil(most / step);
  return { domain: [0, count * step], ticks: Array.from({ length: count + 1 }, (_, i) => i * step), label };
}
