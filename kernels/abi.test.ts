/** One kernel, one truth: every descriptor against its WebAssembly, as `registry.test.ts` holds its WGSL. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../harness/test/suite";
import { projectRoot } from "../runtime/node/root";
import { accessorModules } from "./abi";
import { backward as activationBackward } from "./activation/backward";
import { forward as activationForward } from "./activation/forward";
import { exportName, type Kernel, uniformFields } from "./kernel";
import { wasmModule } from "./module";
import { everyKernel } from "./probes";

const test = suite("kernels/abi");
const assembled = everyKernel.filter(({ wasm }) => wasm);

/** The kernels' AssemblyScript by file, below `kernels`. */
const sources = readdirSync(join(projectRoot(), "kernels"), { recursive: true, encoding: "utf8" })
  .map((entry) => entry.replaceAll("\\", "/"))
  .filter((entry) => /^\w+\/assembly\/\w+\.ts$/.test(entry))
  .map((file) => ({ file, text: readFileSync(join(projectRoot(), "kernels", file), "utf8") }));

/** Reads of the block that a source makes, by the kernel whose module they come from. */
function reads(text: string): { kernel: string; field: string }[] {
  return [...text.matchAll(/^import \* as (\w+) from "\.\.\/\.\.\/\.\.\/dist\/abi\/([\w/]+)";$/gm)].flatMap(
    ([, name, kernel]) =>
      [...text.matchAll(new RegExp(`\\b${name}\\.(\\w+)\\(block\\)`, "g"))].map(([, field]) => ({ kernel, field })),
  );
}

test("every kernel that says so has a function in both modules, and every function its kernel", async () => {
  for (const bytes of [wasmModule.single, wasmModule.shared]) {
    const module = await WebAssembly.compile(bytes);
    const functions = WebAssembly.Module.exports(module).filter(({ kind }) => kind === "function");
    assert.equal(functions.map(({ name }) => name).sort(), assembled.map(exportName).sort());
  }
});

test("what was assembled is of these descriptors", () => {
  for (const [name, text] of Object.entries(accessorModules())) {
    assert.is(readFileSync(join(projectRoot(), "dist", "abi", name), "utf8"), text, `dist/abi/${name}: build again`);
  }
});

test("accessors read the words in the order of bindings and uniforms", () => {
  for (const kernel of assembled) {
    const text = accessorModules()[`${kernel.name}.ts`];
    const found = [
      ...text.matchAll(/function (\w+)\(block: usize\): (\w+) \{\n {2}return .*load<(\w+)>\(block \+ (\d+)\)/g),
    ];
    const bindings = Object.keys(kernel.bindings).map((name) => [name, "usize", "u32"]);
    const fields = uniformFields(kernel).map(({ name, type }) => [name, type, type]);
    const want = [...bindings, ...fields].map((words, i) => [...words, `${4 * i}`]);
    assert.equal(
      found.map(([, ...words]) => words),
      want,
      kernel.name,
    );
  }
});

test("sources read the block by the names of their own kernel only", () => {
  for (const { file, text } of sources) {
    const own = [...text.matchAll(/^export function (\w+)\(block: usize, from: u32/gm)].map(([, name]) => name);
    if (own.length > 0) assert.not.match(text, /load<\w+>\(block\b/, `${file} counts words of the block`);
    for (const { kernel } of reads(text)) assert.ok(own.includes(exportName({ name: kernel })), `${file}: ${kernel}`);
  }
});

const families: readonly (readonly Kernel[])[] = [activationForward, activationBackward].map(Object.values<Kernel>);

/** Where a kernel's calls hold what, whatever it is called. */
const blockOf = (kernel: Kernel) => [Object.keys(kernel.bindings), uniformFields(kernel)];

/** What only WGSL reads: it takes dout . out where WebAssembly has the row's p and dp at hand. */
const readElsewhere: readonly string[] = ["attention/backward: out"];

test("every binding of a kernel is read by its source, or by that of its family", () => {
  const all = sources.flatMap(({ text }) => reads(text));
  for (const kernel of assembled) {
    // Activation functions have one source, of one block.
    const family = families.find((group) => group.includes(kernel)) ?? [kernel];
    for (const one of family) assert.equal(blockOf(one), blockOf(kernel), `${one.name}, ${kernel.name}`);
    const read = all.filter((one) => family.some(({ name }) => name === one.kernel)).map(({ field }) => field);
    for (const name of Object.keys(kernel.bindings)) {
      const binding = `${kernel.name}: ${name}`;
      assert.is(read.includes(name), !readElsewhere.includes(binding), binding);
    }
  }
});

test.run();
