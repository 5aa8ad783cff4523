/** What `npm run mutate` runs: the build, then `main.ts` of this folder. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build as bundle } from "esbuild";
import { build, root } from "../setup/build.mjs";

const outfile = join(root, "dist", "mutate.mjs");
try {
  await build({ tests: false });
  await bundle({
    ...{ absWorkingDir: root, entryPoints: [join("harness", "mutation", "main.ts")], outfile, bundle: true },
    ...{ platform: "node", target: "node20", format: "esm", packages: "external", logLevel: "warning" },
    loader: { ".wgsl": "text", ".wasm": "binary" },
  });
  await import(pathToFileURL(outfile).href);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
