/**
 * Stores as Python sees them: zarr, xarray and, where it is installed, devinterp read what is written here. The Python is the
 * one that SPECTROSCOPE_PYTHON names, else `python3`.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as assert from "uvu/assert";
import { type Example, example, shape, tokens, writeExample } from "../../harness/test/example-samples";
import { suite } from "../../harness/test/suite";
import { DirectoryStore } from "../node/directory-store";
import { projectRoot } from "../node/root";
import { susceptibility } from "../susceptibility/estimate";
import { samplesName } from "./names";
import { samplesMetadata } from "./samples";
import { openSamples } from "./samples-reader";
import { writeSusceptibilities } from "./susceptibilities";

const test = suite("runtime/store/python");
const python = process.env.SPECTROSCOPE_PYTHON || "python3";
const run = promisify(execFile);
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-"));
});
test.after(() => rm(folder, { recursive: true }));

type Arrays = Record<string, { dims: string[]; dtype: string; shape: number[]; values: (number | string)[] }>;
const array = (dtype: string, dims: string[], sizes: number[], values: ArrayLike<number | string>) => ({
  ...{ dims, dtype, shape: sizes, values: Array.from(values) },
});

/** [draws, chains, n] as (chain, draw, n). */
function chainFirst(values: ArrayLike<number>, draws: number): number[] {
  const { chains } = shape;
  const n = values.length / draws / chains;
  return Array.from({ length: values.length }, (_, at) => {
    const [m, s, i] = [Math.floor(at / (draws * n)), Math.floor(at / n) % draws, at % n];
    return values[(s * chains + m) * n + i];
  });
}

/** What a store of samples must hold. */
function samplesExpected(path: string, { spec, results, losses }: Example): object {
  const { draws, chains, sequences, positions } = shape;
  const text = ["batch_probe", "token_pos"];
  const sums = (values: ArrayLike<number>) =>
    array("float64", ["chain", ...text], [chains, sequences, positions], values);
  const checks = results.logAcceptance!.length / chains;
  const heats = results.kineticTemperature!.length / chains;
  const arrays: Arrays = {
    init_loss: array(
      "float32",
      ["chain", "token_pos"],
      [chains, positions],
      [...Array.from(results.initLoss), ...Array.from(results.initLoss)],
    ),
    phi: array("float32", ["chain", "draw"], [chains, draws], chainFirst(results.sums.phi, draws)),
    baseline_probe: array("float32", text, [sequences, positions], results.baseline),
    sum_d: sums(results.sums.sumD),
    sum_phi_d: sums(results.sums.sumPhiD),
    m2: sums(results.sums.m2),
    sum_d_shifted: sums(results.sums.shifted!.sumD),
    sum_phi_d_shifted: sums(results.sums.shifted!.sumPhiD),
    kinetic_temperature: array(
      "float32",
      ["chain", "check"],
      [chains, heats],
      chainFirst(results.kineticTemperature!, heats),
    ),
    log_acceptance: array("float32", ["chain", "check"], [chains, checks], chainFirst(results.logAcceptance!, checks)),
  };
  for (const { id, ids } of spec.observables) {
    const batch = `batch_${id}`;
    const count = ids.length / (positions + 1);
    arrays[`input_ids_${id}`] = array("int64", [batch, "token"], [count, positions + 1], ids);
    const dims = ["chain", "draw", batch, "token_pos"];
    arrays[`loss_${id}`] = array("float32", dims, [chains, draws, count, positions], chainFirst(losses[id]!, draws));
  }
  const { config, spectroscope } = samplesMetadata(spec);
  const metadata = { config, spectroscope: { ...results.facts, ...spectroscope } };
  return { path, groups: { "/": { attributes: { metadata }, coordinates: [], arrays } } };
}

/** Writes two runs and the susceptibilities of the second; what Python must find in them. */
async function writeRuns(pool: boolean): Promise<{ stores: object[]; chi: object }> {
  const name = pool ? "pool" : "probe";
  const place = (restriction: string) => join(folder, `${name}_${samplesName(restriction)}`);
  const restriction = "l0 attn";
  const runs = [example(10, { restriction: "full", pool }), example(11, { restriction, pool })];
  for (const each of runs) await writeExample(new DirectoryStore(place(each.spec.restriction)), each);
  const [full, component] = await Promise.all(
    runs.map((each) => openSamples(new DirectoryStore(place(each.spec.restriction)))),
  );
  const { chi, error, ...column } = susceptibility(await component.sums(), await full.sums());

  const path = join(folder, `${name}_susceptibilities.zarr`);
  const { positions, sequences, chains } = shape;
  const { ids } = runs[0].spec.observables[0];
  const byChain = Float32Array.from({ length: chains * tokens }, (_, i) => i);
  const table = {
    tokens,
    components: [restriction],
    chi: Float32Array.from(chi),
    error: Float32Array.from(error),
    byChain,
    correlation: {
      values: Float32Array.from(column.correlation),
      error: Float32Array.from(column.correlationError),
      byChain,
    },
  };
  await writeSusceptibilities(new DirectoryStore(path), { name: "probe", positions, ids }, table);
  const rows = Array.from({ length: tokens }, (_, i) => i);
  const places = Array.from({ length: sequences * (positions + 1) }, (_, i) => i);
  const integers = (dim: string, values: ArrayLike<number>) => array("int64", [dim], [values.length], values);
  const attributes = { dataset_id_to_name: ["probe"] };
  const groups = {
    "/": { attributes: { metadata: { spectroscope: {} } }, coordinates: [], arrays: {} },
    "/susceptibilities": {
      attributes,
      coordinates: ["dataset_id", "batch", "target_position", "wr"],
      arrays: {
        sus: array("float32", ["sus_flat", "wr"], [tokens, 1], chi),
        sus_error: array("float32", ["sus_flat", "wr"], [tokens, 1], error),
        chi_by_chain: array("float32", ["chain", "sus_flat", "wr"], [chains, tokens, 1], byChain),
        correlation: array("float32", ["sus_flat", "wr"], [tokens, 1], column.correlation),
        correlation_error: array("float32", ["sus_flat", "wr"], [tokens, 1], column.correlationError),
        correlation_by_chain: array("float32", ["chain", "sus_flat", "wr"], [chains, tokens, 1], byChain),
        wr: array("string", ["wr"], [1], [restriction]),
        dataset_id: integers(
          "sus_flat",
          rows.map(() => 0),
        ),
        batch: integers(
          "sus_flat",
          rows.map((i) => Math.floor(i / positions)),
        ),
        target_position: integers(
          "sus_flat",
          rows.map((i) => 1 + (i % positions)),
        ),
      },
    },
    "/context": {
      attributes,
      coordinates: ["dataset_id", "batch", "position"],
      arrays: {
        input_ids: integers("ctx_flat", ids),
        dataset_id: integers(
          "ctx_flat",
          places.map(() => 0),
        ),
        batch: integers(
          "ctx_flat",
          places.map((i) => Math.floor(i / (positions + 1))),
        ),
        position: integers(
          "ctx_flat",
          places.map((i) => i % (positions + 1)),
        ),
      },
    },
  };
  const stores = [...runs.map((each) => samplesExpected(place(each.spec.restriction), each)), { path, groups }];
  const stored = { full: place("full"), component: place(restriction), susceptibilities: path };
  return { stores, chi: { ...stored, restriction, sampling_task: name, values: Array.from(chi) } };
}

test("zarr, xarray and devinterp read our stores, and devinterp's chi is ours", async (t) => {
  const missing = await run(python, ["-c", "import zarr, xarray"]).then(
    () => undefined,
    (error: Error & { stderr?: string; code?: unknown }) => error.stderr?.trim().split("\n").at(-1) || error.message,
  );
  if (missing) t.skip(`${python}: ${missing}; set SPECTROSCOPE_PYTHON to a Python with zarr and xarray`);
  const cases = [await writeRuns(false), await writeRuns(true)];
  const expected = { stores: cases.flatMap(({ stores }) => stores), chi: cases.map(({ chi }) => chi) };
  const file = join(folder, "expected.json");
  await writeFile(file, JSON.stringify(expected));
  const script = join(projectRoot(), "goldens", "reference", "read_store.py");
  const { stdout } = await run(python, [script, file]).catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  const figures = JSON.parse(stdout.trim().split("\n").at(-1)!);
  // Two stores of samples and one of susceptibilities, twice; with the pool two arrays more in each of samples.
  assert.is(figures.arrays, 2 * (2 * 12 + 14) + 4);
  const devinterp = figures.devinterp
    ? `devinterp ${figures.devinterp}: largest difference of chi ${figures.share.toExponential(1)} of the largest chi`
    : "no devinterp there";
  t.note(`zarr ${figures.zarr}, xarray ${figures.xarray}: ${figures.arrays} arrays; ${devinterp}`);
});

test.run();
