import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { gaussianMatrix } from "./controls";
import { normalizeColumns } from "./normalize";
import { conductanceProfile, meanProfiles, shortSweep } from "./profile";

const test = suite("runtime/cluster/profile");

test("mean profiles: means of normalized columns over members, and their standard errors", () => {
  const matrix = gaussianMatrix(30, 3, 1);
  const { data } = normalizeColumns(matrix, "asinh");
  const members = [2, 5, 7, 11];
  const [{ mean, error }] = meanProfiles([{ members }], matrix, "asinh");
  for (let c = 0; c < 3; c++) {
    const values = members.map((row) => data[3 * row + c]);
    const average = values.reduce((a, b) => a + b) / 4;
    const variance = values.reduce((sum, x) => sum + (x - average) ** 2, 0) / 3;
    assert.ok(Math.abs(mean[c] - average) < 1e-14 && Math.abs(error[c] - Math.sqrt(variance / 4)) < 1e-14);
  }
});

test("a short sweep keeps the first and last prefix and about 30 between", () => {
  const sweep = Float64Array.from({ length: 1000 }, (_, i) => 1 / (i + 1));
  const { sizes, conductance } = shortSweep(sweep);
  assert.equal([sizes[0], sizes.at(-1)], [1, 1000]);
  assert.ok(sizes.length > 20 && sizes.length <= 32);
  sizes.forEach((size, i) => {
    assert.is(conductance[i], sweep[size - 1]);
    assert.ok(i === 0 || size > sizes[i - 1]);
  });
  assert.equal(shortSweep([]), { sizes: [], conductance: [] });
  assert.equal(shortSweep([0.5]), { sizes: [1], conductance: [0.5] });
});

test("the conductance profile has the lowest of every range of sizes", () => {
  const set = (size: number, conductance: number) => ({ members: { length: size }, conductance });
  const bins = conductanceProfile([set(8, 0.5), set(11, 0.2), set(12, 0.1), set(16, 0.3), set(100, 0.05)]);
  assert.equal(bins, [
    { from: 8, to: 12, sets: 2, conductance: 0.2, size: 11 },
    { from: 12, to: 16, sets: 1, conductance: 0.1, size: 12 },
    { from: 16, to: 23, sets: 1, conductance: 0.3, size: 16 },
    { from: 91, to: 128, sets: 1, conductance: 0.05, size: 100 },
  ]);
  for (let size = 1; size < 3000; size++) {
    const [{ from, to }] = conductanceProfile([set(size, 1)]);
    assert.ok(from <= size && size < to, `${size} in ${from} .. ${to}`);
  }
});

test.run();
