/** The project's functions for scripts of the pages, bundled as the command line is. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * @param name of the bundle under dist
 * @param sources lines of TypeScript that export what is wanted, as seen from the project's folder
 */
export async function project(root, name, sources) {
  const { build } = await import("esbuild");
  const outfile = join(root, "dist", `${name}.mjs`);
  await build({
    stdin: { contents: sources.join("\n"), resolveDir: root, loader: "ts" },
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    loader: { ".wgsl": "text", ".wasm": "binary" },
    logLevel: "warning",
    outfile,
  });
  return import(pathToFileURL(outfile).href);
}
