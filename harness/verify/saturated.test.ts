/** Saturated attention and large biases on WebGPU, in every variant; `processor.test.ts` does the same for the processor. */
import * as assert from "uvu/assert";
import { backward } from "../../kernels/attention/backward";
import { testDevice } from "../test/device";
import { suite } from "../test/suite";
import { rowLine } from "./kernels";
import { readManifest } from "./manifest";
import { saturatedParts } from "./saturated";

const test = suite("goldens/saturated", { gpu: true });
const manifest = await readManifest();

for (const [name, part] of Object.entries(saturatedParts)) {
  test(name, async (t) => {
    const rows = await part(await testDevice(), manifest);
    const failures = rows.filter(({ pass }) => !pass).map(rowLine);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    if (name === "heads") {
      const ran = new Set(rows.map(({ subject }) => subject.split("#")[1]));
      t.note(`variants: ${[...ran].join(", ")} of ${Object.keys(backward.variants).join(", ")}`);
      assert.ok(ran.has("plain") && ran.has("tiled"), "plain and tiled run everywhere");
    }
    t.note(`${rows.length} tensors; the closest: ${rowLine(rows.reduce((a, b) => (b.share > a.share ? b : a)))}`);
  });
}

test.run();
