import type { MatrixConfig } from "../../kernels/kernel";
import type { AdapterFacts } from "../plan/device";

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp|\bcpu\b/i;

/** What Dawn adds to an adapter's info. */
interface DawnInfo extends GPUAdapterInfo {
  readonly isFallbackAdapter: boolean;
  /** Empty in a device's info: only an adapter's tells. */
  readonly subgroupMatrixConfigs?: readonly MatrixConfig[];
}

/** Reads an adapter's info, features and limits; `driver`: where the SwiftShader came from that was added. */
export function factsOf(adapter: GPUAdapter, driver?: string): AdapterFacts {
  const info = adapter.info as DawnInfo;
  const { vendor, architecture, device, description, subgroupMaxSize } = info;
  // They are objects with getters: copied, so that they can be kept as JSON.
  const matrixConfigs = [...(info.subgroupMatrixConfigs ?? [])].map(
    ({ componentType, resultComponentType, M, N, K }): MatrixConfig => ({
      componentType,
      resultComponentType,
      M,
      N,
      K,
    }),
  );
  const limits: Record<string, number> = {};
  for (const key in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[key];
    if (typeof value === "number") limits[key] = value;
  }
  const text = [vendor, architecture, device, description].join(" ");
  const software = info.isFallbackAdapter === true || SOFTWARE.test(text);
  return {
    name:
      device && !software && !/^0x/.test(device) ? device : description || architecture || vendor || "unnamed adapter",
    vendor,
    architecture,
    description,
    software,
    ...(driver && /swiftshader/i.test(text) ? { driver } : {}),
    features: [...adapter.features].sort(),
    ...(matrixConfigs.length > 0 ? { matrixConfigs } : {}),
    ...(subgroupMaxSize ? { subgroupMaxSize } : {}),
    limits,
  };
}
