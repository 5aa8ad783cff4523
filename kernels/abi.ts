/**
 * The block of a call in WebAssembly, written down for AssemblyScript. The build makes a module of every kernel's:
 * `dist/abi/layernorm/forward.ts` says where the block of `layernorm/forward` holds what, so that no source counts words.
 */
import { type Kernel, uniformFields } from "./kernel";
import { everyKernel } from "./probes";

/** The address of a binding, a number of the uniform block: a function each, inlined. */
function accessor(name: string, what: string, result: string, load: string, i: number): string {
  const at = `block + ${4 * i}`;
  return `/** ${what} ${name}. */
// @ts-ignore: decorator
@inline
export function ${name}(block: usize): ${result} {
  return ${result === load ? `load<${load}>(${at})` : `<${result}>load<${load}>(${at})`};
}
`;
}

/** An AssemblyScript module that reads the block of a kernel's calls: the bindings' addresses, then the uniform block. */
export function accessors(kernel: Kernel): string {
  const bindings = Object.keys(kernel.bindings);
  const fields = uniformFields(kernel);
  return [
    `// Where a call of ${kernel.name} holds what. Made by the build from the kernel's descriptor.\n`,
    ...bindings.map((name, i) => accessor(name, "Address of", "usize", "u32", i)),
    ...fields.map(({ name, type }, i) => accessor(name, "The uniform", type, type, bindings.length + i)),
  ].join("\n");
}

/** The modules of all kernels that have WebAssembly, by file name below `dist/abi`. */
export function accessorModules(): Record<string, string> {
  const assembled = everyKernel.filter(({ wasm }) => wasm);
  return Object.fromEntries(assembled.map((kernel) => [`${kernel.name}.ts`, accessors(kernel)]));
}
