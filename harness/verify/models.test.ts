/** Goldens of checkpoints: found by the hashes of the weights, and only by them. */
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { openFolder } from "../../models/hub/open";
import { testDevice } from "../test/device";
import { suite } from "../test/suite";
import { rowLine } from "./kernels";
import { type GoldenFile, goldensFolder, readManifest } from "./manifest";
import { findCheckpointGolden, verifyCheckpoint } from "./models";

const test = suite("goldens/models", { gpu: true });
let folder = "";
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), "spectroscope-models-"));
});
test.after(() => rm(folder, { recursive: true, force: true }));

/** A folder of goldens as make.py --model leaves it, with the committed golden of a committed model. */
async function goldenFolder(name: string, change: (file: GoldenFile) => GoldenFile = (file) => file): Promise<string> {
  const manifest = JSON.parse(await readFile(join(goldensFolder(), "manifest.json"), "utf8"));
  const file = (manifest.files as GoldenFile[]).find(({ file }) => file === "pythia/checkpoint.safetensors")!;
  const path = join(folder, name);
  await mkdir(join(path, "some"), { recursive: true });
  await cp(join(goldensFolder(), file.file), join(path, "some", "checkpoint.safetensors"));
  const own = { ...manifest, files: [{ ...change(file), file: "checkpoint.safetensors" }] };
  await writeFile(join(path, "some", "manifest.json"), JSON.stringify(own));
  return path;
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "(nothing was refused)",
    (error) => error.line,
  );
}

test("a checkpoint is held to its golden", async (t) => {
  const model = await openFolder(join(goldensFolder(), "random", "04"));
  const golden = await findCheckpointGolden(model, "04", await goldenFolder("sound"));
  const rows = await verifyCheckpoint(await testDevice(), model, golden);
  // Losses, logits of two positions, and sketch, norm and entries of every gradient.
  assert.is(rows.length, 3 + 3 * model.weights.shapes.size);
  const failures = rows.filter(({ pass }) => !pass).map(rowLine);
  if (failures.length > 0) throw new Error(failures.join("\n"));
  t.note(rowLine(rows.reduce((a, b) => (b.share > a.share ? b : a))));
});

test("a wrong value in a golden is a failed row", async () => {
  const model = await openFolder(join(goldensFolder(), "random", "04"));
  const found = await findCheckpointGolden(model, "04", await goldenFolder("strict"));
  const tolerances = { ...found.entry.tolerances, sketch: { relative_l2: 1e-9, reason: "none can hold this" } };
  const rows = await verifyCheckpoint(await testDevice(), model, { ...found, entry: { ...found.entry, tolerances } });
  assert.is(rows.filter(({ pass }) => !pass).length, model.weights.shapes.size);
});

test("without a golden, or with one of other weights, the command that makes one is told", async () => {
  const model = await openFolder(join(goldensFolder(), "random", "00"));
  const none = await refusal(findCheckpointGolden(model, "some/model", join(folder, "nowhere")));
  assert.match(none, /no golden for the weights of some\/model; make it, .*make\.py --model /);
  const others = await refusal(findCheckpointGolden(model, "some/model", await goldenFolder("others")));
  assert.match(others, /those of some are of other weights/);
  const changed = (file: GoldenFile) => ({ ...file, sha256: "0".repeat(64) });
  const right = await openFolder(join(goldensFolder(), "random", "04"));
  assert.match(await refusal(findCheckpointGolden(right, "04", await goldenFolder("changed", changed))), /was changed/);
  assert.ok((await readManifest()).files.length > 60);
});

test("a golden of the same weights with another config.json is refused; a folder without a manifest is passed over", async () => {
  const goldens = await goldenFolder("config");
  await mkdir(join(goldens, "a cut off run"));
  const { model, ...rest } = await openFolder(join(goldensFolder(), "random", "04"));
  await findCheckpointGolden({ model, ...rest }, "04", goldens);
  const other = { ...rest, model: { ...model, config: { ...model.config, layerNormEps: 0.5 } } };
  const refused = await refusal(findCheckpointGolden(other, "04", goldens));
  assert.match(refused, /weights of 04 was made with another config\.json: layerNormEps is .* there, 0\.5 here/);
});

test.run();
