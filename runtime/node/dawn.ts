import { randomBytes } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { SpectroscopeError } from "../../kernels/errors";
import { systemCode } from "./files";
import { findSoftwareDriver, type SoftwareDriver, systemLoader } from "./software";

/** Dawn's Node binding, as far as it is used here. */
interface DawnBinding {
  create(options: string[]): GPU;
}

/** Dawn, loaded once a process. */
export interface Dawn {
  readonly driver?: SoftwareDriver;
  readonly attempts: readonly { place: string; found: boolean }[];
  /** The GPU object of these options. Adapters are single-use, but one object gives as many as are asked for. */
  gpu(options?: readonly string[]): GPU;
}

let loaded: Dawn | undefined;

/**
 * GPU objects by their options, one each: it holds a Vulkan instance, which a process that opens devices all day would collect
 * one a device of, and which crashes software drivers when it is garbage-collected while the process goes on.
 */
const instances = new Map<string, GPU>();

/**
 * Dawn's toggles: timestamps in full, and its experimental features (subgroup matrices), which it hides from web pages
 * because they are not hardened; what runs here are the project's own kernels.
 */
const TOGGLES = ["disable-dawn-features=timestamp_quantization", "enable-dawn-features=allow_unsafe_apis"];

/**
 * Loads Dawn with a software Vulkan driver added behind the hardware ones.
 *
 * `VK_ADD_DRIVER_FILES` must be set before Dawn makes its Vulkan instance, and adds, so that hardware still comes first.
 * On a machine without a Vulkan loader, Dawn finds `libvulkan.so.1` beside a copy of its own library.
 */
export function loadDawn(projectRoot: string): Dawn {
  if (loaded) return loaded;
  const { driver, attempts } = process.platform === "linux" ? findSoftwareDriver(projectRoot) : { attempts: [] };
  if (driver) {
    const present = process.env.VK_ADD_DRIVER_FILES?.split(":") ?? [];
    if (!present.includes(driver.icd)) process.env.VK_ADD_DRIVER_FILES = [...present, driver.icd].join(":");
  }
  const binding = requireBinding(projectRoot, driver);
  loaded = {
    ...(driver ? { driver } : {}),
    attempts,
    gpu: (options = []) => {
      if (options.some((option) => /backend=null/.test(option))) {
        throw new SpectroscopeError("Dawn's backend=null accepts work and computes nothing", {
          code: "usage",
          hint: "choose auto, software or an adapter's name",
        });
      }
      const key = options.join(" ");
      const gpu = instances.get(key) ?? binding.create([...TOGGLES, ...options]);
      instances.set(key, gpu);
      return gpu;
    },
  };
  return loaded;
}

function requireBinding(projectRoot: string, driver: SoftwareDriver | undefined): DawnBinding {
  const require = createRequire(join(projectRoot, "package.json"));
  const platform = process.platform === "darwin" ? "darwin-universal" : `${process.platform}-${process.arch}`;
  let library: string;
  try {
    library = join(require.resolve("webgpu"), "..", "dist", platform, "dawn.node");
    if (!existsSync(library)) throw new Error(`no Dawn build for ${platform}`);
    if (driver?.loader && !systemLoader())
      library = besideLoader(library, driver.loader, join(projectRoot, ".cache", "dawn"));
    return require(library) as DawnBinding;
  } catch (cause) {
    const refused = /^(EACCES|EPERM|EROFS)$/.test(systemCode(cause) ?? "");
    throw new SpectroscopeError(`Dawn (npm package webgpu) cannot be loaded: ${(cause as Error).message}`, {
      code: "no-adapter",
      hint: refused
        ? "without a Vulkan loader of the system Dawn is copied beside one: who owns this checkout must run it once"
        : "run npm ci on Linux, macOS or Windows with Node 20 or later",
      cause,
    });
  }
}

/** Copies Dawn's library and the Vulkan loader into one folder, each whole or not at all. */
function besideLoader(library: string, loader: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const copy = (from: string, name: string) => {
    const to = join(folder, name);
    if (existsSync(to) && statSync(to).size === statSync(from).size) return to;
    // Numbers of processes are alike on two machines with one disk.
    const partial = `${to}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      copyFileSync(from, partial);
      renameSync(partial, to);
    } finally {
      rmSync(partial, { force: true });
    }
    return to;
  };
  copy(loader, "libvulkan.so.1");
  return copy(library, "dawn.node");
}
