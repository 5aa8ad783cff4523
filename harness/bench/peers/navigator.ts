/** What browser libraries expect to find: `navigator.gpu` and WebGPU's constants, here of Dawn's Node binding. */

/** WebGPU's flags, fixed by its specification. */
const CONSTANTS = {
  GPUBufferUsage: {
    MAP_READ: 0x1,
    MAP_WRITE: 0x2,
    COPY_SRC: 0x4,
    COPY_DST: 0x8,
    INDEX: 0x10,
    VERTEX: 0x20,
    UNIFORM: 0x40,
    STORAGE: 0x80,
    INDIRECT: 0x100,
    QUERY_RESOLVE: 0x200,
  },
  GPUMapMode: { READ: 0x1, WRITE: 0x2 },
  GPUShaderStage: { VERTEX: 0x1, FRAGMENT: 0x2, COMPUTE: 0x4 },
  GPUTextureUsage: {
    COPY_SRC: 0x1,
    COPY_DST: 0x2,
    TEXTURE_BINDING: 0x4,
    STORAGE_BINDING: 0x8,
    RENDER_ATTACHMENT: 0x10,
  },
} as const;

/**
 * Puts a GPU object where libraries look for one, for as long as peers run; the function returned takes it away again.
 * @param device a device of that object
 * @param fallback ask for a software adapter, whatever a library asks for
 */
export function installNavigator(gpu: GPU, device: GPUDevice, fallback: boolean): () => void {
  const scope = globalThis as Record<string, unknown>;
  const values: Record<string, unknown> = {
    ...CONSTANTS,
    GPUBuffer: bufferClass(device),
    navigator: { gpu: facade(gpu, fallback), userAgent: "Node", hardwareConcurrency: 1 },
  };
  const before = Object.keys(values).map((name) => [name, Object.getOwnPropertyDescriptor(scope, name)] as const);
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(scope, name, { value, configurable: true, writable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(scope, name, descriptor);
      else delete scope[name];
    }
  };
}

/** The class of buffers, which libraries tell them by. */
function bufferClass(device: GPUDevice): unknown {
  const buffer = device.createBuffer({ size: 16, usage: CONSTANTS.GPUBufferUsage.STORAGE });
  buffer.destroy();
  return buffer.constructor;
}

function facade(gpu: GPU, fallback: boolean) {
  return {
    async requestAdapter(options: GPURequestAdapterOptions = {}) {
      const adapter = await gpu.requestAdapter({ ...options, ...(fallback ? { forceFallbackAdapter: true } : {}) });
      return adapter && openable(adapter);
    },
    getPreferredCanvasFormat: () => "bgra8unorm",
    wgslLanguageFeatures: gpu.wgslLanguageFeatures,
  };
}

/** The adapter itself, except that its devices take data out of shared memory, as ONNX Runtime's WebAssembly has it. */
function openable(adapter: GPUAdapter): GPUAdapter {
  return new Proxy(adapter, {
    get(target, key) {
      if (key !== "requestDevice") {
        const value = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return async (descriptor?: GPUDeviceDescriptor) => {
        const device = await target.requestDevice(descriptor);
        copyShared(device.queue);
        return device;
      };
    },
  });
}

/** Dawn's `writeBuffer` takes no view of shared memory: copies such a view first. */
function copyShared(queue: GPUQueue): void {
  const write = queue.writeBuffer.bind(queue);
  const value: GPUQueue["writeBuffer"] = (buffer, offset, data, from, size) => {
    const view = ArrayBuffer.isView(data)
      ? (data as unknown as Uint8Array<ArrayBuffer>)
      : new Uint8Array(data as ArrayBuffer);
    const start = from ?? 0;
    const part = view.subarray(start, size === undefined ? undefined : start + size);
    write(buffer, offset, (view.buffer as ArrayBufferLike) instanceof ArrayBuffer ? part : part.slice());
  };
  Object.defineProperty(queue, "writeBuffer", { value });
}
