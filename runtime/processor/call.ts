import { SpectroscopeError } from "../../kernels/errors";
import { type Dims, exportName, type HostCode, isStrided, type Params } from "../../kernels/kernel";
import type { Call, View } from "../plan/plan";
import { extentOf, packUniforms, uniformBytes, unify } from "../plan/shapes";
import type { Region } from "./arena";
import type { Machine } from "./machine";

/** FLOPs below which waking other threads costs more than they save. */
const ALONE = 40_000;
/** Shares a thread takes of a call, so that a thread that is held up leaves its rest to others. */
const SHARES = 4;

/** A kernel call whose block lies in WebAssembly memory, ready to be run any number of times. */
export class HostCall {
  private readonly block: Region;
  private readonly code: HostCode;
  /** The kernel's number in the team. */
  private readonly id: number;
  private readonly dims: Dims;
  private readonly strides: Record<string, number> = {};
  private readonly alone: boolean;
  private params: Params;
  private items = 0;
  private grain = 1;

  /** @throws SpectroscopeError when shapes do not agree, or the kernel has no WebAssembly */
  constructor(
    private readonly machine: Machine,
    private readonly call: Call,
    address: (view: View) => number,
  ) {
    const { kernel, tensors } = call;
    const shapes = Object.fromEntries(
      Object.entries(tensors).map(([name, { shape, slot }]) => [name, { shape, type: slot.type }]),
    );
    const { dims, shared } = unify(kernel, shapes, call.dims);
    const { wasm } = kernel;
    const id = wasm && machine.team.find(exportName(kernel));
    if (!wasm || id === undefined) {
      throw new SpectroscopeError(`kernel ${kernel.name} has no WebAssembly`, { code: "internal" });
    }
    this.code = wasm;
    this.id = id;
    this.dims = dims;
    this.params = call.params ?? {};
    const places = Object.entries(kernel.bindings).map(([name, binding]) => {
      if (isStrided(binding))
        this.strides[`stride_${name}`] = extentOf(binding, tensors[name], shared.has(name)).stride;
      return address(tensors[name]);
    });
    this.block = machine.arena.take(4 * places.length + uniformBytes(kernel), kernel.name);
    new Uint32Array(machine.team.memory.buffer, this.block.at, places.length).set(places);
    this.alone = kernel.work(dims, this.params).flops < ALONE;
    this.setParams({});
    machine.reserve(wasm.scratch?.(dims, this.params) ?? 0);
  }

  /** Changes uniform parameters for the runs after this. */
  setParams(changed: Params): void {
    const { kernel } = this.call;
    this.params = { ...this.params, ...changed };
    const words = new Uint8Array(packUniforms(kernel, this.dims, this.strides, this.params));
    const at = this.block.at + 4 * Object.keys(kernel.bindings).length;
    new Uint8Array(this.machine.team.memory.buffer, at, words.length).set(words);
    this.items = this.code.items(this.dims, this.params);
    const share = Math.ceil(this.items / (SHARES * this.machine.team.threads));
    this.grain = Math.max(1, this.code.grain?.(this.dims, this.params) ?? share);
  }

  run(): void {
    this.machine.team.run(this.id, this.block.at, this.items, this.grain, this.alone);
  }

  destroy(): void {
    this.machine.arena.give(this.block);
  }
}
