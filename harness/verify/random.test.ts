/** Random GPT-NeoX models of every kind, as transformers saves them, against transformers in float64. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../test/device";
import { suite } from "../test/suite";
import { Golden } from "./golden";
import { type Row, rowLine } from "./kernels";
import { goldensFolder, type Manifest, readManifest } from "./manifest";
import { randomDirectory, randomModels, verifyRandomModel } from "./random";

const test = suite("goldens/random", { gpu: true });
const manifest: Manifest = await readManifest();
const names = randomModels(manifest);
const configOf = (name: string) => JSON.parse(readFileSync(join(goldensFolder(), name, "config.json"), "utf8"));

/** The files of a golden's directory. */
const filesOf = (golden: Golden) => Object.keys((golden.entries[0].settings as { files: object }).files);

/** What kind of model it is: values by option. */
async function kindOf(name: string): Promise<Record<string, string>> {
  const config = configOf(name);
  const width = config.hidden_size / config.num_attention_heads;
  const fraction = config.rope_parameters?.partial_rotary_factor ?? config.rotary_pct;
  const dims = Math.trunc(width * fraction);
  const golden = await Golden.open(manifest, name);
  const values = Float64Array.from(golden.tensor(`${golden.entries[0].case}/losses`).data);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return {
    activation: config.hidden_act,
    residual: config.use_parallel_residual ? "parallel" : "sequential",
    "attention biases": config.attention_bias ? "yes" : "no",
    embeddings: config.tie_word_embeddings ? "tied" : "two",
    config: config.rope_parameters ? "transformers 5" : "transformers 4",
    "rotated dims": dims === 0 ? "none" : dims === width ? "all" : dims % 2 === 1 ? "odd" : "even",
    "head width": width % 4 === 0 ? "whole vec4s" : "ragged",
    vocabulary: config.vocab_size % 4 === 0 ? "whole vec4s" : "ragged",
    type: config.dtype ?? config.torch_dtype,
    files: filesOf(golden).includes("model.safetensors") ? "one" : "shards",
    "mean loss": mean > 8 ? "above 8" : "below 8",
  };
}

/** Options of which each value must have met each value of the others. */
const TOGETHER = ["residual", "attention biases", "embeddings", "config", "head width", "vocabulary", "mean loss"];

test("there are 30 of them; every option that changes the mathematics occurs, and not always with the same other", async (t) => {
  assert.is(names.length, 30);
  const kinds = await Promise.all(names.map(kindOf));
  const values = (option: string) => [...new Set(kinds.map((kind) => kind[option]))].sort();
  assert.equal(values("activation"), ["gelu", "gelu_fast", "gelu_new", "gelu_pytorch_tanh", "relu"]);
  assert.equal(values("rotated dims"), ["all", "even", "none", "odd"]);
  assert.equal(values("type"), ["bfloat16", "float16", "float32"]);
  assert.equal(values("files"), ["one", "shards"]);
  for (const one of TOGETHER) {
    assert.is(values(one).length, 2, one);
    for (const other of Object.keys(kinds[0]).filter((option) => option !== one)) {
      const met = new Set(kinds.map((kind) => `${kind[one]} and ${kind[other]}`));
      assert.is(met.size, 2 * values(other).length, `${one} with ${other}: only ${[...met].join(", ")}`);
    }
  }
  const high = kinds.filter((kind) => kind["mean loss"] === "above 8").length;
  assert.ok(high >= 15, `${high} models with losses around 10`);
  t.note(`${high} models have mean losses above 8 nats`);
});

test("a model whose files were changed, or are not those of the manifest, is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-random-"));
  try {
    const [name] = names;
    const directory = join(folder, name);
    cpSync(join(goldensFolder(), name), directory, { recursive: true });
    const [entry] = (await Golden.open(manifest, name)).entries;
    const refusal = () =>
      randomDirectory({ ...manifest, folder }, entry).then(
        () => "(nothing was refused)",
        (error) => error.line,
      );
    assert.is(await refusal(), "(nothing was refused)");
    writeFileSync(join(directory, "more.safetensors"), "");
    assert.match(await refusal(), "holds other files");
    rmSync(join(directory, "more.safetensors"));
    const config = readFileSync(join(directory, "config.json"), "utf8");
    writeFileSync(join(directory, "config.json"), config.replace("{", "{ "));
    assert.match(await refusal(), `${name}/config.json was changed`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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

test.run();
