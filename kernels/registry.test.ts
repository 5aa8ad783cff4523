/** One kernel, one truth: every descriptor against its own WGSL, by reflection. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { WgslReflect } from "wgsl_reflect/wgsl_reflect.module.js";
import { suite } from "../harness/test/suite";
import { projectRoot } from "../runtime/node/root";
import { activationNames } from "./activation/functions";
import { type Kernel, uniformFields, type Variant } from "./kernel";
import { everyKernel } from "./probes";

const test = suite("kernels/registry");
const folder = join(projectRoot(), "kernels");

/** The value of `@workgroup_size` after overrides. */
function workgroupSize(code: string, constants: Readonly<Record<string, number>>): number[] {
  const inner = /@workgroup_size\(([^)]*)\)/.exec(code)?.[1] ?? "";
  const parts = inner
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
  const values = parts.map((part) => {
    if (/^\d+u?$/.test(part)) return Number.parseInt(part, 10);
    if (constants[part] !== undefined) return constants[part];
    const declared = new RegExp(`(?:override|const)\\s+${part}\\s*(?::\\s*u32)?\\s*=\\s*(\\d+)`).exec(code)?.[1];
    return Number(declared);
  });
  return [...values, 1, 1].slice(0, 3);
}

/** The structs and bindings of a shader: the reflection library does not parse every function body that WGSL allows. */
function declarations(code: string): string {
  const plain = code.replace(/\/\/.*$/gm, "");
  const structs = plain.match(/\bstruct\s+\w+\s*\{[^}]*\}/g) ?? [];
  const bindings = plain.match(/@group\(\d+\)\s*@binding\(\d+\)\s*var[^;]*;/g) ?? [];
  return [...structs, ...bindings].join("\n");
}

function check(kernel: Kernel, name: string, variant: Variant): void {
  const where = `${kernel.name}#${name}`;
  assert.is(
    readFileSync(join(folder, variant.file), "utf8"),
    variant.source,
    `${where}: ${variant.file} is not its source`,
  );
  const code = [...(variant.chunks ?? []), variant].map(({ source }) => source).join("\n");
  const [group] = new WgslReflect(declarations(code)).getBindGroups();
  const bindings = Object.entries(kernel.bindings);
  assert.is(group.length, bindings.length + 1, `${where}: bindings`);
  bindings.forEach(([binding, { access, type }], index) => {
    const found = group[index];
    assert.is(found.name, binding, `${where}: binding ${index}`);
    assert.is(found.access, access === "read" ? "read" : "read_write", `${where}: access of ${binding}`);
    const format = (found.type as { format?: { name: string; format?: { name: string } } }).format;
    const element = format?.format?.name ?? format?.name ?? "";
    const scalar = /^vec\d?f$|f32/.test(element) ? "f32" : /^vec\d?u$|u32/.test(element) ? "u32" : element;
    assert.is(scalar, type, `${where}: element type of ${binding} (${element})`);
  });
  const members =
    (group[bindings.length].type as { members?: { name: string; type: { name: string } }[] }).members ?? [];
  assert.equal(
    members.map((member) => ({ name: member.name, type: member.type.name })),
    uniformFields(kernel),
    `${where}: uniform block`,
  );
  assert.equal(workgroupSize(code, variant.constants ?? {}), [...variant.workgroup], `${where}: workgroup`);
  assert.ok(bindings.length <= 8, `${where}: at most 8 storage buffers`);
}

for (const kernel of everyKernel) {
  test(`${kernel.name}: the descriptor is what its WGSL says`, () => {
    assert.ok(kernel.variants.plain, "every kernel has a plain variant");
    assert.ok(kernel.tolerance.reason.length > 0, "a tolerance has a reason");
    for (const [name, variant] of Object.entries(kernel.variants)) check(kernel, name, variant);
    assert.ok(
      kernel.cases.some((c) => c.bench),
      "a case for the bench",
    );
    const own = kernel.variants.plain.file.replace(/\.wgsl$/, ".test.ts");
    assert.ok(existsSync(join(folder, own)), `${own}: the test beside its WGSL`);
  });
}

/** Declarations of kernels, which begin so; an activation's name is made of the function's. */
const DECLARED = /\bkernel\(\{\s*name: ["`](\w+\/[\w${}]+)["`]/g;

test("every descriptor is in the registry, or among the probes, once", () => {
  const known = everyKernel.map(({ name }) => name);
  assert.equal(known.length, new Set(known).size);
  const declared = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((entry) => entry.endsWith(".ts") && !entry.endsWith(".test.ts"))
    .flatMap((entry) => [...readFileSync(join(folder, entry), "utf8").matchAll(DECLARED)])
    .flatMap(([, name]) => activationNames.map((f) => name.replace(/\$\{name\}/, f)));
  assert.equal([...new Set(declared)].sort(), [...known].sort());
});

test("every WGSL file belongs to a kernel or a test", () => {
  const used = new Set(
    everyKernel.flatMap((kernel) =>
      Object.values(kernel.variants).flatMap((variant) => [variant.file, ...(variant.chunks ?? []).map((c) => c.file)]),
    ),
  );
  for (const entry of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".wgsl") || entry.endsWith(".probe.wgsl")) continue;
    assert.ok(used.has(entry.replaceAll("\\", "/")), `${entry} is used by no kernel`);
  }
});

test.run();
