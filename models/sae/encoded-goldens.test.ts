/** Codes of every fixture by the kernels against its Python package's own encode, and against the definition. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice, wasmDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { goldensFolder } from "../../harness/verify/manifest";
import { projectRoot } from "../../runtime/node/root";
import { encodeTokens, tokenSource } from "../../runtime/sae/encode";
import { encodeReference } from "../../runtime/sae/reference";
import { ModelFolder } from "../hub/model-folder";
import { readSafetensors } from "../hub/safetensors-file";
import { openSae } from "./open";

const test = suite("models/sae/encoded-goldens", { gpu: true });
const golden = await readSafetensors(join(goldensFolder(), "sae", "codes.safetensors"));
const x = Float32Array.from(golden.get("x")!.data);
const folders = [...golden.keys()].filter((name) => name !== "x");
/** One of each rule of choosing: by sign, threshold, gate, among all, among neighbors. */
const ON_GPU = ["saelens-standard-constant-norm", "dictionary-jumprelu", "saelens-gated-layer-norm"].concat([
  "saelens-topk-rescaled",
  "sparsify/layers.3.mlp",
]);

for (const [where, open, chosen] of [
  ["processor", wasmDevice, folders],
  ["gpu", testDevice, ON_GPU],
] as const) {
  test(`${where}: the same features as the packages have, codes within 1e-5 of theirs`, async (t) => {
    let worst = 0;
    for (const folder of chosen) {
      const { encoder } = await openSae(new ModelFolder(join(projectRoot(), "goldens", "sae")), { folder });
      const { width, features } = encoder;
      const got = new Float64Array((x.length / width) * features);
      // Pieces and blocks that divide nothing.
      const { firings } = await encodeTokens(await open(), encoder, tokenSource(x, width), {
        ...{ block: 7, piece: 9 },
        codes: ({ from, tokens, starts, features: ids, values }) => {
          for (let t = 0; t < tokens; t++)
            for (let i = starts[t]; i < starts[t + 1]; i++) got[(from + t) * features + ids[i]] = values[i];
        },
      });
      const want = golden.get(folder)!.data;
      const definition = encodeReference(encoder, x);
      assert.is(got.length, want.length, folder);
      for (let i = 0; i < got.length; i++) {
        const place = `${folder}, token ${Math.floor(i / features)}, feature ${i % features}: ${got[i]}, not ${want[i]}`;
        assert.is(got[i] > 0, want[i] > 0, place);
        if (want[i] > 0) worst = Math.max(worst, Math.abs(got[i] / want[i] - 1));
        assert.ok(Math.abs(got[i] - want[i]) <= 1e-5 * want[i], place);
        assert.is(got[i], Math.fround(definition[i]), place);
      }
      const fired = [...firings.starts.subarray(1)].map((end, f) => [
        ...firings.members.subarray(firings.starts[f], end),
      ]);
      const column = (f: number) =>
        Array.from(x.subarray(0, x.length / width).keys()).filter((t) => want[t * features + f] > 0);
      assert.equal(
        fired,
        Array.from({ length: features }, (_, f) => column(f)),
        folder,
      );
    }
    t.note(`${chosen.length} autoencoders, relative error at most ${worst.toExponential(1)}`);
    assert.ok(chosen.length >= (where === "gpu" ? 5 : 30));
  });
}

test.run();
