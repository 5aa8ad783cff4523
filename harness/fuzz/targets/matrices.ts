/** Tables of text and Parquet files, as matrices. */

import { SpectroscopeError } from "../../../kernels/errors";
import { parseTextMatrix } from "../../../runtime/formats/csv-matrix";
import type { GivenMatrix } from "../../../runtime/formats/given-matrix";
import { parseMatrix } from "../../../runtime/formats/matrix-file";
import { FILES } from "../../../runtime/formats/parquet-cases";
import { parseParquetMatrix } from "../../../runtime/formats/parquet-matrix";
import type { Random } from "../random";
import { bytesOf, type Facts, target } from "../target";
import { digest, npyFile } from "./npy";

/** What of a matrix another program must agree with. */
const facts = ({ matrix: { rows, cols, data } }: GivenMatrix): Facts => ({
  ...{ rows, cols, sha256: digest(new Uint8Array(Float64Array.from(data).buffer)) },
});

const flaw = ({ matrix: { rows, cols, data }, names }: GivenMatrix) =>
  data.length !== rows * cols ||
  rows < 1 ||
  cols < 1 ||
  (names && names.length !== cols) ||
  !data.every(Number.isFinite)
    ? `${data.length} values for ${rows} x ${cols}, ${names?.length} names`
    : undefined;

/** A number and one of its spellings. */
function number(random: Random, comma: boolean): [number, string] {
  const value = random.pick([
    () => random.from(-999, 999) / 8,
    () => random.from(-9, 9),
    () => random.from(1, 99) * 2 ** random.from(-80, 80),
  ])();
  const plain = random.chance(0.2) ? value.toExponential() : String(value);
  const spelled = random.chance(0.1) && value >= 0 ? `+${plain}` : plain;
  return [value, comma ? spelled.replace(".", ",") : spelled];
}

interface Table {
  readonly text: string;
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
  readonly names?: readonly string[];
}

/** A table as pandas, R, NumPy or a spreadsheet writes one. */
function table(random: Random): Table {
  const by = random.pick([",", ",", "\t", ";", " ", "|"]);
  const comma = by === ";" && random.chance(0.5);
  const end = random.pick(["\n", "\r\n"]);
  const rows = random.from(2, 12);
  const cols = random.from(2, 6);
  const quote = (text: string) =>
    random.chance(0.3) || text.includes(by) || text.includes('"') ? `"${text.replaceAll('"', '""')}"` : text;
  const index = random.pick(["none", "none", "pandas", "R", "names"]);
  const header = index === "pandas" || index === "R" || random.chance(0.6);
  const names = Array.from({ length: cols }, (_, c) =>
    random.pick([`x${c}`, `col_${c}`, `V${c}`, by === " " ? `u${c}` : `a "b" ${c}`, `n(${c})`]),
  );
  const lines: string[] = [];
  if (header) {
    const own = names.map(quote);
    const first = index === "pandas" ? [""] : index === "names" ? ["gene"] : [];
    // Between spaces an empty name cannot be seen; quotes show it.
    lines.push([...(by === " " && first[0] === "" ? [] : first), ...own].join(by));
  }
  const values: number[] = [];
  for (let i = 0; i < rows; i++) {
    const cells = Array.from({ length: cols }, () => {
      const [value, text] = number(random, comma);
      values.push(value);
      return by === "," && text.includes(",") ? `"${text}"` : text;
    });
    const name = index === "pandas" ? String(i) : index === "R" ? `"${i + 1}"` : `g${i}`;
    lines.push([...(index === "none" ? [] : [name]), ...cells].join(by));
  }
  const blank = random.chance(0.1) ? end : "";
  const text = `${random.chance(0.1) ? "\ufeff" : ""}${lines.join(end)}${random.chance(0.8) ? end : ""}${blank}`;
  return { text, rows, cols, data: Float64Array.from(values), ...(header ? { names } : {}) };
}

/** Whether all commas may be thousands, which is refused: such a table is not sound. */
const doubtful = (text: string) => /[;\t]?-?\d,\d{3}(?![\d,])/.test(text);

function soundTable(random: Random): Table {
  for (;;) {
    const made = table(random);
    if (!doubtful(made.text)) return made;
  }
}

const ODD_CELLS = [
  "",
  "NA",
  "nan",
  "inf",
  "-",
  "x",
  "1,5",
  "1.234,5",
  "0x1f",
  '"',
  '"a"b',
  "1e999",
  "1 2",
  "#1",
  "\u00a0",
  "True",
];

export const textMatrix = target<GivenMatrix>({
  name: "text-matrix",
  weight: 3,
  make(random) {
    let made = soundTable(random);
    // A first row of 0, 1, 2, ... is what pandas calls columns without names.
    while (!made.names && made.cols > 1 && made.data.subarray(0, made.cols).every((value, c) => value === c))
      made = soundTable(random);
    const { text, rows, cols, data, names } = made;
    return {
      input: { "x.csv": bytesOf(text) },
      expected: { matrix: { rows, cols, data }, ...(names ? { names } : {}), said: [] },
    };
  },
  odd(random) {
    const lines = table(random).text.split("\n");
    const at = random.below(lines.length);
    const cells = lines[at].split(/([,;\t| ])/);
    cells[random.below(cells.length)] = random.pick(ODD_CELLS);
    lines[at] = cells.join("");
    return { "x.csv": bytesOf(lines.join(random.pick(["\n", "\n", "\r", "\r\n"]))) };
  },
  read: async (input) => ({ ...(await parseTextMatrix(input["x.csv"], "x.csv")), said: [] }),
  flaw,
});

/** Tables of numbers with a header, commas between: what pandas.read_csv reads without being told anything. */
export const pandasMatrix = target<GivenMatrix>({
  name: "pandas-matrix",
  weight: 1,
  make(random) {
    const rows = random.from(2, 12);
    const cols = random.from(2, 6);
    const data = Float64Array.from({ length: rows * cols }, () => number(random, false)[0]);
    const names = Array.from({ length: cols }, (_, c) => `x${c}`);
    const lines = Array.from({ length: rows }, (_, i) =>
      Array.from(data.subarray(i * cols, (i + 1) * cols), String).join(","),
    );
    const text = `${[names.join(","), ...lines].join("\n")}\n`;
    return { input: { "x.csv": bytesOf(text) }, expected: { matrix: { rows, cols, data }, names, said: [] } };
  },
  async read(input) {
    const found = await parseTextMatrix(input["x.csv"], "x.csv");
    // pandas takes any first line for a header, and leaves no column out.
    if (!found.names || found.said.length > 1) throw new SpectroscopeError("x.csv: no header");
    return { ...found, said: [] };
  },
  flaw,
  peer: { kind: "csv", facts },
});

/** Files that PyArrow wrote; sound ones hold 16 rows of a column x. */
const SOUND = ["snappy", "gzip", "brotli", "zstd", "lz4"] as const;

export const parquetMatrix = target<GivenMatrix>({
  name: "parquet-matrix",
  weight: 1,
  make(random) {
    const bytes = new Uint8Array(Buffer.from(FILES[random.pick(SOUND)], "base64"));
    const data = Float64Array.from({ length: 16 }, (_, i) => [1.5, -2, 1.5, 0.25][i % 4]);
    return { input: { "x.parquet": bytes }, expected: { matrix: { rows: 16, cols: 1, data }, names: ["x"], said: [] } };
  },
  odd: (random) => {
    const file = FILES[random.pick(Object.keys(FILES) as (keyof typeof FILES)[])];
    return { "x.parquet": new Uint8Array(Buffer.from(file, "base64")) };
  },
  read: async (input) => ({ ...(await parseParquetMatrix(input["x.parquet"], "x.parquet")), said: [] }),
  flaw,
  peer: { kind: "parquet", facts },
});

/** Any file that `cluster --matrix` may be given. */
export const matrixFile = target<GivenMatrix>({
  name: "matrix-file",
  weight: 1,
  make(random) {
    const [rows, cols] = [random.from(1, 5), random.from(1, 5)];
    const data = Float64Array.from({ length: rows * cols }, () => number(random, false)[0]);
    return { input: { x: npyFile("f64", [rows, cols], data) }, expected: { matrix: { rows, cols, data }, said: [] } };
  },
  odd: (random) => {
    const begin = random.pick([
      "\x89HDF",
      "ARROW1",
      "PAR1",
      "PARE",
      "PK\x03\x04",
      "[[1,2]]",
      "{}",
      "%%MatrixMarket",
      "\x93NUMPY",
    ]);
    return { x: bytesOf(begin + soundTable(random).text) };
  },
  read: async (input) => ({ ...(await parseMatrix(input.x, "x")) }),
  flaw,
});
