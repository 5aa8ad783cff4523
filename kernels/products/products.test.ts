import * as assert from "uvu/assert";
import { seededRandom } from "../../harness/test/random";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../errors";
import { Products, ThinProducts } from "./products";

const test = suite("kernels/products");

const random = seededRandom(5);
const values = (count: number) => Float64Array.from({ length: count }, () => random.normal());

test("both products are those of plain loops, for rows, columns and widths of every remainder", () => {
  let worst = 0;
  for (const [rows, cols, width] of [
    [1, 1, 1],
    [31, 7, 3],
    [33, 8, 8],
    [64, 513, 9],
    [70, 100, 40],
  ]) {
    const data = Float32Array.from(values(rows * cols));
    const origin = values(cols);
    const products = new Products({ rows, cols, data, origin }, width);
    for (const basis of [values(width * cols), values(width * cols)]) {
      const image = products.project(basis);
      const square = products.square(basis);
      assert.equal([image.length, square.length], [rows * width, width * cols]);
      const plain = new Float64Array(rows * width);
      for (let i = 0; i < rows; i++)
        for (let j = 0; j < width; j++)
          for (let c = 0; c < cols; c++) plain[i * width + j] += (data[i * cols + c] - origin[c]) * basis[j * cols + c];
      // The same sums in the same order: not a bit differs.
      assert.equal(Array.from(image), Array.from(plain), `${rows} x ${cols}, ${width} vectors`);
      for (let j = 0; j < width; j++) {
        for (let c = 0; c < cols; c++) {
          let sum = 0;
          for (let i = 0; i < rows; i++) sum += (data[i * cols + c] - origin[c]) * plain[i * width + j];
          worst = Math.max(worst, Math.abs(square[j * cols + c] - sum));
        }
      }
    }
  }
  assert.is(worst, 0);
});

test("a matrix told in blocks has the same products, and pulls back whatever image it is given", () => {
  const [rows, cols, width] = [70, 33, 11];
  const data = values(rows * cols);
  const [basis, image] = [values(width * cols), values(rows * width)];
  const whole = new Products({ rows, cols, data, origin: new Float64Array(cols) }, width);
  const told = new ThinProducts(cols, width);
  told.load(basis);
  const blocks = [0, 32, 64].map((from) => ({ from, rows: Math.min(32, rows - from) }));
  const projected = blocks.flatMap(({ from, rows }) => [
    ...told.project({ rows, data: data.subarray(from * cols, (from + rows) * cols) }),
  ]);
  assert.equal(projected, Array.from(whole.project(basis)));
  for (const { from, rows } of blocks) told.square({ rows, data: data.subarray(from * cols, (from + rows) * cols) });
  assert.equal(told.sums(), whole.square(basis));
  told.clear();
  told.pull({ rows, data }, image);
  const plain = new Float64Array(width * cols);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < width; j++)
      for (let c = 0; c < cols; c++) plain[j * cols + c] += data[i * cols + c] * image[i * width + j];
  assert.equal(told.sums(), plain);
});

test("columns past what WebAssembly holds are refused before anything is allocated", () => {
  const huge = { rows: 1, cols: 20_000_000, data: [], origin: [] };
  assert.throws(
    () => new Products(huge, 40),
    (error: Error) => error instanceof SpectroscopeError && error.code === "memory" && /use fewer/.test(error.line),
  );
});

test.run();
