import * as assert from "uvu/assert";
import { suite } from "../harness/test/suite";
import { describeError, SpectroscopeError } from "./errors";
import { editDistance, nearest, suggest } from "./suggest";

const test = suite("kernels/errors");

test("one line, with code and exit status", () => {
  const cause = new Error("inner");
  const error = new SpectroscopeError("bad thing\n  in x.json", { code: "usage", hint: "fix it", cause });
  assert.is(error.line, "bad thing in x.json; fix it");
  assert.is(error.exitCode, 2);
  assert.is(error.cause, cause);
  assert.ok(error instanceof Error);
  assert.is(new SpectroscopeError("x").exitCode, 1);
  assert.is(new SpectroscopeError("x", { code: "no-adapter" }).exitCode, 3);
  assert.is(new SpectroscopeError("x", { code: "gpu", exitCode: 7 }).exitCode, 7);
  assert.is(new SpectroscopeError("x", { code: "toString" }).exitCode, 1);
});

test("anything thrown has a line", () => {
  assert.equal(describeError(new SpectroscopeError("a", { code: "no-adapter", hint: "b" })), {
    line: "a; b",
    exitCode: 3,
    code: "no-adapter",
  });
  assert.is(describeError(new TypeError("x\ny")).line, "x y");
  assert.is(describeError("text").line, "text");
  assert.is(describeError(undefined).exitCode, 1);
});

test("edit distance", () => {
  assert.is(editDistance("", "abc"), 3);
  assert.is(editDistance("kitten", "sitting"), 3);
  assert.is(editDistance("ab", "ba"), 1);
  assert.is(editDistance("same", "same"), 0);
});

test("the nearest word", () => {
  const words = ["num_chains", "num_draws", "num_burnin_steps", "n_beta", "lr", "localization"];
  assert.is(nearest("num_chain", words), "num_chains");
  assert.is(nearest("numDraws", words), "num_draws");
  assert.is(nearest("n-beta", words), "n_beta");
  assert.is(nearest("localisation", words), "localization");
  assert.is(nearest("burnin", words), "num_burnin_steps");
  assert.is(nearest("temperature", words), undefined);
  assert.is(nearest("xy", words), undefined);
  assert.is(nearest("", words), undefined);
  assert.match(suggest("temperature", words), /^known: num_chains, /);
  assert.is(suggest("nbeta", words), 'did you mean "n_beta"?');
  assert.is(suggest("x", []), "none are known here");
});

test.run();
