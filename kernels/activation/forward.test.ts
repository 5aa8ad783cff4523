import * as assert from "uvu/assert";
import { runCase, testKernel } from "../../harness/test/kernel";
import { suite } from "../../harness/test/suite";
import { forward } from "./forward";
import { activationFunctions, activationNames } from "./functions";

const test = suite("kernels/activation/forward", { gpu: true });
for (const name of activationNames) testKernel(test, forward[name]);

/** By function: what exp and the arguments' rounding leave in the lower tail, relative. */
const TAIL = { gelu: 7e-6, gelu_tanh: 2e-5, relu: 0 };

test("huge, tiny and zero arguments give finite, right values", async () => {
  const x = Float64Array.from([0, 1e-30, -1e-30, 89, -89, 1e10, -1e10, 3e38, -3e38, 13, -13, -6], Math.fround);
  for (const name of activationNames) {
    for (const variant of Object.keys(forward[name].variants)) {
      const { y } = await runCase(forward[name], { name: "extremes", dims: { N: x.length } }, { x }, variant);
      x.forEach((value, i) => {
        const want = activationFunctions[name].value(value);
        assert.ok(
          Math.abs(y[i] - want) <= TAIL[name] * Math.abs(want) + 1e-37,
          `${variant}: ${name}(${value}) = ${y[i]}, not ${want}`,
        );
      });
    }
  }
});

test("the definitions, at points known from tables", () => {
  const { gelu, gelu_tanh, relu } = activationFunctions;
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 5e-10, `${a}, not ${b}`);
  // x Phi(x) at 1 and -2, and x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) there.
  near(gelu.value(1), 0.8413447461);
  near(gelu.value(-2), -0.0455002639);
  near(gelu_tanh.value(1), 0.5 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * 1.044715)));
  near(gelu_tanh.value(-2), -(1 + Math.tanh(Math.sqrt(2 / Math.PI) * (-2 - 0.35772))));
  assert.equal([relu.value(-1), relu.value(0), relu.value(2)], [0, 0, 2]);
});

test.run();
