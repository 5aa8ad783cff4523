/** Fetches a software Vulkan driver (SwiftShader, from an npm package) when a job needs WebGPU and the machine has none. */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import { described, SetupError, tell } from "./errors.mjs";
import { locked } from "./lock.mjs";
import { npm, run } from "./npm.mjs";
import { inFreshFolder, swap } from "./put.mjs";
import { root } from "./sources.mjs";

const PACKAGE = "@sparticuz/chromium";
const VERSION = "147.0.2";
/** Of the package's bin/swiftshader.tar.br, so that what runs is what was tested. */
const SHA256 = "c89023060ed60c960fc528fb08e24aa515f7a3235e6f0e80ba7ee21165a4ea3a";

const MANIFEST = "vk_swiftshader_icd.json";
/** Says how long each file of it is. */
const FETCHED = "fetched.json";
const place = join(root, ".cache", "swiftshader");

/** Asks the built CLI whether a WebGPU adapter opens. */
async function hasAdapter() {
  const words = [join(root, "dist", "spectroscope.mjs"), "devices", "--adapter", "gpu", "--json"];
  return (await run(process.execPath, words)).status === 0;
}

const sizes = (folder, names) => Object.fromEntries(names.map((name) => [name, statSync(join(folder, name)).size]));

/** Whether the driver lies there, and as long as it was. One of an earlier version says no lengths. */
export function isWhole(folder = place) {
  try {
    const { ICD } = JSON.parse(readFileSync(join(folder, MANIFEST), "utf8"));
    if (statSync(join(folder, ICD.library_path)).size === 0) return false;
    if (!readdirSync(folder).includes(FETCHED)) return true;
    const { files } = JSON.parse(readFileSync(join(folder, FETCHED), "utf8"));
    return Object.entries(files).every(([name, size]) => statSync(join(folder, name)).size === size);
  } catch {
    return false;
  }
}

/** Downloads the package and unpacks the driver into `.cache`; whole or not at all. */
async function fetchInto(folder) {
  console.error(`fetching a software adapter, SwiftShader, from ${PACKAGE}@${VERSION} (74 MB, once)`);
  const printed = await npm(["pack", `${PACKAGE}@${VERSION}`, "--pack-destination", folder], folder);
  const { extract } = await import("tar");
  await extract({
    file: join(folder, printed.trim().split("\n").pop()),
    cwd: folder,
    filter: (path) => path.endsWith("bin/swiftshader.tar.br"),
  });
  const packed = readFileSync(join(folder, "package", "bin", "swiftshader.tar.br"));
  const hash = createHash("sha256").update(packed).digest("hex");
  if (hash !== SHA256) {
    throw new SetupError(`swiftshader.tar.br has sha256 ${hash}, expected ${SHA256}: not used`, "hash-mismatch");
  }
  const plain = join(folder, "swiftshader.tar");
  writeFileSync(plain, await promisify(brotliDecompress)(packed));
  const unpacked = join(folder, "swiftshader");
  mkdirSync(unpacked);
  await extract({ file: plain, cwd: unpacked });
  const about = { package: PACKAGE, version: VERSION, files: sizes(unpacked, readdirSync(unpacked)) };
  writeFileSync(join(unpacked, FETCHED), `${JSON.stringify(about, null, 2)}\n`);
  swap(unpacked, place, MANIFEST);
}

/** Fetches the driver unless it is there whole, or was when another start that fetched it was done. */
export async function fetchSwiftShader() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    const text = `no packaged software adapter for ${process.platform} ${process.arch}: install a Vulkan driver`;
    throw new SetupError(text, "no-adapter");
  }
  await locked(root, async () => {
    if (!isWhole()) await inFreshFolder(join(root, ".cache"), fetchInto);
  });
}

/** Makes sure that some adapter opens, unless the user forbade it; what failed is said again by the job itself. */
export async function ensureAdapter() {
  const wanted = process.env.SPECTROSCOPE_ADAPTER ?? "auto";
  if (!["auto", "gpu", "software"].includes(wanted)) return;
  if (isWhole() || (await hasAdapter())) return;
  try {
    await fetchSwiftShader();
  } catch (error) {
    console.error(`no software adapter: ${described(error, root).message}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const { ensureDependencies } = await import("./dependencies.mjs");
    await locked(root, ensureDependencies);
    await fetchSwiftShader();
  } catch (error) {
    tell(described(error, root), process.argv.slice(2));
  }
}
