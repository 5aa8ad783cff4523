/** Matrices as tables of text: `.csv`, `.tsv`, `.txt`, with or without a header and names of rows. */
import { SpectroscopeError } from "../../kernels/errors";
import { cellKind, cellValue, mayBeThousands } from "./csv-cells";
import { type Layout, layoutOf } from "./csv-layout";
import { csvParser, eachRow, lineEnd, pieces, textOf } from "./csv-rows";
import type { GivenMatrix } from "./given-matrix";
import { labelColumnWords } from "./label-column";
import { shown, shownList } from "./text";

const numbersAlone = (columns: number) => {
  const [it, alone] = columns > 1 ? ["them", "one of them"] : ["it", "it"];
  return `leave ${it} out (pandas: df.select_dtypes("number").to_csv(FILE, index=False)), code ${it} as numbers (pandas.get_dummies), or give ${alone} alone as --labels`;
};

/**
 * Rows of numbers. What parts cells (tab, semicolon, comma, |, spaces), a header and a column that names the rows are told by
 * content, and said; so are commas in place of points. `file` names it in errors.
 * @throws SpectroscopeError naming line and column of what is missing, infinite or no number
 */
export async function parseTextMatrix(bytes: Uint8Array, file: string): Promise<GivenMatrix> {
  const parser = await csvParser();
  const end = lineEnd(bytes);
  let layout: Layout | undefined;
  let table: Table | undefined;
  let firstLine = 1;
  for (const piece of pieces(bytes)) {
    const text = textOf(piece, file);
    if (end === "\n") refuseReturns(text, file, firstLine);
    if (!table) {
      layout = layoutOf(text, parser, end, file);
      if (!layout) continue;
      table = new Table(layout, file);
    }
    const rows = table;
    eachRow(text, { parser, delimiter: rows.layout.delimiter, end }, { file, firstLine }, (cells, line) =>
      rows.add(cells, line),
    );
    firstLine += text.split(end).length - 1;
  }
  if (!table) throw new SpectroscopeError(`${file}: has no rows`, { hint: "give lines of numbers" });
  return table.matrix();
}

/** @throws SpectroscopeError for a return amid a line, which ends lines elsewhere */
function refuseReturns(text: string, file: string, firstLine: number): void {
  const at = text.search(/\r(?![\r\n]|$)/);
  if (at < 0) return;
  const line = firstLine + text.slice(0, at).split("\n").length - 1;
  throw new SpectroscopeError(`${file}: line ${line} has a carriage return within it, and lines end with a line feed`, {
    hint: "end all lines alike: tr '\\r' '\\n' < FILE > x.csv",
  });
}

class Table {
  private readonly columns: readonly number[];
  private values: Float64Array;
  private count = 0;
  private rows = 0;
  private started = false;
  private comma?: string;
  private point?: string;
  private onlyThousands = true;

  constructor(
    readonly layout: Layout,
    private readonly file: string,
  ) {
    const { width, index, openEnd, text } = layout;
    if (text.length > 0) this.refuseText(text);
    this.columns = Array.from({ length: openEnd ? width - 1 : width }, (_, c) => c).filter((c) => c !== index?.column);
    this.values = new Float64Array(Math.max(1, this.columns.length) * 64);
  }

  /** The next row. @throws SpectroscopeError */
  add(cells: readonly string[], line: () => number): void {
    const { layout, columns } = this;
    if (!this.started) {
      this.started = true;
      if (layout.skipFirst) {
        if (layout.header?.length !== layout.width)
          this.fail(
            `line ${line()} has ${cells.length} names for ${layout.width} columns`,
            "give every column one name; a column of row names may have none",
          );
        return;
      }
    }
    if (cells.length !== layout.width)
      this.fail(
        `line ${line()} has ${cells.length} cells, ${layout.width} are expected`,
        "give every row as many cells as the first; text with the separator in it stands in quotes",
      );
    if (layout.openEnd && cells[layout.width - 1] !== "")
      this.fail(`line ${line()} has a cell behind its last separator, others have none`, "name that column");
    if (this.count + columns.length > this.values.length) {
      const wider = new Float64Array(2 * this.values.length);
      wider.set(this.values);
      this.values = wider;
    }
    for (const c of columns) this.values[this.count++] = this.number(cells[c], c, line);
    this.rows++;
  }

  private number(cell: string, c: number, line: () => number): number {
    const value = cellValue(cell);
    if (Number.isFinite(value)) {
      const comma = cell.includes(",");
      if (comma && !mayBeThousands(cell)) this.onlyThousands = false;
      // The first of each kind, for a message; lines are looked up once.
      if (comma) this.comma ??= `line ${line()} has ${shown(cell)}`;
      else if (this.point === undefined && cell.includes(".")) this.point = `line ${line()} has ${shown(cell)}`;
      return value;
    }
    return this.refuseCell(cell, c, line());
  }

  private refuseCell(cell: string, c: number, line: number): never {
    const place = `row ${this.rows} (line ${line}), column ${this.nameOf(c)}`;
    const kind = cellKind(cell);
    if (kind === "missing")
      this.fail(
        `${place} is missing${cell === "" ? "" : ` (${shown(cell)})`}`,
        "leave its row or column out, or fill it: df.dropna(), df.fillna(df.median())",
        "non-finite",
      );
    if (kind === "infinite" || kind === "number" || kind === "comma")
      this.fail(
        `${place} is ${shown(cell)}, not a finite number`,
        "leave its row or column out, or find what produced it",
        "non-finite",
      );
    if (kind === "grouped")
      this.fail(`${place} is ${shown(cell)}: separators of thousands are not read`, "write plain numbers: 1234.5");
    this.fail(`${place} is no number: "${shown(cell)}"`, numbersAlone(1));
  }

  private refuseText(columns: readonly number[]): never {
    const names = columns.map((c) => this.nameOf(c));
    const what = columns.length > 1 ? `columns ${shownList(names)} are text` : `column ${names[0]} is text`;
    this.fail(what, numbersAlone(columns.length));
  }

  private nameOf(c: number): string {
    const name = this.layout.header?.[c];
    return name ? `"${shown(name)}"` : `${c + 1} of ${this.layout.width}`;
  }

  private fail(what: string, hint: string, code: "bad-input" | "non-finite" = "bad-input"): never {
    throw new SpectroscopeError(`${this.file}: ${what}`, { code, hint });
  }

  /** The whole table. @throws SpectroscopeError without rows, or where commas could be two things */
  matrix(): GivenMatrix {
    const { layout, columns, rows, comma, point } = this;
    const { header, index } = layout;
    if (rows === 0 || columns.length === 0) {
      const what = rows === 0 ? "no rows" : `no columns of numbers beside ${this.nameOf(index?.column ?? 0)}`;
      this.fail(`has ${what}`, "give lines of numbers");
    }
    if (comma !== undefined && point !== undefined)
      this.fail(
        `has numbers with a comma and with a point: ${comma}, ${point}`,
        'write points: pandas.read_csv(FILE, decimal=",")',
      );
    if (comma !== undefined && this.onlyThousands)
      this.fail(
        `${comma}, which is a thousand or a fraction`,
        'write plain numbers with points: pandas.read_csv(FILE, thousands=",") or decimal=","',
      );
    const names = header && columns.map((c) => header[c]);
    const said = [
      ...(layout.skipFirst ? [`the first line is taken for a header: ${shownList(header ?? [])}`] : []),
      ...(index ? [`column ${this.nameOf(index.column)} is taken for names of rows and left out: ${index.why}`] : []),
      ...labelColumnWords({ rows, cols: columns.length, data: this.values }, names),
      ...(comma === undefined ? [] : ["commas in numbers are read as points"]),
    ];
    const data = this.values.slice(0, this.count);
    return { matrix: { rows, cols: columns.length, data }, ...(names ? { names } : {}), said };
  }
}
