import * as assert from "uvu/assert";
import { suite } from "../test/suite";
import { attentionOf } from "./attention";

const test = suite("harness/cli/attention");

test("the time of a task begins with it, and anew when it begins anew", async () => {
  const since: number[] = [];
  const lines: string[] = [];
  const { on } = attentionOf({
    say: (line) => lines.push(line),
    update: (_label, _done, _total, begun) => since.push(begun),
  });
  const work = async (task: string, done: number) => {
    await new Promise((later) => setTimeout(later, 3));
    on({ kind: "work", task, label: task, done, total: 10 });
  };
  for (const done of [0, 4, 10, 1, 5]) await work("sampling", done);
  await work("stability", 0);
  const [a, b, c, d, e, f] = since;
  assert.ok(a === b && b === c, "one run");
  assert.ok(d > c && d === e, "the next");
  assert.ok(f > e, "another task");
  on({ kind: "say", text: "clustering chi" });
  on({ kind: "draw", unit: "l0h1", draw: 1, phi: new Float32Array(1) });
  assert.equal(lines, ["clustering chi"]);
});

test.run();
