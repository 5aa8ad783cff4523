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

test("control characters of a name drive no terminal, and a break in it is shown", () => {
  const line = new SpectroscopeError("a\u001b[2J\u009b\nb.txt: is bad", { hint: "rename\u0007 it" }).line;
  assert.is(line, "a\\u001b[2J\\u009b\\nb.txt: is bad; rename\\u0007 it");
  assert.is(describeError(new Error("x\u001b]0;y\n")).line, "x\\u001b]0;y");
});

test("what the system or memory refuses is no fault of the program's", () => {
  const of = (error: unknown) => {
    const { line, code, exitCode } = describeError(error);
    assert.is(exitCode, 1);
    return [code, line.split("; ")[0], line.includes("; ")] as const;
  };
  const system = (code: string, more = {}) => Object.assign(new Error(`${code}: words`), { code, ...more });
  assert.equal(of(system("EMFILE", { syscall: "open", path: "a\nb" })), [
    "system",
    "too many files are open in this process (open a\\nb)",
    true,
  ]);
  for (const code of ["EACCES", "ELOOP", "ENAMETOOLONG", "ENOENT", "EISDIR", "EROFS"])
    assert.is(of(system(code))[0], "bad-input", code);
  for (const code of ["EIO", "EDQUOT", "EFBIG", "ETXTBSY", "EBUSY", "ENOSPC", "EAGAIN", "ERR_WORKER_INIT_FAILED"])
    assert.is(of(system(code))[0], "system", code);
  // One that the table does not know, out of a call of the system's.
  assert.equal(of(system("EWEIRD", { syscall: "read" })), ["system", "EWEIRD: words (read)", false]);
  for (const error of [
    ...["ENOMEM", "ERR_WORKER_OUT_OF_MEMORY"].map((code) => system(code)),
    new RangeError("WebAssembly.Memory(): could not allocate memory"),
    new RangeError("Array buffer allocation failed"),
    new RangeError("Invalid typed array length: 17179869184"),
  ])
    assert.equal(
      of(error).filter((_, i) => i !== 1),
      ["memory", true],
      error.message,
    );
  // Also where an error of ours wraps it; but not what only the program can have done.
  const wrapped = new SpectroscopeError("kernel failed", { code: "internal", cause: new RangeError("Out of memory") });
  assert.equal(of(wrapped).slice(0, 2), ["memory", "kernel failed"]);
  for (const error of [new RangeError("Invalid typed array length: -1"), new TypeError("x is undefined"), "text"])
    assert.is(of(error)[0], "internal");
  assert.is(of(Object.assign(new Error("x"), { code: "ERR_ASSERTION" }))[0], "internal");
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
