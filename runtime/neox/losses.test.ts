/** Losses of more rows than one dispatch list takes are those of the rows alone. */
import { join } from "node:path";
import * as assert from "uvu/assert";
import { testDevice } from "../../harness/test/device";
import { suite } from "../../harness/test/suite";
import { generate } from "../../models/nano/corpus";
import { loadModel } from "../../models/weights";
import { projectRoot } from "../device/root";
import { modelLosses } from "./losses";

const test = suite("runtime/neox/losses", { gpu: true });
const CONTEXT = 16;
const COLUMNS = CONTEXT + 1;
/** A list takes 2,048 tokens: 128 rows of 16, and two are left. */
const ROWS = [128, 2] as const;

test("130 rows in two lists: losses row by row, the gradient weighed by rows, progress to the end", async () => {
  const device = await testDevice();
  const model = await loadModel(join(projectRoot(), "models", "nano"));
  const { ids } = generate({ seed: 31, sequences: ROWS[0] + ROWS[1], context: CONTEXT });
  const told: number[][] = [];
  const progress = (done: number, total: number) => told.push([done, total]);
  const whole = await modelLosses(device, model, ids, COLUMNS, { gradients: true, progress });
  assert.equal(told, [
    [128, 130],
    [130, 130],
  ]);
  const parts = [
    await modelLosses(device, model, ids.subarray(0, ROWS[0] * COLUMNS), COLUMNS, { gradients: true }),
    await modelLosses(device, model, ids.subarray(ROWS[0] * COLUMNS), COLUMNS, { gradients: true }),
  ];
  assert.equal(Array.from(whole.losses), [...parts[0].losses, ...parts[1].losses]);
  for (const [name, { data }] of whole.gradients!) {
    const [a, b] = parts.map(({ gradients }) => gradients!.get(name)!.data);
    let error = 0;
    let norm = 0;
    data.forEach((value, i) => {
      const expected = (ROWS[0] * a[i] + ROWS[1] * b[i]) / (ROWS[0] + ROWS[1]);
      error += (value - expected) ** 2;
      norm += expected ** 2;
    });
    // Each part is rounded to f32 once more than the whole.
    assert.ok(Math.sqrt(error / norm) < 1e-6, `${name}: ${Math.sqrt(error / norm)}`);
  }
  const plain = await modelLosses(device, model, ids, COLUMNS);
  let worst = 0;
  for (const [i, loss] of plain.losses.entries()) worst = Math.max(worst, Math.abs(loss - whole.losses[i]));
  assert.ok(worst < 1e-5, `without gradients: ${worst}`);
});

test.run();
