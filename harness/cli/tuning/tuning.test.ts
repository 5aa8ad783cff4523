/** The cache of measured variants: what is kept, what is not trusted, and how variants are ranked and used. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { nt } from "../../../kernels/matmul/nt";
import { kernels } from "../../../kernels/registry";
import { useTuning } from "../../../runtime/node/open-tuned";
import { measuredWith, readTuning, tableOf, tuningPath, writeTuning } from "../../../runtime/node/tuning-file";
import { chooseVariant } from "../../../runtime/webgpu/variants";
import { testDevice, wasmDevice } from "../../test/device";
import { assertRefused, runProgram } from "../../test/program";
import { refusedAsUsage } from "../../test/refused";
import { suite } from "../../test/suite";
import { measureKernel, ranked } from "./measure";

const test = suite("harness/cli/tuning", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-tuning-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const variables = { XDG_CACHE_HOME: folder };

/** What there is on the test device, and a file of it. */
async function written() {
  const device = await testDevice();
  const measured = measuredWith(device.facts, kernels);
  const path = tuningPath(measured, variables);
  const table = tableOf({ "matmul/nt": { "28": ["plain", "plain4"] } }, false);
  await writeTuning(path, measured, table, []);
  return { device, measured, path, table };
}

test("the cache lies in XDG_CACHE_HOME or ~/.cache, a file an adapter", async () => {
  const { facts } = await testDevice();
  const measured = measuredWith(facts, kernels);
  const here = tuningPath(measured, { XDG_CACHE_HOME: "/x" });
  assert.match(here, /^\/x\/spectroscope\/tuning-[0-9a-f]{12}\.json$/);
  assert.is(tuningPath(measured, { HOME: "/h" }), here.replace("/x", "/h/.cache"));
  const other = { ...measured, adapter: { ...measured.adapter, description: "driver 2" } };
  assert.is.not(tuningPath(other, { XDG_CACHE_HOME: "/x" }), here);
});

test("what is written is read back, with the id of its choices", async () => {
  const { measured, path, table } = await written();
  const said: string[] = [];
  assert.equal(await readTuning(path, measured, (line) => said.push(line)), table);
  assert.equal(said, []);
  assert.equal(readdirSync(join(folder, "spectroscope")).length, 1, "nothing but the file");
  assert.is.not(tableOf({ "matmul/nt": { "28": ["plain4"] } }, false).id, table.id);
});

test("no file is no line; a broken or stale one is a line that says why, never a failure", async () => {
  const { measured, path } = await written();
  const whole = JSON.parse(readFileSync(path, "utf8"));
  const read = async (text: string) => {
    writeFileSync(path, text);
    const said: string[] = [];
    assert.is(await readTuning(path, measured, (line) => said.push(line)), undefined, text.slice(0, 60));
    assert.is(said.length, 1);
    assert.match(said[0], path);
    assert.match(said[0], "`spectroscope tune` makes it anew");
    return said[0];
  };
  const changed = (changes: object) => read(JSON.stringify({ ...whole, ...changes }));
  assert.match(await read("{"), "it is not JSON");
  assert.match(await read(""), "it is not JSON");
  assert.match(await read("null"), "it is no tuning of version 1");
  assert.match(await read("[]"), "it is no tuning of version 1");
  assert.match(await changed({ version: 2 }), "it is no tuning of version 1");
  assert.match(await changed({ adapter: { ...whole.adapter, name: "another" } }), "it is of another adapter");
  assert.match(await changed({ dawn: "0.0.1" }), /measured with Dawn 0\.0\.1/);
  assert.match(await changed({ kernels: "0" }), "the kernels have changed since");
  for (const choices of [
    undefined,
    [],
    { a: 1 },
    { a: { x: ["plain"] } },
    { a: { "3": "plain" } },
    { a: { "3": [1] } },
  ]) {
    assert.match(await changed({ choices }), "its choices are broken");
  }
  assert.match(await changed({ lowerPrecision: 1 }), "its choices are broken");
  const none: string[] = [];
  assert.is(await readTuning(join(folder, "nothing.json"), measured, (line) => none.push(line)), undefined);
  assert.equal(none, []);
  const said: string[] = [];
  assert.is(await readTuning(folder, measured, (line) => said.push(line)), undefined);
  assert.is(said.length, 1, "a folder in its place");
});

test("a change of any kernel's text is a change of what was measured", async () => {
  const { facts } = await testDevice();
  const changed = { ...nt, variants: { ...nt.variants, plain: { ...nt.variants.plain, source: "// another" } } };
  const before = measuredWith(facts, [nt]).kernels;
  assert.is(measuredWith(facts, [nt]).kernels, before);
  assert.is.not(measuredWith(facts, [changed]).kernels, before);
});

test("a device takes the table and SPECTROSCOPE_VARIANTS, which comes first; default leaves the table out", async () => {
  const { device, table } = await written();
  const dims = { G: 1, M: 512, N: 512, K: 512, Nb: 1, Mr: 1, Nr: 1 };
  const params = { use_bias: 0, use_residual: 0 };
  const usual = chooseVariant(nt, device.facts, dims, params);
  const taken = async (text?: string) => {
    delete device.tuning;
    const said: string[] = [];
    const env = text === undefined ? variables : { ...variables, SPECTROSCOPE_VARIANTS: text };
    await useTuning(device, (line) => said.push(line), env);
    return { variant: chooseVariant(nt, device.facts, dims, params, undefined, device.tuning), said };
  };
  try {
    const measured = await taken();
    assert.is(measured.variant, "plain");
    assert.match(measured.said.join(), table.id);
    assert.is(device.variants, `table ${table.id}`);
    assert.is((await taken("matmul/nt=plain4")).variant, "plain4");
    assert.is(device.variants, `matmul/nt=plain4, table ${table.id}`);
    const bare = await taken("default");
    assert.is(bare.variant, usual);
    assert.equal(bare.said, []);
    assert.is(device.variants, undefined);
    await refusedAsUsage(taken("matmul/nt=plian"), /SPECTROSCOPE_VARIANTS/, /did you mean "plain"/);
  } finally {
    delete device.tuning;
  }
});

test("the processor has one variant of each kernel: names are checked, then told to say nothing", async () => {
  const device = await wasmDevice();
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  await useTuning(device, say, { SPECTROSCOPE_VARIANTS: "matmul/nt=plain4" });
  assert.is(said.length, 1);
  assert.is(device.variants, undefined);
  await refusedAsUsage(useTuning(device, say, { SPECTROSCOPE_VARIANTS: "matmul/nt=nothing" }), /no variant "nothing"/);
});

test("the fastest comes first, but the usual one stays for less than a twentieth", () => {
  const times = (ms: Record<string, number>, usual = "a") => ({ usual, times: new Map(Object.entries(ms)) });
  assert.equal(ranked([times({ a: 1.04, b: 1, c: 3 })]), ["a", "b", "c"]);
  assert.equal(ranked([times({ a: 1.06, b: 1, c: 3 })]), ["b", "a", "c"]);
  assert.equal(ranked([times({ b: 2, c: 1 })]), ["c", "b"], "the usual one was left out");
  // b takes only the first case, and is compared there; a case's weight does not depend on how long it takes.
  assert.equal(ranked([times({ a: 4, b: 1 }), times({ a: 100 })]), ["b", "a"]);
  assert.equal(ranked([times({ a: 2, b: 1 }), times({ a: 100, b: 400 })]), ["a", "b"]);
});

test("a kernel is measured: every case's variants have times, and a variant with wrong results is left out", async () => {
  const device = await testDevice();
  const dims = { G: 1, M: 64, N: 64, K: 64, Nb: 1, Mr: 1, Nr: 1 };
  const c = { name: "small", dims, params: { use_bias: 0, use_residual: 0 }, bench: true };
  const { plain, plain4, f16 } = nt.variants;
  const [file, source] = ["made-up.wgsl", plain.source.replace("s1 += x", "s1 -= x")];
  assert.is.not(source, plain.source);
  const small = { ...nt, cases: [c], variants: { wrong: { ...plain, file, source }, plain, plain4, f16 } };
  const leftOut: string[] = [];
  const options = { budgetMs: 3, lowerPrecision: false, onLeftOut: (line: string) => leftOut.push(line) };
  const { times, choices } = await measureKernel(device, small, options);
  assert.equal(times.map(({ variant }) => variant).sort(), ["plain", "plain4"]);
  assert.ok(times.every(({ ms, class: size }) => ms > 0 && size === 19));
  assert.equal([...choices["19"]].sort(), ["plain", "plain4"]);
  assert.equal(leftOut, ["matmul/nt#wrong, small: left out, its results are not those of plain4"]);
});

test("the command writes the cache, keeps other kernels' choices, and names what it does not know", async () => {
  const env = { XDG_CACHE_HOME: join(folder, "command"), SPECTROSCOPE_ADAPTER: "gpu" };
  const tune = (...words: string[]) => runProgram(folder, ["tune", "--budget", "1", ...words], env);
  const first = tune("--kernels", "^reduce/sum_rows$", "--json");
  assert.is(first.status, 0, first.stderr);
  const { path, choices, times, id } = JSON.parse(first.stdout);
  assert.equal(Object.keys(choices), ["reduce/sum_rows"]);
  assert.ok(times.length > 0);
  const second = tune("--kernels", "^loss/merge$");
  assert.is(second.status, 0, second.stderr);
  assert.match(second.stdout, /loss\/merge +\w+ +plain +ms: plain/);
  const { facts } = await testDevice();
  const table = await readTuning(path, measuredWith(facts, kernels), assert.unreachable);
  assert.equal(Object.keys(table?.choices ?? {}), ["reduce/sum_rows", "loss/merge"]);
  assert.is.not(table?.id, id);
  assertRefused(tune("--kernels", "nothing"), 2, "--kernels nothing: no kernel has such a name");
  assertRefused(tune("--kernels", "("), 2, "not a regular expression");
});

test.run();
