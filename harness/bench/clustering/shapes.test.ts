import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { nearestNeighbors } from "../../../runtime/cluster/knn";
import { encodeNpy } from "../../../runtime/formats/npy";
import { suite } from "../../test/suite";
import { pointBenches, pointSetsOfFolder, SHAPES } from "./point-sets";
import { blobs, circles, rolledSheets, spirals, type TruthPoints } from "./shapes";

const test = suite("harness/bench/clustering/shapes");

/** Mean of each coordinate, and the root mean square distance from it in one dimension, of a group. */
function momentsOf({ points: { rows, cols, data }, truth }: TruthPoints, group: number) {
  const members = Array.from({ length: rows }, (_, i) => i).filter((i) => truth[i] === group);
  const mean = Array.from(
    { length: cols },
    (_, c) => members.reduce((s, i) => s + data[i * cols + c], 0) / members.length,
  );
  let squares = 0;
  for (const i of members) for (let c = 0; c < cols; c++) squares += (data[i * cols + c] - mean[c]) ** 2;
  return { mean, width: Math.sqrt(squares / (members.length * cols)) };
}

const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((x, c) => x - b[c]));

test("blobs lie as far apart as was asked, as wide as was asked", () => {
  for (const [groups, dims] of [
    [2, 2],
    [3, 2],
    [4, 8],
  ]) {
    const made = blobs({ sizes: new Array<number>(groups).fill(400), dims, distance: 15, seed: 1 });
    const found = Array.from({ length: groups }, (_, group) => momentsOf(made, group));
    // A mean of 400 points is good to 0.05 in a coordinate, a width to 2.5 %.
    for (const { width } of found) assert.ok(Math.abs(width - 1) < 0.1, `${width}`);
    for (let g = 1; g < groups; g++) {
      const apart = distance(found[g].mean, found[g - 1].mean);
      assert.ok(Math.abs(apart - 15) < 0.4, `${groups} groups in ${dims} dimensions: ${apart}`);
    }
  }
  const varied = blobs({ sizes: [400, 400], dims: 2, distance: 15, widths: [3, 0.5], seed: 1 });
  for (const [group, width] of [3, 0.5].entries()) {
    assert.ok(Math.abs(momentsOf(varied, group).width / width - 1) < 0.1);
  }
});

test("stretched blobs are longer along the diagonal alone", () => {
  const { points, truth } = blobs({ sizes: [2000, 1], dims: 2, distance: 0, stretch: 4, seed: 1 });
  let [along, across] = [0, 0];
  for (let i = 0; i < 2000; i++) {
    const [x, y] = points.data.subarray(2 * i, 2 * i + 2);
    along += (x + y) ** 2 / 2;
    across += (x - y) ** 2 / 2;
  }
  assert.is(truth.length, 2001);
  assert.ok(Math.abs(Math.sqrt(along / 2000) - 4) < 0.3);
  assert.ok(Math.abs(Math.sqrt(across / 2000) - 1) < 0.08);
});

test("without noise circles, spirals and sheets lie on their curves", () => {
  const rings = circles({ sizes: [50, 50], noise: 0, seed: 1 });
  const arms = spirals({ sizes: [50, 50, 50], turns: 1.25, noise: 0, seed: 1 });
  const sheets = rolledSheets({ sizes: [80, 80], height: 10, noise: 0, seed: 1 });
  const turn = 2 * Math.PI;
  /** How far an angle is from a whole number of turns. */
  const off = (angle: number) => Math.abs(angle / turn - Math.round(angle / turn));
  for (const [i, group] of rings.truth.entries()) {
    const [x, y] = rings.points.data.subarray(2 * i);
    assert.ok(Math.abs(Math.hypot(x, y) - (group + 1) / 2) < 1e-12);
  }
  for (const [i, group] of arms.truth.entries()) {
    const [x, y] = arms.points.data.subarray(2 * i);
    const radius = Math.hypot(x, y);
    assert.ok(radius >= 1 && radius <= 2.5 * Math.PI);
    assert.ok(off(Math.atan2(y, x) - radius - (turn * group) / 3) < 1e-9);
  }
  for (const [i, group] of sheets.truth.entries()) {
    const [x, y, z] = sheets.points.data.subarray(3 * i);
    assert.ok(y >= 0 && y < 10);
    assert.ok(off(Math.atan2(z, x) - Math.hypot(x, z) + group * Math.PI) < 1e-9);
  }
});

test("every shape: its names once, the same twice, and nearly every point nearest to one of its own group", () => {
  assert.is(new Set(SHAPES.map(({ name }) => name)).size, SHAPES.length);
  for (const { name, make } of SHAPES) {
    const { points, truth } = make();
    assert.equal(make().points.data, points.data);
    assert.is(truth.length, points.rows);
    const nearest = nearestNeighbors(points, 1);
    const own = truth.filter((group, i) => truth[nearest[i]] === group).length / truth.length;
    assert.ok(own > 0.98, `${name}: ${own}`);
  }
});

test("the graph of a shape is the union of its points' neighbors; names choose", async () => {
  const parameters: Record<string, object> = {};
  const benches = [];
  for await (const bench of pointBenches(/^blobs-2x40-d2$/, undefined, undefined, parameters)) benches.push(bench);
  const [{ name, graph, points }] = benches;
  assert.equal([benches.length, name, Object.keys(parameters)], [1, "blobs-2x40-d2", ["blobs-2x40-d2"]]);
  const neighbors = nearestNeighbors(points!, 15);
  const pairs = new Set<string>();
  for (let i = 0; i < 80; i++) {
    for (const j of neighbors.subarray(15 * i, 15 * i + 15)) pairs.add(`${Math.min(i, j)} ${Math.max(i, j)}`);
  }
  const edges = Array.from(
    { length: graph.ends.length / 2 },
    (_, e) => `${graph.ends[2 * e]} ${graph.ends[2 * e + 1]}`,
  );
  assert.equal(edges.sort(), [...pairs].sort());
});

test("matrices of a folder with the labels whose name begins theirs", () => {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-points-"));
  try {
    const save = (name: string, shape: number[]) => {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => i);
      writeFileSync(join(folder, name), Buffer.concat(encodeNpy({ shape, data })));
    };
    save("iris-pca.npy", [3, 2]);
    save("alone.npy", [3, 2]);
    writeFileSync(join(folder, "iris.labels.txt"), "b\na\nb\n");
    const [set, ...others] = pointSetsOfFolder(folder);
    assert.equal([set.name, others.length], ["iris-pca", 0]);
    const { points, truth } = set.make();
    assert.equal([points.rows, points.cols, [...points.data], [...truth]], [3, 2, [0, 1, 2, 3, 4, 5], [0, 1, 0]]);
    save("iris-pca.npy", [4, 2]);
    assert.throws(() => pointSetsOfFolder(folder)[0].make(), /iris.labels.txt.*3 labels.*4 rows/);
    assert.throws(() => pointSetsOfFolder(join(folder, "none")), /no such folder/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
