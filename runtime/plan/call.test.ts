/** What a call must not be is held by the compiler: `npm run check` fails where one of these lines compiles. */
import * as assert from "uvu/assert";
import { suite } from "../../harness/test/suite";
import { forward as activation } from "../../kernels/activation/forward";
import { nn } from "../../kernels/matmul/nn";
import { sumRows } from "../../kernels/reduce/sum_rows";
import type { Tape } from "../transformer/tape";
import { call, tensor } from "./plan";

const test = suite("runtime/plan/call");

const x = tensor("x", [2, 3], "kept");
const out = tensor("out", [2], "kept");

test("a call holds what it was given, and nothing for what it was not", () => {
  assert.equal(call("sum", sumRows, { x, out }, { scale: 1 }), {
    label: "sum",
    kernel: sumRows,
    tensors: { x, out },
    params: { scale: 1 },
  });
  assert.not("params" in call("relu", activation.relu, { x, y: x }));
  const product = call("nn", nn, { dy: x, w: x, add: x, dx: x }, { use_add: 0 }, { N: 2, K: 3 });
  assert.equal(product.dims, { N: 2, K: 3 });
});

/** Never run: each line below an expectation must not compile. */
export function wrongCalls(tape: Tape): void {
  // @ts-expect-error: a binding is missing.
  call("sum", sumRows, { x }, { scale: 1 });
  // @ts-expect-error: a binding is misspelt.
  call("sum", sumRows, { x, ouT: out }, { scale: 1 });
  // @ts-expect-error: a binding that the kernel does not have.
  call("sum", sumRows, { x, out, y: out }, { scale: 1 });
  // @ts-expect-error: the parameters are missing.
  call("sum", sumRows, { x, out });
  // @ts-expect-error: a parameter is missing.
  call("sum", sumRows, { x, out }, {});
  // @ts-expect-error: a parameter is misspelt.
  call("sum", sumRows, { x, out }, { skale: 1 });
  // @ts-expect-error: a parameter that the kernel does not have.
  call("relu", activation.relu, { x, y: x }, { scale: 1 });
  // @ts-expect-error: a tape's calls are held likewise.
  tape.emit("sum", sumRows, { x }, { scale: 1 });
  // @ts-expect-error: and their parameters.
  tape.emit("sum", sumRows, { x, out }, { skale: 1 });
}

test.run();
