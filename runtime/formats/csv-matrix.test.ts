import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import type { SpectroscopeError } from "../../kernels/errors";
import { parseTextMatrix } from "./csv-matrix";
import { pieces } from "./csv-rows";

const test = suite("runtime/formats/csv-matrix");
const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => parseTextMatrix(bytesOf(text), "x.csv");

/** Rows, names and whether something is left out. */
async function gives(text: string, rows: number[][], names?: string[], said: RegExp[] = []): Promise<void> {
  const { matrix, names: found, said: lines } = await read(text);
  const got = Array.from({ length: matrix.rows }, (_, i) =>
    Array.from(matrix.data.subarray(i * matrix.cols, (i + 1) * matrix.cols)),
  );
  assert.equal(got, rows, JSON.stringify(text));
  assert.equal(found, names, JSON.stringify(text));
  assert.is(lines.length, said.length, lines.join(" | "));
  said.forEach((line, i) => {
    assert.match(lines[i], line);
  });
}

async function refused(text: string, line: RegExp): Promise<void> {
  let error: SpectroscopeError | undefined;
  await read(text).catch((cause) => {
    error = cause;
  });
  assert.ok(error, `not refused: ${JSON.stringify(text)}`);
  assert.match(error.line, /^x\.csv: /);
  assert.match(error.line, line);
  assert.is(error.exitCode, 1);
}

const HEADER = /^the first line is taken for a header: /;

test("numbers alone: by comma, tab, semicolon, bar and spaces, with any line ends", async () => {
  const rows = [
    [1, -2.5, 3e-4],
    [4, 5, 0.6],
  ];
  for (const by of [",", "\t", ";", "|", " ", "   ", ", ", " ; ", " \t"])
    for (const end of ["\n", "\r\n", "\r"]) await gives(`1${by}-2.5${by}3e-4${end}4${by}+5.${by}.6${end}`, rows);
  await gives("1,-2.5,3e-4\n\n4,5,.6", rows);
  await gives("\ufeff1,-2.5,3e-4\r\n4,5,.6\n", rows);
  await gives("1.5\n2\n-3\n", [[1.5], [2], [-3]]);
});

test("NumPy's savetxt, with and without a header in a comment", async () => {
  const body = "1.000000000000000000e+00 2.500000000000000000e+00\n3.000000000000000000e+00 4.000000000000000000e+00\n";
  const rows = [
    [1, 2.5],
    [3, 4],
  ];
  await gives(body, rows);
  await gives(`# x y\n${body}`, rows, ["x", "y"]);
  await gives(`# two things, "measured" on Monday\n#x y\n${body}`, rows, ["x", "y"]);
  await gives(`# made in 2020\n${body}`, rows);
});

test("a header is told by content", async () => {
  const rows = [
    [1, 2],
    [3, 4],
  ];
  await gives("a,b\n1,2\n3,4\n", rows, ["a", "b"], [HEADER]);
  await gives('"a, b","say ""b"""\n1,2\n3,4\n', rows, ["a, b", 'say "b"'], [HEADER]);
  await gives("x (cm);y (cm)\n1;2\n3;4\n", rows, ["x (cm)", "y (cm)"], [HEADER]);
  await gives('a,"two\nlines"\n1,2\n3,4\n', rows, ["a", "two\nlines"], [HEADER]);
  await gives("2019,total\n1,2\n3,4\n", rows, ["2019", "total"], [HEADER]);
  await gives("value\n1\n2\n", [[1], [2]], ["value"], [HEADER]);
  // pandas names columns without names by their numbers.
  await gives(
    "0,1\n1.5,2\n3,4\n",
    [
      [1.5, 2],
      [3, 4],
    ],
    ["0", "1"],
    [HEADER],
  );
  await gives("0,1\n1,0\n0,0\n", [
    [0, 1],
    [1, 0],
    [0, 0],
  ]);
  await gives(
    "0,1,2,3\n5,6,7,8\n9,8,7,6\n",
    [
      [5, 6, 7, 8],
      [9, 8, 7, 6],
    ],
    ["0", "1", "2", "3"],
    [HEADER],
  );
});

test("names of rows are left out and said: pandas' index, R's row names, a column of text, counted rows", async () => {
  const rows = [
    [0.5, 2],
    [3, 4],
    [5, 6],
  ];
  const left = (why: RegExp) => [HEADER, why];
  // pandas: df.to_csv(FILE)
  await gives(
    ",a,b\n0,0.5,2\n1,3,4\n2,5,6\n",
    rows,
    ["a", "b"],
    left(/column 1 of 3 is taken for names.*name is empty/),
  );
  await gives(",0,1\n0,0.5,2\n1,3,4\n2,5,6\n", rows, ["0", "1"], left(/left out/));
  await gives("Unnamed: 0,a,b\n0,0.5,2\n1,3,4\n2,5,6\n", rows, ["a", "b"], left(/"Unnamed: 0".*counts the rows/));
  await gives("id,a,b\n1,0.5,2\n2,3,4\n3,5,6\n", rows, ["a", "b"], left(/"id".*counts the rows/));
  await gives(
    "id,a,b\n4,0.5,2\n9,3,4\n7,5,6\n",
    [
      [4, 0.5, 2],
      [9, 3, 4],
      [7, 5, 6],
    ],
    ["id", "a", "b"],
    [HEADER],
  );
  await gives(
    "a,b\n0,0.5\n1,3\n2,7\n",
    [
      [0, 0.5],
      [1, 3],
      [2, 7],
    ],
    ["a", "b"],
    [HEADER],
  );
  // R: write.table(df, FILE), write.csv(df, FILE)
  await gives('"a" "b"\n"1" 0.5 2\n"2" 3 4\n"3" 5 6\n', rows, ["a", "b"], left(/no name for it/));
  await gives('"","a","b"\n"1",0.5,2\n"2",3,4\n"3",5,6\n', rows, ["a", "b"], left(/name is empty/));
  await gives("gene,a,b\nBRCA1,0.5,2\nTP53,3,4\n7,5,6\n", rows, ["a", "b"], left(/"gene".*it is text/));
  await gives("BRCA1\t0.5\t2\nTP53\t3\t4\nMYC\t5\t6\n", rows, undefined, [/column 1 of 3.*it is text/]);
});

test("truth values, quotes around numbers, a delimiter at the end of each row", async () => {
  await gives(
    "a,b\nTrue,1\nFALSE,2\n",
    [
      [1, 1],
      [0, 2],
    ],
    ["a", "b"],
    [HEADER],
  );
  await gives(
    '"a","b"\r\n"1","2"\r\n"3","4"\r\n',
    [
      [1, 2],
      [3, 4],
    ],
    ["a", "b"],
    [HEADER],
  );
  await gives(
    "a,b,\n1,2,\n3,4,\n",
    [
      [1, 2],
      [3, 4],
    ],
    ["a", "b"],
    [HEADER],
  );
});

test("commas in place of points are read and said, or refused where they could be thousands", async () => {
  const COMMA = /^commas in numbers are read as points$/;
  await gives(
    "a;b\n1,5;2\n3;-4,25\n",
    [
      [1.5, 2],
      [3, -4.25],
    ],
    ["a", "b"],
    [HEADER, COMMA],
  );
  await gives(
    '"1,5"\t2\n3\t"4,25"\n',
    [
      [1.5, 2],
      [3, 4.25],
    ],
    undefined,
    [COMMA],
  );
  await gives(
    '"1,5","2"\n"3","4,2"\n',
    [
      [1.5, 2],
      [3, 4.2],
    ],
    undefined,
    [COMMA],
  );
  await refused("a;b\n1,500;2\n3;4,250\n", /line 2 has 1,500, which is a thousand or a fraction; .*decimal=","/);
  await refused("a;b\n1,5;2\n3;4.25\n", /comma and with a point: line 2 has 1,5, line 3 has 4\.25; /);
  await refused("a;b\n1.234,5;2\n3;4\n", /line 2.*"a" is 1\.234,5: separators of thousands/);
  await refused('a,b\n"1,234,567",2\n3,4\n', /line 2.*"a" is 1,234,567: separators of thousands/);
});

test("what is missing or infinite is refused by row and column, with the remedy", async () => {
  for (const word of ["", "NA", "NaN", "nan", "N/A", "null", "None", "<NA>", "?", '"NA"'])
    await refused(`a,b\n1,2\n3,4\n${word},6\n`, /row 2 \(line 4\), column "a" is missing.*dropna/);
  await refused("1,2\n3,\n5,6\n", /row 1 \(line 2\), column 2 of 2 is missing/);
  await refused('a,"b\nc"\n1,2\n3,NA\n', /row 1 \(line 4\), column "b\\nc" is missing \(NA\)/);
  await refused("# c\n\na,b\n1,2\n\n# d\n3,inf\n", /row 1 \(line 7\), column "b" is inf, not a finite number/);
  await refused("a,b\n1,2\n3,1e999\n", /column "b" is 1e999, not a finite number/);
  await refused("a,b\r1,2\r3,NA\r", /row 1 \(line 3\), column "b"/);
});

test("columns of text, and a cell that is no number, are refused by name with the way on", async () => {
  await refused("a,b,kind\n1,2,red\n3,4,blue\n", /column "kind" is text; .*select_dtypes.*get_dummies.*--labels/);
  await refused("a,b,kind,when\n1,2,red,2020-01-01\n3,4,blue,2020-01-02\n", /columns "kind", "when" are text/);
  await refused("a,b\n1,2\n3,4\n5,six\n", /row 2 \(line 4\), column "b" is no number: "six"/);
  await refused("a,b\n1,2\n3,0x1f\n4,5\n", /no number: "0x1f"/);
  await refused("one\ntwo\nthree\n", /column 1 of 1 is text/);
});

test("rows of another length, open quotes, other encodings, nothing at all", async () => {
  await refused("a,b\n1,2\n3\n4,5\n", /line 3 has 1 cells, 2 are expected/);
  await refused("1,2\n3,4,5\n4,5\n", /line 2 has 3 cells, 2 are expected/);
  await refused('a,b\n1,2\n"3,4\n4,5\n', /line 3 has quotes that do not end/);
  await refused("a,b,c,d\n1,2\n3,4\n", /line 1 has 4 names for 2 columns/);
  await refused("a\n1,2,3\n3,4,5\n", /line 1 has 1 names for 3 columns/);
  await refused("a,b\n", /has no rows/);
  await refused("\n\n# nothing\n", /has no rows/);
  await refused("name,\n", /has no rows/);
  await refused("gene\nx\ny\n", /is text/);
});

test("a cell of 200,000 digits with a letter behind takes no time", async (t) => {
  const begin = process.cpuUsage().user;
  await refused(`a,b\n1,2\n${"7".repeat(200_000)}x,2\n3,4\n`, /column "a" is no number/);
  const seconds = (process.cpuUsage().user - begin) / 1e6;
  t.note(`${seconds.toFixed(2)} s`);
  assert.ok(seconds < 2);
});

test("a file in pieces is the file, with its lines", async () => {
  const rows = Array.from({ length: 1000 }, (_, i) => `${i % 7 ? "r" : '"r\n"'},${i / 4},${-i}`);
  const bytes = bytesOf(`n,a,b\n${rows.join("\n")}\n`);
  const cut = [...pieces(bytes, 100)];
  assert.ok(cut.length > 50);
  assert.is(Buffer.concat(cut).compare(bytes), 0);
  for (const piece of cut) assert.match(new TextDecoder().decode(piece), /^(n|r|"r\n"),[\s\S]*\n$/);
  // More than one piece of the reader's own size.
  const wide = `${Array.from({ length: 1000 }, (_, c) => c + 0.5).join(",")}\n`;
  const lines = Math.ceil((2.2 * 2 ** 23) / wide.length);
  const { matrix } = await read(wide.repeat(lines));
  assert.equal([matrix.rows, matrix.cols], [lines, 1000]);
  assert.is(matrix.data.at(-1), 999.5);
  await refused(
    `${wide.repeat(lines)}${wide.replace("3.5", "NA")}`,
    new RegExp(`row ${lines} \\(line ${lines + 1}\\), column 4 of 1000`),
  );
});

test("rows of one cell below a first row of several are refused: the file was cut", async () => {
  for (const text of ["x0,x1,x2,x3\n2.93", "a;b\n1\n2\n", "1\t2\n3\n"])
    await refused(text, /the first row has \d cells, and the others have 1; give every row as many cells/);
  await gives("length of it\n1\n2\n", [[1], [2]], ["length of it"], [HEADER]);
  await gives('"a, b"\n1\n2\n', [[1], [2]], ["a, b"], [HEADER]);
});

test("a carriage return amid a line is refused by line", async () => {
  await refused("x0,\r1\n-103,5\n108,26\n", /line 1 has a carriage return within it.*tr/);
  await refused("x,y\n1,2\n3,4\r5,6\n", /line 3 has a carriage return/);
  for (const end of ["\r\n", "\r", "\r\r\n"])
    await gives(
      `x,y${end}1,2${end}3,4${end}`,
      [
        [1, 2],
        [3, 4],
      ],
      ["x", "y"],
      [HEADER],
    );
});

test("a column named as labels are, of few whole numbers, is said", async () => {
  const rows = [0, 0, 1, 1, 2, 2].map((label, i) => `${i}.5,${label}`);
  const words = async (name: string, body = rows) => (await read(`a,${name}\n${body.join("\n")}\n`)).said.join("\n");
  for (const name of ["target", "Species", "class", "label", "y"])
    assert.match(await words(name), new RegExp(`column "${name}" may be labels \\(3 whole numbers\\).*--labels`));
  for (const name of ["b", "targets_hit", "weight"]) assert.not.match(await words(name), /may be labels/);
  assert.not.match(
    await words(
      "target",
      rows.map((row) => `${row}.25`),
    ),
    /may be labels/,
  );
  assert.not.match(
    await words(
      "target",
      [1, 2, 3, 4, 5, 6].map((value) => `0.5,${value}`),
    ),
    /may be labels/,
  );
});

test.run();
