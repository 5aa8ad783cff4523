/** `loss --grads` on directories that transformers saved: what the files hold is held to transformers in float64. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { openFolder } from "../../models/hub/open";
import { readSafetensors } from "../../models/hub/safetensors-file";
import { readNpy } from "../../runtime/node/npy-file";
import { runProgram } from "../test/program";
import { suite } from "../test/suite";
import { Golden } from "../verify/golden";
import { rowLine } from "../verify/kernels";
import { readManifest } from "../verify/manifest";
import { randomDirectory, randomModels } from "../verify/random";

const test = suite("harness/cli/random", { gpu: true });
const manifest = await readManifest();

/** The first random model whose weights are stored like this, and its directory. */
async function storedAs(type: string, shards: boolean): Promise<{ golden: Golden; directory: string }> {
  for (const name of randomModels(manifest)) {
    const golden = await Golden.open(manifest, name);
    const directory = await randomDirectory(manifest, golden.entries[0]);
    const { source } = await openFolder(directory);
    if (source.storedTypes.join() === type && source.files.length > 1 === shards) return { golden, directory };
  }
  throw new Error(`no random model is stored as ${type}${shards ? ", in shards" : ""}`);
}

for (const [type, shards] of [
  ["F32", true],
  ["F16", false],
  ["BF16", false],
] as const) {
  test(`${type}, ${shards ? "shards" : "one file"}: losses and gradients within tolerance`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "spectroscope-random-"));
    try {
      const { golden, directory } = await storedAs(type, shards);
      const [entry] = golden.entries;
      const { ids, columns } = golden.ids(`${entry.case}/ids`);
      const rows = Array.from({ length: ids.length / columns }, (_, row) =>
        Array.from(ids.subarray(row * columns, (row + 1) * columns)),
      );
      writeFileSync(join(folder, "ids.json"), JSON.stringify(rows));
      const files = ["--tokens", "ids.json", "--out", "l.npy", "--grads", "g.safetensors"];
      const run = runProgram(folder, ["loss", "--model", directory, ...files]);
      assert.is(run.status, 0, run.stderr);
      const losses = await readNpy(join(folder, "l.npy"));
      assert.is(losses.dtype, "f32");
      assert.equal([...losses.shape], [rows.length, columns - 1]);
      const compared = [golden.compare(entry, "losses", losses.data, golden.tensor(`${entry.case}/losses`).data)];
      const gradients = await readSafetensors(join(folder, "g.safetensors"));
      const expected = golden.below(`${entry.case}/gradient/`);
      assert.equal([...gradients.keys()].sort(), [...expected.keys()].sort());
      for (const [name, { data, shape }] of expected) {
        const own = gradients.get(name)!;
        assert.equal([...own.shape], [...shape], name);
        compared.push(golden.compare(entry, `gradient of ${name}`, own.data, data, "gradient"));
      }
      t.note(rowLine(compared.reduce((a, b) => (b.share > a.share ? b : a))));
      for (const row of compared) assert.ok(row.pass, rowLine(row));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

test.run();
