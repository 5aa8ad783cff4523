import type { MatrixConfig } from "../../kernels/kernel";
import type { Memory } from "./memory";

/** What is known of an adapter, kept in every result. */
export interface AdapterFacts {
  /** Human name: description or device of GPUAdapterInfo. */
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True when the adapter computes on the CPU (SwiftShader, lavapipe, WARP). */
  readonly software: boolean;
  /** Where a software driver came from, when the runtime added one. */
  readonly driver?: string;
  readonly features: readonly string[];
  /** Subgroup matrices the adapter multiplies, where Dawn offers the feature. */
  readonly matrixConfigs?: readonly MatrixConfig[];
  /** The largest subgroup, in invocations, where the adapter tells. */
  readonly subgroupMaxSize?: number;
  /** WebGPU's; the processor has `memoryBytes` too, what all tensors together may take. */
  readonly limits: Readonly<Record<string, number>>;
}

/** What plans run on, wherever it computes. */
export interface Device {
  readonly facts: AdapterFacts;
  /** The largest tensor that a kernel can be given, bytes. */
  readonly bindingBytes: number;
  /** A line for people when the adapter is not real hardware. */
  readonly banner?: string;
  /** Which variants are taken by a person's wish or by measurement, in one line for manifests: they change bits. */
  readonly variants?: string;
  /** Bytes that components of one layer may take together to run beside each other; 0: one after another is as fast. */
  readonly roomBeside: number;
  /** New memory on this device. */
  openMemory(): Memory;
  /**
   * Does work that allocates.
   * @throws SpectroscopeError one error that says for what, when the device runs out of memory; what `work` throws
   */
  within<T>(what: string, work: () => Promise<T>): Promise<T>;
  /** Ends what was opened; a device of the caller's stays open. */
  close(): void;
}
