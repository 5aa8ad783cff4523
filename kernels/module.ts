/** Both builds of all kernels: importing a memory of one thread, and one that threads share. */
import shared from "../dist/kernels/shared.wasm";
import single from "../dist/kernels/single.wasm";

export const wasmModule = { single, shared };
