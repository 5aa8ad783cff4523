import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { homeFolder } from "./home";

/** A software Vulkan driver found on this machine. */
export interface SoftwareDriver {
  /** The Vulkan driver manifest to hand to the loader. */
  readonly icd: string;
  /** A Vulkan loader that lies beside it, for machines without one. */
  readonly loader?: string;
  readonly origin: string;
}

/** A place that was looked at, for `devices`. */
export interface Attempt {
  readonly place: string;
  readonly found: boolean;
}

const ICD = "vk_swiftshader_icd.json";

function children(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .sort()
      .reverse()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** Folders in which browsers keep SwiftShader, most deliberate first. */
function places(projectRoot: string): { folder: string; origin: string }[] {
  const home = homeFolder();
  const list: { folder: string; origin: string }[] = [];
  const add = (origin: string, ...folders: string[]) => {
    for (const folder of folders) list.push({ folder, origin });
  };
  if (process.env.SPECTROSCOPE_SWIFTSHADER) add("SPECTROSCOPE_SWIFTSHADER", process.env.SPECTROSCOPE_SWIFTSHADER);
  add("the project's own copy", join(projectRoot, ".cache", "swiftshader"));
  add("Chromium", "/usr/lib/chromium", "/usr/lib/chromium-browser", "/usr/lib64/chromium-browser");
  add("Chrome", "/opt/google/chrome", "/opt/google/chrome-beta");
  add("Edge", "/opt/microsoft/msedge");
  if (home !== undefined) {
    for (const browser of children(join(home, ".cache", "ms-playwright"), /^chromium/)) {
      add("Playwright", ...children(browser, /^chrome-/));
    }
    for (const version of children(join(home, ".cache", "puppeteer", "chrome"), /^linux/)) {
      add("Puppeteer", ...children(version, /^chrome-/));
    }
  }
  try {
    const require = createRequire(join(projectRoot, "package.json"));
    add("Electron", join(dirname(require.resolve("electron/package.json")), "dist"));
  } catch {
    // Electron is not installed.
  }
  return list;
}

/** Looks for a software Vulkan driver; reports every place looked at. */
export function findSoftwareDriver(projectRoot: string): { driver?: SoftwareDriver; attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  for (const { folder, origin } of places(projectRoot)) {
    const icd = join(folder, ICD);
    // An empty library is one that was not copied to its end.
    const found = existsSync(icd) && (statSync(libraryOf(icd), { throwIfNoEntry: false })?.size ?? 0) > 0;
    attempts.push({ place: `${origin}: ${icd}`, found });
    if (!found) continue;
    const loader = join(folder, "libvulkan.so.1");
    return { driver: { icd, origin, ...(existsSync(loader) ? { loader } : {}) }, attempts };
  }
  return { attempts };
}

function libraryOf(icd: string): string {
  try {
    const path = String(JSON.parse(readFileSync(icd, "utf8")).ICD.library_path);
    return isAbsolute(path) ? path : resolve(dirname(icd), path);
  } catch {
    return "";
  }
}

/** Whether the system has a Vulkan loader of its own. */
export function systemLoader(): string | undefined {
  const folders = [
    ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean),
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/usr/local/lib",
    "/lib64",
  ];
  return folders.map((folder) => join(folder, "libvulkan.so.1")).find((path) => existsSync(path));
}

/**
 * A variable that names drivers to the Vulkan loader: while one is set the loader looks nowhere else, and overlooks drivers that
 * are added. Nothing where none is, or where there is no Vulkan.
 */
export function driverVariable(
  variables: NodeJS.ProcessEnv = process.env,
): { name: string; value: string } | undefined {
  if (process.platform !== "linux") return undefined;
  for (const name of ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"]) {
    const value = variables[name];
    // One that is empty says nothing.
    if (value) return { name, value };
  }
  return undefined;
}
