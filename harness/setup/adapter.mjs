/** Fetches a software Vulkan driver (SwiftShader, from an npm package) when a job needs WebGPU and the machine has none. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const PACKAGE = "@sparticuz/chromium";
const VERSION = "147.0.2";
/** Of the package's bin/swiftshader.tar.br, so that what runs is what was tested. */
const SHA256 = "c89023060ed60c960fc528fb08e24aa515f7a3235e6f0e80ba7ee21165a4ea3a";

/** Asks the built CLI whether a WebGPU adapter opens. */
function hasAdapter() {
  const probe = spawnSync(
    process.execPath,
    [join(root, "dist", "spectroscope.mjs"), "devices", "--adapter", "gpu", "--json"],
    {
      encoding: "utf8",
    },
  );
  return probe.status === 0;
}

/** Downloads the package into .cache and unpacks the driver; whole or not at all. */
export async function fetchSwiftShader() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(`no packaged software adapter for ${process.platform} ${process.arch}: install a Vulkan driver`);
  }
  const target = join(root, ".cache", "swiftshader");
  mkdirSync(join(root, ".cache"), { recursive: true });
  const work = mkdtempSync(join(root, ".cache", "fetch-"));
  try {
    console.error(`fetching a software adapter, SwiftShader, from ${PACKAGE}@${VERSION} (74 MB, once)`);
    const npm = spawnSync("npm", ["pack", `${PACKAGE}@${VERSION}`, "--pack-destination", work, "--loglevel=error"], {
      cwd: work,
      encoding: "utf8",
    });
    if (npm.status !== 0) throw new Error(`npm pack ${PACKAGE}@${VERSION} failed: ${npm.stderr.trim()}`);
    const { extract } = await import("tar");
    await extract({
      file: join(work, npm.stdout.trim().split("\n").pop()),
      cwd: work,
      filter: (path) => path.endsWith("bin/swiftshader.tar.br"),
    });
    const packed = readFileSync(join(work, "package", "bin", "swiftshader.tar.br"));
    const hash = createHash("sha256").update(packed).digest("hex");
    if (hash !== SHA256) throw new Error(`swiftshader.tar.br has sha256 ${hash}, expected ${SHA256}: not used`);
    const plain = join(work, "swiftshader.tar");
    writeFileSync(plain, brotliDecompressSync(packed));
    const unpacked = join(work, "swiftshader");
    mkdirSync(unpacked);
    await extract({ file: plain, cwd: unpacked });
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Makes sure that some adapter opens, unless the user forbade it; what failed is said again by the job itself. */
export async function ensureAdapter() {
  const wanted = process.env.SPECTROSCOPE_ADAPTER ?? "auto";
  if (!["auto", "gpu", "software"].includes(wanted)) return;
  if (existsSync(join(root, ".cache", "swiftshader", "vk_swiftshader_icd.json")) || hasAdapter()) return;
  try {
    await fetchSwiftShader();
  } catch (error) {
    console.error(`no software adapter: ${error.message}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { ensureDependencies } = await import("./dependencies.mjs");
  ensureDependencies();
  await fetchSwiftShader().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
