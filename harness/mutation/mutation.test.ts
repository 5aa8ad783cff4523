/** The tool itself: which mutants it makes, that one at a time lives, and what tests make of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import * as assert from "uvu/assert";
import { suite } from "../test/suite";
import { bundleTests, mutateSources } from "./bundles";
import { judgesOf, reachOf, sampleMutants, tryMutants } from "./campaign";
import { ACTIVE, mutate } from "./mutants";

const test = suite("harness/mutation");
const folder = mkdtempSync(join(tmpdir(), "spectroscope-mutation-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** What is made of a piece of code: each mutant's text. */
const mutated = (source: string) =>
  mutate("a.ts", source, 0).mutants.map(({ original, mutated: to }) => `${original} -> ${to}`);

test("comparisons, arithmetic, conditions, constants and calls are changed", () => {
  assert.equal(mutated("const x = a <= b;"), ["a <= b -> (a) < (b)", "a <= b -> (a) > (b)"]);
  assert.equal(mutated("x = a * 2 + b;"), [
    "x = a * 2 + b -> void 0",
    "a * 2 + b -> (a * 2) - (b)",
    "a * 2 -> (a) / (2)",
    "2 -> 3",
  ]);
  assert.equal(mutated("x += y;"), ["x += y -> x -= (y)"]);
  assert.equal(mutated("if (found) go(a && !b, c ?? d);"), [
    "found -> !(found)",
    "go(a && !b, c ?? d) -> void 0",
    "a && !b -> (a) || (!b)",
    "!b -> b",
    "c ?? d -> c",
  ]);
  assert.equal(mutated("const x = Math.floor(a.slice(b).some(f));"), [
    "Math.floor(a.slice(b).some(f)) -> Math.ceil(a.slice(b).some(f))",
    "a.slice(b).some(f) -> a.slice(b).every(f)",
    "a.slice(b) -> a",
  ]);
  assert.equal(mutated("function f() { return [a]; }"), ["[a] -> []"]);
  assert.equal(mutated("function f() { return a; }"), ["a -> undefined"]);
});

test("texts, types, messages, names, a loop's step and what is chosen of equals are left alone", () => {
  for (const source of [
    `const x = "a" + b + \`c\${d}\`;`,
    "type T = { a: 1 | -2; b: T[0] }; let x: T<3>;",
    "throw new SpectroscopeError(text + 1, { hint: b ? c : d });",
    'const x = { hint: a + 1, 3: b, "d": c };',
    "const x = a?.b.slice(b).c;",
    "const x = a.slice();",
  ]) {
    assert.equal(mutated(source), [], source);
  }
  assert.equal(mutated("for (let i = a; i < n; i++) {}"), ["i < n -> (i) + 1 < (n)"]);
  assert.equal(mutated("const x = a < b ? a : b;"), ["a < b -> (a) >= (b)"]);
  assert.equal(mutated("fail(a + 1);"), ["fail(a + 1) -> void 0"], "that it is told may be left out");
  const drawn = (source: string) => mutate("a.ts", source, 0, true).mutants.length;
  assert.equal([drawn("const WIDTH = 30;"), drawn("const width = 30;")], [0, 1]);
});

test("one mutant at a time lives, inside another expression that has its own", () => {
  const { mutants, switched } = mutate("a.ts", "const x: number = (a + b) * Math.max(a, b as number);", 70);
  const { code } = transformSync(switched, { loader: "ts" });
  const value = (alive: number) => new Function("a", "b", ACTIVE, `${code}; return x;`)(3, 5, alive);
  assert.is(value(-1), 40);
  assert.equal(
    mutants.map(({ number, mutated: to }) => [to, value(number)]),
    [
      ["(a + b) / (Math.max(a, b as number))", 8 / 5],
      ["(a) - (b)", -10],
      ["Math.min(a, b as number)", 24],
    ],
  );
  assert.equal([...new Set(mutants.map(({ id }) => id))].length, mutants.length);
});

test("samples are even over folders, of one seed the same, and a small folder leaves its rest", () => {
  const mutants = Array.from({ length: 30 }, (_, i) => mutate(i < 3 ? "a/x.ts" : "b/x.ts", "x < y", i).mutants[0]);
  const count = (size: number, seed: number) => {
    const chosen = sampleMutants(mutants, ["a", "b"], size, seed);
    assert.is(new Set(chosen).size, chosen.length);
    return [chosen.filter(({ file }) => file.startsWith("a/")).length, chosen.length];
  };
  assert.equal(
    [count(4, 1), count(20, 1), count(90, 1)],
    [
      [2, 4],
      [3, 20],
      [3, 30],
    ],
  );
  const numbers = (seed: number) => sampleMutants(mutants, ["a", "b"], 8, seed).map(({ number }) => number);
  assert.equal(numbers(1), numbers(1));
  assert.not.equal(numbers(1), numbers(2));
});

test("mutants that a test notices are killed, others survive, and what no test comes to is said", async () => {
  const put = (file: string, text: string) => {
    mkdirSync(join(folder, file, ".."), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  put("package.json", '{ "name": "fixture", "type": "module" }');
  put(
    "code/largest.ts",
    `export function largest(values: readonly number[]): number {
      let best = -Infinity;
      for (const value of values) if (value > best) best = value;
      return best;
    }
    export const unused = (x: number) => x + 1;`,
  );
  const check = (values: string, expected: number) =>
    `import { largest } from "./largest"; if (largest(${values}) !== ${expected}) throw new Error("wrong");`;
  put("code/largest.test.ts", check("[1, 3, 2]", 3));
  put("code/other.test.ts", check("[1]", 1));
  put("code/broken.test.ts", check("[1]", 2));
  const sources = mutateSources(folder, ["code"]);
  const tests = ["code/broken.test.ts", "code/largest.test.ts", "code/other.test.ts"];
  const watched = await bundleTests(folder, join(folder, "watched"), sources, tests, "watched");
  const leftOut: string[] = [];
  const reach = await reachOf(watched, tests, {
    ...{ memory: join(folder, "reach.json"), program: "", limitMs: 60_000, lanes: 2 },
    leftOut: (name) => leftOut.push(name),
  });
  assert.equal(leftOut, ["code/broken.test.ts"], "it fails by itself");
  const [first] = sources.mutants;
  assert.equal(
    judgesOf(first, reach).map(({ test: name }) => name),
    ["code/largest.test.ts", "code/other.test.ts"],
    "its own file's test is asked first",
  );
  const bundles = await bundleTests(folder, join(folder, "switched"), sources, tests, "switched");
  const verdicts = await tryMutants(sources.mutants, reach, bundles, 2, () => {});
  assert.equal(
    verdicts.map(({ mutant, status }) => `${mutant.line} ${mutant.mutated}: ${status}`),
    [
      "2 Infinity: killed",
      // Of equal values either is the largest.
      "3 (value) >= (best): survived",
      "3 (value) <= (best): killed",
      "3 void 0: killed",
      "4 undefined: killed",
      "6 (x) - (1): not reached",
      "6 2: not reached",
    ],
  );
});

test.run();
