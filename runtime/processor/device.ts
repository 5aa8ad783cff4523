/** The processor as a device: kernels in WebAssembly SIMD, on several threads over one memory of at most 4 GiB. */
import { wasmModule } from "../../kernels/module";
import type { DeviceBase } from "../node/open-device";
import { canShare, checkThreads, defaultThreads } from "../threads/threads";
import type { AdapterFacts } from "../webgpu/facts";
import { Arena, type Region } from "./arena";
import { CONTROL_BYTES, Team } from "./team";

/** What stands in results: not the number of threads, which changes no bit. */
const NAME = "WebAssembly SIMD";

/** Static data of the module lies below; `asconfig.json` puts it from 1,024 on. */
const BEGIN = 65536;
const PAGE = 65536;
const MAX_PAGES = 65536;
/** Regions begin at multiples of this: a cache line. */
const ALIGNMENT = 64;

/** A device that computes on the host. */
export interface WasmDevice extends DeviceBase {
  readonly kind: "wasm";
  readonly team: Team;
  readonly arena: Arena;
  /** Makes every thread's working memory at least this large. */
  reserve(bytes: number): void;
}

const facts: AdapterFacts = {
  name: NAME,
  vendor: "",
  architecture: "",
  description: NAME,
  software: true,
  features: [],
  // One memory holds everything; addresses in it have 32 bits.
  limits: { maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 31, memoryBytes: PAGE * MAX_PAGES - BEGIN },
};

const counted = (threads: number) => (threads === 1 ? "1 thread" : `${threads} threads`);

/** Opens the processor. `threads`: by default all cores. Results do not depend on it. */
export async function openWasm(threads = defaultThreads()): Promise<WasmDevice> {
  checkThreads(threads, "WebAssembly");
  const shared = canShare() && threads > 1;
  const memory = new WebAssembly.Memory({ initial: 32, maximum: MAX_PAGES, shared });
  const module = await WebAssembly.compile((shared ? wasmModule.shared : wasmModule.single) as BufferSource);
  const arena = new Arena(memory, BEGIN, ALIGNMENT);
  const control = arena.take(CONTROL_BYTES, "the control block");
  const team = await Team.start(module, memory, control.at, shared ? threads : 1);
  const scratches: Region[] = [];
  let closed = false;
  return {
    kind: "wasm",
    facts,
    banner: `computing on the processor: WebAssembly SIMD, ${counted(team.threads)}`,
    bindingBytes: facts.limits.maxStorageBufferBindingSize,
    team,
    arena,
    reserve(bytes) {
      for (let thread = 0; thread < team.threads; thread++) {
        const own = scratches[thread];
        if (own && own.size >= bytes) continue;
        if (own) arena.give(own);
        scratches[thread] = arena.take(Math.max(bytes, 4096), "working memory");
        team.setScratch(thread, scratches[thread].at);
      }
    },
    wait: (promise) => promise,
    check() {},
    within: (_, work) => work(),
    close() {
      if (!closed) team.stop();
      closed = true;
    },
  };
}
