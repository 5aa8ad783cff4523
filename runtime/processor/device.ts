/** The processor as a device: kernels in WebAssembly SIMD, on several threads over one memory of at most 4 GiB. */
import { wasmModule } from "../../kernels/module";
import type { AdapterFacts, Device } from "../plan/device";
import { allocateMemory, MAX_PAGES } from "../threads/memory";
import { canShare, checkThreads, defaultThreads } from "../threads/threads";
import { Arena } from "./arena";
import { Machine } from "./machine";
import { ProcessorMemory } from "./memory";
import { Team, teamBytes } from "./team";

/** What stands in results: not the number of threads, which changes no bit. */
const NAME = "WebAssembly SIMD";

/** Static data of the module lies below; `asconfig.json` puts it from 1,024 on. */
const BEGIN = 65536;
const PAGE = 65536;
/** Regions begin at multiples of this: a cache line. */
const ALIGNMENT = 64;

/** A device that computes on the host. */
export interface ProcessorDevice extends Device {
  readonly team: Team;
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
export async function openProcessor(threads = defaultThreads()): Promise<ProcessorDevice> {
  checkThreads(threads, "WebAssembly");
  const shared = canShare() && threads > 1;
  const count = shared ? threads : 1;
  const memory = allocateMemory(32, MAX_PAGES, shared);
  const module = await WebAssembly.compile((shared ? wasmModule.shared : wasmModule.single) as BufferSource);
  const arena = new Arena(memory, BEGIN, ALIGNMENT);
  const control = arena.take(teamBytes(count), "the control block");
  const team = await Team.start(module, memory, control.at, count);
  const machine = new Machine(team, arena);
  let closed = false;
  return {
    facts,
    banner: `computing on the processor: WebAssembly SIMD, ${counted(team.threads)}`,
    bindingBytes: facts.limits.maxStorageBufferBindingSize,
    // It is full with one component, and its caches are the emptier the more there are.
    roomBeside: 0,
    team,
    openMemory: () => new ProcessorMemory(machine),
    within: (_, work) => work(),
    close() {
      if (!closed) team.stop();
      closed = true;
    },
  };
}
