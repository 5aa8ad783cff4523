/** From stored runs to matrices: which unit, which chain, which draws go into which column. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { plannedUnits, storeUnit } from "../../harness/test/made-up-unit";
import { seededRandom } from "../../harness/test/random";
import { refused } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { principalScores } from "../cluster/pca";
import { DirectoryStore } from "../node/directory-store";
import { Run } from "../store/run";
import { chainMatrices, chiMatrix } from "../susceptibility/chi-table";
import { shuffledPairing } from "../susceptibility/controls";
import { shuffledSusceptibility, sumsFromTraces, susceptibility } from "../susceptibility/estimate";
import { type ChiRequest, chiTable } from "./chi-tables";
import { traceMatrix } from "./trace-features";

const test = suite("runtime/measure/chi-tables");
const shape = { draws: 6, chains: 3, tokens: 5 };
const components = ["l0h0", "l1 mlp"];
const SUFFIX = " n_beta=0";
const names = ["full", ...components].flatMap((name) => [name, name + SUFFIX]);

interface Example {
  traces: Float32Array;
  phi: Float32Array;
}
const examples = new Map<string, Example>();
let folder = "";
let directory: Run;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-features-"));
  directory = await Run.begin(new DirectoryStore(join(folder, "run")), {
    config: {},
    provenance: {},
    plan: plannedUnits(names, shape),
  });
  for (const [index, name] of names.entries()) {
    const random = seededRandom(40 + index);
    const { draws, chains, tokens } = shape;
    const traces = Float32Array.from({ length: draws * chains * tokens }, () => random.normal());
    const phi = Float32Array.from(
      { length: draws * chains },
      (_, s) => traces.subarray(s * tokens, (s + 1) * tokens).reduce((a, b) => a + b, 0) / tokens,
    );
    examples.set(name, { traces, phi });
    await storeUnit(directory, name, { sizes: shape, traces, phi });
  }
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** A table and the matrices in it. */
async function chiMatrices(run: Run, names: readonly string[], request: ChiRequest) {
  const table = await chiTable(run, names, request);
  assert.equal(table.components, names);
  return { chi: chiMatrix(table), error: table.error, byChain: chainMatrices(table) };
}

/** The draws of some chains of a unit. */
function part(name: string, chains: readonly number[]) {
  const { traces, phi } = examples.get(name)!;
  const { draws, tokens } = shape;
  const rows = Array.from({ length: draws }, (_, s) => chains.map((m) => s * shape.chains + m)).flat();
  return {
    traces: Float32Array.from(rows.flatMap((row) => Array.from(traces.subarray(row * tokens, (row + 1) * tokens)))),
    phi: Float32Array.from(rows, (row) => phi[row]),
    shape: { draws, chains: chains.length, tokens },
  };
}
const sumsOf = (name: string, chains: readonly number[]) => {
  const own = part(name, chains);
  return sumsFromTraces(own.traces, own.phi, own.shape);
};
const all = [0, 1, 2];

function sameColumn(
  matrix: { cols: number; data: ArrayLike<number> },
  c: number,
  expected: ArrayLike<number>,
  what: string,
) {
  for (let i = 0; i < shape.tokens; i++) {
    const got = matrix.data[i * matrix.cols + c];
    assert.ok(Math.abs(got - expected[i]) < 1e-6, `${what}, token ${i}: ${got}, expected ${expected[i]}`);
  }
}

test("a column of chi is its component's, of all chains and of each alone, by both estimators", async () => {
  for (const estimator of ["single_chain", "two_chain"] as const) {
    const { chi, error, byChain } = await chiMatrices(directory, components, { estimator, seed: 1 });
    assert.is(byChain.length, shape.chains);
    components.forEach((name, c) => {
      const column = (chains: readonly number[]) =>
        susceptibility(sumsOf(name, chains), estimator === "two_chain" ? sumsOf("full", chains) : undefined);
      sameColumn(chi, c, column(all).chi, `${estimator} ${name}`);
      sameColumn({ cols: components.length, data: error }, c, column(all).error, `${estimator} error of ${name}`);
      for (const m of all) sameColumn(byChain[m], c, column([m]).chi, `${estimator} ${name}, chain ${m}`);
    });
  }
});

test("the control at n_beta = 0 is computed from its own units", async () => {
  const { chi } = await chiMatrices(directory, components, { estimator: "two_chain", seed: 1, suffix: SUFFIX });
  components.forEach((name, c) => {
    const { chi: expected } = susceptibility(sumsOf(name + SUFFIX, all), sumsOf(`full${SUFFIX}`, all));
    sameColumn(chi, c, expected, name + SUFFIX);
  });
});

test("the shuffled control pairs draws within each chain, and is of single_chain whatever was asked", async () => {
  for (const estimator of ["single_chain", "two_chain"] as const) {
    const { chi, byChain } = await chiMatrices(directory, components, { estimator, seed: 6, null: "shuffled" });
    components.forEach((name, c) => {
      const pairing = shuffledPairing(6, name, shape.chains, shape.draws);
      const { traces, phi } = part(name, all);
      sameColumn(chi, c, shuffledSusceptibility(traces, phi, shape, pairing), `shuffled ${name}`);
      for (const m of all) {
        const own = part(name, [m]);
        const expected = shuffledSusceptibility(own.traces, own.phi, own.shape, [pairing[m]]);
        sameColumn(byChain[m], c, expected, `shuffled ${name}, chain ${m}`);
      }
    });
  }
});

test("the shifted control pairs each draw with half a run earlier, within each chain, and needs no traces", async () => {
  const { draws, tokens } = shape;
  const lag = Math.floor(draws / 2);
  const bare = await Run.begin(new DirectoryStore(join(folder, "bare")), {
    config: {},
    provenance: {},
    plan: plannedUnits(names, shape),
  });
  for (const name of names) {
    const { traces, phi } = examples.get(name)!;
    await storeUnit(bare, name, { sizes: shape, traces, phi, keepTraces: false });
  }
  /** By the definition: minus the covariance of phi with the contrast of a draw `lag` later. */
  const expected = (name: string, chains: readonly number[]) => {
    const { traces, phi } = examples.get(name)!;
    const row = (s: number, m: number) => s * shape.chains + m;
    return Float64Array.from({ length: tokens }, (_, i) => {
      const pairs = chains.flatMap((m) =>
        Array.from({ length: draws - lag }, (_, at) => {
          const later = row(at + lag, m);
          return { a: phi[row(at, m)], b: traces[later * tokens + i] - phi[later] };
        }),
      );
      const mean = (value: (pair: { a: number; b: number }) => number) =>
        pairs.reduce((sum, pair) => sum + value(pair), 0) / pairs.length;
      return -(mean(({ a, b }) => a * b) - mean(({ a }) => a) * mean(({ b }) => b));
    });
  };
  for (const estimator of ["single_chain", "two_chain"] as const) {
    for (const run of [directory, bare]) {
      const { chi, byChain } = await chiMatrices(run, components, { estimator, seed: 6, null: "shifted" });
      components.forEach((name, c) => {
        sameColumn(chi, c, expected(name, all), `shifted ${name}`);
        for (const m of all) sameColumn(byChain[m], c, expected(name, [m]), `shifted ${name}, chain ${m}`);
      });
    }
  }
  const own = await chiMatrices(bare, components, { estimator: "single_chain", seed: 6 });
  components.forEach((name, c) => {
    sameColumn(own.chi, c, susceptibility(sumsOf(name, all)).chi, `bare ${name}`);
  });
  const shuffled = chiMatrices(bare, components, { estimator: "single_chain", seed: 6, null: "shuffled" });
  await refused(
    shuffled,
    /samples_l0h0\.zarr: keeps no losses of single draws; sample again into another directory with --keep-traces/,
  );
});

test("one chain alone has chi and no error", async () => {
  const { draws, tokens } = shape;
  const single = await Run.begin(new DirectoryStore(join(folder, "single")), {
    config: {},
    provenance: {},
    plan: plannedUnits(["l0h0"], { draws, chains: 1 }),
  });
  const own = part("l0h0", [1]);
  await storeUnit(single, "l0h0", { sizes: { draws, chains: 1, tokens }, traces: own.traces, phi: own.phi });
  const { chi, error, byChain } = await chiMatrices(single, ["l0h0"], { estimator: "single_chain", seed: 1 });
  sameColumn(chi, 0, susceptibility(sumsOf("l0h0", [1])).chi, "one chain");
  assert.ok(error.every(Number.isNaN));
  assert.is(byChain.length, 1);
  await refused(chiMatrices(single, ["l0h0"], { estimator: "two_chain", seed: 1 }), /no unit "full" in this run/);
});

test("a shuffle pairs phi with the losses of the draw it names", () => {
  const { traces, phi } = part("full", all);
  const { draws, chains, tokens } = shape;
  const pairing = shuffledPairing(6, "full", chains, draws);
  const chi = shuffledSusceptibility(traces, phi, shape, pairing);
  const n = draws * chains;
  for (let i = 0; i < tokens; i++) {
    const pairs = all.flatMap((m) =>
      Array.from({ length: draws }, (_, s) => ({
        a: phi[pairing[m][s] * chains + m],
        b: traces[(s * chains + m) * tokens + i] - phi[s * chains + m],
      })),
    );
    const mean = (value: (pair: { a: number; b: number }) => number) =>
      pairs.reduce((sum, pair) => sum + value(pair), 0) / n;
    const covariance = mean(({ a, b }) => a * b) - mean(({ a }) => a) * mean(({ b }) => b);
    assert.ok(Math.abs(chi[i] + covariance) < 1e-12, `token ${i}: ${chi[i]}, expected ${-covariance}`);
  }
});

test("trace features keep the inner products of tokens, and their control does not", async () => {
  const rank = shape.tokens - 1;
  const request = { seed: 3, shuffle: false };
  const real = principalScores(await traceMatrix(directory, components, request), rank);
  assert.equal([real.rows, real.cols], [shape.tokens, rank]);
  const again = principalScores(await traceMatrix(directory, components, request), rank);
  assert.equal(Array.from(again.data), Array.from(real.data));
  const control = principalScores(await traceMatrix(directory, components, { ...request, shuffle: true }), rank);
  assert.not.equal(Array.from(control.data), Array.from(real.data));
  // Distances survive a change of axes: those of the rows laid side by side, by hand.
  const { draws, chains, tokens } = shape;
  const rows = Array.from({ length: tokens }, (_, i) =>
    components.flatMap((name) => {
      const { traces } = examples.get(name)!;
      const centered = (at: (values: ArrayLike<number>) => number) => {
        const trace = Array.from({ length: draws * chains }, (_, column) =>
          at(traces.subarray(column * tokens, (column + 1) * tokens)),
        );
        return trace.map((value, column) => {
          const chain = trace.filter((_, other) => other % chains === column % chains);
          return value - chain.reduce((a, b) => a + b, 0) / draws;
        });
      };
      const own = centered((values) => values[i]);
      const common = centered((values) => Array.from(values).reduce((a, b) => a + b, 0) / tokens);
      const share = own.reduce((sum, value, c) => sum + value * common[c], 0) / Math.hypot(...common) ** 2;
      const row = own.map((value, c) => value - share * common[c]);
      const length = Math.hypot(...row);
      return row.map((value) => value / length);
    }),
  );
  for (let i = 0; i < tokens; i++) {
    for (let j = 0; j < i; j++) {
      const expected = Math.hypot(...rows[i].map((value, c) => value - rows[j][c]));
      const axes = Array.from({ length: rank }, (_, c) => real.data[i * rank + c] - real.data[j * rank + c]);
      const got = Math.hypot(...axes);
      assert.ok(Math.abs(got - expected) < 1e-5, `tokens ${i} and ${j}: ${got}, expected ${expected}`);
    }
  }
});

test.run();
