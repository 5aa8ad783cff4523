// Every kernel in one WebAssembly module, so that all share a memory. Each export is called as
// `name(block, from, to, scratch)`; `kernels/kernel.ts`, HostCode, says what these are.
export { add_sum } from "../../add/assembly/sum";
