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
  readonly limits: Readonly<Record<string, number>>;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp|\bcpu\b/i;

/** Reads an adapter's info, features and limits. */
export function factsOf(adapter: GPUAdapter, driver?: string): AdapterFacts {
  const { vendor, architecture, device, description } = adapter.info;
  const limits: Record<string, number> = {};
  for (const key in adapter.limits) {
    const value = (adapter.limits as unknown as Record<string, unknown>)[key];
    if (typeof value === "number") limits[key] = value;
  }
  const text = [vendor, architecture, device, description].join(" ");
  const fallback = (adapter.info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  const software = fallback || SOFTWARE.test(text);
  return {
    name:
      device && !software && !/^0x/.test(device) ? device : description || architecture || vendor || "unnamed adapter",
    vendor,
    architecture,
    description,
    software,
    ...(software && driver ? { driver } : {}),
    features: [...adapter.features].sort(),
    limits,
  };
}
