/** Both builds of `assembly/index.ts`: importing a memory of one thread, and one that threads share. */
import shared from "../../dist/wasm/shared.wasm";
import single from "../../dist/wasm/single.wasm";

export const wasmModule = { single, shared };
