/**
 * Holds attention whose softmax is saturated, or whose keys and values have large biases, to the goldens: a head's forward and backward
 * kernels one after the other, as in a model, and models. The backward kernel alone could not be held to that: scores of thousands are
 * good to 1e-4, and its weights are as they should be only under the log-sum-exp of the very same scores.
 */
import { backward } from "../../kernels/attention/backward";
import { forward } from "../../kernels/attention/forward";
import type { Device } from "../../runtime/plan/device";
import { isWebGpu } from "../../runtime/webgpu/device";
import { refusal } from "../../runtime/webgpu/variants";
import { runKernel, variantNames } from "../test/run-kernel";
import { Golden, lossRows, type OnRow } from "./golden";
import { type Row, roundedParams, row } from "./kernels";
import type { Manifest } from "./manifest";

/** The parts, each of which can be verified by itself. */
export const saturatedParts = { heads: verifyHeads, models: verifyModels } as const;

/** Both kinds. @throws SpectroscopeError when a golden file is missing or was changed */
export async function verifySaturated(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const rows: Row[] = [];
  for (const part of Object.values(saturatedParts)) rows.push(...(await part(device, manifest, onRow)));
  return rows;
}

/** Both kernels in every variant that the device can run: out, and dqkv by what the forward kernel of the variant gave. */
export async function verifyHeads(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const golden = await Golden.open(manifest, "saturated/heads");
  const rows: Row[] = [];
  for (const entry of golden.entries) {
    const { dims, params: exact, tolerances } = entry;
    const params = roundedParams(forward, exact);
    const tensor = (name: string) => Float32Array.from(golden.tensor(`${entry.case}/${name}`).data);
    const [qkv, dout] = [tensor("qkv"), tensor("dout")];
    for (const variant of variantNames(device, forward)) {
      if (isWebGpu(device) && refusal(forward.variants[variant], device.facts, dims, params)) continue;
      const { out, lse } = await runKernel(device, forward, { dims, params, inputs: { qkv }, variant });
      const inputs = { qkv, dout, out, lse };
      const { dqkv } = await runKernel(device, backward, { dims, params, inputs, variant });
      for (const [name, actual] of Object.entries({ out, dqkv })) {
        const names = { subject: `attention#${variant}`, case: entry.case, tensor: name };
        const one = row(names, actual, tensor(name), tolerances[name]);
        rows.push(one);
        onRow(one);
      }
    }
  }
  return rows;
}

/** Losses and gradients of small models whose queries, keys or values are large. */
export async function verifyModels(device: Device, manifest: Manifest, onRow: OnRow = () => {}): Promise<Row[]> {
  const golden = await Golden.open(manifest, "saturated/models");
  const rows: Row[] = [];
  for (const entry of golden.entries) rows.push(...(await lossRows(device, golden, entry, golden.model(entry), onRow)));
  return rows;
}
