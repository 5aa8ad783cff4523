/** Random GPT-NeoX models of every kind, as transformers saves them, against transformers in float64. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors } from "../../models/safetensors-file";
import { readNpy } from "../../runtime/store/npy-file";
import { testDevice } from "../test/device";
import { runProgram } from "../test/program";
import { suite } from "../test/suite";
import { Golden } from "./golden";
import { type Row, rowLine } from "./kernels";
import { goldensFolder, type Manifest, readManifest } from "./manifest";
import { randomDirectory, randomModels, verifyRandomModel } from "./random";

const test = suite("goldens/random", { gpu: true });
const manifest: Manifest = await readManifest();
const names = randomModels(manifest);
const configOf = (name: string) => JSON.parse(readFileSync(join(goldensFolder(), name, "config.json"), "utf8"));

test("there are 30 of them, and every option that changes the mathematics occurs", async (t) => {
  assert.is(names.length, 30);
  const seen = new Map<string, Set<unknown>>();
  const see = (key: string, value: unknown) => seen.set(key, (seen.get(key) ?? new Set()).add(value));
  let losses = 0;
  for (const name of names) {
    const config = configOf(name);
    for (const key of ["hidden_act", "use_parallel_residual", "attention_bias", "tie_word_embeddings"]) {
      see(key, config[key]);
    }
    see("words", config.rope_parameters ? "5" : "4");
    const fraction = config.rope_parameters?.partial_rotary_factor ?? config.rotary_pct;
    const width = config.hidden_size / config.num_attention_heads;
    const dims = Math.trunc(width * fraction);
    see("rotated dims", dims === 0 ? "none" : dims === width ? "all" : dims % 2 === 1 ? "odd" : "even");
    see("head width", width % 4 === 0 ? "whole vec4s" : "ragged");
    see("vocabulary", config.vocab_size % 4 === 0 ? "whole vec4s" : "ragged");
    const golden = await Golden.open(manifest, name);
    const values = Float64Array.from(golden.tensor(`${golden.entries[0].case}/losses`).data);
    if (values.reduce((a, b) => a + b, 0) / values.length > 8) losses++;
    const files = (golden.entries[0].settings as { files: object }).files;
    see("files", Object.keys(files).includes("model.safetensors") ? "one" : "shards");
    see("type", config.dtype ?? config.torch_dtype);
  }
  assert.equal([...seen.get("hidden_act")!].sort(), ["gelu", "gelu_fast", "gelu_new", "gelu_pytorch_tanh", "relu"]);
  assert.equal([...seen.get("rotated dims")!].sort(), ["all", "even", "none", "odd"]);
  assert.equal([...seen.get("type")!].sort(), ["bfloat16", "float16", "float32"]);
  for (const [key, values] of seen) assert.ok(values.size > 1, `${key}: only ${[...values]}`);
  assert.ok(losses >= 10, `${losses} models with losses around 10`);
  t.note(`${losses} models have mean losses above 8 nats`);
});

for (const name of names) {
  const config = configOf(name);
  const kind = [
    config.hidden_act,
    config.use_parallel_residual ? "parallel" : "sequential",
    ...(config.tie_word_embeddings ? ["tied"] : []),
    `${config.num_attention_heads} heads of ${config.hidden_size / config.num_attention_heads}`,
  ];
  test(`${name}: ${kind.join(", ")}`, async (t) => {
    const rows = await verifyRandomModel(await testDevice(), manifest, name);
    assert.ok(rows.length > 10, "losses and the gradient of every parameter");
    const worst = (some: Row[]) => some.reduce((a, b) => (b.share > a.share ? b : a));
    for (const kind of ["losses", "gradient"])
      t.note(rowLine(worst(rows.filter((row) => row.tensor.startsWith(kind)))));
    const failures = rows.filter(({ pass }) => !pass).map(rowLine);
    if (failures.length > 0) throw new Error(failures.join("\n"));
  });
}

test("the command line gives the same for a sharded and for a half-precision directory", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-random-"));
  try {
    for (const name of ["random/04", "random/03"]) {
      const golden = await Golden.open(manifest, name);
      const [entry] = golden.entries;
      const { ids, columns } = golden.ids(`${entry.case}/ids`);
      const rows = Array.from({ length: ids.length / columns }, (_, row) =>
        Array.from(ids.subarray(row * columns, (row + 1) * columns)),
      );
      writeFileSync(join(folder, "ids.json"), JSON.stringify(rows));
      const directory = await randomDirectory(manifest, entry);
      const words = [
        "loss",
        "--model",
        directory,
        "--tokens",
        "ids.json",
        "--out",
        "l.npy",
        "--grads",
        "g.safetensors",
      ];
      const run = runProgram(folder, words);
      assert.is(run.status, 0, run.stderr);
      const losses = await readNpy(join(folder, "l.npy"));
      assert.equal(losses.shape, [rows.length, columns - 1]);
      const compared = [golden.compare(entry, "losses", losses.data, golden.tensor(`${entry.case}/losses`).data)];
      const gradients = await readSafetensors(join(folder, "g.safetensors"));
      const expected = golden.below(`${entry.case}/gradient/`);
      assert.equal([...gradients.keys()].sort(), [...expected.keys()].sort());
      for (const [parameter, { data, shape }] of expected) {
        assert.equal([...gradients.get(parameter)!.shape], [...shape], parameter);
        const names = [`gradient of ${parameter}`, gradients.get(parameter)!.data] as const;
        compared.push(golden.compare(entry, ...names, data, "gradient"));
      }
      for (const row of compared) assert.ok(row.pass, rowLine(row));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
